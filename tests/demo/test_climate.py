from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from workflow_scripts.rogi.demo.climate import (
    MM_PER_YEAR,
    air_temperature,
    cell_heights,
    check_months,
    grid,
    month_of,
    precipitation,
)
from workflow_scripts.rogi.demo.scene import Scene


def test_months_are_known_by_the_names() -> None:
    assert month_of("FLDAS_NOAH01_C_GL_M.A201911.001.nc") == (2019, 11)
    assert month_of("3B-MO.MS.MRG.3IMERG.20200201-S000000-E235959.02.V07B.HDF5") == (2020, 2)
    with pytest.raises(ValueError, match="neither like an FLDAS nor like an IMERG"):
        month_of("era5.nc")


def test_every_month_has_its_file(world: dict[str, Any]) -> None:
    check_months(world["fldas"], [2019, 2020])
    for files, years in ((world["fldas"][1:], [2019, 2020]), (world["imerg"], [2019, 2021])):
        with pytest.raises(ValueError, match=r"expected one file for each of the \d+ months of 2019 to"):
            check_months(files, years)


def test_fldas_files_have_the_products_structure(scene: Scene, world: dict[str, Any]) -> None:
    longitude, latitude = grid(scene)
    with xr.open_dataset(world["fldas"][6], engine="h5netcdf") as month:
        kelvin = month["Tair_f_tavg"].load()
    assert kelvin.dims == ("time", "Y", "X")
    assert kelvin.attrs["units"] == "K"
    assert kelvin.dtype == np.float32
    assert kelvin.time.values[0] == np.datetime64("2019-07-01")
    np.testing.assert_allclose(kelvin.X, longitude, atol=1e-5)
    expected = air_temperature(cell_heights(scene, longitude, latitude), 2019, 7)
    np.testing.assert_allclose(kelvin.values[0, 1:], expected[1:], atol=1e-3)
    with h5py.File(world["fldas"][6]) as raw:
        assert raw["Tair_f_tavg"].attrs["_FillValue"][0] == -9999
        assert (raw["Tair_f_tavg"][0, 0, :2] == -9999).all()


def test_imerg_files_have_the_products_structure(scene: Scene, world: dict[str, Any]) -> None:
    longitude, latitude = grid(scene)
    with h5py.File(world["imerg"][1]) as month:
        rain = month["Grid/precipitation"]
        assert rain.shape == (1, len(longitude), len(latitude))
        assert rain.dtype == np.float32
        assert rain.attrs["units"] == "mm/hr"
        assert rain.attrs["_FillValue"] == np.float32(-9999.9)
        assert [rain.dims[axis][0].name for axis in range(3)] == ["/Grid/time", "/Grid/lon", "/Grid/lat"]
        seconds = int(month["Grid/time"][0])
        assert np.datetime64("1980-01-06") + np.timedelta64(seconds, "s") == np.datetime64("2019-02-01")
        values = rain[0]
    assert (values[:2, 0] == np.float32(-9999.9)).all()
    expected = precipitation(cell_heights(scene, longitude, latitude), 2019, 2).T
    np.testing.assert_allclose(values[:, 1:], expected[:, 1:], rtol=1e-5)


def test_cells_are_those_of_the_global_grids(scene: Scene) -> None:
    longitude, latitude = grid(scene)
    west, south, east, north = scene.frame.bounds_lonlat()
    for centres in (longitude, latitude):
        np.testing.assert_allclose(np.diff(centres), 0.1)
        np.testing.assert_allclose(np.round(centres * 100) % 10, 5)
    assert longitude[0] < west - 0.4
    assert longitude[-1] > east + 0.4
    assert latitude[0] < south - 0.4
    assert latitude[-1] > north + 0.4


def test_cell_heights_are_means_over_the_cell(scene: Scene) -> None:
    height = cell_heights(scene, np.array([79.15]), np.array([35.05]))[0, 0]
    column, row = scene.frame.pixels(np.array([79.1, 79.2]), np.array([35.1, 35.0]))
    rows = slice(*np.rint(scene.frame.coarse_index(row, 0)).astype(int))
    columns = slice(*np.rint(scene.frame.coarse_index(column, 1)).astype(int))
    assert height == pytest.approx(scene.relief.height[rows, columns].mean(), abs=40)


def test_climate_follows_height_and_season() -> None:
    heights = np.array([5000.0, 6000.0])
    year = np.array([air_temperature(heights, 2019, month) for month in range(1, 13)])
    assert year.mean(axis=0) - 273.15 == pytest.approx([-4.75 + 0.4 * np.sin(1.7 * 2019)] * 2 - np.array([0, 6.2]))
    assert year[:, 0].argmin() == 0
    assert year[:, 0].argmax() == 6
    rain = np.array([precipitation(np.array([5000.0]), 2019, month)[0] for month in range(1, 13)])
    assert rain.mean() * 365.25 * 24 == pytest.approx(MM_PER_YEAR * (1 + 0.08 * np.sin(2.3 * 2019)))
