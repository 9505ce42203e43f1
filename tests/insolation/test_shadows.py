"""The shadow of walls against geometry, from the DEM to the sum of a day."""

import math

import numpy as np
import pytest

from tests.insolation.scene import PIXEL_M, cells_at, compute, level_day, one_day
from workflow_scripts.rogi.insolation.horizon import terrain

EQUINOX = 81  # the sun crosses the sky in a plane that leans south by the latitude


def equinox(heights: np.ndarray, row: int, column: int, latitude: float, radius_m: float) -> float:
    """Return what a level cell gets at the equinox over what it gets in the open."""
    here = cells_at(np.array([row]), np.array([column]), np.zeros(1), np.zeros(1), np.array([latitude]))
    sums = compute(here, terrain(heights, radius_m), one_day(EQUINOX, 1), sectors=720).sums
    return float(sums[0, 0]) / level_day(latitude, EQUINOX)


@pytest.mark.parametrize(("ratio", "share"), [(1.1, 0.0), (0.9, 1.0)])
@pytest.mark.parametrize("latitude", [27.0, 40.0])
def test_a_wall_in_the_south_takes_the_whole_equinox_or_nothing(ratio: float, share: float, latitude: float) -> None:
    heights = np.zeros((80, 1601))
    heights[50:] = ratio * 20 * PIXEL_M / math.tan(math.radians(latitude))  # 20 rows away
    # At sunrise and sunset, the wall would have to be endless.
    assert equinox(heights, 30, 800, latitude, 24_000) == pytest.approx(share, abs=0.005)


@pytest.mark.parametrize("latitude", [27.0, 40.0])
def test_a_wall_in_the_north_takes_nothing(latitude: float) -> None:
    heights = np.zeros((80, 401))
    heights[:30] = 5000
    assert equinox(heights, 31, 200, latitude, 6000) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("angle", [10.0, 30.0, 60.0])
def test_a_wall_in_the_east_holds_the_sun_back_until_it_is_as_high(angle: float) -> None:
    heights = np.zeros((401, 80))
    heights[:, 30:] = 20 * PIXEL_M * math.tan(math.radians(angle))  # 20 columns away
    # On the equator, the sun is then due east; the sine of its hour angle runs from -1 to 1.
    assert equinox(heights, 200, 10, 0, 3000) == pytest.approx((1 + math.cos(math.radians(angle))) / 2, abs=2e-3)


def test_both_sides_of_a_gorge_take_their_share() -> None:
    heights = np.zeros((401, 80))
    heights[:, 50:] = 20 * PIXEL_M * math.tan(math.radians(40))
    heights[:, :21] = 10 * PIXEL_M * math.tan(math.radians(20))
    expected = (math.cos(math.radians(40)) + math.cos(math.radians(20))) / 2
    assert equinox(heights, 200, 30, 0, 3000) == pytest.approx(expected, abs=2e-3)


def test_the_suns_own_height_at_noon_decides_at_the_foot_of_a_pillar() -> None:
    """A pillar due south takes the noon: the minutes in which the sun stands behind it."""
    heights = np.zeros((120, 120))
    heights[100:, 55:66] = 4000  # 11 columns wide, 40 rows away
    half = math.atan(5.5 / 40)
    hour = math.atan(
        math.tan(half) * math.sin(math.radians(30))
    )  # at the equinox, tan(azimuth) = tan(hour) / sin(latitude)
    assert equinox(heights, 60, 60, 30, 1800) == pytest.approx(1 - math.sin(hour), abs=0.01)
