import geopandas as gpd
import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA
from workflow_scripts.rogi.inventory.duplicates import PAIRS, are_duplicates, keep_one, overlaps, overlaps_between

# metres in an equal-area projection: areas are those of the boxes
SQUARE = shapely.box(0, 0, 100, 100)
HALF_OVER = shapely.box(50, 0, 150, 100)  # IoU 1/3, half inside
NEARLY = shapely.box(10, 0, 110, 100)  # IoU 9/11
SMALL_INSIDE = shapely.box(0, 0, 30, 30)  # IoU 0.09, wholly inside
SIDE_BY_SIDE = shapely.box(100, 0, 200, 100)


def series(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=EQUAL_AREA)


def test_overlaps_are_measured_in_square_metres() -> None:
    pairs = overlaps(series(SQUARE, HALF_OVER, NEARLY, SMALL_INSIDE, SIDE_BY_SIDE))
    found = {(one, other): rest for one, other, *rest in pairs.itertuples(index=False, name=None)}
    assert found[0, 1] == pytest.approx([5000, 1 / 3, 0.5])
    assert found[0, 2] == pytest.approx([9000, 9 / 11, 0.9])
    assert found[0, 3] == pytest.approx([900, 0.09, 1])
    assert (0, 4) not in found  # a shared border is no overlap
    assert (3, 4) not in found


def test_a_sliver_is_no_overlap() -> None:
    assert len(overlaps(series(SQUARE, shapely.box(99.995, 0, 200, 100)))) == 0
    assert len(overlaps(series(SQUARE, shapely.box(99.5, 0, 200, 100)))) == 1


@pytest.mark.parametrize(
    ("other", "expected"), [(NEARLY, True), (HALF_OVER, False), (SMALL_INSIDE, True), (SQUARE, True)]
)
def test_duplicates_reach_the_iou_or_lie_mostly_inside(other: shapely.Geometry, expected: bool) -> None:
    pairs = overlaps(series(SQUARE, other))
    assert are_duplicates(pairs, ["a", "b"], 0.5).tolist() == [expected]
    assert are_duplicates(pairs, ["a", "a"], 0.5).tolist() == [False]  # neighbours in one file


def test_the_iou_itself_is_enough() -> None:
    pairs = overlaps(series(SQUARE, HALF_OVER))
    assert are_duplicates(pairs, ["a", "b"], float(pairs["iou"].iloc[0])).tolist() == [True]


def test_of_a_chain_every_second_stays() -> None:
    pairs = overlaps(series(SQUARE, NEARLY, shapely.box(20, 0, 120, 100)))
    chain = pairs[(pairs["other"] - pairs["one"]) == 1]
    assert keep_one(chain, np.array([0, 1, 2])) == {1: 0}
    assert keep_one(chain, np.array([1, 0, 2])) == {0: 1, 2: 1}
    assert keep_one(chain, np.array([2, 1, 0])) == {1: 2}


def test_nothing_is_dropped_where_nothing_overlaps() -> None:
    pairs = overlaps(series(SQUARE, SIDE_BY_SIDE))
    assert len(pairs) == 0
    assert keep_one(pairs, np.array([0, 1])) == {}
    assert len(overlaps(gpd.GeoSeries([], crs=4326))) == 0


def test_overlaps_between_two_sets_are_those_of_the_pairs() -> None:
    ours, theirs = series(SQUARE, SIDE_BY_SIDE), series(HALF_OVER, NEARLY, SMALL_INSIDE, SQUARE)
    pairs = overlaps_between(ours, theirs.to_crs(4326))
    assert pairs.columns.tolist() == list(PAIRS)
    assert list(zip(pairs["one"], pairs["other"], strict=True)) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
    assert pairs["overlap_m2"].tolist() == pytest.approx([5000, 9000, 900, 10000, 5000, 1000], abs=0.01)
    assert pairs["iou"].tolist() == pytest.approx([1 / 3, 9 / 11, 0.09, 1, 1 / 3, 1 / 19], rel=1e-5)
    swapped = overlaps_between(theirs, ours)
    assert sorted(zip(swapped["other"], swapped["one"], strict=True)) == list(
        zip(pairs["one"], pairs["other"], strict=True)
    )


def test_nothing_overlaps_with_nothing() -> None:
    none = gpd.GeoSeries([], crs=4326)
    assert len(overlaps_between(none, series(SQUARE))) == len(overlaps_between(series(SQUARE), none)) == 0
