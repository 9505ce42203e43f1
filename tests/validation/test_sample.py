from pathlib import Path

import numpy as np
import pytest

from tests.validation.scene import inventory
from workflow_scripts import sample_inventory
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.validation.sample import SampleDesign, draw_sample

RANDOM = SampleDesign("random", 0.25, "proportional", 2, [], [])
STRATIFIED = SampleDesign("stratified", 0.5, "equal", 2, [1000], [0.8])


def test_a_random_sample_is_one_stratum() -> None:
    sample = draw_sample(inventory(), RANDOM, 1)
    assert len(sample) == 5
    assert sample["weight"].tolist() == [4.0] * 5
    assert sample["stratum"].unique().tolist() == ["all"]
    assert draw_sample(inventory(), RANDOM, "1, round 2")["ID"].tolist() != sample["ID"].tolist()


def test_strata_are_subregion_size_and_probability() -> None:
    sample = draw_sample(inventory(), STRATIFIED, 1)
    drawn = sample.groupby("stratum")[["population", "drawn"]].first()
    assert drawn.index.tolist() == [
        f"{place} | 2 from 1000 m² | {kind}"
        for place in ("East", "West")
        for kind in ("1 below 0.8 probability", "2 from 0.8 probability", "retrieved")
    ]
    assert drawn["population"].tolist() == [4, 4, 2, 4, 4, 2]
    assert drawn["drawn"].tolist() == [2, 2, 2, 2, 2, 2]


def test_other_rock_glaciers_do_not_move_the_sample() -> None:
    """All but one of the rock glaciers stay: whoever was drawn stays drawn."""
    whole = inventory()
    before = set(draw_sample(whole, RANDOM, 1)["ID"])
    for gone in set(whole["ID"]) - before:
        after = set(draw_sample(whole[whole["ID"] != gone], RANDOM, 1)["ID"])
        assert after == before


def test_order_of_rows_makes_no_difference() -> None:
    one, other = (draw_sample(frame, STRATIFIED, 1) for frame in (inventory(), inventory()[::-1]))
    assert one["ID"].tolist() == other["ID"].tolist() == sorted(one["ID"])


def test_the_script_writes_markers(tmp_path: Path) -> None:
    merged, sample = tmp_path / "merged.gpkg", tmp_path / "sample.gpkg"
    write_layers(merged, {"rock_glaciers": inventory()})
    sample_inventory.main(str(merged), str(sample), vars(RANDOM), "1, round 1")
    drawn = read_vector(sample, "sample")
    known = inventory().set_index("ID").loc[drawn["ID"]]
    assert drawn.geometry.x.to_numpy() == pytest.approx(known["LONGITUDE"].to_numpy())
    assert drawn.columns.tolist() == [
        "ID", "SUBREGION", "AREA", "stratum", "population", "drawn", "inclusion", "weight", "geometry"
    ]  # fmt: skip
    assert np.allclose(drawn["inclusion"], 0.25)


def test_an_empty_inventory_gives_an_empty_sample() -> None:
    assert draw_sample(inventory().iloc[:0], STRATIFIED, 1).empty
