"""Long-term means of monthly climate products: mean annual air temperature and annual precipitation."""

import calendar
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from affine import Affine

from workflow_scripts.rogi.attributes.monthly import Field, Month, find_months, read_month

ZERO_CELSIUS_K = 273.15

_CELSIUS: dict[str, float] = {
    **dict.fromkeys(("k", "kelvin", "degk"), -ZERO_CELSIUS_K),
    **dict.fromkeys(("degc", "c", "°c", "celsius", "deg_c", "degree_celsius", "degrees_celsius"), 0.0),
}
# mm of water (1 kg m⁻² is 1 mm) in a month of so many hours, per unit
_MILLIMETRES: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(("mm/hr", "mm/h", "mm hr-1", "mm h-1", "mm hour-1"), lambda hours: hours),
    **dict.fromkeys(("kg m-2 s-1", "kg/m2/s", "kg m**-2 s**-1", "mm s-1", "mm/s"), lambda hours: hours * 3600),
    **dict.fromkeys(("mm/day", "mm day-1", "mm d-1", "kg m-2 day-1", "kg m-2 d-1"), lambda hours: hours / 24),
    **dict.fromkeys(("mm", "mm/month", "mm month-1", "kg m-2", "kg/m2", "kg m**-2"), lambda hours: 1.0),
}


def mean_annual_temperature(paths: Iterable[str], variable: str, years: list[int]) -> tuple[np.ndarray, Affine]:
    """Return the mean air temperature of all days of a span of years, every month weighted by its days.

    Args:
        paths: Monthly files (FLDAS, ERA5-Land, any CF netCDF); those of other years are left alone.
        variable: Name of the temperature, in K or °C.
        years: First and last year, both included.

    Returns:
        Array of shape (height, width) in °C, first row north, NaN where any month has no value, and the transform of
        its pixels to EPSG:4326.

    Raises:
        ValueError: A month is missing or occurs twice, the grids differ, or the units are unknown.
    """
    total, days = np.zeros(()), 0
    for month, field in _fields(paths, variable, years):
        length = calendar.monthrange(*month)[1]
        total, days = total + length * (field.values + _CELSIUS[_unit(field, variable, _CELSIUS)]), days + length
    return total / days, field.transform


def mean_annual_precipitation(paths: Iterable[str], variable: str, years: list[int]) -> tuple[np.ndarray, Affine]:
    """Return the mean annual precipitation in mm; arguments, nodata and errors as for `mean_annual_temperature`.

    Rates (mm/hr, kg m-2 s-1, mm/day) are multiplied by the length of each month; mm and kg m-2 are sums of a month.
    """
    total = np.zeros(())
    for month, field in _fields(paths, variable, years):
        hours = 24 * calendar.monthrange(*month)[1]
        total = total + field.values * _MILLIMETRES[_unit(field, variable, _MILLIMETRES)](hours)
    return total / (years[-1] - years[0] + 1), field.transform


def _fields(paths: Iterable[str], variable: str, years: list[int]) -> Iterator[tuple[Month, Field]]:
    """Read the fields one after the other, so that never more than one is in memory."""
    grid: tuple[Affine, tuple[int, ...]] | None = None
    for month, slot in find_months(paths, variable, years).items():
        field = read_month(slot, variable)
        found = (field.transform, field.values.shape)
        if grid is not None and found != grid:
            raise ValueError(f"{slot.path} has another grid than the months before it: {found}; expected {grid}")
        grid = found
        yield month, field


def _unit(field: Field, variable: str, known: Iterable[str]) -> str:
    """Return the units of a field in lower case, if they are known."""
    unit = field.units.strip().lower()
    if unit not in known:
        raise ValueError(f"'{variable}' is in '{field.units}'; expected one of {', '.join(known)}; convert the files")
    return unit
