"""The packages of a study: all candidates, some twice, each by the same fingerprint."""

import geopandas as gpd
import pandas as pd

from tests.packages.conftest import MAPPERS, Packaged
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.review.edits import read_edits
from workflow_scripts.rogi.review.fingerprints import candidates_fingerprint


def names(packaged: Packaged, mapper: int) -> set[str]:
    return set(read_vector(packaged.package(mapper), "candidates")["candidate_id"])


def test_together_the_packages_hold_every_candidate_and_the_overlap_twice(packaged: Packaged) -> None:
    first, second = names(packaged, 0), names(packaged, 1)
    assert first | second == set(packaged.candidates["candidate_id"])
    assert len(first & second) == 2  # a tenth of twenty


def test_no_layer_tells_which_candidates_are_doubled(packaged: Packaged) -> None:
    """Nobody's dots show what lies in the own package."""
    for mapper in (0, 1):
        dots = read_vector(packaged.package(mapper), "markers")
        assert not set(dots["candidate"]) & names(packaged, mapper)
        assert set(dots["candidate"]) | names(packaged, mapper) == set(packaged.candidates["candidate_id"])


def test_a_package_names_its_subregion_its_mapper_and_the_state_of_the_candidates(packaged: Packaged) -> None:
    for mapper in (0, 1):
        table = gpd.read_file(packaged.package(mapper), layer="package").set_index("key")["value"]
        assert table["fingerprint"] == candidates_fingerprint(packaged.candidates)
        assert (table["subregion"], table["mapper"]) == ("west_range", MAPPERS[mapper])


def test_the_review_reads_an_untouched_package_as_undecided(packaged: Packaged) -> None:
    told = read_edits([str(packaged.package(0))])
    assert told.faults == []
    assert set(told.edits["candidate_id"]) == names(packaged, 0)
    assert told.edits["operation"].isna().all()
    assert set(told.edits["mapper"]) == {MAPPERS[0]}
    kept = told.handed_out[str(packaged.package(0))]
    outlines = packaged.candidates.set_index("candidate_id").geometry
    assert all(shape.normalize().equals_exact(outlines[name].normalize(), 1e-12) or shape.equals(outlines[name])
               for name, shape in kept.items())  # fmt: skip


def test_packages_are_the_same_in_every_run(packaged: Packaged) -> None:
    """The rank of a candidate depends on nothing but the candidates."""
    for mapper in (0, 1):
        frame = pd.DataFrame(read_vector(packaged.package(mapper), "candidates"))
        assert list(frame["rank"]) == list(range(1, len(frame) + 1))
        assert frame["gain"].is_monotonic_decreasing
