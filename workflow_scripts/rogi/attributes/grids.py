"""Fields of netCDF and HDF5 files on a regular grid of longitude and latitude, as north-up maps."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import h5py
import numpy as np
import xarray as xr
from affine import Affine

_EAST = {"x", "lon", "longitude"}
_NORTH = {"y", "lat", "latitude"}
_REGULAR = 0.01  # of a cell: coordinates are often float32


@dataclass(frozen=True)
class Grid:
    """A regular grid in EPSG:4326, first row north, first column west, and where a file has its rows and columns.

    Attributes:
        transform: Pixels to degrees.
        dimensions: Names of the dimensions in the file, north then east.
        rows: For every row, its position in the file.
        columns: For every column, its position in the file.
    """

    transform: Affine
    dimensions: tuple[str, str]
    rows: np.ndarray
    columns: np.ndarray

    def north_up(self, values: np.ndarray) -> np.ndarray:
        """Return values of shape (..., height, width) as the file has them in the order of the grid."""
        return values[..., self.rows[:, None], self.columns]


@dataclass(frozen=True)
class Field:
    """A map on a regular grid in EPSG:4326, first row north, first column west.

    Attributes:
        values: Array of shape (height, width), NaN where there is no value.
        transform: Pixels to degrees.
        units: As the file states them, or the config in its place.
    """

    values: np.ndarray
    transform: Affine
    units: str


def read_map(path: str, variable: str) -> Field:
    """Read a variable that has one field.

    Raises:
        ValueError: The file lacks the variable, it has several fields or no units, or its grid is not regular.
    """
    with opened(path, variable) as data:
        array = data[variable]
        grid = grid_of(array, path)
        check_dimensions(array, grid, None, path)
        values = array.squeeze(set(array.dims) - set(grid.dimensions)).transpose(*grid.dimensions).to_numpy()
        return Field(grid.north_up(values.astype(float)), grid.transform, units_of(array, None, path))


def units_of(array: xr.DataArray, instead: str | None, path: str) -> str:
    """Return the units that a variable states, or those given in their place.

    Raises:
        ValueError: There are none.
    """
    units = instead or str(array.attrs.get("units") or "")
    if not units:
        raise ValueError(
            f"{path}: '{array.name}' states no units, so its values cannot be converted; "
            "state them in the config (units)"
        )
    return units


def check_dimensions(array: xr.DataArray, grid: Grid, time: str | None, path: str) -> None:
    """Check that a variable runs over space and time alone.

    Raises:
        ValueError: It has a further dimension, such as height levels or ensemble members, and nobody chose among them.
    """
    several = {name: size for name, size in array.sizes.items() if size > 1}
    more = [f"{name} ({size})" for name, size in several.items() if name not in (*grid.dimensions, time)]
    if more:
        raise ValueError(
            f"{path}: beside time, longitude and latitude '{array.name}' runs over {', '.join(more)}; "
            "expected one value per cell and month, so write the wanted one to a file of its own (ncks -d)"
        )


def grid_of(array: xr.DataArray, path: str) -> Grid:
    """Return the grid of a variable; longitudes of 0 to 360 become those of -180 to 180, rows may run either way.

    Raises:
        ValueError: The axes have no coordinates in degrees, or these are not evenly spaced.
    """
    north, east = _axis(array, _NORTH, 90, path), _axis(array, _EAST, 360, path)
    y, x = (array[name].to_numpy().astype(float) for name in (north, east))
    if min(len(x), len(y)) < 2:
        raise ValueError(f"{path}: a grid of {len(y)} x {len(x)} cells has no posting; expected at least 2 x 2")
    x = (x + 180) % 360 - 180
    rows, columns = np.argsort(-y), np.argsort(x)
    return Grid(_transform(y[rows], x[columns], path), (north, east), rows, columns)


def _axis(array: xr.DataArray, names: set[str], limit: float, path: str) -> str:
    for dimension in map(str, array.dims):
        if dimension.lower() in names or _is_stated(array, dimension, names):
            break
    else:
        raise _no_axis(array, names, path)
    if dimension not in array.coords:
        raise _no_axis(array, names, path)
    values, units = array[dimension].to_numpy().astype(float), str(array[dimension].attrs.get("units") or "")
    if (units and not units.startswith("degree")) or not np.abs(values).max() <= limit:
        raise ValueError(
            f"{path}: '{dimension}' runs from {values[0]:g} to {values[-1]:g} {units or '(no units)'}; expected "
            "degrees of longitude and latitude; regrid a file in another reference system (gdalwarp -t_srs EPSG:4326)"
        )
    return dimension


def _is_stated(array: xr.DataArray, dimension: str, names: set[str]) -> bool:
    """Tell whether a dimension of another name says in its attributes which axis it is."""
    attributes = array[dimension].attrs if dimension in array.coords else {}
    return attributes.get("standard_name") in names or attributes.get("units") == f"degrees_{_direction(names)}"


def _direction(names: set[str]) -> str:
    return "east" if names is _EAST else "north"


def _no_axis(array: xr.DataArray, names: set[str], path: str) -> ValueError:
    return ValueError(
        f"{path}: '{array.name}' has the dimensions {', '.join(map(str, array.dims))}; "
        f"expected one with coordinates in degrees_{_direction(names)}, called {', '.join(sorted(names))}"
    )


def _transform(y: np.ndarray, x: np.ndarray, path: str) -> Affine:
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


def check_file(path: str, variable: str) -> None:
    """Check that a file can be opened and holds a variable, which takes far less time than `opened` does.

    Raises:
        ValueError: As for `opened`.
    """
    if not _is_hdf5(path):
        with opened(path, variable):
            return
    try:
        with h5py.File(path, "r") as file:
            groups = [file, *(item for item in file.values() if isinstance(item, h5py.Group))]
            names = [name for group in groups for name in group]
    except OSError as error:
        raise _damaged(path, error) from error
    if variable not in names:
        raise _without(path, variable, names)


@contextmanager
def opened(path: str, variable: str) -> Iterator[xr.Dataset]:
    """Open the group that holds a variable; nothing is loaded yet, and times are left as numbers.

    Raises:
        ValueError: The file is not netCDF or HDF5, or no group holds the variable.
    """
    is_hdf5 = _is_hdf5(path)
    try:
        group = _group_of(path, variable) if is_hdf5 else None
        engine = "h5netcdf" if is_hdf5 else "scipy"  # scipy reads the classic netCDF 3
        data = xr.open_dataset(path, engine=engine, group=group, decode_times=False)
    except (OSError, TypeError) as error:
        raise _damaged(path, error) from error
    with data:
        if variable not in data:
            raise _without(path, variable, map(str, data.data_vars))
        yield data


def _damaged(path: str, error: Exception) -> ValueError:
    return ValueError(f"{path} is damaged, it cannot be opened: {error}; fetch it again")


def _without(path: str, variable: str, names: Iterable[str]) -> ValueError:
    return ValueError(f"{path} has no variable '{variable}'; it holds {', '.join(names)}")


def _is_hdf5(path: str) -> bool:
    if h5py.is_hdf5(path):
        return True
    try:
        with open(path, "rb") as file:
            start = file.read(20)
    except OSError as error:
        raise _damaged(path, error) from error
    if start[:3] == b"CDF":
        return False
    raise ValueError(f"{path} is neither netCDF nor HDF5, it starts with {start!r}; fetch it again")


def _group_of(path: str, variable: str) -> str | None:
    with h5py.File(path, "r") as file:
        groups = [name for name, item in file.items() if isinstance(item, h5py.Group) and variable in item]
        return None if variable in file or not groups else str(groups[0])
