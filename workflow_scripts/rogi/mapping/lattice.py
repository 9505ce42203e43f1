"""Outlines in whole pixels of the global grid, where every job has the same numbers to the last bit."""

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import rasterize, shapes
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid, intersection, within
from workflow_scripts.rogi.mapping.blend import NODATA

PHASE_DIGITS = 6  # of a pixel; a raster's own origin is good to 1e-9, and differs in the last digits from job to job


def lattice_of(crs: CRS, transform: Affine) -> PixelGrid:
    """Return the global grid that a raster lies on, the same for every raster that was cut from it.

    Raises:
        ValueError: The raster is rotated, not north-up, or its pixels are not square.
    """
    grid = PixelGrid.of(crs, transform)
    phases = (round(phase / grid.pixel, PHASE_DIGITS) * grid.pixel for phase in (grid.phase_x, grid.phase_y))
    return PixelGrid(crs, grid.pixel, *phases)


def to_pixels(outlines: gpd.GeoSeries, grid: PixelGrid) -> np.ndarray:
    """Return outlines along pixel edges in whole pixels: x is the global column, y minus the global row."""
    phase = np.array([grid.phase_x, grid.phase_y])
    return shapely.transform(outlines.array, lambda places: np.rint((places - phase) / grid.pixel))


def to_crs(polygons: np.ndarray, grid: PixelGrid) -> gpd.GeoSeries:
    """Return polygons in pixels as polygons in the CRS of the grid."""
    phase = np.array([grid.phase_x, grid.phase_y])
    return gpd.GeoSeries(shapely.transform(polygons, lambda places: places * grid.pixel + phase), crs=grid.crs)


def window_of(polygon: shapely.Geometry, margin: int) -> Window:
    """Return the global window that holds a polygon in pixels and a margin."""
    west, south, east, north = (round(value) for value in polygon.bounds)
    return Window(west - margin, -north - margin, east - west + 2 * margin, north - south + 2 * margin)


def pixels_of(polygon: shapely.Geometry, window: Window) -> np.ndarray:
    """Return which pixels of a global window a polygon in pixels holds; boolean of shape (height, width)."""
    shape = window.height, window.width
    return rasterize([polygon], shape, transform=_transform(window), dtype=np.uint8) > 0


def polygons_of(labels: np.ndarray, window: Window) -> np.ndarray:
    """Return one valid polygon or multipolygon in pixels for each of the labels 1, 2 …; 0 is left out."""
    found = list(shapes(labels, mask=labels > 0, connectivity=4, transform=_transform(window)))
    parts = shapely.make_valid(np.array([shapely.geometry.shape(part) for part, _ in found], dtype=object))
    numbers = np.array([number for _, number in found], int)
    together = [parts[numbers == number] for number in range(1, numbers.max() + 1)]
    return np.array([one[0] if len(one) == 1 else shapely.multipolygons(shapely.get_parts(one)) for one in together])


def scores_of(dataset: rasterio.DatasetReader, grid: PixelGrid, window: Window) -> np.ndarray:
    """Return the first band of a global window, uint8 of shape (height, width); NODATA beyond the raster."""
    row, column = grid.position(dataset.transform.c, dataset.transform.f)
    whole = Window(column, row, dataset.width, dataset.height)
    scores = np.full((window.height, window.width), NODATA, np.uint8)
    if shared := intersection(window, whole):
        local = Window(shared.col_off - column, shared.row_off - row, shared.width, shared.height)
        scores[within(shared, window)] = dataset.read(1, window=local)
    return scores


def _transform(window: Window) -> Affine:
    return Affine(1, 0, window.col_off, 0, -1, -window.row_off)
