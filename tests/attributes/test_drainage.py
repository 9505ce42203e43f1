"""Depressions, smoothing and headwalls on small grids."""

import numpy as np
import pytest

from workflow_scripts.rogi.attributes.drainage import filled, headwall_height, smoothed

CELL_M = np.array([30.0, 30.0])


def slope(azimuth: float, rise: float = 0.5, side: int = 61) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] * 30.0
    sine, cosine = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    return 5000 - rise * (columns * sine - rows * cosine)


def test_a_pit_is_filled_to_its_outlet_and_all_else_stays() -> None:
    heights = slope(180)
    pit = heights.copy()
    pit[30, 30] -= 100
    level = filled(pit)
    assert level[30, 30] == pytest.approx(heights[31, 30], abs=1e-3)
    assert level[30, 30] > pit[31, 30]  # falls towards its outlet
    level[30, 30] = pit[30, 30]
    np.testing.assert_array_equal(level, pit)


def test_voids_stay_voids_and_drain() -> None:
    heights = slope(90)
    heights[20:25, 20:25] = np.nan
    level = filled(heights)
    np.testing.assert_array_equal(level, heights)


def test_smoothing_keeps_a_plane_also_beside_a_void() -> None:
    heights = slope(120)
    heights[5:9, 5:9] = np.nan
    np.testing.assert_allclose(smoothed(heights, (2.0, 2.0)), heights, atol=1e-6)
    assert np.isnan(smoothed(np.full((3, 3), np.nan), (2.0, 2.0))).all()


def test_a_single_height_spreads_as_a_gaussian() -> None:
    heights = np.zeros((41, 41))
    heights[20, 20] = 1
    smooth = smoothed(heights, (2.0, 3.0))
    assert smooth[20, 20] == pytest.approx(1 / (2 * np.pi * 2 * 3), rel=0.01)
    assert smooth[22, 20] / smooth[20, 20] == pytest.approx(np.exp(-0.5), rel=0.01)
    assert smooth[20, 23] / smooth[20, 20] == pytest.approx(np.exp(-0.5), rel=0.01)


def test_without_smoothing_heights_are_as_they_were() -> None:
    heights = slope(45)
    heights[3, 3] = np.nan
    np.testing.assert_allclose(smoothed(heights, (0.0, 0.0)), heights)


@pytest.mark.parametrize("azimuth", [0, 20, 90, 135, 200, 290])
def test_the_headwall_of_a_plane_is_its_rise_over_the_distance(azimuth: float) -> None:
    heights, inside = slope(azimuth), np.zeros((61, 61), bool)
    inside[28:33, 28:33] = True
    height = headwall_height(heights, filled(heights), inside, CELL_M, 600)
    assert height == pytest.approx(0.5 * 600, abs=0.5 * 30)


def test_only_ground_that_drains_into_the_root_zone_counts() -> None:
    rows, columns = np.mgrid[:61, :61] * 30.0
    # From the north: a mountain, a valley that drains eastwards, a crest 10 rows above the root zone
    south_of_the_crest, north_of_it = 5000 - 0.5 * (rows - 600), 5000 - 0.5 * (600 - rows)
    mountain = 6500 - 3 * rows - columns / 100
    heights = np.where(rows >= 600, south_of_the_crest, np.maximum(north_of_it, mountain))
    inside = np.zeros((61, 61), bool)
    inside[30:34, 28:33] = True
    assert heights[:20].max() > 6000
    assert headwall_height(heights, filled(heights), inside, CELL_M, 900) == pytest.approx(0.5 * 300, abs=15)


def test_at_the_top_of_a_mountain_there_is_no_headwall() -> None:
    rows, columns = np.mgrid[:61, :61] * 30.0 - 900
    cone = 5000 - 0.5 * np.hypot(rows, columns)
    inside = np.zeros((61, 61), bool)
    inside[30:40, 28:33] = True
    assert headwall_height(cone, filled(cone), inside, CELL_M, 900) == 0


def test_without_heights_there_is_none() -> None:
    unknown = np.full((61, 61), np.nan)
    assert np.isnan(headwall_height(unknown, unknown, np.ones((61, 61), bool), CELL_M, 900))
