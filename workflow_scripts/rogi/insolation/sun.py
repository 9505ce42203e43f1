"""Where the sun stands over a year, and how strong it is outside the atmosphere (Kumar, Skidmore & Knowles 1997)."""

import math
from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

SOLAR_CONSTANT = 1367.0  # W m⁻²; eq. 7
DAYS = 365
HOURS_PER_RADIAN = 12 / math.pi


class Calendar(NamedTuple):
    """The days that are computed, arrays of shape (d,), and the longest step of a day.

    Attributes:
        sine: Sine of the declination.
        cosine: Its cosine.
        weight: Energy per hour angle on a plane that faces the sun, for all the days that this one stands for,
            kWh m⁻² rad⁻¹.
        longest_step: Hour angle, radians.
    """

    sine: np.ndarray
    cosine: np.ndarray
    weight: np.ndarray
    longest_step: float


def calendar(time_step_min: float, day_step: int) -> Calendar:
    """Return a year in equal steps of at most `day_step` days, each taken in its middle; 1 takes the days 1 to 365."""
    steps = math.ceil(DAYS / day_step)
    days = (np.arange(steps) + 0.5) * (DAYS / steps) + 0.5
    angle, weight = declination(days), irradiance(days) * (DAYS / steps) * HOURS_PER_RADIAN / 1000
    return Calendar(np.sin(angle), np.cos(angle), weight, time_step_min / 60 / HOURS_PER_RADIAN)


def declination(day: np.ndarray) -> np.ndarray:
    """Return the sun's declination on days of the year, radians (eq. 4)."""
    return math.radians(23.45) * np.sin(2 * math.pi * (284 + day) / DAYS)


def irradiance(day: np.ndarray) -> np.ndarray:
    """Return the irradiance outside the atmosphere on a plane that faces the sun, W m⁻² (eq. 7)."""
    return SOLAR_CONSTANT * (1 + 0.0344 * np.cos(2 * math.pi * day / DAYS))


@register_jitable
def sunrise(up: float, swing: float) -> float:
    """Return the hour angle of sunrise, radians before noon: 0 in the polar night, π on the polar day (eq. 6).

    Args:
        up: sin(latitude) · sin(declination).
        swing: cos(latitude) · cos(declination); the sine of the sun's altitude is up + swing · cos(hour angle).
    """
    if abs(up) >= swing:
        return math.pi if up > 0 else 0.0
    return math.acos(-up / swing)
