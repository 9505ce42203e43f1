"""Insolation against closed forms of the daily integral, symmetries, and published numbers."""

import math

import numpy as np
import pytest

from workflow_scripts.rogi.attributes.insolation import annual, daily, declination, irradiance, sunrise


def one_day(slope: float, aspect: float, latitude: float, day: int, step: float = 10) -> float:
    return float(daily(np.array([slope]), np.array([aspect]), np.array([latitude]), day, step)[0])


def closed_form(latitude: float, day: int, limit: float | None = None) -> float:
    """Return the daily integral on a flat plane, kWh m⁻² (the textbook formula), up to a limiting hour angle."""
    phi, sun = math.radians(latitude), declination(day)
    h = math.acos(max(-1, min(1, -math.tan(phi) * math.tan(sun))))
    h = h if limit is None else min(h, limit)
    return (
        irradiance(day) * 24 / math.pi / 1000
        * (h * math.sin(phi) * math.sin(sun) + math.cos(phi) * math.cos(sun) * math.sin(h))
    )  # fmt: skip


@pytest.mark.parametrize("latitude", [0.0, 27.0, 40.0, -28.4, 66.0, 80.0])
@pytest.mark.parametrize("day", [1, 81, 172, 265])
def test_a_flat_plane_matches_the_closed_form(latitude: float, day: int) -> None:
    assert one_day(0, 123, latitude, day, step=30) == pytest.approx(closed_form(latitude, day), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("day", [20, 110, 172, 300])
def test_a_slope_to_the_south_is_a_flat_plane_further_south(day: int) -> None:
    limit = float(sunrise(np.radians(np.array([35.0])), day)[0])
    assert one_day(25, 180, 35, day) == pytest.approx(closed_form(35 - 25, day, limit), rel=2e-3)
    assert one_day(25, 0, 35, day) == pytest.approx(closed_form(35 + 25, day, limit), rel=2e-3)


def test_polar_day_and_polar_night() -> None:
    assert one_day(0, 0, 80, 355) == 0
    assert one_day(20, 0, 80, 355) == 0
    sun = declination(172)
    whole_day = irradiance(172) * 24 / 1000 * math.sin(math.radians(80)) * math.sin(sun)
    assert one_day(0, 0, 80, 172) == pytest.approx(whole_day, rel=1e-6)


def test_the_equator_at_the_equinox() -> None:
    assert declination(81) == pytest.approx(0, abs=1e-12)
    assert one_day(0, 0, 0, 81) == pytest.approx(irradiance(81) * 24 / math.pi / 1000)


@pytest.mark.parametrize("slope", [10.0, 35.0])
def test_an_east_slope_on_the_equator_at_the_equinox_loses_the_evening(slope: float) -> None:
    # The integral of cos(h - slope) from sunrise until the sun goes behind the slope
    expected = irradiance(81) * 12 / math.pi / 1000 * (1 + math.cos(math.radians(slope)))
    assert one_day(slope, 90, 0, 81) == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize("aspect", [30.0, 90.0, 150.0])
def test_east_and_west_receive_the_same(aspect: float) -> None:
    assert one_day(30, aspect, 35, 60) == pytest.approx(one_day(30, 360 - aspect, 35, 60), rel=1e-12)


def test_the_southern_hemisphere_is_the_northern_upside_down() -> None:
    north = one_day(25, 40, 33, 81 + 50) / irradiance(81 + 50)
    south = one_day(25, 140, -33, 81 - 50) / irradiance(81 - 50)
    assert north == pytest.approx(south, rel=1e-9)


def test_a_steep_north_face_sees_no_winter_sun() -> None:
    assert one_day(80, 0, 40, 355) == 0
    assert one_day(80, 180, 40, 355) > one_day(0, 0, 40, 355)


def test_annual_sums_on_flat_ground_and_on_all_aspects() -> None:
    # Worked out independently: extraterrestrial radiation at these latitudes, and on slopes of 17.7°
    flat = annual(np.zeros(2), np.zeros(2), np.array([29.5, 38.0]), 30, 1)
    np.testing.assert_allclose(flat, [3207, 2934], rtol=2e-3)
    aspect, latitude = np.meshgrid(np.arange(0, 360, 45.0), [29.5, 32, 35.5, 38])
    tilted = annual(np.full(aspect.shape, 17.7), aspect, latitude, 30, 5)
    assert tilted.mean() == pytest.approx(2986, rel=3e-3)
    assert (tilted.min(), tilted.max()) == pytest.approx((2206, 3564), rel=3e-3)


def test_coarse_steps_of_days_and_minutes_change_little() -> None:
    cells = np.array([5.0, 20, 40]), np.array([10.0, 100, 250]), np.array([28.0, 35, 40])
    np.testing.assert_allclose(annual(*cells, 30, 5), annual(*cells, 10, 1), rtol=3e-3)


def test_no_cells_give_no_values() -> None:
    assert annual(np.empty(0), np.empty(0), np.empty(0), 30, 30).shape == (0,)
