"""Values of maps at primary markers."""

import geopandas as gpd
import numpy as np
import rasterio
from pyproj import Geod, Transformer
from rasterio.windows import Window
from rasterstats import point_query

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.raster import open_raster

ABSOLUTE_ZERO_C = -273.15  # anything below, such as -9999, cannot be a temperature, whatever nodata the file states
_GEOD = Geod(ellps="WGS84")


def sample(markers: gpd.GeoSeries, path: str, interpolate: str) -> np.ndarray:
    """Return the value of a map at every marker.

    Args:
        markers: Points in any CRS.
        path: Raster of one band with a CRS and a nodata value.
        interpolate: "nearest" for the value of the cell, "bilinear" between the centres of four cells.

    Returns:
        Array of shape (n,), NaN outside the map and on nodata cells.
    """
    with open_raster(path) as dataset:
        crs, nodata = dataset.crs, dataset.nodata
    points = markers.to_crs(crs)
    values = point_query(points, path, interpolate=interpolate, nodata=nodata) if len(points) else []
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def sample_nearest_valid(markers: gpd.GeoSeries, path: str, radius_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the temperature of the cell under every marker, or of the nearest valid cell if that one has none.

    Ground temperature maps have no value on glaciers and lakes, next to which many rock glaciers lie.

    Args:
        markers: Points in any CRS.
        path: Raster of temperatures in °C, in any CRS.
        radius_m: Farthest centre of a cell to take, true metres.

    Returns:
        Values in °C and distances in metres, arrays of shape (n,): distance 0 where the cell under the marker has a
        value, else that to the centre of the cell taken; both NaN where no valid cell is within the radius.
    """
    points = markers.to_crs(WGS84)
    values, distances = np.full((2, len(points)), np.nan)
    with open_raster(path) as dataset:
        for position, (longitude, latitude) in enumerate(zip(points.x, points.y, strict=True)):
            values[position], distances[position] = _nearest_valid(dataset, longitude, latitude, radius_m)
    return values, distances


def _nearest_valid(
    dataset: rasterio.DatasetReader, longitude: float, latitude: float, radius_m: float
) -> tuple[float, float]:
    x, y = Transformer.from_crs(WGS84, dataset.crs, always_xy=True).transform(longitude, latitude)
    column, row = (int(np.floor(value)) for value in ~dataset.transform @ (x, y))
    own = _read(dataset, Window(column, row, 1, 1))
    if own.size and np.isfinite(own[0, 0]):
        return float(own[0, 0]), 0.0
    window = _window_round(dataset, longitude, latitude, radius_m)
    values = _read(dataset, window)
    rows, columns = np.nonzero(np.isfinite(values))
    if not len(rows):
        return np.nan, np.nan
    centres = dataset.transform @ (window.col_off + columns + 0.5, window.row_off + rows + 0.5)
    there = Transformer.from_crs(dataset.crs, WGS84, always_xy=True).transform(*centres)
    distances = _GEOD.inv(np.full(len(rows), longitude), np.full(len(rows), latitude), *there)[2]
    best = int(np.argmin(distances))
    if distances[best] > radius_m:
        return np.nan, np.nan
    return float(values[rows[best], columns[best]]), float(distances[best])


def _window_round(dataset: rasterio.DatasetReader, longitude: float, latitude: float, radius_m: float) -> Window:
    """Return the part of a raster that holds all cells whose centre is within true metres of a point."""
    bearings = np.arange(0, 360, 10.0)
    start = np.full_like(bearings, longitude), np.full_like(bearings, latitude)
    east, north, _ = _GEOD.fwd(*start, bearings, np.full_like(bearings, radius_m))
    x, y = Transformer.from_crs(WGS84, dataset.crs, always_xy=True).transform(east, north)
    columns, rows = ~dataset.transform @ (x, y)
    left, right = max(int(columns.min()) - 1, 0), min(int(columns.max()) + 2, dataset.width)
    top, bottom = max(int(rows.min()) - 1, 0), min(int(rows.max()) + 2, dataset.height)
    return Window(left, top, max(right - left, 0), max(bottom - top, 0))


def _read(dataset: rasterio.DatasetReader, window: Window) -> np.ndarray:
    """Read temperatures; NaN where they are not valid, an empty array outside the raster."""
    inside = 0 <= window.col_off < dataset.width and 0 <= window.row_off < dataset.height
    if not inside or not window.width or not window.height:
        return np.empty((0, 0))
    values = dataset.read(1, window=window, masked=True).astype(float).filled(np.nan)
    return np.where(values >= ABSOLUTE_ZERO_C, values, np.nan)
