"""DEM tiles and climate files with known contents."""

from collections.abc import Callable
from pathlib import Path

import h5netcdf
import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.attributes.surfaces import Surface, surface_on_grid

WriteTile = Callable[..., str]


@pytest.fixture
def write_tile(tmp_path: Path) -> WriteTile:
    """Return a function that writes an array as a GeoTIFF and returns its path."""

    def write(name: str, heights: np.ndarray, transform: Affine, crs: object = "EPSG:4326", **more: object) -> str:
        path = str(tmp_path / name)
        height, width = heights.shape
        shape = {"height": height, "width": width, "count": 1, "dtype": str(heights.dtype)}
        with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **shape, **more) as dataset:
            dataset.write(heights, 1)
        return path

    return write


@pytest.fixture
def write_surface(write_tile: WriteTile) -> WriteTile:
    """Return a function that writes a DEM of a surface given in true metres east and north of a point."""

    def write(
        name: str,
        surface: Surface,
        centre: tuple[float, float],
        transform: Affine,
        size: int,
        crs: object = "EPSG:4326",
    ) -> str:
        return write_tile(name, surface_on_grid(surface, centre, transform, (size, size), crs), transform, crs)

    return write


class ClimateFiles:
    """Writer of monthly files as the products deliver them."""

    longitudes = np.array([79.05, 79.15, 79.25])
    latitudes = np.array([34.95, 35.05])  # southernmost first, as FLDAS and IMERG have them

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fldas(self, year: int, month: int, kelvin: np.ndarray, units: str = "K", suffix: str = "") -> str:
        path = self.folder / f"FLDAS_NOAH01_C_GL_M.A{year}{month:02d}.001{suffix}.nc"
        with h5netcdf.File(path, "w") as file:
            file.dimensions = {"time": 1, "Y": 2, "X": 3}
            _axes(file, {"X": (self.longitudes, "degrees_east"), "Y": (self.latitudes, "degrees_north")})
            field = file.create_variable("Tair_f_tavg", ("time", "Y", "X"), "f4", fillvalue=np.float32(-9999))
            field[0] = kelvin
            field.attrs["units"] = units
        return str(path)

    def imerg(self, year: int, month: int, rate: np.ndarray, units: str = "mm/hr") -> str:
        """Write rates of shape (latitude, longitude); the file itself has longitude first."""
        stamp = f"{year}{month:02d}01-S000000-E235959.{month:02d}"
        path = self.folder / f"3B-MO.MS.MRG.3IMERG.{stamp}.V07B.HDF5"
        with h5netcdf.File(path, "w") as file:
            grid = file.create_group("Grid")
            grid.dimensions = {"time": 1, "lon": 3, "lat": 2}
            _axes(grid, {"lon": (self.longitudes, "degrees_east"), "lat": (self.latitudes, "degrees_north")})
            time = grid.create_variable("time", ("time",), "i4")
            time.attrs["units"], time.attrs["calendar"] = "seconds since 1980-01-06 00:00:00 UTC", "julian"
            field = grid.create_variable("precipitation", ("time", "lon", "lat"), "f4", fillvalue=np.float32(-9999.9))
            field[0] = rate.T
            field.attrs["units"] = units
        return str(path)


def _axes(group: h5netcdf.Group, axes: dict[str, tuple[np.ndarray, str]]) -> None:
    for name, (values, units) in axes.items():
        axis = group.create_variable(name, (name,), "f4", data=values.astype("f4"))
        axis.attrs["units"] = units


@pytest.fixture
def climate_files(tmp_path: Path) -> ClimateFiles:
    """Return a writer of monthly climate files."""
    return ClimateFiles(tmp_path)
