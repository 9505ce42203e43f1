"""Potential incoming solar radiation on sloping ground, without atmosphere (Kumar, Skidmore & Knowles 1997).

The horizon is flat: a cell is lit while the sun stands above the plane of the horizon and in front of the cell's own
slope. Shadows that other terrain casts are not included here, so deep valleys come out too bright.
"""

import math

import numpy as np

SOLAR_CONSTANT = 1367.0  # W m⁻²; Kumar et al. (1997), eq. 7
HOURS_PER_RADIAN = 12 / math.pi
DAYS = 365


def declination(day: int) -> float:
    """Return the sun's declination on a day of the year, radians (Kumar et al. 1997, eq. 4)."""
    return math.radians(23.45) * math.sin(2 * math.pi * (284 + day) / DAYS)


def irradiance(day: int) -> float:
    """Return the irradiance outside the atmosphere on a plane that faces the sun, W m⁻² (Kumar et al. 1997, eq. 7)."""
    return SOLAR_CONSTANT * (1 + 0.0344 * math.cos(2 * math.pi * day / DAYS))


def sunrise(latitude: np.ndarray, day: int) -> np.ndarray:
    """Return the hour angle of sunrise, radians before noon: 0 in the polar night, π on the polar day (eq. 6)."""
    return np.arccos(np.clip(-np.tan(latitude) * math.tan(declination(day)), -1, 1))


def daily(slope: np.ndarray, aspect: np.ndarray, latitude: np.ndarray, day: int, time_step_min: float) -> np.ndarray:
    """Return the radiation of one day on cells, kWh m⁻².

    The time between noon and sunrise is cut into equal steps no longer than `time_step_min`. The sun is taken in the
    middle of each, on the morning and the afternoon side at once; steps that are lit throughout are exact.

    Args:
        slope: Degrees, any shape.
        aspect: Downslope azimuth, degrees clockwise from true north; anything finite where the slope is 0.
        latitude: Degrees, north positive.
        day: Day of the year, 1 to 365.
        time_step_min: Longest time step, minutes.
    """
    beta, azimuth, phi = np.radians(slope), np.radians(aspect), np.radians(latitude)
    # cos(incidence) = constant + even·cos(h) ± odd·sin(h), h the hour angle; the paper's a_w is 180° - aspect.
    sun, rising = declination(day), sunrise(phi, day)
    constant = math.sin(sun) * (np.sin(phi) * np.cos(beta) + np.cos(phi) * np.sin(beta) * np.cos(azimuth))
    even = math.cos(sun) * (np.cos(phi) * np.cos(beta) - np.sin(phi) * np.sin(beta) * np.cos(azimuth))
    odd = math.cos(sun) * np.sin(beta) * np.sin(azimuth)
    steps = max(1, math.ceil(float(np.max(rising, initial=0)) * HOURS_PER_RADIAN * 60 / time_step_min))
    return irradiance(day) / 1000 * HOURS_PER_RADIAN * _integral(constant, even, odd, rising, steps)


def _integral(constant: np.ndarray, even: np.ndarray, odd: np.ndarray, rising: np.ndarray, steps: int) -> np.ndarray:
    """Integrate max(cos(incidence), 0) over the hour angle from sunrise to sunset."""
    width = rising / steps
    mean = np.sinc(width / (2 * math.pi))  # a cosine averaged over a step is its middle value times this
    total = np.zeros_like(constant)
    for step in range(steps):
        hour = (step + 0.5) * width
        middle, side = constant + mean * even * np.cos(hour), mean * odd * np.sin(hour)
        total += np.maximum(middle + side, 0) + np.maximum(middle - side, 0)
    return total * width


def annual(
    slope: np.ndarray, aspect: np.ndarray, latitude: np.ndarray, time_step_min: float, day_step: int
) -> np.ndarray:
    """Return the radiation of a year on cells, kWh m⁻² yr⁻¹; arguments as for `daily`.

    Days 1, 1 + day_step, … are computed and scaled up to 365.
    """
    days = range(1, DAYS + 1, day_step)
    total = np.zeros(np.broadcast_shapes(slope.shape, aspect.shape, latitude.shape))
    for day in days:
        total += daily(slope, aspect, latitude, day, time_step_min)
    return total * (DAYS / len(days))
