"""The same rock glacier in several inventories: pairs, and what stays by each rule."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from tests.training.inventories.entries import BOW_TIE, BOX, compiled, moved, said, used, written
from workflow_scripts.rogi.geodesy import EQUAL_AREA, area_m2
from workflow_scripts.rogi.training.inventories.doubles import OVERLAPS, overlapping, settle

FAR = translate(BOX, 0.05)


def rows(shapes: list[shapely.Geometry], years: list[int | None] | None = None) -> gpd.GeoDataFrame:
    """Return polygons of as many inventories."""
    count = len(shapes)
    columns = {
        "uid": [f"u{number}" for number in range(count)],
        "inventory": [f"I{number}" for number in range(count)],
        "original_id": ["x"] * count,
        "year": pd.array(years or [None] * count, dtype="Int64"),
        "outcome": "kept",
        "reason": "",
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    return frame.assign(area_m2=area_m2(frame.geometry))


def settled(shapes: list[shapely.Geometry], rule: str, years: list[int | None] | None = None) -> gpd.GeoDataFrame:
    frame = rows(shapes, years)
    settle(frame, overlapping(frame), 0.6, rule)
    return frame


def test_of_duplicates_the_first_stays_whatever_the_order_and_the_crs(tmp_path: Path) -> None:
    first = written(tmp_path, "First", [BOX])
    second = written(tmp_path, "Second", [moved(0.2), FAR], crs=32644)
    found = compiled(first, second).rock_glaciers
    assert said(found) == [("kept", ""), ("dropped", "duplicate of First First0"), ("kept", "")]
    found = compiled(second, first).rock_glaciers
    assert said(found) == [("kept", ""), ("kept", ""), ("dropped", "duplicate of Second Second0")]
    assert used(found)["uid"].tolist() == ["second-0", "second-1"]


def test_the_same_within_one_inventory(tmp_path: Path) -> None:
    found = compiled(written(tmp_path, "A", [BOX, FAR, moved(0.2)])).rock_glaciers
    assert said(found)[2] == ("dropped", "duplicate of A A0")


def test_neighbours_that_overlap_less_are_both_kept(tmp_path: Path) -> None:
    """A shift by 0.3 of the width leaves an IoU of 0.54."""
    stated = written(tmp_path, "A", [BOX, moved(0.3)])
    assert len(used(compiled(stated).rock_glaciers)) == 2
    assert len(used(compiled(stated, duplicate_iou=0.5).rock_glaciers)) == 1


def test_a_dropped_polygon_takes_no_other_with_it() -> None:
    """The second is a duplicate of the first; the third overlaps only the second enough, and stays."""
    assert settled([BOX, moved(0.2), moved(0.4)], "first")["outcome"].tolist() == ["kept", "dropped", "kept"]


@pytest.mark.parametrize(
    ("years", "stays"),
    [
        ([2010, 2020, 2015], 1),
        ([2020, 2020, 2015], 0),
        ([None, 1999, None], 1),
        ([None, None, None], 0),
    ],
)
def test_the_newest_stays_and_of_equals_the_first(years: list[int | None], stays: int) -> None:
    found = settled([BOX, moved(0.1), moved(0.2)], "newest", years)
    assert found.index[found["outcome"] == "kept"].tolist() == [stays]
    assert set(found["reason"]) == {"", f"duplicate of I{stays} x"}


def test_the_union_holds_all_that_overlap_pair_by_pair() -> None:
    """The third overlaps the first less than the limit, and the second enough."""
    found = settled([FAR, BOX, moved(0.2), moved(0.4)], "union")
    assert said(found) == [
        ("kept", ""),
        ("merged", "united with I2 x, I3 x"),
        ("merged", "united into I1 x"),
        ("merged", "united into I1 x"),
    ]
    assert used(found)["uid"].tolist() == ["u0", "u1"]
    whole = shapely.box(79.05, 35.05, 79.064, 35.06)
    assert found.geometry.iloc[1].symmetric_difference(whole).area < 1e-15
    assert found["area_m2"].iloc[1] == pytest.approx(1.4 * found["area_m2"].iloc[2], rel=1e-4)


def test_what_was_repaired_is_said_of_the_union_too(tmp_path: Path) -> None:
    stated = written(tmp_path, "A", [BOW_TIE, shapely.make_valid(BOW_TIE)])
    found = compiled(stated, duplicates="union").rock_glaciers
    assert said(found)[0][0] == "merged"
    assert said(found)[0][1].startswith("was invalid: Self-intersection")
    assert said(found)[0][1].endswith("; united with A A1")


def test_overlaps_are_those_of_different_inventories_before_any_is_dropped(tmp_path: Path) -> None:
    """Shares of the width of 0.8 and 0.2 make an IoU of 2/3 and 1/9; that of 0.1 (1/19) is left out."""
    ours = written(tmp_path, "Ours", [BOX, moved(0.1)])
    theirs = written(tmp_path, "Theirs", [moved(-0.8), moved(0.2), moved(-0.9)])
    table = compiled(ours, theirs).overlaps
    assert list(table.columns) == list(OVERLAPS)
    pairs = dict(zip(zip(table["uid_a"], table["uid_b"], strict=True), table["iou"], strict=True))
    assert pairs == {
        ("ours-0", "theirs-0"): pytest.approx(1 / 9, rel=1e-4),
        ("ours-0", "theirs-1"): pytest.approx(2 / 3, rel=1e-4),
        ("ours-1", "theirs-1"): pytest.approx(9 / 11, rel=1e-4),
    }
    assert set(table["inventory_a"] + table["inventory_b"]) == {"OursTheirs"}


boxes = st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(4, 9)).map(
    lambda at: shapely.box(79 + at[0] / 1000, 35 + at[1] / 1000, 79 + (at[0] + at[2]) / 1000, 35.008)
)


@settings(max_examples=15, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=7), st.sampled_from(["first", "newest", "union"]))
def test_no_duplicates_are_left_and_no_ground_is_lost_by_a_union(shapes: list[shapely.Geometry], rule: str) -> None:
    found = settled(shapes, rule, [2000 + number % 3 for number in range(len(shapes))])
    left = used(found).to_crs(EQUAL_AREA).geometry.to_list()
    if rule == "union":
        assert shapely.union_all(shapes).symmetric_difference(used(found).union_all()).area < 1e-12
    else:
        assert all(
            one.intersection(other).area < 0.6 * one.union(other).area
            for number, one in enumerate(left)
            for other in left[:number]
        )
    assert found["reason"].eq("").equals(found["outcome"].eq("kept"))
