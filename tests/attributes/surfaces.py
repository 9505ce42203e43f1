"""Surfaces that are known exactly in true metres, and the grids to write them on."""

from collections.abc import Callable

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer

from workflow_scripts.rogi.geodesy import WGS84, local_projection

SECOND = 1 / 3600
Surface = Callable[[np.ndarray, np.ndarray], np.ndarray]


def surface_on_grid(
    surface: Surface, centre: tuple[float, float], transform: Affine, shape: tuple[int, int], crs: object
) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    x, y = transform.c + transform.a * columns, transform.f + transform.e * rows
    longitude, latitude = Transformer.from_crs(CRS(crs), WGS84, always_xy=True).transform(x, y)
    east, north = Transformer.from_crs(WGS84, local_projection(*centre), always_xy=True).transform(longitude, latitude)
    return surface(east, north).astype("float32")


def around(centre: tuple[float, float], size: int) -> Affine:
    """Return the transform of a grid of one arc second, `size` pixels wide and high, round a point."""
    return Affine(SECOND, 0, centre[0] - size / 2 * SECOND, 0, -SECOND, centre[1] + size / 2 * SECOND)


def plane(slope: float, aspect: float) -> Surface:
    """Return a plane through 4000 m, of a slope and an aspect in degrees."""
    rise, azimuth = np.tan(np.radians(slope)), np.radians(aspect)
    return lambda east, north: 4000 - rise * (east * np.sin(azimuth) + north * np.cos(azimuth))


def cone(slope: float) -> Surface:
    """Return a cone whose summit, at 5000 m, is the point that the surface is written round."""
    return lambda east, north: 5000 - np.tan(np.radians(slope)) * np.hypot(east, north)


def gaussian_hill(height: float = 800, width: float = 1500) -> Surface:
    """Return a Gaussian hill on 4000 m; width is its standard deviation in metres."""
    return lambda east, north: 4000 + height * np.exp(-(east**2 + north**2) / (2 * width**2))


def dome(radius: float) -> Surface:
    """Return a sphere whose top, at 5000 m, is the point that the surface is written round."""
    return lambda east, north: 5000 - radius + np.sqrt(radius**2 - east**2 - north**2)


def tongue(azimuth: float, bend: float, slope: float = 15) -> Surface:
    """Return a slope with a ridge (bend > 0, m at 100 m from the middle) or a trough (< 0) along the fall line."""
    along, across = along_and_across(azimuth)

    def surface(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        rise = np.tan(np.radians(slope))
        return 4500 - rise * along(east, north) - bend * (across(east, north) / 100) ** 2

    return surface


def along_and_across(azimuth: float) -> tuple[Surface, Surface]:
    """Return metres along an azimuth, and to the right of it."""
    sine, cosine = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    return lambda east, north: east * sine + north * cosine, lambda east, north: east * cosine - north * sine
