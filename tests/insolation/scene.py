"""Cells on open ground, calendars of one day, and terrain to cast shadows."""

import math

import numpy as np
from affine import Affine
from pyproj import CRS

from workflow_scripts.rogi.insolation.cells import Cells, normals
from workflow_scripts.rogi.insolation.devices import Results, empty_results, on_cpu
from workflow_scripts.rogi.insolation.horizon import Terrain, terrain
from workflow_scripts.rogi.insolation.sun import HOURS_PER_RADIAN, Calendar, calendar, declination, irradiance

PIXEL_M = 30.0
UTM = CRS.from_epsg(32644)
NORTH_UP = np.array([[1, 0], [0, -1]]) / PIXEL_M
NOTHING_AROUND = terrain(np.zeros((2, 2)), 1)


def one_day(day: float, time_step_min: float = 10) -> Calendar:
    sun, when = declination(np.array([day])), np.array([day])
    weight = irradiance(when) * HOURS_PER_RADIAN / 1000
    return Calendar(np.sin(sun), np.cos(sun), weight, time_step_min / 60 / HOURS_PER_RADIAN)


def cells_at(
    rows: np.ndarray, columns: np.ndarray, slope: np.ndarray, aspect: np.ndarray, latitude: np.ndarray
) -> Cells:
    steps = np.broadcast_to(NORTH_UP, (len(rows), 2, 2)).copy()
    return Cells(rows, columns, np.radians(latitude), steps, normals(slope, aspect), np.ones(len(rows)))


def compute(cells: Cells, around: Terrain, year: Calendar, sectors: int = 64) -> Results:
    results = empty_results(len(cells.row), sectors)
    on_cpu(cells, around, year, results)
    return results


def open_ground(slope: object, aspect: object, latitude: object, year: Calendar | None = None) -> np.ndarray:
    """Return the four sums on cells that have nothing around them, kWh m⁻²."""
    values = np.broadcast_arrays(*(np.asarray(value, dtype=float).ravel() for value in (slope, aspect, latitude)))
    nowhere = np.zeros(len(values[0]), int)
    return compute(cells_at(nowhere, nowhere, *values), NOTHING_AROUND, year or calendar(30, 1)).sums


def horizons(
    heights: np.ndarray, row: int, column: int, radius_m: float, sectors: int = 64
) -> tuple[np.ndarray, float]:
    """Return the horizon of one cell, degrees, and the share that is known."""
    cells = cells_at(np.array([row]), np.array([column]), np.zeros(1), np.zeros(1), np.zeros(1))
    results = compute(cells, terrain(heights, radius_m), one_day(1, 120), sectors)
    assert results.horizons[0, -1] == results.horizons[0, 0]
    return np.degrees(np.arcsin(results.horizons[0, :-1])), float(results.known[0])


def level_day(latitude: float, day: float, limit: float = math.pi) -> float:
    """Return the closed form of a day on level ground, kWh m⁻², lit up to a limiting hour angle."""
    phi, sun = math.radians(latitude), float(declination(np.array(day)))
    h = min(limit, math.acos(max(-1, min(1, -math.tan(phi) * math.tan(sun)))))
    swing = math.cos(phi) * math.cos(sun) * math.sin(h)
    return float(irradiance(np.array(day))) * 24 / math.pi / 1000 * (h * math.sin(phi) * math.sin(sun) + swing)


def rough(side: int, seed: int = 1, relief_m: float = 500) -> np.ndarray:
    """Return mountains, m: noise whose amplitude falls with the square of the wave number."""
    generator = np.random.default_rng(seed)
    wave = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    wave[0, 0] = 1
    noise = np.fft.irfft2(np.fft.rfft2(generator.normal(size=(side, side))) * wave**-2.0, s=(side, side))
    return 4800 + relief_m * (noise - noise.mean()) / noise.std()


def utm_grid(side: int) -> Affine:
    """Return the transform of a grid of 30 m around 79° E, 35.1° N in EPSG:32644."""
    return Affine(PIXEL_M, 0, 317_700 - side / 2 * PIXEL_M, 0, -PIXEL_M, 3_886_000 + side / 2 * PIXEL_M)
