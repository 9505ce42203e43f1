"""The radiation of a year on one cell: numba compiles the same functions for CPU and GPU."""

import math

import numpy as np
from numba.extending import register_jitable

from workflow_scripts.rogi.insolation.atmosphere import air_mass, transmittance
from workflow_scripts.rogi.insolation.horizon import larger, smaller
from workflow_scripts.rogi.insolation.sun import Calendar, sunrise


@register_jitable
def year_of_cell(
    latitude: float, normal: np.ndarray, pressure: float, horizon: np.ndarray, calendar: Calendar
) -> tuple[float, float, float, float]:
    """Sum the radiation of a year, kWh m⁻² yr⁻¹.

    The time from noon to sunrise is cut into equal steps no longer than the calendar's. In each, the sun stands in its
    mean direction, so that steps that are lit throughout are exact; in the morning and in the afternoon at once.

    Args:
        latitude: Radians, north positive.
        normal: Unit vector at right angles to the ground: eastwards, northwards, upwards.
        pressure: Air pressure over that at sea level.
        horizon: Sines of the horizon's angle, see `horizon_of_cell`.
        calendar: Days and the longest step.

    Returns:
        Four sums: on the ground as it lies, outside the atmosphere and direct through it, both less what cast shadow
        takes away; and the same two on level ground without shadow.
    """
    highest = 0.0
    for sector in range(len(horizon)):
        highest = larger(highest, horizon[sector])
    outside = direct = level = level_direct = 0.0
    for day in range(len(calendar.weight)):
        sun, longest_step = (calendar.sine[day], calendar.cosine[day]), calendar.longest_step
        sums = _day(math.sin(latitude), math.cos(latitude), sun, longest_step, normal, pressure, horizon, highest)
        outside += calendar.weight[day] * sums[0]
        direct += calendar.weight[day] * sums[1]
        level += calendar.weight[day] * sums[2]
        level_direct += calendar.weight[day] * sums[3]
    return outside, direct, level, level_direct


@register_jitable
def _day(
    sine: float,
    cosine: float,
    sun: tuple[float, float],
    longest_step: float,
    normal: np.ndarray,
    pressure: float,
    horizon: np.ndarray,
    highest: float,
) -> tuple[float, float, float, float]:
    """Return the four sums of a day for an irradiance of 1.

    Args:
        sine: Of the latitude.
        cosine: Of the latitude.
        sun: Sine and cosine of the declination.
        longest_step: Hour angle, radians.
        normal: See `year_of_cell`.
        pressure: The same.
        horizon: The same.
        highest: The largest of its values.
    """
    up, north = sine * sun[0], cosine * sun[0]
    rising = sunrise(up, cosine * sun[1])
    steps = math.ceil(rising / longest_step)
    width = rising / larger(steps, 1)
    cos_hour, sin_hour, cos_width, sin_width = (
        math.cos(width / 2),
        math.sin(width / 2),
        math.cos(width),
        math.sin(width),
    )
    # The cosine and the sine of the hour angle, averaged over a step, are their middle values times `mean`.
    mean = sin_hour / larger(width / 2, 1e-12)
    outside = direct = level = level_direct = 0.0
    for _ in range(steps):
        x = mean * sun[1] * sin_hour
        y = north - mean * sun[1] * sine * cos_hour
        z = up + mean * sun[1] * cosine * cos_hour
        middle, side = y * normal[1] + z * normal[2], x * normal[0]
        morning, afternoon = larger(middle + side, 0.0), larger(middle - side, 0.0)
        if z < highest:
            before, after = _horizons(math.atan2(x, y), horizon)
            morning, afternoon = morning if z > before else 0.0, afternoon if z > after else 0.0
        passed = transmittance(pressure * air_mass(z))
        outside += morning + afternoon
        direct += passed * (morning + afternoon)
        level += 2 * z
        level_direct += 2 * z * passed
        turned = cos_hour * cos_width - sin_hour * sin_width
        cos_hour, sin_hour = turned, sin_hour * cos_width + cos_hour * sin_width
    return width * outside, width * direct, width * level, width * level_direct


@register_jitable
def _horizons(azimuth: float, horizon: np.ndarray) -> tuple[float, float]:
    """Return the horizon at an azimuth of 0 to π clockwise from north, and at its mirror image west of the meridian."""
    sectors = len(horizon) - 1
    place = azimuth * sectors / (2 * math.pi)
    low = smaller(int(place), sectors // 2)
    share, mirrored = place - low, sectors - low
    east = horizon[low] + share * (horizon[low + 1] - horizon[low])
    west = horizon[mirrored] + share * (horizon[mirrored - 1] - horizon[mirrored])
    return east, west
