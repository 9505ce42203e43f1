"""The sun's course against the almanac and closed forms."""

import math

import numpy as np
import pytest

from workflow_scripts.rogi.insolation.sun import DAYS, SOLAR_CONSTANT, calendar, declination, irradiance, sunrise


def test_declination_at_equinox_and_solstices() -> None:
    assert declination(np.array([81.0, 172.25, 354.75])) == pytest.approx(np.radians([0, 23.45, -23.45]), abs=1e-9)


def test_irradiance_is_largest_at_new_year_and_the_solar_constant_on_average() -> None:
    days = np.arange(1, DAYS + 1)
    assert irradiance(np.array([0.0, 182.5])) == pytest.approx([1367 * 1.0344, 1367 * 0.9656])
    assert irradiance(days).mean() == pytest.approx(SOLAR_CONSTANT)


def test_a_step_of_one_takes_each_day() -> None:
    year = calendar(30, 1)
    np.testing.assert_allclose(np.arcsin(year.sine), declination(np.arange(1, 366)), atol=1e-12)
    np.testing.assert_allclose(year.sine**2 + year.cosine**2, 1)
    np.testing.assert_allclose(year.weight, irradiance(np.arange(1, 366)) * 12 / math.pi / 1000)
    assert year.longest_step == pytest.approx(math.radians(7.5))


@pytest.mark.parametrize(("day_step", "days"), [(2, 183), (5, 73), (7, 53), (30, 13)])
def test_longer_steps_stand_for_the_whole_year(day_step: int, days: int) -> None:
    year = calendar(30, day_step)
    assert len(year.weight) == days
    assert year.weight.sum() == pytest.approx(calendar(30, 1).weight.sum())
    assert year.sine @ year.weight == pytest.approx(calendar(30, 1).sine @ calendar(30, 1).weight, abs=1e-9)


@pytest.mark.parametrize("latitude", [-60.0, -28.0, 0.0, 35.0, 66.0])
def test_the_sun_rises_where_its_altitude_is_zero(latitude: float) -> None:
    phi = math.radians(latitude)
    for sun in declination(np.array([10, 100, 172, 300])):
        up, swing = math.sin(phi) * math.sin(sun), math.cos(phi) * math.cos(sun)
        assert sunrise(up, swing) == pytest.approx(math.acos(-math.tan(phi) * math.tan(sun)))
        assert up + swing * math.cos(sunrise(up, swing)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("latitude", "day", "expected"), [(90, 172, math.pi), (90, 355, 0), (-90, 355, math.pi), (75, 10, 0)]
)
def test_polar_day_and_polar_night(latitude: float, day: int, expected: float) -> None:
    phi, sun = math.radians(latitude), float(declination(np.array(day)))
    assert sunrise(math.sin(phi) * math.sin(sun), math.cos(phi) * math.cos(sun)) == expected
