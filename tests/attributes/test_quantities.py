"""Units of climate files, and values that no month on earth has."""

import numpy as np
import pytest
from affine import Affine

from workflow_scripts.rogi.attributes.grids import Field
from workflow_scripts.rogi.attributes.quantities import CELSIUS, METRES, MILLIMETRES, undeclared_fill


def field(units: str, *values: float) -> Field:
    return Field(np.array([values]), Affine.identity(), units)


@pytest.mark.parametrize(
    ("quantity", "units", "value", "expected"),
    [
        (CELSIUS, "K", 273.15, 0),
        (CELSIUS, "degC", -3.5, -3.5),
        (MILLIMETRES, "mm/hr", 0.1, 74.4),  # 744 hours
        (MILLIMETRES, "kg m-2 s-1", 1e-5, 26.784),
        (MILLIMETRES, "mm/day", 2.0, 62.0),
        (MILLIMETRES, "m/day", 0.002, 62.0),
        (MILLIMETRES, "kg m-2", 62.0, 62.0),
        (METRES, "m", 2650.0, 2650.0),
        (METRES, "m**2 s**-2", 9806.65, 1000.0),
    ],
)
def test_units_are_converted(quantity: object, units: str, value: float, expected: float) -> None:
    assert quantity.of(field(units, value), "v", 744, "here")[0, 0] == pytest.approx(expected)  # type: ignore[attr-defined]


def test_celsius_called_kelvin_and_kelvin_called_celsius_are_found() -> None:
    with pytest.raises(ValueError, match=r"here: 't' in 'K' has 2 of 2 values outside -95 to 60, such as -278.15"):
        CELSIUS.of(field("K", -5, 3), "t", 744, "here")
    with pytest.raises(ValueError, match=r"'t' in 'degC' .* the units are wrong, or a fill value is not stated; state"):
        CELSIUS.of(field("degC", 268), "t", 744, "here")


def test_sums_of_a_month_called_rates_are_found() -> None:
    with pytest.raises(ValueError, match=r"'p' in 'mm/hr' has 1 of 2 values outside -5 to 12000, such as 37200"):
        MILLIMETRES.of(field("mm/hr", 0, 50), "p", 744, "here")


@pytest.mark.parametrize("fill", [-9999.0, -9999.9, -999.0, 9.96921e36, -1e20])
def test_fill_values_that_nobody_stated_are_no_weather(fill: float) -> None:
    assert undeclared_fill(np.array([fill, 0.0, 310.0])).tolist() == [True, False, False]
    values = CELSIUS.of(field("K", fill, 270.0), "t", 744, "here")
    assert np.isnan(values).tolist() == [[True, False]]
