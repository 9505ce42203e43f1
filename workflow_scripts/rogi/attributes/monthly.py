"""Monthly climate products: which file holds which month, and its field on a north-up longitude-latitude grid."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import pandas as pd
import xarray as xr
from affine import Affine

# FLDAS_NOAH01_C_GL_M.A202001.001.nc and 3B-MO.MS.MRG.3IMERG.20200101-S000000-E235959.01.V07B.HDF5
_IN_NAME = (re.compile(r"\.A(\d{4})(\d{2})\."), re.compile(r"\.(\d{4})(\d{2})\d{2}-S\d{6}"))
_EAST = {"x", "lon", "longitude", "degrees_east"}
_NORTH = {"y", "lat", "latitude", "degrees_north"}
_REGULAR = 0.01  # of a cell: coordinates are often float32

Month = tuple[int, int]


@dataclass(frozen=True)
class Slot:
    """Where the field of one month lies: a file and the position along its time axis."""

    path: str
    position: int


@dataclass(frozen=True)
class Field:
    """A map on a regular grid in EPSG:4326, first row north, first column west.

    Attributes:
        values: Array of shape (height, width), NaN where there is no value.
        transform: Pixels to degrees.
        units: As the file states them.
    """

    values: np.ndarray
    transform: Affine
    units: str


def find_months(paths: Iterable[str], variable: str, years: list[int]) -> dict[Month, Slot]:
    """Find every month of a span of years, exactly once.

    A month is read from the file's name where it is that of FLDAS or IMERG, else from the file's time axis.

    Args:
        paths: netCDF or HDF5 files, of one month or of many.
        variable: Name of the variable, in the root or in any group.
        years: First and last year, both included.

    Raises:
        ValueError: Months are missing or occur twice; the message lists them.
    """
    found: dict[Month, list[Slot]] = {}
    for path in paths:
        for position, month in enumerate(_months_of(path, variable)):
            found.setdefault(month, []).append(Slot(path, position))
    wanted = [(year, month) for year in range(years[0], years[-1] + 1) for month in range(1, 13)]
    _check(found, wanted, variable, years)
    return {month: found[month][0] for month in wanted}


def _check(found: dict[Month, list[Slot]], wanted: list[Month], variable: str, years: list[int]) -> None:
    missing = [_text(month) for month in wanted if month not in found]
    twice = [
        f"{_text(month)} ({', '.join(Path(slot.path).name for slot in found[month])})"
        for month in wanted
        if len(found.get(month, ())) > 1
    ]
    if missing or twice:
        raise ValueError(
            f"the means of '{variable}' over {years[0]} to {years[-1]} need every month exactly once; "
            f"missing: {', '.join(missing) or 'none'}; more than once: {', '.join(twice) or 'none'}; "
            "fetch the missing files, remove the surplus ones, or change the years in the config (climate)"
        )


def _text(month: Month) -> str:
    return f"{month[0]}-{month[1]:02d}"


def _months_of(path: str, variable: str) -> list[Month]:
    for pattern in _IN_NAME:
        if match := pattern.search(Path(path).name):
            return [(int(match[1]), int(match[2]))]
    with _opened(path, variable, decode_times=True) as data:
        axis = _time_axis(data[variable], path)
        return [(time.year, time.month) for time in pd.DatetimeIndex(np.atleast_1d(axis.to_numpy()))]


def _time_axis(array: xr.DataArray, path: str) -> xr.DataArray:
    for coordinate in array.coords.values():
        if np.issubdtype(coordinate.dtype, np.datetime64):
            return coordinate
    raise ValueError(
        f"{path}: neither its name (FLDAS: .A202001., IMERG: .20200101-S000000) nor a time coordinate of "
        f"'{array.name}' says which month it holds; it has the coordinates {', '.join(map(str, array.coords))}"
    )


def read_month(slot: Slot, variable: str) -> Field:
    """Read one month.

    Raises:
        ValueError: The grid is not a regular one of longitude and latitude, or the variable has no units.
    """
    with _opened(slot.path, variable, decode_times=False) as data:
        array = data[variable]
        east, north = _axis(array, _EAST, slot.path), _axis(array, _NORTH, slot.path)
        for name in set(array.dims) - {east, north}:
            array = array.isel({name: slot.position if array.sizes[name] > 1 else 0})
        if not array.attrs.get("units"):
            raise ValueError(f"{slot.path}: '{variable}' states no units, so its values cannot be converted")
        array = _north_up(array.transpose(north, east), east, north)
        return Field(array.to_numpy().astype(float), _transform(array, slot.path), str(array.attrs["units"]))


def _axis(array: xr.DataArray, names: set[str], path: str) -> str:
    for dimension in map(str, array.dims):
        attributes = array[dimension].attrs if dimension in array.coords else {}
        if dimension in array.coords and ({dimension.lower(), attributes.get("units")} & names):
            return dimension
    raise ValueError(
        f"{path}: '{array.name}' has the dimensions {', '.join(map(str, array.dims))}; "
        f"expected one with coordinates in degrees, called {', '.join(sorted(names))} or in such units"
    )


def _north_up(array: xr.DataArray, east: str, north: str) -> xr.DataArray:
    """Turn longitudes of 0 to 360 into -180 to 180, and sort columns eastwards and rows southwards."""
    longitude = (array[east].astype(float) + 180) % 360 - 180
    return array.assign_coords({east: longitude}).sortby(east).sortby(north, ascending=False)


def _transform(array: xr.DataArray, path: str) -> Affine:
    y, x = (array[dimension].to_numpy().astype(float) for dimension in array.dims)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"{path}: a grid of {len(y)} x {len(x)} cells has no posting; expected at least 2 x 2")
    dx, dy = (x[-1] - x[0]) / (len(x) - 1), (y[-1] - y[0]) / (len(y) - 1)
    if np.abs(np.diff(x) - dx).max() > _REGULAR * dx or np.abs(np.diff(y) - dy).max() > -_REGULAR * dy:
        raise ValueError(f"{path}: the cells are not evenly spaced in longitude and latitude; regrid the file first")
    dx, dy = _tidy(dx, len(x)), _tidy(dy, len(y))
    return Affine(dx, 0, round(x[0] - dx / 2, 5), 0, dy, round(y[0] - dy / 2, 5))


def _tidy(step: float, count: int) -> float:
    """Return the roundest step that, over all cells, stays within a thousandth of a cell of one from float32 values."""
    return next(
        (rounded for digits in range(1, 9) if abs((rounded := round(step, digits)) - step) * count < abs(step) / 1000),
        step,
    )


@contextmanager
def _opened(path: str, variable: str, decode_times: bool) -> Iterator[xr.Dataset]:
    """Open the group that holds a variable; nothing is loaded yet."""
    hdf5 = h5py.is_hdf5(path)
    group = _group_of(path, variable) if hdf5 else None
    engine = "h5netcdf" if hdf5 else "scipy"  # scipy reads the classic netCDF 3
    with xr.open_dataset(path, engine=engine, group=group, decode_times=decode_times) as data:
        if variable not in data:
            raise ValueError(f"{path} has no variable '{variable}'; it holds {', '.join(map(str, data.data_vars))}")
        yield data


def _group_of(path: str, variable: str) -> str | None:
    with h5netcdf.File(path, "r") as file:
        if variable in file.variables:
            return None
        for name, group in file.groups.items():
            if variable in group.variables:
                return str(name)
    return None
