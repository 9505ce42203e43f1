"""Monthly climate products: which file holds which month, and its field on a north-up longitude-latitude grid."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.rogi.attributes.grids import Field, check_dimensions, grid_of, opened, units_of

# FLDAS_NOAH01_C_GL_M.A202001.001.nc and 3B-MO.MS.MRG.3IMERG.20200101-S000000-E235959.01.V07B.HDF5
_IN_NAME = (re.compile(r"\.A(\d{4})(\d{2})\."), re.compile(r"\.(\d{4})(\d{2})\d{2}-S\d{6}"))
_CALENDARS = {"standard", "gregorian", "proleptic_gregorian"}
SLAB_MIB = 256  # fields of a file read at a time; compressed chunks of many months are then unpacked once

Month = tuple[int, int]


@dataclass(frozen=True)
class Slot:
    """Where the field of one month lies: a file and the position along its time axis."""

    path: str
    position: int


def find_months(paths: Iterable[str], variable: str, years: list[int]) -> dict[Month, Slot]:
    """Find every month of a span of years, exactly once.

    A month is read from the file's name where it is that of FLDAS or IMERG, else from the file's time axis.

    Args:
        paths: netCDF or HDF5 files, of one month or of many.
        variable: Name of the variable, in the root or in any group.
        years: First and last year, both included.

    Raises:
        ValueError: Months are missing or occur twice, the message lists them; or a file does not say its months.
    """
    found: dict[Month, list[Slot]] = {}
    for path in paths:
        for position, month in enumerate(_months_of(path, variable)):
            found.setdefault(month, []).append(Slot(path, position))
    wanted = [(year, month) for year in range(years[0], years[-1] + 1) for month in range(1, 13)]
    _check(found, wanted, variable, years)
    return {month: found[month][0] for month in wanted}


def _check(found: dict[Month, list[Slot]], wanted: list[Month], variable: str, years: list[int]) -> None:
    missing = [month_text(month) for month in wanted if month not in found]
    twice = [
        f"{month_text(month)} ({', '.join(Path(slot.path).name for slot in found[month])})"
        for month in wanted
        if len(found.get(month, ())) > 1
    ]
    if missing or twice:
        raise ValueError(
            f"the means of '{variable}' over {years[0]} to {years[-1]} need every month exactly once; "
            f"missing: {', '.join(missing) or 'none'}; more than once: {', '.join(twice) or 'none'}; "
            "fetch the missing files, remove the surplus ones, or change the years in the config (climate)"
        )


def month_text(month: Month) -> str:
    """Return a month as 2020-01."""
    return f"{month[0]}-{month[1]:02d}"


def _months_of(path: str, variable: str) -> list[Month]:
    if month := _month_in_name(path):
        return [month]
    with opened(path, variable) as data:
        times = pd.DatetimeIndex(np.atleast_1d(_times(data, variable, path)))
        return [(time.year, time.month) for time in times]


def _month_in_name(path: str) -> Month | None:
    matches = (pattern.search(Path(path).name) for pattern in _IN_NAME)
    return next(((int(match[1]), int(match[2])) for match in matches if match), None)


def _times(data: xr.Dataset, variable: str, path: str) -> np.ndarray:
    """Return when the fields of a variable begin: the start of the time bounds, where a file has some."""
    axis = _time_axis(data[variable], path)
    bounds = data.get(axis.attrs.get("bounds"))
    numbers = axis if bounds is None else bounds.isel({bounds.dims[-1]: 0})
    own = {**axis.attrs, **numbers.attrs}  # bounds may count from another date than their axis
    bare = xr.Variable(numbers.dims, numbers.to_numpy(), {key: own.get(key) for key in ("units", "calendar")})
    try:
        return xr.decode_cf(xr.Dataset({"t": bare}))["t"].to_numpy()
    except (ValueError, OverflowError, ImportError) as error:
        raise ValueError(
            f"{path}: the times are in '{axis.attrs['units']}', which cannot be read as dates; "
            "expected days or hours since a date"
        ) from error


def _time_axis(array: xr.DataArray, path: str) -> xr.DataArray:
    for coordinate in array.coords.values():
        if " since " in str(coordinate.attrs.get("units")):
            break
    else:
        raise ValueError(
            f"{path}: neither its name (FLDAS: .A202001., IMERG: .20200101-S000000) nor a time coordinate of "
            f"'{array.name}' says which month it holds; it has the coordinates {', '.join(map(str, array.coords))}"
        )
    calendar = str(coordinate.attrs.get("calendar", "standard")).lower()
    if calendar not in _CALENDARS:
        raise ValueError(
            f"{path}: the time axis '{coordinate.name}' is in the calendar '{calendar}', whose months are not the real "
            f"ones; expected {', '.join(sorted(_CALENDARS))}; convert it (cdo setcalendar,standard)"
        )
    return coordinate


def read_months(months: dict[Month, Slot], variable: str, units: str | None) -> Iterator[tuple[Month, Field]]:
    """Read fields one after the other: one file is open at a time, and SLAB_MIB or one field of it in memory.

    Args:
        months: From `find_months`; neighbours of one file are read together.
        variable: Name of the variable.
        units: Units to take in place of those that the files state; None takes theirs.

    Raises:
        ValueError: A grid is not a regular one of longitude and latitude, or the variable has no units.
    """
    for path, group in groupby(months.items(), key=lambda item: item[1].path):
        entries = list(group)
        fields = _fields(path, variable, units, [slot.position for _, slot in entries])
        for (month, _), field in zip(entries, fields, strict=True):
            yield month, field


def read_month(slot: Slot, variable: str, units: str | None = None) -> Field:
    """Read one month; arguments and errors as for `read_months`."""
    (field,) = _fields(slot.path, variable, units, [slot.position])
    return field


def _fields(path: str, variable: str, units: str | None, positions: list[int]) -> Iterator[Field]:
    with opened(path, variable) as data:
        array = data[variable]
        stated, grid = units_of(array, units, path), grid_of(array, path)
        time = _time_dimension(array)
        check_dimensions(array, grid, time, path)
        if array.sizes.get(time, 1) > 1 and _month_in_name(path):
            raise ValueError(
                f"{path} is named as a file of one month and holds {array.sizes[time]}; rename it, so that its time "
                "axis is looked at"
            )
        single = [name for name in array.dims if name not in (*grid.dimensions, time)]
        depth = _depth(array, time)
        array = array.squeeze(single).transpose(*([time] if time else []), *grid.dimensions)
        for slab in _slabs(positions, depth):
            block = array[slab] if time else array
            for field in block.to_numpy().reshape(-1, len(grid.rows), len(grid.columns)):
                yield Field(grid.north_up(field).astype(float), grid.transform, stated)


def _time_dimension(array: xr.DataArray) -> str | None:
    """Return the dimension along which a variable has several times, None where it has one."""
    axes = [axis for axis in array.coords.values() if " since " in str(axis.attrs.get("units"))]
    return next((str(dimension) for axis in axes for dimension in axis.dims), None)


def _depth(array: xr.DataArray, time: str | None) -> int:
    """Return how many fields to read at a time: those of a compressed chunk, as far as memory allows."""
    chunks = dict(zip(array.dims, array.encoding.get("chunksizes") or (), strict=False))
    fields = array.sizes.get(time, 1)
    return max(1, min(chunks.get(time, 1), SLAB_MIB * 2**20 * fields // (8 * array.size)))


def _slabs(positions: list[int], depth: int) -> Iterator[slice]:
    """Give runs of consecutive positions, none longer than `depth`."""
    start = 0
    for end in range(1, len(positions) + 1):
        broken = end == len(positions) or positions[end] != positions[end - 1] + 1
        if broken or end - start == depth:
            yield slice(positions[start], positions[end - 1] + 1)
            start = end
