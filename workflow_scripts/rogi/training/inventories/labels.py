"""Rasters of labels as outlines: cells other than 0 become polygons along the edges of the cells."""

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import shapes

from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.raster import open_raster

SUFFIXES = (".tif", ".tiff", ".vrt")


def label_polygons(path: str, grid: PixelGrid | None) -> gpd.GeoDataFrame:
    """Return the polygons of a raster of labels, in its CRS, from the top left to the bottom right.

    Cells that touch along an edge and hold the same value are one polygon, so instances may be told apart by numbers.
    Missing cells (nodata, NaN) are no rock glacier.

    Args:
        path: A raster; its first band is read.
        grid: Of the imagery, on which the cells must lie; None does not ask.

    Returns:
        Columns value and geometry.

    Raises:
        ValueError: The cells do not lie on those of the imagery; the message says by how much.
    """
    with open_raster(path) as dataset:
        if grid is not None and (fault := misalignment(dataset.crs, dataset.transform, grid)):
            raise ValueError(
                f"{path} {fault}; labels have to lie on the pixels of the imagery, so resample the raster onto them "
                "(gdalwarp -r near with -t_srs, -te and -tr of the imagery), or give outlines instead"
            )
        values = dataset.read(1)
        inside = (values != 0) & (dataset.read_masks(1) > 0) & ~np.isnan(values)
        known, number = np.unique(values, return_inverse=True)
        found = list(shapes(number.reshape(values.shape).astype("int32"), mask=inside, transform=dataset.transform))
        crs = dataset.crs
    columns = {"value": known[[int(label) for _, label in found]]}
    return gpd.GeoDataFrame(columns, geometry=[shapely.geometry.shape(shape) for shape, _ in found], crs=crs)


def misalignment(crs: CRS, transform: Affine, grid: PixelGrid) -> str | None:
    """Return what keeps the cells of a raster from lying on the pixels of the imagery, None if they do."""
    try:
        cells = PixelGrid.of(crs, transform)
    except ValueError as error:
        return f"cannot be labels: {error}"
    if cells.matches(grid):
        return None
    if cells.crs != grid.crs:
        return f"is in {cells.crs.to_string()} and the imagery in {grid.crs.to_string()}"
    if not np.isclose(cells.pixel, grid.pixel, rtol=1e-9):
        return f"has cells of {cells.pixel:.9g} and the imagery pixels of {grid.pixel:.9g} (units of the CRS)"
    east, south = (
        (difference / grid.pixel + 0.5) % 1 - 0.5
        for difference in (cells.phase_x - grid.phase_x, grid.phase_y - cells.phase_y)
    )
    return f"lies {east:+.2f} pixels east and {south:+.2f} pixels south of the imagery's pixels"
