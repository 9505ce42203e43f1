"""Horizons against closed forms and a plain search along every ray."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from tests.insolation.scene import NORTH_UP, PIXEL_M, horizons, rough
from workflow_scripts.rogi.insolation.horizon import BLOCK, terrain

EARTH_RADIUS_M = 6_371_008.8
AZIMUTH = np.arange(64) * 360 / 64


def distances(side: int, row: int, column: int) -> np.ndarray:
    return PIXEL_M * np.hypot(*(np.mgrid[:side, :side] - np.array([row, column]).reshape(2, 1, 1)))


def lifted(heights: np.ndarray, row: int, column: int) -> np.ndarray:
    """Lay heights round a cell of the sphere so that they look as in the plane."""
    return heights + distances(len(heights), row, column) ** 2 / (2 * EARTH_RADIUS_M)


def plain_search(heights: np.ndarray, row: int, column: int, radius_m: float) -> tuple[np.ndarray, float]:
    """Return the horizon, degrees, and the known share: every sample of every ray."""
    angles, valid, asked = np.zeros(64), 0, 0
    for sector, azimuth in enumerate(np.radians(AZIMUTH)):
        columns, rows = NORTH_UP @ (math.sin(azimuth), math.cos(azimuth))
        step_m = 1 / max(abs(columns), abs(rows))
        distance = step_m * np.arange(1, int(radius_m / step_m) + 1)
        places = np.round([row + rows * distance, column + columns * distance], 9)
        void = map_coordinates(np.isnan(heights).astype(float), places, order=1, cval=1) > 1e-6
        z = map_coordinates(np.nan_to_num(heights), places, order=1)[~void]
        rise = (z - heights[row, column]) / distance[~void] - distance[~void] / (2 * EARTH_RADIUS_M)
        angles[sector] = np.degrees(np.arctan(rise.max(initial=0)))
        valid, asked = valid + len(z), asked + len(void)
    return angles, valid / asked


# ---- against a plain search


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("relief_m", [50.0, 1500.0])
def test_jumping_over_low_blocks_changes_nothing(seed: int, relief_m: float) -> None:
    heights = rough(4 * BLOCK + 7, seed, relief_m).astype(np.float32)[: 3 * BLOCK + 5]
    row, column = np.random.default_rng(seed).integers(0, 3 * BLOCK, 2)
    found, known = horizons(heights, row, column, 2500)
    angles, share = plain_search(heights.astype(float), row, column, 2500)
    np.testing.assert_allclose(found, angles, atol=1e-4)
    assert known == pytest.approx(share, abs=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 3), st.floats(0, 0.3))
def test_the_same_with_voids(row: int, column: int, seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    heights = rough(100, seed).astype(np.float32)
    heights[generator.random(heights.shape) < share**3] = np.nan
    heights[: int(50 * share), 20:90] = np.nan
    heights[row, column] = 4800
    found, known = horizons(heights, row, column, 900)
    angles, expected = plain_search(heights.astype(float), row, column, 900)
    np.testing.assert_allclose(found, angles, atol=1e-4)
    assert known == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_place_in_the_array_changes_nothing(rows: int, columns: int) -> None:
    heights = rough(120)
    whole, known = horizons(heights, 60, 64, 1000)
    part, share = horizons(heights[rows : 120 - columns, columns : 120 - rows // 2], 60 - rows, 64 - columns, 500)
    np.testing.assert_array_equal(part, horizons(heights, 60, 64, 500)[0])
    assert (part <= whole).all()
    assert known == share == 1


# ---- closed forms


def test_a_summit_a_plain_and_the_sea_have_no_horizon() -> None:
    summit = 5000 - 0.5 * distances(81, 40, 40)
    for heights in (summit, np.zeros((81, 81)), np.full((81, 81), -400.0)):
        found, known = horizons(heights, 40, 40, 1000)
        assert (found == 0).all()
        assert known == 1


def test_a_bowl_has_one_horizon_all_around() -> None:
    rim = np.where(distances(121, 60, 60) >= 1200, 4000.0 + 300, 4000)
    found, _ = horizons(rim, 60, 60, 1700)
    np.testing.assert_allclose(found, np.degrees(np.arctan(300 / 1200)), atol=0.5)  # the rim is a pixel wide
    assert found.max() < np.degrees(np.arctan(300 / (1200 - PIXEL_M)))


@pytest.mark.parametrize("slope", [5.0, 30.0, 60.0])
def test_a_plane_rises_by_its_slope_and_the_cosine_of_the_direction(slope: float) -> None:
    rows = np.arange(101)[:, None] * PIXEL_M * np.ones(101)
    found, _ = horizons(lifted(-math.tan(math.radians(slope)) * rows, 50, 50), 50, 50, 1200)
    rise = np.clip(math.tan(math.radians(slope)) * np.cos(np.radians(AZIMUTH)), 0, None)  # north is uphill
    np.testing.assert_allclose(found, np.degrees(np.arctan(rise)), atol=1e-3)


def test_a_cone_seen_from_its_foot() -> None:
    heights = lifted(np.clip(1000 - 0.8 * distances(161, 40, 80), 0, None), 120, 80)
    found, _ = horizons(heights, 120, 80, 3000)
    assert found[0] == pytest.approx(math.degrees(math.atan(1000 / 2400)), abs=1e-3)
    # Beside the summit, the line of sight is tangent to the cone, which spans 31.4° to either side of it.
    flank = math.degrees(math.asin(1250 / 2400))
    aside = 180 - abs(AZIMUTH - 180)
    assert (found[aside < flank - 1] > 0.5).all()
    assert (found[aside > flank + 1] < 1e-3).all()


def test_a_long_wall_stands_lower_in_slanting_directions() -> None:
    heights = np.zeros((301, 301))
    heights[:120] = 500  # north of the cell, 31 rows away
    found, _ = horizons(heights, 150, 150, 6000, 64)
    ahead = np.cos(np.radians(AZIMUTH)) > 0.3
    exact = np.degrees(np.arctan(500 / (31 * PIXEL_M) * np.cos(np.radians(AZIMUTH))))
    np.testing.assert_allclose(found[ahead], exact[ahead], atol=0.25)  # of a row in 31
    np.testing.assert_allclose(found[abs(AZIMUTH - 180) >= 135], exact[abs(AZIMUTH - 180) >= 135], atol=0.01)
    assert (found[np.cos(np.radians(AZIMUTH)) < 0.01] == 0).all()


@pytest.mark.parametrize("kilometres", [5, 20, 40])
@pytest.mark.parametrize("height_m", [20.0, 3000.0])
def test_the_earths_curvature_hides_what_it_hides_on_a_sphere(kilometres: int, height_m: float) -> None:
    columns = round(kilometres * 1000 / PIXEL_M)
    heights = np.zeros((5, columns + 10))
    heights[:, columns] = height_m
    found, _ = horizons(heights, 2, 0, 45_000, 4)
    arc = columns * PIXEL_M / EARTH_RADIUS_M
    seen = math.atan2((EARTH_RADIUS_M + height_m) * math.cos(arc) - EARTH_RADIUS_M, EARTH_RADIUS_M * math.sin(arc))
    # Heights are taken as upright rather than radial, and the sphere as a paraboloid.
    assert found[1] == pytest.approx(max(math.degrees(seen), 0), abs=0.03)
    assert (found[1] == 0) == (height_m < (kilometres * 1000) ** 2 / (2 * EARTH_RADIUS_M))
    assert (found[[0, 2, 3]] == 0).all()


def test_terrain_beyond_the_radius_is_not_seen() -> None:
    heights = np.zeros((5, 200))
    heights[:, 100] = 1000
    assert horizons(heights, 2, 0, 99 * PIXEL_M, 4)[0][1] == 0
    assert horizons(heights, 2, 0, 100 * PIXEL_M, 4)[0][1] > 15


# ---- the edge of the DEM, and voids


def test_the_known_share_at_edges_and_corners() -> None:
    heights = np.zeros((201, 201))
    assert horizons(heights, 100, 100, 2900, 720)[1] == 1
    assert horizons(heights, 0, 100, 2900, 720)[1] == pytest.approx(0.5, abs=0.005)
    assert horizons(heights, 200, 200, 2900, 720)[1] == pytest.approx(0.25, abs=0.005)
    assert horizons(heights, 100, 100, 6000, 4)[1] == pytest.approx(0.5, abs=0.005)


def test_a_void_is_no_obstacle_and_is_not_known() -> None:
    heights = np.zeros((201, 201))
    heights[:40] = 800
    whole, _ = horizons(heights, 100, 100, 3000, 360)
    heights[:60] = np.nan  # 41 rows north of the cell and on
    found, known = horizons(heights, 100, 100, 3000, 360)
    azimuth = np.radians(np.arange(360))
    free = np.minimum(41 * PIXEL_M / np.clip(np.cos(azimuth), 1e-9, None), 3000) / 3000
    assert whole.max() == pytest.approx(np.degrees(np.arctan(800 / (61 * PIXEL_M))), abs=0.01)
    assert (found == 0).all()
    assert known == pytest.approx(free.mean(), abs=0.01)


def test_a_cell_in_the_middle_of_a_void() -> None:
    heights = np.full((100, 100), np.nan)
    heights[50, 50] = 4000
    found, known = horizons(heights, 50, 50, 1000)
    assert (found == 0).all()
    assert known == 0


def test_tops_tell_blocks_without_voids_from_others() -> None:
    heights = np.zeros((BLOCK, 4 * BLOCK))
    heights[3, 5], heights[0, BLOCK + 9] = 70, np.nan
    heights[:, 2 * BLOCK - 1 :] = np.nan
    prepared = terrain(heights, 100)
    assert prepared.tops.reshape(2, 5)[0, :4].tolist() == [np.inf, np.inf, -np.inf, -np.inf]
