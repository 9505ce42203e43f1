"""Slope, aspect, curvature and ruggedness of a DEM in any CRS, in true metres and against true north."""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import richdem
from affine import Affine
from pyproj import CRS, Geod, Transformer
from scipy.ndimage import uniform_filter

from workflow_scripts.rogi.geodesy import WGS84

SENTINEL = -9999.0  # richdem takes NaN for a height, whatever nodata it is told
_GEOD = Geod(ellps="WGS84")
_UNIT_CELLS = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def slope_aspect(heights: np.ndarray, transform: Affine, crs: CRS) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and aspect on the DEM's own grid, which is not resampled.

    Args:
        heights: Array of shape (height, width), m, NaN in voids.
        transform: Pixels to `crs`.
        crs: CRS of the DEM.

    Returns:
        Slope in degrees and aspect in degrees, the downslope azimuth clockwise from true north, float32. Both are NaN
        within one cell of a void or of the array's edge, where the 3 x 3 neighbourhood is incomplete; aspect also on
        flat cells.
    """
    return angles(*gradient(heights, pixel_shape(transform, crs, heights.shape)))


def angles(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and aspect of a gradient, as `slope_aspect` does."""
    rise = np.sqrt(east**2 + north**2)
    aspect = np.degrees(np.arctan2(-east, -north))
    aspect += np.float32(360) * (aspect < 0)
    aspect[rise == 0] = np.nan
    return np.degrees(np.arctan(rise)), aspect


def gradient(values: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the change of values per true metre east and north (Horn 1981, richdem).

    richdem gives the gradient per pixel. It becomes one per metre through the local shape of a pixel, so postings in
    degrees, projections with scale errors (EPSG:3857, UTM) and grid north that differs from true north are all
    accounted for. With one shape for 0.1° of a DEM in degrees, slopes are good to 0.02°.

    Args:
        values: Array of shape (height, width); NaN where there is none.
        shape: Of a pixel, as from `pixel_shape`.

    Returns:
        Two arrays of the shape of `values`, float32; NaN where a neighbour is missing.
    """
    per_column, per_row = pixel_gradient(values)
    to_ground = np.linalg.inv(shape.T).astype(np.float32)
    east, north = (across * per_column + along * per_row for across, along in to_ground)
    return east, north


def pixel_gradient(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the change of values per column eastwards and per row southwards; NaN where a neighbour is missing."""
    dem = as_richdem(values)
    with quiet():
        rise = np.asarray(richdem.TerrainAttribute(dem, attrib="slope_riserun"))
        downslope = np.radians(np.asarray(richdem.TerrainAttribute(dem, attrib="aspect")))
    np.copyto(rise, np.nan, where=~complete(values))
    return -rise * np.sin(downslope), rise * np.cos(downslope)


def curvature(east: np.ndarray, north: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return the mean curvature of the surface (differential geometry), 1/m, positive where it bulges.

    1/R on a sphere of radius R, half of that on a cylinder. The second derivatives are gradients of the gradient.

    Args:
        east: Rise per metre east, shape (height, width), as from `gradient`.
        north: Rise per metre north.
        shape: Of a pixel, as from `pixel_shape`.

    Returns:
        Array of shape (height, width), float32; NaN within two cells of a void or of the array's edge.
    """
    east_east, east_north = gradient(east, shape)
    north_east, north_north = gradient(north, shape)
    mixed = east * north * (east_north + north_east)
    bend = (1 + north**2) * east_east - mixed + (1 + east**2) * north_north
    return -bend / (2 * (1 + east**2 + north**2) ** np.float32(1.5))


def ruggedness(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Return the vector ruggedness measure (Sappington, Longshore & Thompson 2007): 0 where the surface is plane.

    One minus the length of the mean of the unit normals of 3 x 3 cells.

    Args:
        east: Rise per metre east, shape (height, width), as from `gradient`.
        north: Rise per metre north.

    Returns:
        Array of shape (height, width); NaN within two cells of a void or of the array's edge.
    """
    up = 1 / np.sqrt(1 + np.square(east, dtype=float) + np.square(north, dtype=float))
    known = np.isfinite(up)
    normals = (np.where(known, part * up, 0) for part in (-east, -north, 1))
    length = np.sqrt(sum(uniform_filter(part, 3, mode="constant") ** 2 for part in normals))
    return np.where(complete(up), np.clip(1 - length, 0, None), np.nan)


def complete(values: np.ndarray) -> np.ndarray:
    """Tell which cells have a value, as have their eight neighbours."""
    known = np.pad(np.isfinite(values), 1)
    rows = known[:-2] & known[1:-1] & known[2:]
    return rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]


def pixel_shape(transform: Affine, crs: CRS, shape: tuple[int, ...]) -> np.ndarray:
    """Return the ground vectors of a step of one column and of one row at the centre of an array.

    Returns:
        Array of shape (2, 2), m: first row eastwards, second northwards; first column per column, second per row.
    """
    row, column = shape[0] / 2, shape[1] / 2
    steps = [transform @ (column + dc, row + dr) for dc, dr in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))]
    x, y = (np.array(values) for values in zip(*steps, strict=True))
    longitude, latitude = to_wgs84(crs).transform(x, y)
    centre = np.full(4, longitude[0]), np.full(4, latitude[0])
    azimuth, _, metres = _GEOD.inv(*centre, longitude[1:], latitude[1:])
    east, north = metres * np.sin(np.radians(azimuth)), metres * np.cos(np.radians(azimuth))
    return np.array([[east[1] - east[0], east[3] - east[2]], [north[1] - north[0], north[3] - north[2]]]) / 2


@functools.lru_cache(maxsize=16)
def to_wgs84(crs: CRS) -> Transformer:
    """Return the way from a CRS to longitude and latitude; finding it takes longer than going it."""
    return Transformer.from_crs(crs, WGS84, always_xy=True)


def as_richdem(values: np.ndarray) -> richdem.rdarray:
    """Return values as richdem wants them: contiguous, with a number for what is missing, in cells of 1 x 1."""
    filled = np.where(np.isfinite(values), values, SENTINEL)
    dem = richdem.rdarray(np.ascontiguousarray(filled), no_data=SENTINEL)
    dem.geotransform = _UNIT_CELLS
    return dem


@contextmanager
def quiet() -> Iterator[None]:
    """Keep richdem's progress bars, which its C++ code writes to the file descriptor, off stderr."""
    kept = os.dup(2)
    with open(os.devnull, "w") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
