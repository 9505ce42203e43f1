"""Rings of small masks, drawn and counted by hand."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mapping.masks import cut, drawn, masks, traced
from workflow_scripts.rogi.mapping.rings import Rings, coordinates
from workflow_scripts.rogi.mapping.tracer import Tracer


def rings(mask: np.ndarray, connectivity: int = 4) -> Rings:
    (found,) = Tracer(mask.shape[1], connectivity).trace(cut(mask, [], []))
    return found


def places(positions: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns of positions."""
    return [(int(position) >> 32, int(position) & 0xFFFFFFFF) for position in positions]


def test_a_rectangle_is_one_ring_of_four_corners_from_the_first() -> None:
    mask = np.zeros((7, 9), bool)
    mask[2:5, 3:8] = True
    found = rings(mask)
    assert places(found.points) == [(2, 3), (5, 3), (5, 8), (2, 8), (2, 3)]
    assert places(found.first) == places(found.part) == places(found.group) == [(2, 3)]
    assert found.size.tolist() == [5]
    assert found.area.tolist() == [15]


def test_rings_in_rings_belong_to_their_own_shells() -> None:
    mask = np.zeros((11, 11), bool)
    for depth in range(6):
        mask[depth : 11 - depth, depth : 11 - depth] = depth % 2 == 0
    found = rings(mask)
    belongs = dict(zip(places(found.first), places(found.part), strict=True))
    assert belongs == {(0, 0): (0, 0), (1, 1): (0, 0), (2, 2): (2, 2), (3, 3): (2, 2), (4, 4): (4, 4), (5, 5): (4, 4)}
    areas = dict(zip(places(found.first), found.area.tolist(), strict=True))
    assert areas == {(0, 0): 121, (1, 1): 121, (2, 2): 49, (3, 3): 49, (4, 4): 9, (5, 5): 9}


@pytest.mark.parametrize("connectivity", [4, 8])
def test_a_hole_that_touches_the_shell_in_a_corner_is_a_hole(connectivity: int) -> None:
    (shape,) = traced(drawn("##.", "#.#", "###"), connectivity)
    assert shape.equals(shapely.Polygon([(0, 0), (2, 0), (2, 1), (3, 1), (3, 3), (0, 3)]) - shapely.box(1, 1, 2, 2))
    assert len(shape.interiors) == 1
    assert shape.is_valid


@pytest.mark.parametrize("connectivity", [4, 8])
def test_holes_that_touch_each_other_are_two(connectivity: int) -> None:
    (shape,) = traced(drawn("####", "#.##", "##.#", "####"), connectivity)
    assert sorted(shapely.Polygon(hole).bounds for hole in shape.interiors) == [(1, 1, 2, 2), (2, 2, 3, 3)]
    assert shape.is_valid


def test_pixels_around_an_empty_one_are_four_objects_or_one_of_four_parts() -> None:
    diamond = drawn(".#.", "#.#", ".#.")
    assert [shape.bounds for shape in traced(diamond, 4)] == [(1, 0, 2, 1), (0, 1, 1, 2), (2, 1, 3, 2), (1, 2, 2, 3)]
    (shape,) = traced(diamond, 8)
    assert [part.bounds for part in shape.geoms] == [(1, 0, 2, 1), (0, 1, 1, 2), (2, 1, 3, 2), (1, 2, 2, 3)]
    assert shape.is_valid


def test_parts_of_an_object_count_together_and_those_of_others_do_not() -> None:
    mask = drawn("##...", "##...", "..#.#")
    assert rings(mask, 8).area.tolist() == [5, 5, 1]
    assert sorted(rings(mask, 4).area.tolist()) == [1, 1, 4]


@settings(max_examples=100)
@given(mask=masks(), connectivity=st.sampled_from([4, 8]))
def test_rings_are_simple_and_turn_at_every_point(mask: np.ndarray, connectivity: int) -> None:
    found = rings(mask, connectivity)
    ends = found.size.cumsum()
    for begin, end, first in zip(ends - found.size, ends, found.first, strict=True):
        ring = found.points[begin:end]
        assert ring[0] == ring[-1] == ring.min() == first
        assert len(set(ring)) == len(ring) - 1
        along = [a[0] == b[0] for a, b in pairwise(places(ring))]
        assert all(one != other for one, other in pairwise([*along, along[0]]))


@settings(max_examples=100)
@given(mask=masks(), connectivity=st.sampled_from([4, 8]))
def test_the_object_is_on_the_left_north_up(mask: np.ndarray, connectivity: int) -> None:
    for shape in shapely.get_parts(traced(mask, connectivity)):
        # Rows run south, so what is counterclockwise on the map is clockwise here.
        assert not shape.exterior.is_ccw
        assert all(hole.is_ccw for hole in shape.interiors)


def test_coordinates_follow_the_transform_and_the_order_asked_for() -> None:
    points = np.array([(row << 32) + column for row, column in [(0, 0), (1, 0), (5, 7), (2**20, 2**21)]])
    order = coordinates(points, np.array([2, 0]), np.array([2, 1]), np.array([2.0, 0.5, 100, 0.25, -3, 50]))
    expected = [(2 * x + 0.5 * y + 100, 0.25 * x - 3 * y + 50) for y, x in [(5, 7), (2**20, 2**21), (0, 0)]]
    assert order.tolist() == [list(point) for point in expected]
