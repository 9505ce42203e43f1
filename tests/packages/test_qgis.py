"""A package and its project in real QGIS: forms, keys, QGIS's own tools, and what the review reads afterwards."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from tests.packages.conftest import MAPPERS, Packaged
from tests.packages.scene import region
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.review.conflicts import STOP, Limits
from workflow_scripts.rogi.review.edits import CONFIDENCES, OPERATIONS, REASONS, read_edits
from workflow_scripts.rogi.review.pipeline import Rules, review
from workflow_scripts.rogi.review.rows import Scene

PYTHON = "/usr/bin/python3"  # the interpreter that Debian's QGIS belongs to
SESSION = Path(__file__).with_name("qgis_session.py")


@pytest.fixture(scope="module")
def returned(packaged: Packaged, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Return what QGIS told, and the package as a mapper hands it back. The copy lies as deep as the original."""
    found = subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"{PYTHON} has no QGIS (apt-get install python3-qgis)")
    folder = packaged.folder.parents[2] / "resources" / "review" / "west_range"
    shutil.copytree(packaged.folder, folder)
    report = tmp_path_factory.mktemp("report") / "report.json"
    program = [PYTHON, "-W", "ignore", str(SESSION), str(folder / "mapper_0.qgz"), str(report)]
    run = subprocess.run(program, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    return json.loads(report.read_text(encoding="utf-8")), folder / "mapper_0.gpkg"


@pytest.fixture(scope="module")
def told(returned: tuple[dict[str, Any], Path]) -> dict[str, Any]:
    return returned[0]


@pytest.fixture(scope="module")
def edits(returned: tuple[dict[str, Any], Path]) -> gpd.GeoDataFrame:
    back = read_edits([str(returned[1])])
    assert back.faults == []
    return back.edits


def test_the_project_opens_without_a_word_of_complaint(told: dict[str, Any], packaged: Packaged) -> None:
    assert told["read"]
    assert told["messages"] == []
    assert told["crs"] == "EPSG:3857"
    assert MAPPERS[0] in told["title"]
    assert "edit a copy in resources/review/west_range/" in told["title"]
    assert all(layer["valid"] for layer in told["layers"].values())
    box = read_vector(packaged.package(0), "candidates").to_crs(3857).total_bounds
    west, south, east, north = told["view"]
    assert west < box[0] < box[2] < east
    assert south < box[1] < box[3] < north


def test_the_copy_shows_its_own_files_and_only_the_candidates_can_be_edited(told: dict[str, Any]) -> None:
    layers = told["layers"]
    assert list(layers) == ["Candidates", "Candidates of other packages", "Candidates as handed out", "Glaciers",
                            "Debris-covered ice", "Subregion", "About this package", "Mosaic 1"]  # fmt: skip
    assert all("/resources/review/west_range/" in layer["source"] for layer in layers.values())
    assert [name for name, layer in layers.items() if layer.get("read_only") is False] == ["Candidates"]
    assert layers["Mosaic 1"]["bands"] == 4


def test_the_style_in_the_geopackage_is_that_of_the_project(told: dict[str, Any]) -> None:
    form, alone = told["form"], told["form_alone"]
    assert form == alone
    assert form["categories"] == ["", *OPERATIONS]
    assert form["sort"] == '"rank"'
    assert form["actions"] == ["Next undecided candidate"]
    assert form["sections"]["Decision"] == ["operation", "reason", "merge_into", "confidence", "comment", "minutes"]


def test_drop_downs_take_a_digit(told: dict[str, Any]) -> None:
    for name, values, nothing in (
        ("operation", OPERATIONS, "undecided"),
        ("reason", REASONS, "none"),
        ("confidence", CONFIDENCES, "not stated"),
    ):
        assert told["form"]["fields"][name]["widget"] == "ValueMap"
        assert told["lists"][name] == [f"0 {nothing}", *(f"{n} {value}" for n, value in enumerate(values, 1))]


def test_what_the_model_said_cannot_be_changed_and_who_decided_is_filled_in(told: dict[str, Any]) -> None:
    fields = told["form"]["fields"]
    locked = {"candidate_id", "date", "rank", "probability", "spread", "area_m2", "gain", "system_id"}
    assert {name for name, field in fields.items() if field["read_only"]} == locked
    assert (fields["mapper"]["default"], fields["mapper"]["on_update"]) == (f"'{MAPPERS[0]}'", True)
    assert (fields["date"]["default"], fields["date"]["on_update"]) == ("now()", True)


def test_a_reason_goes_with_a_removal_and_with_nothing_else(told: dict[str, Any]) -> None:
    without, beside, good = told["work"]["refused"]
    assert "needs a reason" in without
    assert "needs a reason" in beside
    assert good == ""


def test_keys_decide_and_go_on(told: dict[str, Any], edits: gpd.GeoDataFrame) -> None:
    """Ranks 1 to 6: remain, remove, split, refine, and two merged; the decision on 7 was taken back."""
    assert told["work"]["saved"]
    assert told["work"]["selected"] == [8]
    assert 1_000 < told["work"]["scale"] < 200_000
    decided = edits[edits["operation"].notna()]
    assert list(decided["operation"]) == ["remain", "remove", "split", "refine", "merge", "merge", "split", "retrieve"]
    assert list(decided["reason"].dropna()) == [REASONS[3]]
    merged = decided[decided["operation"] == "merge"]
    assert set(merged["merge_into"]) == {merged["candidate_id"].iloc[0]}
    assert set(decided["mapper"]) == {MAPPERS[0]}
    assert decided["date"].notna().all()
    assert edits.loc[edits["operation"].isna(), "reason"].isna().all()


def test_the_review_takes_the_session_as_it_came(returned: tuple[dict[str, Any], Path], packaged: Packaged) -> None:
    """20 candidates: one removed, one in two, two in one, one new, all others as they were, or redrawn."""
    candidates = packaged.candidates
    known = dict(zip(candidates["candidate_id"], candidates.geometry, strict=True))
    rules = Rules(Limits(0.5, 0.75, 0.1), STOP, 10_000, ("Mosaic 1",))
    done = review(candidates, read_edits([str(returned[1])]), Scene(known, region(), "west_range"), rules)
    kept = done.objects[done.objects["reason"].isna()]
    counts = kept["operation"].value_counts().drop("unreviewed")
    assert counts.to_dict() == {"split": 2, "remain": 1, "refine": 1, "merge": 1, "retrieve": 1}
    assert len(kept) == len(candidates) - 1 + 1 - 1 + 1
    assert done.log["outcome"].str.startswith("undecided").sum() == told_undecided(packaged)
    assert (len(done.conflicts), len(done.second_look)) == (0, 0)


def told_undecided(packaged: Packaged) -> int:
    """Six of the candidates in the package were decided on."""
    return len(read_vector(packaged.package(0), "candidates")) - 6


def test_the_parts_of_a_split_keep_its_name_and_its_ground(edits: gpd.GeoDataFrame, packaged: Packaged) -> None:
    parts = edits[edits["operation"] == "split"]
    assert parts["candidate_id"].nunique() == 1
    outlines = packaged.candidates.set_index("candidate_id").geometry
    whole = outlines[parts["candidate_id"].iloc[0]]
    assert parts.geometry.union_all().symmetric_difference(whole).area < 1e-9 * whole.area
    assert sum(shape.area for shape in parts.geometry) == pytest.approx(whole.area)


def test_a_new_outline_is_retrieved_whatever_key_is_pressed(told: dict[str, Any], edits: gpd.GeoDataFrame) -> None:
    assert told["work"]["said"] == ["A new outline is retrieved; it takes no key."]
    (new,) = edits[edits["operation"] == "retrieve"].itertuples()
    assert new.candidate_id is None
    assert new.geometry.area > 0


def test_qgis_leaves_what_was_handed_out_as_it_was(returned: tuple[dict[str, Any], Path], packaged: Packaged) -> None:
    before, after = (read_vector(path, "handed_out") for path in (packaged.package(0), returned[1]))
    assert before.equals(after)
