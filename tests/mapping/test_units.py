"""Units: touching tongues are told apart along the flow, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.mapping.masks import masks
from tests.mapping.tongues import ellipse, flow, pair
from workflow_scripts.rogi.mapping.units import Basins, edge_distance, split

SHAPE = (100, 100)
NECK, COMPRESSION, LEAST_PX = 0.9, 3.0, 300.0


def units(inside: np.ndarray, east: float, south: float, probability: float | np.ndarray = 1.0) -> np.ndarray:
    likely = np.broadcast_to(probability, inside.shape)
    return split(inside, likely, flow(inside.shape, east, south), NECK, COMPRESSION, LEAST_PX)


def shares(found: np.ndarray, truth: np.ndarray) -> list[float]:
    """Return the IoU of the best unit for each true one."""
    return [
        max(((found == n) & (truth == t)).sum() / ((found == n) | (truth == t)).sum() for n in (1, 2)) for t in (1, 2)
    ]


def test_tongues_side_by_side_are_two_units_and_the_border_runs_where_they_meet() -> None:
    truth = pair()
    found = units(truth > 0, 0, 1)
    assert found.max() == 2
    assert min(shares(found, truth)) > 0.98


def test_a_body_above_another_on_the_same_flow_line_is_no_other_unit() -> None:
    truth = pair()
    assert units(truth > 0, 1, 0).max() == 1
    neck = ellipse(SHAPE, 50, 30, 20, 27) | ellipse(SHAPE, 50, 70, 20, 27)  # 12 px wide where the bodies have 40
    assert units(neck, 1, 0).max() == 1
    assert units(neck, 0, 1).max() == 2


def test_a_tongue_alone_is_one_unit_however_it_lies_to_the_flow() -> None:
    for half_rows, half_columns in ((40, 12), (12, 40), (30, 30)):
        for direction in ((0, 1), (1, 0), (1, 1)):
            assert units(ellipse(SHAPE, 50, 50, half_rows, half_columns), *direction).max() == 1


def test_without_a_direction_all_directions_count_alike() -> None:
    inside = pair() > 0
    none = split(inside, np.ones(SHAPE), np.zeros((2, *SHAPE)), 0.7, COMPRESSION, LEAST_PX)
    assert none.max() == 1  # the border of 45 px is no neck of bodies that are 40 px wide
    narrow = ellipse(SHAPE, 50, 30, 20, 22) | ellipse(SHAPE, 50, 70, 20, 22)
    assert split(narrow, np.ones(SHAPE), np.zeros((2, *SHAPE)), 0.7, COMPRESSION, LEAST_PX).max() == 2


def test_the_networks_doubt_makes_a_border() -> None:
    inside = ellipse(SHAPE, 50, 50, 45, 40)
    doubt = np.where(np.abs(np.arange(100) - 49.5) < 2, 0.55, 1.0)
    assert units(inside, 0, 1).max() == 1
    found = units(inside, 0, 1, doubt)
    assert found.max() == 2
    assert set(found[50, :47]) <= {0, found[50, 30]}
    assert set(found[50, 53:]) <= {0, found[50, 70]}


def test_small_units_are_joined_and_none_is_dropped() -> None:
    inside = pair() > 0
    assert split(inside, np.ones(SHAPE), flow(SHAPE, 0, 1), NECK, COMPRESSION, 3000.0).max() == 1
    bud = inside | ellipse(SHAPE, 50, 91, 14, 6)
    found = units(bud, 0, 1)
    assert np.array_equal(found > 0, bud)
    assert np.bincount(found.ravel())[1:].min() >= LEAST_PX


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_world_has_turned_units(turns: int) -> None:
    truth = pair()
    east, south = [(0, 1), (1, 0), (0, -1), (-1, 0)][turns]
    found = units(np.rot90(truth, turns) > 0, east, south)
    assert min(shares(np.rot90(found, -turns), truth)) > 0.98


def test_units_do_not_depend_on_the_window() -> None:
    truth = pair()
    wide = np.pad(truth, ((7, 40), (23, 3)))
    assert np.array_equal(units(wide > 0, 0, 1)[7:107, 23:123], units(truth > 0, 0, 1))


@settings(max_examples=40)
@given(mask=masks(), least=st.integers(0, 30), seed=st.integers(0, 99))
def test_every_pixel_belongs_to_one_unit_and_all_are_large_enough(mask: np.ndarray, least: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, count = ndimage.label(np.pad(mask, 1), np.ones((3, 3)))
    inside = labels == min(1, count) if count else np.zeros((3, 3), bool)
    if not count:
        return
    angle = rng.uniform(0, 7, inside.shape)
    found = split(inside, rng.random(inside.shape), np.stack([np.cos(angle), np.sin(angle)]), NECK, 3.0, least)
    assert np.array_equal(found > 0, inside)
    sizes = np.bincount(found.ravel())[1:]
    assert (sizes > 0).all()
    assert len(sizes) == 1 or sizes.min() >= least
    _, first = np.unique(found[inside], return_index=True)
    assert (np.diff(first) > 0).all()


def test_distances_are_euclidean_without_compression_and_shorter_along_the_flow_with_it() -> None:
    inside = pair() > 0
    plain = edge_distance(inside, flow(SHAPE, 0, 1), 1.0)
    np.testing.assert_allclose(plain, ndimage.distance_transform_edt(inside))
    box = np.zeros((60, 60), bool)
    box[10:50, 1:59] = True
    across, along = (edge_distance(box, flow(box.shape, *way), 4.0) for way in ((1, 0), (0, 1)))
    assert across[30, 10] == pytest.approx(10 / 4)  # to the left edge, along the flow
    assert across[12, 30] == pytest.approx(3)  # to the top edge, across it
    assert along[30, 30] == pytest.approx(20 / 4)


def test_the_flow_through_a_border_adds_up_when_units_are_joined() -> None:
    basins = np.repeat([[1, 1, 3, 3, 2, 2]], 8, axis=0)
    units = Basins.of(basins, np.ones(basins.shape), flow(basins.shape, 1, 0))
    assert units.borders[1, 3].flux == pytest.approx(8)
    assert units.borders[2, 3].flux == pytest.approx(-8)  # the normal points from 2 to 3, against the flow
    assert units.borders[2, 3].is_across
    units.unite(0)
    assert set(units.unit_of[1:]) == {1}
    assert units.area[1] == basins.size
