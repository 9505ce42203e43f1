"""Slope and aspect of a DEM in any CRS, in true metres and against true north."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import richdem
from affine import Affine
from pyproj import CRS, Transformer
from scipy.ndimage import binary_dilation

from workflow_scripts.rogi.geodesy import WGS84, local_projection

_SENTINEL = -9999.0  # richdem takes NaN for a height, whatever nodata it is told
_UNIT_CELLS = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def slope_aspect(heights: np.ndarray, transform: Affine, crs: CRS) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and aspect on the DEM's own grid, which is not resampled.

    richdem gives the gradient per pixel (Horn 1981). It becomes a gradient per true metre east and north through the
    local shape of a pixel at the centre of the array, so postings in degrees, projections with scale errors (EPSG:3857,
    UTM) and grid north that differs from true north are all accounted for. Over 0.1° this is good to 0.02° of slope.

    Args:
        heights: Array of shape (height, width), m, NaN in voids.
        transform: Pixels to `crs`.
        crs: CRS of the DEM.

    Returns:
        Slope in degrees and aspect in degrees, the downslope azimuth clockwise from true north. Both are NaN within one
        cell of a void or of the array's edge, where the 3 x 3 neighbourhood is incomplete; aspect also on flat cells.
    """
    per_column, per_row = pixel_gradient(heights)
    shape = pixel_shape(transform, crs, heights.shape)
    east, north = np.einsum("ij,jrc->irc", np.linalg.inv(shape.T), np.stack([per_column, per_row]))
    rise = np.hypot(east, north)
    aspect = np.degrees(np.arctan2(-east, -north)) % 360
    return np.degrees(np.arctan(rise)), np.where(rise > 0, aspect, np.nan)


def pixel_gradient(heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the change of height per column eastwards and per row southwards, m; NaN where a neighbour is missing."""
    invalid = ~np.isfinite(heights)
    incomplete = binary_dilation(invalid, np.ones((3, 3)), border_value=1)
    dem = richdem.rdarray(np.ascontiguousarray(np.where(invalid, _SENTINEL, heights)), no_data=_SENTINEL)
    dem.geotransform = _UNIT_CELLS
    with _quiet():
        rise = np.asarray(richdem.TerrainAttribute(dem, attrib="slope_riserun"), dtype=float)
        downslope = np.radians(np.asarray(richdem.TerrainAttribute(dem, attrib="aspect"), dtype=float))
    rise[incomplete] = np.nan
    return -rise * np.sin(downslope), rise * np.cos(downslope)


def pixel_shape(transform: Affine, crs: CRS, shape: tuple[int, ...]) -> np.ndarray:
    """Return the ground vectors of a step of one column and of one row at the centre of an array.

    Returns:
        Array of shape (2, 2), m: first row eastwards, second northwards; first column per column, second per row.
    """
    row, column = shape[0] / 2, shape[1] / 2
    steps = [transform @ (column + dc, row + dr) for dc, dr in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))]
    x, y = (np.array(values) for values in zip(*steps, strict=True))
    longitude, latitude = Transformer.from_crs(crs, WGS84, always_xy=True).transform(x, y)
    local = local_projection(longitude[0], latitude[0])
    east, north = Transformer.from_crs(WGS84, local, always_xy=True).transform(longitude, latitude)
    return np.array([[east[2] - east[1], east[4] - east[3]], [north[2] - north[1], north[4] - north[3]]]) / 2


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep richdem's progress bars, which its C++ code writes to the file descriptor, off stderr."""
    kept = os.dup(2)
    with open(os.devnull, "w") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
