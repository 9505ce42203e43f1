"""Long-term means: weights, units, and fields that do not fit together."""

import calendar
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from affine import Affine

from tests.attributes.conftest import ClimateFiles
from workflow_scripts.rogi.attributes.climate import (
    cell_elevations,
    check_wettest,
    mean_annual_precipitation,
    mean_annual_temperature,
)

ONE = np.ones((2, 3))
COLD = np.full((2, 3), 268.15)  # K


def test_temperature_is_weighted_by_days_and_in_celsius(climate_files: ClimateFiles) -> None:
    months = [(year, month) for year in (2019, 2020) for month in range(1, 13)]
    paths = [climate_files.fldas(*month, ONE * (270 + month[1])) for month in months]
    days = [calendar.monthrange(*month)[1] for month in months]
    expected = np.average([270 + month for _, month in months], weights=days) - 273.15
    means, transform = mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2020])
    np.testing.assert_allclose(means, expected, atol=1e-4)
    assert abs(expected - (276.5 - 273.15)) > 0.01  # an unweighted mean would be seen
    assert transform.f == pytest.approx(35.1)


def test_precipitation_is_summed_by_year_and_averaged_over_years(climate_files: ClimateFiles) -> None:
    rates = np.random.default_rng(1).uniform(0, 0.2, (24, 2, 3)).astype("float32")
    months = [(year, month) for year in (2019, 2020) for month in range(1, 13)]
    paths = [climate_files.imerg(*month, rate) for month, rate in zip(months, rates, strict=True)]
    hours = np.array([24 * calendar.monthrange(*month)[1] for month in months])
    expected = (rates * hours[:, None, None]).reshape(2, 12, 2, 3).sum(axis=1).mean(axis=0)[::-1]
    means, _ = mean_annual_precipitation(paths, "precipitation", [2019, 2020])
    np.testing.assert_allclose(means, expected, rtol=1e-5)


def test_a_cell_that_lacks_one_month_has_no_mean(climate_files: ClimateFiles) -> None:
    hole = np.array([[270.0, -9999, 270], [270, 270, 270]])
    paths = [climate_files.fldas(2019, month, hole if month == 6 else COLD) for month in range(1, 13)]
    means, _ = mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])
    assert np.isnan(means).tolist() == [[False] * 3, [False, True, False]]


def test_unknown_units_are_named_with_those_known(climate_files: ClimateFiles) -> None:
    paths = [climate_files.imerg(2019, month, ONE, "m") for month in range(1, 13)]
    with pytest.raises(ValueError, match=r"'precipitation' is in 'm'; expected one of mm/hr, .*; convert the files"):
        mean_annual_precipitation(paths, "precipitation", [2019, 2019])
    with pytest.raises(ValueError, match=r"'precipitation' is in 'm'; expected one of k, kelvin"):
        mean_annual_temperature(paths, "precipitation", [2019, 2019])


def test_months_on_another_grid_are_refused(climate_files: ClimateFiles) -> None:
    paths = [climate_files.fldas(2019, month, COLD) for month in range(1, 12)]
    climate_files.longitudes = climate_files.longitudes + 1
    paths.append(climate_files.fldas(2019, 12, COLD))
    with pytest.raises(ValueError, match=r"A201912.001.nc has another grid than the months before it"):
        mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])


def test_units_of_the_config_take_the_place_of_those_stated(climate_files: ClimateFiles) -> None:
    paths = [climate_files.imerg(2019, month, ONE * 0.002, "m") for month in range(1, 13)]
    means, _ = mean_annual_precipitation(paths, "precipitation", [2019, 2019], "m/day")
    np.testing.assert_allclose(means, 730, rtol=1e-5)


def test_fill_values_that_no_file_states_are_counted_and_have_no_mean(
    climate_files: ClimateFiles, caplog: pytest.LogCaptureFixture
) -> None:
    gap = np.where(np.arange(6).reshape(2, 3) == 5, -999.0, 268.15)
    paths = [climate_files.fldas(2019, month, gap if month < 3 else COLD) for month in range(1, 13)]
    means, _ = mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])
    assert np.isnan(means).tolist() == [[False, False, True], [False] * 3]  # the northern row comes first
    assert "'Tair_f_tavg': 2 values such as -9999, which the files do not state as missing" in caplog.text


def test_a_month_in_wrong_units_is_named(climate_files: ClimateFiles) -> None:
    paths = [climate_files.fldas(2019, month, COLD - 273.15 if month == 4 else COLD) for month in range(1, 13)]
    with pytest.raises(ValueError, match=r"A201904.001.nc, 2019-04: 'Tair_f_tavg' in 'K' has 6 of 6 values outside"):
        mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])


