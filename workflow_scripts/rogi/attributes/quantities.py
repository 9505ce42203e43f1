"""What files of climate hold, in our units: known units of each quantity, and the values that it can have."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from workflow_scripts.rogi.attributes.grids import Field

ZERO_CELSIUS_K = 273.15
STANDARD_GRAVITY_M_S2 = 9.80665  # by which ECMWF divides geopotential to get a height

Conversion = Callable[[np.ndarray, float], np.ndarray]


@dataclass(frozen=True)
class Quantity:
    """A quantity with the units in which it may come.

    Attributes:
        conversions: By unit in lower case, from values and the hours of their month to values in our unit.
        limits: Lowest and highest value of a month anywhere on earth, wide ones of our own choice, which tell wrong
            units and fill values from weather.
    """

    conversions: Mapping[str, Conversion]
    limits: tuple[float, float]

    def of(self, field: Field, variable: str, hours: float, where: str) -> np.ndarray:
        """Return the values of a field in our unit; what `undeclared_fill` finds becomes NaN.

        Raises:
            ValueError: The units are unknown, or values lie outside the limits, so that the units must be wrong.
        """
        unit = field.units.strip().lower()
        if unit not in self.conversions:
            raise ValueError(
                f"'{variable}' is in '{field.units}'; expected one of {', '.join(self.conversions)}; "
                f"convert the files, or state what they mean in the config (units); {where}"
            )
        values = self.conversions[unit](np.where(undeclared_fill(field.values), np.nan, field.values), hours)
        wrong = (values < self.limits[0]) | (values > self.limits[1])
        if wrong.any():
            raise ValueError(
                f"{where}: '{variable}' in '{field.units}' has {wrong.sum()} of {wrong.size} values outside "
                f"{self.limits[0]:g} to {self.limits[1]:g}, such as {values[wrong][0]:g}; the units are wrong, or "
                "a fill value is not stated; state the right units in the config (units), or repair the file"
            )
        return values


def undeclared_fill(values: np.ndarray) -> np.ndarray:
    """Tell which values can only be fill values (-999, -9999, 9.97e36) that the file does not state as such."""
    return (values <= -999) | (np.abs(values) > 1e15)


def _each(units: Iterable[str], conversion: Conversion) -> dict[str, Conversion]:
    return dict.fromkeys(units, conversion)


_CELSIUS = ("degc", "c", "°c", "celsius", "deg_c", "degree_c", "degrees_c", "degree_celsius", "degrees_celsius")
CELSIUS = Quantity(
    _each(("k", "kelvin", "degk"), lambda values, _: values - ZERO_CELSIUS_K)
    | _each(_CELSIUS, lambda values, _: values),
    (-95.0, 60.0),
)

_MM_HOUR = ("mm/hr", "mm/h", "mm hr-1", "mm h-1", "mm hour-1")
_MM_SECOND = ("kg m-2 s-1", "kg/m2/s", "kg m**-2 s**-1", "mm s-1", "mm/s")
_MM_DAY = ("mm/day", "mm day-1", "mm d-1", "kg m-2 day-1", "kg m-2 d-1")
_MM_MONTH = ("mm", "mm/month", "mm month-1", "kg m-2", "kg/m2", "kg m**-2")
# mm of water (1 kg m⁻² is 1 mm) in a month; packing and gridding leave a little less than none (HISTALP: -0.33)
MILLIMETRES = Quantity(
    _each(_MM_HOUR, lambda values, hours: values * hours)
    | _each(_MM_SECOND, lambda values, hours: values * hours * 3600)
    | _each(_MM_DAY, lambda values, hours: values * hours / 24)
    | _each(("m/day", "m day-1", "m d-1"), lambda values, hours: values * 1000 * hours / 24)
    | _each(_MM_MONTH, lambda values, _: values),
    (-5.0, 12000.0),
)

_GEOPOTENTIAL = ("m**2 s**-2", "m2 s-2", "m2/s2", "m^2 s^-2")
METRES = Quantity(
    _each(("m", "metre", "metres", "meter", "meters"), lambda values, _: values)
    | _each(_GEOPOTENTIAL, lambda values, _: values / STANDARD_GRAVITY_M_S2),
    (-500.0, 9000.0),
)
