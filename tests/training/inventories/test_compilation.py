"""Inventories on the imagery: slivers, what lies outside, and that every polygon is accounted for."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.affinity import translate

from tests.training.inventories.entries import BOW_TIE, BOX, compiled, moved, said, used, written
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.training.inventories.outcomes import stacked

BEYOND = shapely.box(80, 35.05, 80.01, 35.06)
ACROSS = shapely.box(79.199, 35.05, 79.22, 35.06)


@pytest.mark.parametrize(
    ("shape", "outcome", "reason"),
    [
        (BOX, "kept", ""),
        (ACROSS, "kept", ""),
        (shapely.box(79.05, 35.05, 79.050005, 35.06), "dropped", "sliver under 1000 m²"),
        (BEYOND, "dropped", "outside the imagery"),
        (shapely.box(79.2, 35.05, 79.21, 35.06), "kept", ""),  # touches it: the buffer round it is seen
    ],
)
def test_what_happens_to_a_polygon(tmp_path: Path, shape: Any, outcome: str, reason: str) -> None:
    rows = compiled(written(tmp_path, "A", [translate(BOX, 0, 0.05), shape])).rock_glaciers
    assert said(rows) == [("kept", ""), (outcome, reason)]
    assert rows["area_m2"].to_numpy() == pytest.approx(area_m2(rows.geometry))


def test_every_polygon_has_one_row_with_where_it_comes_from(tmp_path: Path) -> None:
    numbers = written(tmp_path, "Numbers", [BOX, None], {"N": [17, 4]}, id_field="N")
    others = written(tmp_path, "Rows", [translate(BOX, 0.1), BOW_TIE, BOX, BEYOND], id_field=None)
    rows = compiled(numbers, others).rock_glaciers
    assert rows["uid"].tolist() == ["numbers-0", "numbers-1", "rows-0", "rows-1", "rows-2", "rows-3"]
    assert rows["original_id"].tolist() == ["17", "4", "0", "1", "2", "3"]
    assert rows["outcome"].tolist() == ["kept", "dropped", "kept", "repaired", "dropped", "dropped"]
    assert used(rows)["uid"].tolist() == ["numbers-0", "rows-0", "rows-1"]
    assert rows.crs.to_epsg() == 4326


def test_an_inventory_outside_the_imagery_is_named_with_both_places(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inside = written(tmp_path, "Inside", [BOX, BEYOND])
    swapped = written(tmp_path, "Swapped", [BEYOND, translate(BEYOND, 0.02), None])
    with caplog.at_level(logging.WARNING, "rogi"):
        rows = compiled(inside, swapped).rock_glaciers
    assert caplog.messages == [
        "inventory Swapped: all of its 2 polygons lie outside the imagery, at 80.00° to 80.03° E, 35.05° to 35.06° N; "
        "the imagery lies at 79.00° to 79.20° E, 35.00° to 35.20° N; is the CRS of the file right, and are its mosaics "
        "in the config (imagery.mosaics)?"
    ]
    assert rows["reason"].tolist() == ["", *["outside the imagery"] * 3, "empty geometry"]


def test_negatives_are_held_to_the_same_rules(tmp_path: Path) -> None:
    ours = written(tmp_path, "A", [translate(BOX, 0, 0.1)])
    theirs = written(tmp_path, "N", [BOX, moved(0.1), BEYOND, BOW_TIE], negative=True)
    rows = compiled(ours, negatives=[theirs], duplicates="union").negatives
    assert rows["outcome"].tolist() == ["kept", "dropped", "dropped", "repaired"]
    assert rows["reason"].tolist()[:3] == ["", "duplicate of N N0", "outside the imagery"]


def test_an_empty_inventory_is_no_trouble(tmp_path: Path) -> None:
    found = compiled(written(tmp_path, "Empty", []), written(tmp_path, "Full", [BOX]))
    assert len(found.rock_glaciers) == len(used(found.rock_glaciers)) == 1
    assert len(found.negatives) == len(found.overlaps) == 0


def test_no_inventory_at_all() -> None:
    found = compiled()
    assert len(found.rock_glaciers) == len(found.negatives) == 0


def test_uids_are_unique_or_it_is_said(tmp_path: Path) -> None:
    one = written(tmp_path, "A", [BOX])
    frame = stacked([compiled(one).rock_glaciers, compiled(written(tmp_path, "B", [BOX])).rock_glaciers])
    assert frame["uid"].tolist() == ["a-0", "b-0"]
    with pytest.raises(ValueError, match=r"two training polygons have the uid 'a-0'; rename one of their files"):
        compiled(one, one)


def test_the_order_of_inventories_changes_nothing_but_which_twin_stays(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    shapes = [translate(BOX, *rng.uniform(-0.04, 0.12, 2)) for _ in range(12)]
    one, other = written(tmp_path, "A", shapes[:6]), written(tmp_path, "B", shapes[6:])
    first, second = (compiled(*pair, duplicate_iou=1.0) for pair in ((one, other), (other, one)))
    assert set(used(first.rock_glaciers)["uid"]) == set(used(second.rock_glaciers)["uid"])
    pairs = [
        sorted(zip(*(np.sort(table[["uid_a", "uid_b"]].to_numpy(str), axis=1).T.tolist()), strict=True))
        for table in (first.overlaps, second.overlaps)
    ]
    assert pairs[0] == pairs[1] != []