def test_a_little_less_than_no_precipitation_is_none(climate_files: ClimateFiles) -> None:
    paths = [climate_files.imerg(2019, month, (-1e-3 if month == 1 else 0.1) * ONE) for month in range(1, 13)]
    means, _ = mean_annual_precipitation(paths, "precipitation", [2019, 2019])
    np.testing.assert_allclose(means, 0.1 * 24 * (365 - 31), rtol=1e-5)


def monthly_file(path: Path, count: int, side: int) -> str:
    """Write compressed months of random temperatures in chunks of a year."""
    values = np.random.default_rng(1).uniform(250, 280, (count, side, side)).astype("float32")
    coordinates = {
        "time": pd.date_range("2001-01-01", periods=count, freq="MS"),
        "latitude": np.linspace(40, 39, side),
        "longitude": np.linspace(79, 80, side),
    }
    data = xr.Dataset({"t2m": (("time", "latitude", "longitude"), values, {"units": "K"})}, coordinates)
    encoding = {"t2m": {"chunksizes": (12, side, side), "compression": "gzip", "compression_opts": 1}}
    data.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return str(path)


def peak_mib(paths: list[str], years: list[int]) -> float:
    tracemalloc.start()
    try:
        mean_annual_temperature(paths, "t2m", years)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_months(tmp_path: Path) -> None:
    """120 months of this grid are 9 MiB as float64."""
    few = monthly_file(tmp_path / "few.nc", 36, 100)
    many = monthly_file(tmp_path / "many.nc", 120, 100)
    peak_mib([few], [2001, 2003])  # imports and caches
    peak = peak_mib([many], [2001, 2010])
    assert peak < 1.1 * peak_mib([few], [2001, 2003])
    assert peak < 3


def test_one_file_is_open_at_a_time(climate_files: ClimateFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0
    opening, closing = xr.open_dataset, xr.Dataset.close

    def opened(*args: Any, **more: Any) -> xr.Dataset:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        return opening(*args, **more)

    def closed(data: xr.Dataset) -> None:
        nonlocal now
        now -= 1
        closing(data)

    monkeypatch.setattr(xr, "open_dataset", opened)
    monkeypatch.setattr(xr.Dataset, "close", closed)
    paths = [climate_files.fldas(2019, month, COLD) for month in range(1, 13)]
    mean_annual_temperature(paths, "Tair_f_tavg", [2019, 2019])
    assert (now, most) == (0, 1)


def orography(path: Path, values: np.ndarray, units: str, west: float = 79.0, north: float = 36.0) -> str:
    """Write the heights of cells of 1°, without a time axis."""
    rows, columns = values.shape
    coordinates = {"lat": north - 0.5 - np.arange(rows), "lon": west + 0.5 + np.arange(columns)}
    xr.Dataset({"z": (("lat", "lon"), values, {"units": units})}, coordinates).to_netcdf(path, engine="h5netcdf")
    return str(path)


def test_cell_elevations_are_cut_out_of_a_larger_orography(tmp_path: Path) -> None:
    heights = np.arange(12.0).reshape(3, 4) * 100
    path = orography(tmp_path / "z.nc", heights * 9.80665, "m**2 s**-2")
    found = cell_elevations(path, "z", (2, 2), Affine(1, 0, 80, 0, -1, 35))
    np.testing.assert_allclose(found, [[500, 600], [900, 1000]])


@pytest.mark.parametrize("transform", [(1, 0, 82, 0, -1, 36), (1, 0, 79.5, 0, -1, 36), (0.5, 0, 79, 0, -0.5, 36)])
def test_an_orography_of_other_cells_is_refused(tmp_path: Path, transform: tuple[float, ...]) -> None:
    path = orography(tmp_path / "z.nc", np.zeros((3, 4)), "m")
    with pytest.raises(ValueError, match=r"z.nc has a grid of 3 x 4 cells of 1° from 79° E, 36° N; expected one that"):
        cell_elevations(path, "z", (2, 2), Affine(*transform))


def test_a_rate_called_a_sum_of_a_month_is_found_by_its_year(climate_files: ClimateFiles) -> None:
    paths = [climate_files.imerg(2019, month, ONE * 0.05, "mm") for month in range(1, 13)]
    with pytest.raises(ValueError, match=r"'precipitation' comes to 0.6 mm in a year in the wettest cell; expected 5"):
        mean_annual_precipitation(paths, "precipitation", [2019, 2019])


def test_the_wettest_cell_of_a_year_can_be() -> None:
    for year in ([0.3, 5.0], [0.0, 12_700.0], [np.nan, 400.0], [np.nan, np.nan]):
        check_wettest(np.array(year), "rain")
    with pytest.raises(ValueError, match=r"'rain' comes to 18250 mm in a year in the wettest cell; .* 13000, so its"):
        check_wettest(np.array([18_250.0, np.nan]), "rain")
