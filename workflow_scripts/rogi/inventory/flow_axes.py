"""The axis along which a rock glacier flows, from elevations along its outline, or else from its shape."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from pyproj import Transformer
from rasterio.windows import Window
from scipy.ndimage import map_coordinates

from workflow_scripts.rogi.attributes.elevation import Mosaic
from workflow_scripts.rogi.geodesy import WGS84

BLOCK_DEG = 0.5  # read at once; a DEM of 1 arc second then takes 26 MB
HALO_PX = 2
LEAST_SHARE = 0.9  # of the points must have a height, or the axis may point out of the covered part
LEAST_SLOPE = 0.02  # 1°; below, noise of the DEM turns the direction round


class Axes(NamedTuple):
    """Axes of outlines.

    Attributes:
        direction: Unit vectors east and north, shape (n, 2): downslope where `downslope`, else along the longer side.
        downslope: Whether the direction comes from elevations, boolean of shape (n,); if not, its sense means nothing.
    """

    direction: np.ndarray
    downslope: np.ndarray


def flow_axes(points: np.ndarray, number: np.ndarray, heights: np.ndarray, outlines: np.ndarray) -> Axes:
    """Return the axis of each outline.

    Downslope is where the plane falls that fits the heights round the outline best (least squares). Where there are not
    enough heights, or the plane is nearly level, the axis is the longer side of the smallest rectangle.

    Args:
        points: East and north of points along the outlines, metres, shape (k, 2).
        number: The outline of each point, ascending, shape (k,).
        heights: Of the points, m, shape (k,); NaN where there is none.
        outlines: Polygons in the same metres, shape (n,).
    """
    known = np.isfinite(heights)
    share = np.bincount(number, known, len(outlines)) / np.maximum(np.bincount(number, minlength=len(outlines)), 1)
    gradient = _planes(points[known], number[known], heights[known], len(outlines))
    slope = np.hypot(*gradient.T)
    downslope = (share >= LEAST_SHARE) & (slope >= LEAST_SLOPE)
    direction = long_axes(outlines)
    direction[downslope] = -gradient[downslope] / slope[downslope, None]
    return Axes(direction, downslope)


def _planes(points: np.ndarray, number: np.ndarray, heights: np.ndarray, count: int) -> np.ndarray:
    """Return rise per metre east and north of the plane through each outline's heights, shape (count, 2)."""
    weights = np.maximum(np.bincount(number, minlength=count), 1)
    columns = [*points.T, heights]
    x, y, z = (values - (np.bincount(number, values, count) / weights)[number] for values in columns)
    xx, xy, yy, xz, yz = (np.bincount(number, product, count) for product in (x * x, x * y, y * y, x * z, y * z))
    determinant = xx * yy - xy**2
    solved = np.stack([xz * yy - yz * xy, yz * xx - xz * xy], axis=1)
    return np.divide(solved, determinant[:, None], out=np.zeros((count, 2)), where=determinant[:, None] > 0)


def long_axes(outlines: np.ndarray) -> np.ndarray:
    """Return unit vectors along the longer sides of the smallest rectangles round polygons, shape (n, 2)."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(outlines)).reshape(-1, 5, 2)
    sides = np.diff(corners[:, :3], axis=1)
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    longer = sides[np.arange(len(sides)), lengths.argmax(axis=1)]
    return longer / lengths.max(axis=1)[:, None]


def heights_at(mosaics: Sequence[Mosaic], places: np.ndarray) -> np.ndarray:
    """Return the elevation of places, bilinear, read block by block; of the first mosaic that has it.

    Args:
        mosaics: DEMs; may be none.
        places: Longitude and latitude, degrees, shape (k, 2).

    Returns:
        Metres, shape (k,); NaN in and beside voids and outside.
    """
    heights = np.full(len(places), np.nan)
    blocks = np.unique(np.floor(places / BLOCK_DEG), axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(blocks, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(blocks[order])) + 1):
        for mosaic in mosaics:
            lacking = own[np.isnan(heights[own])]
            if len(lacking):
                heights[lacking] = _heights(mosaic, places[lacking])
    return heights


def _heights(mosaic: Mosaic, places: np.ndarray) -> np.ndarray:
    x, y = Transformer.from_crs(WGS84, mosaic.crs, always_xy=True).transform(*places.T)
    window: Window = mosaic.window((min(x), min(y), max(x), max(y)), HALO_PX)
    columns, rows = ~mosaic.transform_of(window) @ (x, y)
    centres = [rows - 0.5, columns - 0.5]  # pixels are counted from their corners, array cells from their centres
    return map_coordinates(mosaic.read(window), centres, order=1, mode="nearest", prefilter=False)
