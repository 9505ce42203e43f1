"""Long-term means of monthly climate products: mean annual air temperature and annual precipitation."""

import calendar
import logging
from collections.abc import Iterable, Iterator

import numpy as np
from affine import Affine

from workflow_scripts.rogi.attributes.grids import Field, read_map
from workflow_scripts.rogi.attributes.monthly import Month, Slot, find_months, month_text, read_months
from workflow_scripts.rogi.attributes.quantities import CELSIUS, METRES, MILLIMETRES, Quantity, undeclared_fill

_ALIGNED = 0.05  # of a cell
# mm that the wettest cell may have in a mean year; our own choice, the wettest place known (Lloró) having 12 700.
# A rate taken for the sum of a month gives less, the sum of a month taken for that of a day often more.
WETTEST_MM = (5.0, 13_000.0)


def mean_annual_temperature(
    paths: Iterable[str], variable: str, years: list[int], units: str | None = None
) -> tuple[np.ndarray, Affine]:
    """Return the mean air temperature of all days of a span of years, every month weighted by its days.

    Args:
        paths: Monthly files (FLDAS, ERA5-Land, any CF netCDF); those of other years are left alone.
        variable: Name of the temperature, in K or °C.
        years: First and last year, both included.
        units: Units to take in place of those that the files state; None takes theirs.

    Returns:
        Array of shape (height, width) in °C, first row north, NaN where any month has no value, and the transform of
        its pixels to EPSG:4326.

    Raises:
        ValueError: A month is missing or occurs twice, the grids differ, the units are unknown, or a value is none
            that the quantity can have.
    """
    total, days, transform = np.zeros(()), 0, Affine.identity()
    for month, field in _fields(find_months(paths, variable, years), variable, units, CELSIUS):
        length = calendar.monthrange(*month)[1]
        total, days, transform = total + length * field.values, days + length, field.transform
    return total / days, transform


def mean_annual_precipitation(
    paths: Iterable[str], variable: str, years: list[int], units: str | None = None
) -> tuple[np.ndarray, Affine]:
    """Return the mean annual precipitation in mm; arguments, nodata and errors as for `mean_annual_temperature`.

    Rates (mm/hr, kg m-2 s-1, mm/day) are multiplied by the length of each month; mm and kg m-2 are sums of a month.
    """
    total, transform = np.zeros(()), Affine.identity()
    for _, field in _fields(find_months(paths, variable, years), variable, units, MILLIMETRES):
        total, transform = total + np.maximum(field.values, 0), field.transform
    mean = total / (years[-1] - years[0] + 1)
    check_wettest(mean, variable)
    return mean, transform


def check_wettest(annual_mm: np.ndarray, variable: str) -> None:
    """Check a map of annual precipitation, whose single months can have any value below a cloudburst.

    Raises:
        ValueError: The wettest cell is outside `WETTEST_MM`.
    """
    wettest = np.nanmax(annual_mm, initial=-np.inf)
    if np.isfinite(wettest) and not WETTEST_MM[0] <= wettest <= WETTEST_MM[1]:
        raise ValueError(
            f"'{variable}' comes to {wettest:.5g} mm in a year in the wettest cell; expected {WETTEST_MM[0]:g} to "
            f"{WETTEST_MM[1]:g}, so its units are wrong; state the right ones in the config (climate: units)"
        )


def _fields(
    months: dict[Month, Slot], variable: str, units: str | None, quantity: Quantity
) -> Iterator[tuple[Month, Field]]:
    """Give the fields in our units, one after the other, so that never all are in memory."""
    grid: tuple[Affine, tuple[int, ...]] | None = None
    filled = 0
    for month, field in read_months(months, variable, units):
        found, path = (field.transform, field.values.shape), months[month].path
        if grid is not None and found != grid:
            raise ValueError(f"{path} has another grid than the months before it: {found}; expected {grid}")
        grid = found
        filled += int(undeclared_fill(field.values).sum())
        values = in_our_units(field, variable, quantity, month, path)
        yield month, Field(values, field.transform, field.units)
    if filled:
        message = "'%s': %d values such as -9999, which the files do not state as missing, were taken as missing"
        logging.getLogger("rogi").warning(message, variable, filled)


def in_our_units(field: Field, variable: str, quantity: Quantity, month: Month, path: str) -> np.ndarray:
    """Return the values of the field of one month in our units; errors as for `Quantity.of`."""
    return quantity.of(field, variable, 24 * calendar.monthrange(*month)[1], f"{path}, {month_text(month)}")


def cell_elevations(path: str, variable: str, shape: tuple[int, ...], transform: Affine) -> np.ndarray:
    """Return the elevations of the cells of a grid, from the product's own orography.

    Args:
        path: netCDF file of one field, which may cover more than the grid.
        variable: Its elevation in m, or its geopotential in m² s⁻².
        shape: Height and width of the grid.
        transform: Its pixels to EPSG:4326.

    Returns:
        Array of the given shape, m.

    Raises:
        ValueError: The file's cells are not those of the grid, or its units are unknown.
    """
    field = read_map(path, variable)
    offset = ~field.transform @ (transform.c, transform.f)
    left, top = (round(pixel) for pixel in offset)
    alike = np.allclose([field.transform.a, field.transform.e], [transform.a, transform.e], rtol=1e-4, atol=0)
    inside = left >= 0 and top >= 0 and left + shape[1] <= field.values.shape[1] and top + shape[0] <= len(field.values)
    if not (alike and inside) or max(abs(offset[0] - left), abs(offset[1] - top)) > _ALIGNED:
        raise ValueError(
            f"{path} has {_grid_text(field.values.shape, field.transform)}; expected one that holds the cells of the "
            f"air temperature, {_grid_text(shape, transform)}; take the orography of the same product"
        )
    return METRES.of(field, variable, 0, path)[top : top + shape[0], left : left + shape[1]]


def _grid_text(shape: tuple[int, ...], transform: Affine) -> str:
    corner = f"{transform.c:g}° E, {transform.f:g}° N"
    return f"a grid of {shape[0]} x {shape[1]} cells of {transform.a:g}° from {corner}"
