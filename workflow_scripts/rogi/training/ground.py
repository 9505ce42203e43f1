"""Pixels and metres: what a move on the imagery's grid is on the ground."""

import geopandas as gpd
import numpy as np
from pyproj import Geod

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.imagery.grid import PixelGrid

_GEOD = Geod(ellps="WGS84")


def ground_metres(places: np.ndarray, moves: np.ndarray, grid: PixelGrid) -> np.ndarray:
    """Return how far moves on a pixel grid go on the ground, metres to the true east and north, shape (n, 2).

    Args:
        places: Coordinates in the grid's CRS, shape (n, 2).
        moves: Pixels to the right and down, shape (n, 2); NaN stays NaN.
        grid: The grid.
    """
    ends = places, places + np.nan_to_num(moves) * (grid.pixel, -grid.pixel)
    lonlat = [gpd.GeoSeries.from_xy(*end.T, crs=grid.crs).to_crs(WGS84) for end in ends]
    azimuth, _, distance = _GEOD.inv(*(axis.to_numpy() for points in lonlat for axis in (points.x, points.y)))
    east_north = np.stack([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))], axis=1)
    return np.where(np.isnan(moves), np.nan, np.asarray(distance)[:, np.newaxis] * east_north)


def pixel_sizes_m(places: np.ndarray, grid: PixelGrid) -> np.ndarray:
    """Return the true width in metres of the pixels at coordinates in the grid's CRS; shape (n,) for (n, 2)."""
    return np.hypot(*ground_metres(places, np.tile([1.0, 0.0], (len(places), 1)), grid).T)
