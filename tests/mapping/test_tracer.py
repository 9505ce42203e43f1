"""Tiled equals whole, to the bit and in the same order; and finished objects do not fill the memory."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.mapping.masks import assert_same_objects, by_gdal, cut, drawn, masks, tiled, traced
from workflow_scripts.rogi.mapping.tracer import Tracer

EVERYWHERE = {4: None, 8: np.ones((3, 3))}


@settings(max_examples=300)
@given(
    mask=masks(),
    connectivity=st.sampled_from([4, 8]),
    rows=st.lists(st.integers(1, 23)),
    columns=st.lists(st.integers(1, 23)),
    few=st.sampled_from([1, 30, 1 << 16]),
)
def test_tiled_equals_whole(mask: np.ndarray, connectivity: int, rows: list[int], columns: list[int], few: int) -> None:
    whole = traced(mask, connectivity)
    parts = traced(mask, connectivity, cut(mask, rows, columns), few)
    assert shapely.to_wkb(parts).tolist() == shapely.to_wkb(whole).tolist()


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 100), (100, 1), (2, 3), (7, 5), (8, 8), (16, 9), (64, 63)])
def test_tiled_equals_whole_at_all_tile_sizes(connectivity: int, height: int, width: int) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(7).standard_normal((64, 83)), 1)
    for share in (0.2, 0.5, 0.8):
        mask = noise < np.quantile(noise, share)
        parts = traced(mask, connectivity, tiled(mask, height, width), few=100)
        assert shapely.to_wkb(parts).tolist() == shapely.to_wkb(traced(mask, connectivity)).tolist()


@settings(max_examples=200)
@given(mask=masks(), connectivity=st.sampled_from([4, 8]), side=st.integers(1, 12))
def test_objects_are_those_of_gdal_and_scipy(mask: np.ndarray, connectivity: int, side: int) -> None:
    found = traced(mask, connectivity, tiled(mask, side, side), few=1)
    assert shapely.is_valid(found).all()
    labels, count = ndimage.label(mask, EVERYWHERE[connectivity])
    # scipy numbers objects by their first pixel, row by row, and so do we.
    assert shapely.area(found).tolist() == np.bincount(labels.ravel(), minlength=1)[1:].tolist()
    assert len(found) == count
    assert_same_objects(found, by_gdal(mask, connectivity))


@pytest.mark.parametrize(
    ("mask", "four", "eight"),
    [
        (drawn("...#", "..#.", ".#..", "#..."), 4, 1),
        (drawn("#...", ".#..", "..#.", "...#"), 4, 1),
        (drawn("....", ".#..", "..#.", "...."), 2, 1),
        (drawn("....", "..#.", ".#..", "...."), 2, 1),
        (drawn("####", "#.##", "##.#", "####"), 1, 1),
        (drawn("####", "##.#", "#.##", "####"), 1, 1),
    ],
)
@pytest.mark.parametrize(("rows", "columns"), [([2], [2]), ([1, 2, 3], [2]), ([2], [1, 2, 3]), ([], [2]), ([2], [])])
def test_touches_in_the_corner_of_four_tiles(
    mask: np.ndarray, four: int, eight: int, rows: list[int], columns: list[int]
) -> None:
    for connectivity, count in ((4, four), (8, eight)):
        found = traced(mask, connectivity, cut(mask, rows, columns), few=1)
        assert len(found) == count
        assert shapely.is_valid(found).all()
        assert shapely.area(found).sum() == mask.sum()


def test_a_hole_and_its_island_span_many_tiles() -> None:
    mask = np.zeros((50, 50), bool)
    mask[3:47, 2:48] = True
    mask[8:40, 9:41] = False
    mask[12:30, 13:31] = True
    for connectivity in (4, 8):
        outer, inner = traced(mask, connectivity, tiled(mask, 7, 6), few=1)
        assert outer.equals(shapely.box(2, 3, 48, 47) - shapely.box(9, 8, 41, 40))
        assert inner.equals(shapely.box(13, 12, 31, 30))


def test_objects_that_meet_in_the_last_row_are_one() -> None:
    mask = np.zeros((40, 41), bool)
    mask[:, ::2] = mask[-1] = True
    (comb,) = traced(mask, 4, tiled(mask, 6, 5), few=1)
    assert comb.area == mask.sum()
    assert len(comb.exterior.coords) == 1 + 4 + 4 * 20


def test_a_spiral_larger_than_many_tiles_is_one_ring() -> None:
    mask = np.zeros((61, 61), bool)
    row, column, down, right, run = 0, 0, 0, 1, 60
    mask[0, 0] = True
    for turn in range(40):
        for _ in range(max(run, 0)):
            row, column = row + down, column + right
            mask[row, column] = True
        down, right = right, -down
        run -= 2 if turn and turn % 2 == 0 else 0
    (shape,) = traced(mask, 4, tiled(mask, 8, 9), few=1)
    assert shape.area == mask.sum() == ndimage.label(mask)[0].astype(bool).sum()
    assert not shape.interiors


def test_an_object_that_fills_everything_has_four_corners() -> None:
    (shape,) = traced(np.ones((30, 40), bool), 4, tiled(np.ones((30, 40), bool), 7, 7))
    assert list(shape.exterior.coords) == [(0, 0), (0, 30), (40, 30), (40, 0), (0, 0)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (20, 20)])
def test_an_empty_mask_has_no_objects(shape: tuple[int, int]) -> None:
    assert len(traced(np.zeros(shape, bool), 8, tiled(np.zeros(shape, bool), 4, 4))) == 0


def test_objects_below_the_least_area_are_left_out_whatever_their_holes() -> None:
    mask = drawn("#####..#", "#...#...", "#...#..#", "#...#.#.", "#####...")
    assert [shape.area for shape in traced(mask, 8, min_area_px=2)] == [16, 2]
    assert [shape.area for shape in traced(mask, 8, min_area_px=3)] == [16]
    assert [shape.area for shape in traced(mask, 4, min_area_px=25)] == [16]
    assert len(traced(mask, 4, min_area_px=26)) == 0


def test_finished_objects_leave_the_store() -> None:
    noise = np.random.default_rng(3).random((64, 64)) < 0.1
    noise[:, -2] = True  # and one that is open to the end, of few corners
    noise[:, [0, -3, -1]] = False
    tracer = Tracer(64, 8, few=1000)
    found = [rings.size.sum() for rings in tracer.trace((64 * row, 0, noise) for row in range(50))]
    assert len(found) == 51
    assert sum(found) > 50 * 1000
    assert len(tracer.store.position) < 5000


def test_an_object_open_to_the_end_is_searched_again_only_when_the_store_has_doubled() -> None:
    comb = np.zeros((64, 64), bool)
    comb[:, 0] = comb[::2] = True
    batches = list(Tracer(64, 4, few=100).trace((64 * row, 0, comb) for row in range(64)))
    assert sum(rings.size.sum() for rings in batches) == batches[-1].size.sum() == 4 * 64 * 32 + 3
    assert len(batches) <= 8
