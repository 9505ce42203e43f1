"""Long-term means: weights, units, and fields that do not fit together."""

import calendar

import numpy as np
import pytest

from tests.attributes.conftest import ClimateFiles
from workflow_scripts.rogi.attributes.climate import mean_annual_precipitation, mean_annual_temperature

ONE = np.ones((2, 3))


def test_temperature_is_weighted_by_days_and_in_celsius(climate_files: ClimateFiles) -> None:
    months = [(year, month) for year in (2019, 2020) for month in range(1, 13)]
    paths = [climate_files.fldas(*month, ONE * (270 + month[1])) for month in months]
    days = [calendar.monthrange(*month)[1] for month in months]
    expected = np.average([270 + month for _, month in months], weights=days) - 273.15
    means, transform = mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2020])
    np.testing.assert_allclose(means, expected, atol=1e-4)
    assert abs(expected - (276.5 - 273.15)) > 0.01  # an unweighted mean would be seen
    assert transform.f == pytest.approx(35.1)


@pytest.mark.parametrize(("units", "value"), [("K", 268.15), ("degC", -5.0), ("Celsius", -5.0)])
def test_temperature_units(climate_files: ClimateFiles, units: str, value: float) -> None:
    paths = [climate_files.fldas(2019, month, ONE * value, units) for month in range(1, 13)]
    np.testing.assert_allclose(mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])[0], -5, atol=1e-4)


@pytest.mark.parametrize(
    ("units", "value", "expected"),
    [
        ("mm/hr", 0.1, 0.1 * 24 * 365),
        ("kg m-2 s-1", 1e-5, 1e-5 * 86400 * 365),
        ("mm/day", 2.0, 2 * 365),
        ("mm", 50.0, 600),
        ("kg m-2", 50.0, 600),
    ],
)
def test_precipitation_units(climate_files: ClimateFiles, units: str, value: float, expected: float) -> None:
    paths = [climate_files.imerg(2019, month, ONE * value, units) for month in range(1, 13)]
    means, _ = mean_annual_precipitation(paths, "precipitation", [2019, 2019])
    np.testing.assert_allclose(means, expected, rtol=1e-5)


def test_precipitation_is_summed_by_year_and_averaged_over_years(climate_files: ClimateFiles) -> None:
    rates = np.random.default_rng(1).uniform(0, 0.2, (24, 2, 3)).astype("float32")
    months = [(year, month) for year in (2019, 2020) for month in range(1, 13)]
    paths = [climate_files.imerg(*month, rate) for month, rate in zip(months, rates, strict=True)]
    hours = np.array([24 * calendar.monthrange(*month)[1] for month in months])
    expected = (rates * hours[:, None, None]).reshape(2, 12, 2, 3).sum(axis=1).mean(axis=0)[::-1]
    means, _ = mean_annual_precipitation(paths, "precipitation", [2019, 2020])
    np.testing.assert_allclose(means, expected, rtol=1e-5)


def test_a_cell_that_lacks_one_month_has_no_mean(climate_files: ClimateFiles) -> None:
    hole = np.array([[1.0, -9999, 1], [1, 1, 1]])
    paths = [climate_files.fldas(2019, month, hole if month == 6 else ONE) for month in range(1, 13)]
    means, _ = mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])
    assert np.isnan(means).tolist() == [[False] * 3, [False, True, False]]


def test_unknown_units_are_named_with_those_known(climate_files: ClimateFiles) -> None:
    paths = [climate_files.imerg(2019, month, ONE, "m") for month in range(1, 13)]
    with pytest.raises(ValueError, match=r"'precipitation' is in 'm'; expected one of mm/hr, .*; convert the files"):
        mean_annual_precipitation(paths, "precipitation", [2019, 2019])
    with pytest.raises(ValueError, match=r"'precipitation' is in 'm'; expected one of k, kelvin"):
        mean_annual_temperature(paths, "precipitation", [2019, 2019])


def test_months_on_another_grid_are_refused(climate_files: ClimateFiles) -> None:
    paths = [climate_files.fldas(2019, month, ONE) for month in range(1, 12)]
    climate_files.longitudes = climate_files.longitudes + 1
    paths.append(climate_files.fldas(2019, 12, ONE))
    with pytest.raises(ValueError, match=r"A201912.001.nc has another grid than the months before it"):
        mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])
