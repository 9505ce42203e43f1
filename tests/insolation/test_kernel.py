"""The radiation of a year on one cell against closed forms, symmetries, another integration, and published numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.insolation.scene import level_day, one_day, open_ground
from workflow_scripts.rogi.insolation.kernel import year_of_cell
from workflow_scripts.rogi.insolation.sun import Calendar, calendar, declination, irradiance

FLAT = (0.0, 0.0, 1.0)


def behind(horizon: np.ndarray, latitude: float, year: Calendar, normal: tuple[float, ...] = FLAT) -> np.ndarray:
    """Return the four sums behind a horizon, given as sines; by Python, not compiled."""
    closed = np.append(horizon, horizon[0]).astype(np.float32)
    return np.array(year_of_cell(math.radians(latitude), np.array(normal), 1.0, closed, year))


# ---- open ground


@pytest.mark.parametrize("latitude", [-90.0, -28.4, 0.0, 27.0, 40.0, 66.0, 80.0, 90.0])
@pytest.mark.parametrize("day", [1, 81, 172, 265])
def test_level_ground_matches_the_closed_form(latitude: float, day: int) -> None:
    outside, _, level, _ = open_ground(0, 123, latitude, one_day(day, 30))[0]
    assert outside == pytest.approx(level_day(latitude, day), rel=1e-9, abs=1e-9)
    assert level == pytest.approx(outside)


def test_level_ground_over_a_year_matches_the_closed_form() -> None:
    latitudes = [-45.0, 0, 29.5, 38, 70]
    expected = [sum(level_day(latitude, day) for day in range(1, 366)) for latitude in latitudes]
    np.testing.assert_allclose(open_ground(0, 0, latitudes)[:, 0], expected, rtol=1e-9)
    np.testing.assert_allclose(expected[2:4], [3207, 2934], rtol=1e-3)  # extraterrestrial radiation, worked out before


def test_polar_night_is_dark_and_the_polar_day_has_24_hours() -> None:
    assert (open_ground([0, 20], 0, 80, one_day(355)) == 0).all()
    sun = float(declination(np.array(172)))
    whole = float(irradiance(np.array(172))) * 24 / 1000
    assert open_ground(0, 0, 90, one_day(172))[0, 0] == pytest.approx(whole * math.sin(sun))
    # A wall at the pole sees the sun for half of the day, whichever way it looks.
    walls = open_ground(90, [0, 77, 180], 90, one_day(172, 1))[:, 0]
    assert walls == pytest.approx(whole * math.cos(sun) / math.pi, rel=1e-4)


def test_the_equator_at_the_equinox() -> None:
    expected = float(irradiance(np.array(81))) * 24 / math.pi / 1000
    assert open_ground(0, 0, 0, one_day(81))[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("slope", [10.0, 35.0])
def test_an_east_slope_on_the_equator_at_the_equinox_loses_the_evening(slope: float) -> None:
    # The integral of cos(h - slope) from sunrise until the sun goes behind the slope
    expected = float(irradiance(np.array(81))) * 12 / math.pi / 1000 * (1 + math.cos(math.radians(slope)))
    assert open_ground(slope, 90, 0, one_day(81))[0, 0] == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize("day", [20, 110, 172, 300])
def test_a_slope_to_the_south_is_level_ground_further_south(day: int) -> None:
    sun = float(declination(np.array(day)))
    limit = math.acos(-math.tan(math.radians(35)) * math.tan(sun))
    assert open_ground(25, 180, 35, one_day(day))[0, 0] == pytest.approx(level_day(10, day, limit), rel=2e-3)
    assert open_ground(25, 0, 35, one_day(day))[0, 0] == pytest.approx(level_day(60, day, limit), rel=2e-3)


@pytest.mark.parametrize("aspect", [30.0, 90.0, 150.0])
def test_east_and_west_receive_the_same_in_a_year(aspect: float) -> None:
    east, west = open_ground(30, [aspect, 360 - aspect], 35)
    np.testing.assert_allclose(east, west, rtol=1e-12)


def test_the_southern_hemisphere_is_the_northern_upside_down() -> None:
    north = open_ground(25, 40, 33, one_day(81 + 50))[0] / irradiance(np.array(81 + 50))
    south = open_ground(25, 140, -33, one_day(81 - 50))[0] / irradiance(np.array(81 - 50))
    np.testing.assert_allclose(north, south, rtol=1e-9)


def test_a_steep_north_face_sees_no_winter_sun() -> None:
    north, south, level = open_ground([80, 80, 0], [0, 180, 0], 40, one_day(355))[:, 0]
    assert north == 0
    assert south > level


@given(st.floats(0, 60), st.floats(0, 360), st.floats(-70, 70), st.integers(1, 365))
def test_any_slope_matches_the_papers_equation_in_steps_of_a_minute(
    slope: float, aspect: float, latitude: float, day: int
) -> None:
    beta, west, phi = math.radians(slope), math.radians(180 - aspect), math.radians(latitude)
    sun, h = float(declination(np.array(day))), (np.arange(1440) + 0.5) / 1440 * 2 * math.pi - math.pi
    altitude = math.sin(phi) * math.sin(sun) + math.cos(phi) * math.cos(sun) * np.cos(h)
    incidence = (  # eq. 9
        math.sin(sun) * (math.sin(phi) * math.cos(beta) - math.cos(phi) * math.sin(beta) * math.cos(west))
        + math.cos(sun) * np.cos(h) * (math.cos(phi) * math.cos(beta) + math.sin(phi) * math.sin(beta) * math.cos(west))
        + math.cos(sun) * math.sin(beta) * math.sin(west) * np.sin(h)
    )
    air = np.sqrt(1229 + (614 * altitude) ** 2) - 614 * altitude
    passed = 0.56 * (np.exp(-0.65 * air) + np.exp(-0.095 * air))
    power = np.where(altitude > 0, irradiance(np.array(day)) * 24 / 1440 / 1000, 0)
    shown, level = np.clip(incidence, 0, None), np.clip(altitude, 0, None)
    expected = [(power * what).sum() for what in (shown, passed * shown, level, passed * level)]
    np.testing.assert_allclose(open_ground(slope, aspect, latitude, one_day(day, 2))[0], expected, rtol=2e-3, atol=2e-3)


def test_coarse_steps_of_days_and_minutes_change_little() -> None:
    cells = [5.0, 20, 40], [10.0, 100, 250], [28.0, 35, 40]
    exact = open_ground(*cells, calendar(5, 1))
    np.testing.assert_allclose(open_ground(*cells, calendar(30, 1)), exact, rtol=1e-3)
    np.testing.assert_allclose(open_ground(*cells, calendar(30, 5)), exact, rtol=1.5e-3)


# ---- behind a horizon


@pytest.mark.parametrize(("latitude", "day"), [(0.0, 81), (35.0, 20), (35.0, 172), (80.0, 172)])
@pytest.mark.parametrize("angle", [5.0, 20.0])
def test_a_horizon_of_one_height_cuts_morning_and_evening(latitude: float, day: int, angle: float) -> None:
    phi, sun = math.radians(latitude), float(declination(np.array(day)))
    height = math.sin(math.radians(angle)) - math.sin(phi) * math.sin(sun)
    limit = math.acos(max(-1, min(1, height / (math.cos(phi) * math.cos(sun)))))
    found = behind(np.full(8, math.sin(math.radians(angle))), latitude, one_day(day, 1))
    assert found[0] == pytest.approx(level_day(latitude, day, limit), rel=5e-3)
    assert found[2] == pytest.approx(level_day(latitude, day))  # diffuse light comes over the horizon


def test_the_error_of_a_time_step_falls_with_it() -> None:
    limit = math.acos(math.sin(math.radians(17)))  # on the equator at the equinox
    exact, horizon = level_day(0, 81, limit), np.full(8, math.sin(math.radians(17)))
    errors = [abs(behind(horizon, 0, one_day(81, step))[0] / exact - 1) for step in (120, 30, 5, 0.5)]
    bounds = [math.sin(math.radians(17)) * math.radians(step / 4) for step in (120, 30, 5, 0.5)]
    assert all(error <= bound for error, bound in zip(errors, bounds, strict=True))
    assert errors[-1] < 5e-4


def test_terrain_in_the_east_takes_the_morning() -> None:
    azimuth = np.arange(720) / 2
    east = np.where((azimuth > 0) & (azimuth < 180), 1.0, 0.0)
    west = np.where(azimuth > 180, 1.0, 0.0)
    for latitude, day in [(35.0, 60), (-35.0, 172)]:
        halves = behind(east, latitude, one_day(day))[:2], behind(west, latitude, one_day(day))[:2]
        np.testing.assert_allclose(halves, np.tile(behind(0 * east, latitude, one_day(day))[:2] / 2, (2, 1)), rtol=1e-6)
    slope = math.sin(math.radians(30)), 0.0, math.cos(math.radians(30))  # looks east
    assert behind(west, 35, one_day(60), slope)[0] > 2 * behind(east, 35, one_day(60), slope)[0]


def test_the_horizon_is_interpolated_between_sectors() -> None:
    azimuth = np.arange(16) * 22.5
    wave = 0.4 + 0.1 * np.cos(np.radians(azimuth))
    fine = 0.4 + 0.1 * np.cos(np.radians(np.arange(1440) / 4))
    assert behind(wave, 35, one_day(60, 1))[0] == pytest.approx(behind(fine, 35, one_day(60, 1))[0], rel=5e-3)


# ---- numbers that were worked out independently (mean over 8 aspects and 4 latitudes, 17.7°, 4729 m)

ASPECTS, LATITUDES = (grid.ravel() for grid in np.meshgrid(np.arange(0, 360, 45.0), [29.5, 32, 35.5, 38]))


def test_the_mean_without_atmosphere_is_that_of_the_tprogi() -> None:
    outside = open_ground(17.7, ASPECTS, LATITUDES)[:, 0]
    assert outside.mean() == pytest.approx(2986, rel=1e-3)
    assert (outside.min(), outside.max()) == pytest.approx((2206, 3564), rel=1e-3)


def test_direct_radiation_at_sea_level_is_that_of_the_aml_script() -> None:
    direct = open_ground(17.7, ASPECTS, LATITUDES)[:, 1]
    assert direct.mean() == pytest.approx(1975, rel=1e-3)
    assert (direct.min(), direct.max()) == pytest.approx((1470, 2403), rel=1e-3)
