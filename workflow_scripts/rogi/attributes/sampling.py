"""Values of maps at primary markers."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from pyproj import Geod, Transformer
from rasterio.windows import Window
from rasterstats import point_query
from scipy.spatial import cKDTree

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.raster import open_raster

ABSOLUTE_ZERO_C = -273.15  # anything below, such as -9999, cannot be a temperature, whatever nodata the file states
TILE_PX = 256
_GEOD = Geod(ellps="WGS84")
# Metres from the centre of the earth: of points that are near, the nearest in a straight line is the nearest on ground.
_GEOCENTRIC = "EPSG:4978"
_FAR_PX = 1e9  # stands for the infinite pixels of a marker that the projection of a map does not reach
_NODATA = -1e9


def sample(markers: gpd.GeoSeries, path: str, interpolate: str, band: int = 1) -> np.ndarray:
    """Return the value of a coarse map at every marker.

    The part of the map that holds the markers is read at once: rasterstats takes 70 times as long with a read for each.

    Args:
        markers: Points in any CRS.
        path: Raster with a CRS and a nodata value.
        interpolate: "nearest" for the value of the cell, "bilinear" between the centres of four cells, or of the
            nearest of them where one has no value.
        band: Band to take, from 1.

    Returns:
        Array of shape (n,), NaN outside the map and on nodata cells.
    """
    if markers.empty:
        return np.empty(0)
    with open_raster(path) as dataset:
        x, y = _coordinates(dataset, markers)
        window = _clipped(dataset, *_cells(dataset, x, y))
        if not window.width or not window.height:
            return np.full(len(markers), np.nan)
        values = dataset.read(band, window=window, masked=True).astype(float).filled(_NODATA)
        transform = dataset.window_transform(window)
    found = point_query(list(shapely.points(x, y)), values, affine=transform, interpolate=interpolate, nodata=_NODATA)
    return np.array([np.nan if value is None else value for value in found], dtype=float)


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
    places = markers.to_crs(WGS84)
    values = np.full(len(places), np.nan)
    with open_raster(path) as dataset:
        points = places.to_crs(dataset.crs)
        rows, columns = _cells(dataset, points.x.to_numpy(), points.y.to_numpy())
        for own in _tiles(rows, columns):
            values[own] = _own_values(dataset, rows[own], columns[own])
        distances = np.where(np.isnan(values), np.nan, 0.0)
        lacking = np.flatnonzero(np.isnan(values))
        for tile in _tiles(rows[lacking], columns[lacking]):
            own = lacking[tile]
            there = places.x.to_numpy()[own], places.y.to_numpy()[own]
            values[own], distances[own] = _nearest_valid(dataset, *there, radius_m)
    return values, distances


def _coordinates(dataset: rasterio.DatasetReader, markers: gpd.GeoSeries) -> tuple[np.ndarray, np.ndarray]:
    """Return markers in the CRS of a raster; in degrees, on the side of the date line where the raster has them."""
    points = markers.to_crs(dataset.crs)
    x, y = points.x.to_numpy(), points.y.to_numpy()
    west = dataset.bounds.left
    return (west + (x - west) % 360 if dataset.crs.is_geographic else x), y


def _cells(dataset: rasterio.DatasetReader, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of points in the CRS of a raster, also of those outside it."""
    columns, rows = ~dataset.transform @ (x, y)
    return tuple(np.floor(np.clip(at, -_FAR_PX, _FAR_PX)).astype(int) for at in (rows, columns))


def _tiles(rows: np.ndarray, columns: np.ndarray) -> Iterator[np.ndarray]:
    """Give the positions of the cells of one tile after the other, so that the map is read tile by tile."""
    tiles, number = np.unique(np.column_stack([rows, columns]) // TILE_PX, axis=0, return_inverse=True)
    for tile in range(len(tiles)):
        yield np.flatnonzero(number == tile)


def _own_values(dataset: rasterio.DatasetReader, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    window = _clipped(dataset, rows, columns)
    values = np.pad(_read(dataset, window), 1, constant_values=np.nan)  # a rim for the cells outside the raster
    down = np.clip(rows - window.row_off, -1, window.height) + 1
    right = np.clip(columns - window.col_off, -1, window.width) + 1
    return values[down, right]


def _nearest_valid(
    dataset: rasterio.DatasetReader, longitudes: np.ndarray, latitudes: np.ndarray, radius_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return values and distances of the nearest valid cells of the markers of one tile."""
    window = _window_round(dataset, longitudes, latitudes, radius_m)
    values = _read(dataset, window)
    rows, columns = np.nonzero(np.isfinite(values))
    if not len(rows):
        return np.full(len(longitudes), np.nan), np.full(len(longitudes), np.nan)
    x, y = dataset.transform @ (window.col_off + columns + 0.5, window.row_off + rows + 0.5)
    east, north = Transformer.from_crs(dataset.crs, WGS84, always_xy=True).transform(x, y)
    nearest = cKDTree(_geocentric(east, north)).query(_geocentric(longitudes, latitudes))[1]
    distances = _GEOD.inv(longitudes, latitudes, east[nearest], north[nearest])[2]
    within = distances <= radius_m
    return np.where(within, values[rows[nearest], columns[nearest]], np.nan), np.where(within, distances, np.nan)


def _geocentric(longitudes: np.ndarray, latitudes: np.ndarray) -> np.ndarray:
    to_metres = Transformer.from_crs("EPSG:4979", _GEOCENTRIC, always_xy=True)
    return np.column_stack(to_metres.transform(longitudes, latitudes, np.zeros(len(longitudes))))


def _window_round(
    dataset: rasterio.DatasetReader, longitudes: np.ndarray, latitudes: np.ndarray, radius_m: float
) -> Window:
    """Return the part of a raster that holds all cells whose centre is within true metres of any of some points."""
    bearings = np.tile(np.arange(0, 360, 10.0), len(longitudes))
    start = np.repeat(longitudes, 36), np.repeat(latitudes, 36)
    east, north, _ = _GEOD.fwd(*start, bearings, np.full_like(bearings, radius_m))
    x, y = Transformer.from_crs(WGS84, dataset.crs, always_xy=True).transform(east, north)
    rows, columns = _cells(dataset, x, y)
    return _clipped(dataset, rows, columns)


def _clipped(dataset: rasterio.DatasetReader, rows: np.ndarray, columns: np.ndarray) -> Window:
    """Return the part of a raster that some cells span, and one cell more; of size 0 if that is outside."""
    top, bottom = (np.clip(at, 0, dataset.height) for at in (rows.min() - 1, rows.max() + 2))
    left, right = (np.clip(at, 0, dataset.width) for at in (columns.min() - 1, columns.max() + 2))
    return Window(left, top, right - left, bottom - top)


def _read(dataset: rasterio.DatasetReader, window: Window) -> np.ndarray:
    """Read temperatures of shape (height, width), NaN where they are not valid."""
    if not window.width or not window.height:
        return np.empty((window.height, window.width))
    values = dataset.read(1, window=window, masked=True).astype(float).filled(np.nan)
    return np.where(values >= ABSOLUTE_ZERO_C, values, np.nan)
