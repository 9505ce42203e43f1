"""What the clear atmosphere lets through (Kumar, Skidmore & Knowles 1997): direct, diffuse and reflected radiation."""

import math

import numpy as np
from numba.extending import register_jitable

NONE, SEA_LEVEL, PRESSURE = "none", "kumar", "kumar_pressure"


def pressure_ratio(heights_m: np.ndarray, atmosphere: str) -> np.ndarray:
    """Return the air pressure over that at sea level, by which the air mass is multiplied.

    It is that of the standard atmosphere for `kumar_pressure`, and 1 for the others, as in the AML script of the paper.
    """
    if atmosphere != PRESSURE:
        return np.ones_like(heights_m)
    return ((288 - 0.0065 * heights_m) / 288) ** 5.256


@register_jitable
def air_mass(sin_altitude: float) -> float:
    """Return how much more air the sun shines through than from the zenith, at sea level (eq. 11)."""
    return math.sqrt(1229 + (614 * sin_altitude) ** 2) - 614 * sin_altitude


@register_jitable
def transmittance(air: float) -> float:
    """Return the share of the direct radiation that passes an air mass (eq. 15)."""
    return 0.56 * (math.exp(-0.65 * air) + math.exp(-0.095 * air))


def clear_sky(sums: np.ndarray, slope: np.ndarray, albedo: float, atmosphere: str) -> np.ndarray:
    """Return the radiation of a year under a clear sky, kWh m⁻² yr⁻¹.

    The direct part is that of the sums. The diffuse part is I0 · (0.271 - 0.294 τ) · cos²(slope / 2) · sin(altitude),
    the reflected one albedo · I0 · (0.271 + 0.706 τ) · sin²(slope / 2) · sin(altitude), τ the transmittance. Both are
    linear in τ, so they come from two sums over the year. Terrain that hides a part of the sky does not lessen them.

    Args:
        sums: Array of shape (n, 4), see `kernel.year_of_cell`.
        slope: Degrees, shape (n,).
        albedo: Of the ground around; 0.2 in the paper.
        atmosphere: `none` gives the radiation without atmosphere.
    """
    outside, direct, level, level_direct = sums.T
    if atmosphere == NONE:
        return outside
    tilt = np.radians(slope) / 2
    diffuse = np.cos(tilt) ** 2 * (0.271 * level - 0.294 * level_direct)
    reflected = albedo * np.sin(tilt) ** 2 * (0.271 * level + 0.706 * level_direct)
    return direct + diffuse + reflected
