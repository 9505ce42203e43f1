import dataclasses

import numpy as np
import pytest
import shapely
from scipy import ndimage

from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.glaciers import LEAST_CELLS, SNOWLINE_M, grow_glaciers, ice_score, lowest_points
from workflow_scripts.rogi.demo.relief import Relief
from workflow_scripts.rogi.demo.scene import Scene

FRAME = Frame(1474, 1237, 1, 1)


def relief_of(height: np.ndarray) -> Relief:
    none = np.zeros_like(height)
    hollow = ndimage.gaussian_filter(height, 9) - height
    return Relief(height, none, none, none, none, hollow, none)


@pytest.fixture(scope="module")
def bowl() -> Relief:
    """A plain below the snow line with one high, gentle bowl in the middle of the imagery."""
    rows, columns = (np.arange(size) for size in FRAME.coarse_shape)
    middle = FRAME.coarse_index(np.array([2048.0]), 0)[0], FRAME.coarse_index(np.array([2048.0]), 1)[0]
    far = np.hypot(rows[:, None] - middle[0], columns[None, :] - middle[1])
    rim = 900 * np.exp(-(((far - 40) / 14) ** 2))
    return relief_of(SNOWLINE_M - 600 + rim + 600 * (far < 40) - 200 * np.exp(-((far / 20) ** 2)))


def test_ice_lies_high_and_in_the_shade() -> None:
    rows = np.arange(FRAME.coarse_shape[0])[:, None] * np.ones(FRAME.coarse_shape[1])
    ridge = SNOWLINE_M + 400 - 3.0 * np.abs(rows - 250)
    score = ice_score(relief_of(ridge), FRAME.cell_m)[:, 100]
    assert score[150] > score[350] + 1  # the same height, facing north and facing south
    assert score[200] > score[100]
    assert score[20] < 0


def test_a_glacier_fills_the_bowl(bowl: Relief) -> None:
    glaciers = grow_glaciers(FRAME, bowl)
    assert len(glaciers) == 1
    assert glaciers[0].is_valid
    assert glaciers[0].convex_hull.contains(shapely.Point(2048, 2048))
    assert glaciers[0].area > LEAST_CELLS * 64 / 2
    assert shapely.Point(2048, 2048).buffer(60 * 8).contains(glaciers[0])


def test_there_is_no_ice_on_low_ground(bowl: Relief) -> None:
    assert grow_glaciers(FRAME, dataclasses.replace(bowl, height=bowl.height - 2500)) == []


def test_the_lowest_point_is_on_the_margin() -> None:
    rows = np.arange(FRAME.coarse_shape[0])[:, None] * np.ones(FRAME.coarse_shape[1])
    square = shapely.box(800, 800, 1200, 1600)
    ((row, column),) = lowest_points([square], FRAME, 9000 - rows)
    assert row == FRAME.coarse_index(np.array([1600.0]), 0)[0]
    assert FRAME.coarse_index(np.array([800.0]), 1)[0] <= column <= FRAME.coarse_index(np.array([1200.0]), 1)[0]


def test_glaciers_are_given_largest_first(scene: Scene) -> None:
    areas = [glacier.area for glacier in scene.landforms.glaciers]
    assert areas == sorted(areas, reverse=True)
    assert all(glacier.is_valid and not glacier.interiors for glacier in scene.landforms.glaciers)
