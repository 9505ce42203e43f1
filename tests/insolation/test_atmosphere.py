"""The clear atmosphere against values worked out by hand from the equations, and limits."""

import math

import numpy as np
import pytest

from workflow_scripts.rogi.insolation.atmosphere import air_mass, clear_sky, pressure_ratio, transmittance


def test_air_mass_is_that_of_a_flat_atmosphere_above_and_finite_at_the_horizon() -> None:
    assert air_mass(1) == pytest.approx(1, abs=1e-3)
    assert air_mass(0.5) == pytest.approx(2, rel=0.005)
    assert air_mass(0) == pytest.approx(math.sqrt(1229))


def test_transmittance_falls_with_the_air() -> None:
    assert transmittance(0) == pytest.approx(1.12)  # the fit is not meant for no air at all
    assert transmittance(1) == pytest.approx(0.56 * (0.5220458 + 0.9093729))
    assert transmittance(35) < 0.03


def test_pressure_is_that_of_the_standard_atmosphere() -> None:
    # ISO 2533, at 0, 5000 and 6000 m (geopotential), hPa
    expected = np.array([1013.25, 540.20, 471.81]) / 1013.25
    assert pressure_ratio(np.array([0.0, 5000, 6000]), "kumar_pressure") == pytest.approx(expected, rel=1e-3)
    assert pressure_ratio(np.array([-400.0]), "kumar_pressure") > 1
    assert pressure_ratio(np.array([0.0, 5000]), "kumar") == pytest.approx([1, 1])


def test_diffuse_and_reflected_radiation_by_hand() -> None:
    sums = np.array([[900.0, 700, 1000, 650]])
    level = clear_sky(sums, np.array([0.0]), 0.2, "kumar")
    assert level == pytest.approx(700 + 271 - 0.294 * 650)
    upright = clear_sky(sums, np.array([90.0]), 0.2, "kumar")
    assert upright == pytest.approx(700 + (271 - 0.294 * 650) / 2 + 0.2 * (271 + 0.706 * 650) / 2)
    assert upright - clear_sky(sums, np.array([90.0]), 0, "kumar") == pytest.approx(0.1 * (271 + 0.706 * 650))


def test_no_atmosphere_leaves_what_comes_from_outside() -> None:
    assert clear_sky(np.array([[900.0, 700, 1000, 650]]), np.array([20.0]), 0.2, "none") == 900
