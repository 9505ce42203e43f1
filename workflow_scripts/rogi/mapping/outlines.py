"""Outlines of the objects in a probability raster, which is read once, tile by tile."""

import math
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.mapping.rings import Rings, coordinates
from workflow_scripts.rogi.mapping.tracer import Tracer
from workflow_scripts.rogi.raster import RasterError, blocks, open_raster

CACHE_BYTES = 64 << 20  # of GDAL, for blocks that are read once


def outlines(
    probability: str | Path, threshold: float, connectivity: int, min_area_px: float = 0, tile_px: int = 1024
) -> gpd.GeoSeries:
    """Return one valid polygon per group of connected pixels at or above the threshold; nodata is below.

    The result does not depend on how the raster is cut, and is exact: corners alone, no collinear points. Memory goes
    with the tile and with the objects, not with the raster.

    Args:
        probability: Raster of `FULL` times the probability, uint8.
        threshold: 0 to 1.
        connectivity: 4, pixels that share an edge, or 8, corners too.
        min_area_px: Objects whose shells enclose fewer pixels, holes among them, are left out.
        tile_px: Side of the tiles to read, rounded up to whole blocks.

    Returns:
        Polygons along pixel edges, in the raster's CRS, by their topmost, then leftmost pixel. With connectivity 8,
        parts that touch in a corner are one multipolygon.

    Raises:
        RasterError: The raster is not of uint8, or damaged.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), open_raster(probability) as dataset:
        if dataset.dtypes[0] != "uint8":
            raise RasterError(f"{probability} holds {dataset.dtypes[0]}; expected uint8, {FULL} times the probability")
        tiles = _tiles(dataset, max(1, math.ceil(threshold * FULL - 1e-9)), tile_px)
        batches = [
            polygons(rings, dataset.transform, min_area_px)
            for rings in Tracer(dataset.width, connectivity).trace(tiles)
        ]
    keys, shapes = (np.concatenate(column) for column in zip(*batches, strict=True))
    return gpd.GeoSeries(shapes[np.argsort(keys)], crs=dataset.crs)


def _tiles(dataset: rasterio.DatasetReader, lowest: int, tile_px: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield row, column and object pixels of tiles made of whole blocks, of about `tile_px` squared pixels."""
    block_height, block_width = dataset.block_shapes[0]
    width = min(-(-tile_px // block_width) * block_width, dataset.width)
    height = max(tile_px**2 // width // block_height, 1) * block_height
    sparse = _may_be_sparse(dataset, lowest)
    for row in range(0, dataset.height, height):
        for column in range(0, dataset.width, width):
            shape = min(height, dataset.height - row), min(width, dataset.width - column)
            window = Window(column, row, shape[1], shape[0])
            if sparse and not _is_stored(dataset, window):
                yield row, column, np.zeros(shape, bool)
            else:
                # Below `lowest`, the difference wraps round to more than it is for FULL.
                yield row, column, _read(dataset, window) - np.uint8(lowest) <= FULL - lowest


def _may_be_sparse(dataset: rasterio.DatasetReader, lowest: int) -> bool:
    """Tell whether blocks may be missing from the file, and are no objects where they are."""
    return dataset.driver in ("GTiff", "COG") and not lowest <= (dataset.nodata or 0) <= FULL


def _is_stored(dataset: rasterio.DatasetReader, window: Window) -> bool:
    """Tell whether the file holds any block of a window."""
    height, width = dataset.block_shapes[0]
    places = (f"{block.col_off // width}_{block.row_off // height}" for block in blocks(dataset, window))
    return any(int(dataset.get_tag_item(f"BLOCK_OFFSET_{place}", "TIFF", bidx=1) or 0) for place in places)


def _read(dataset: rasterio.DatasetReader, window: Window) -> np.ndarray:
    try:
        return dataset.read(1, window=window)
    except RasterioIOError as error:
        rows = f"rows {window.row_off} to {window.row_off + window.height - 1}"
        columns = f"columns {window.col_off} to {window.col_off + window.width - 1}"
        found = f"{dataset.name} is damaged in {rows}, {columns}: {error.__cause__ or error}"
        raise RasterError(f"{found}; delete it, so that it is made again") from error


def polygons(rings: Rings, transform: Affine, min_area_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the first corners of the objects that rings make up, ascending, and their (multi)polygons.

    Args:
        rings: All rings of some objects.
        transform: Of the raster.
        min_area_px: Objects whose shells enclose fewer pixels are left out.
    """
    large = rings.area >= min_area_px
    order = np.flatnonzero(large)[np.lexsort((rings.first[large], rings.part[large], rings.group[large]))]
    sizes, begins = rings.size[order], (rings.size.cumsum() - rings.size)[order]
    points = coordinates(rings.points, begins, sizes, np.array(transform[:6]))
    first_rings = _starts(rings.part[order])
    ends = np.append(0, sizes.cumsum()), np.append(first_rings, len(order))
    parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, ends)
    groups = rings.group[order][first_rings]
    first_parts = _starts(groups)
    shapes, counts = parts[first_parts], np.diff(first_parts, append=len(parts))
    several = counts > 1
    if several.any():
        joined = np.repeat(np.where(several, several.cumsum() - 1, -1), counts)
        shapes[several] = shapely.multipolygons(parts[joined >= 0], indices=joined[joined >= 0])
    return groups[first_parts], shapes


def _starts(keys: np.ndarray) -> np.ndarray:
    """Return where runs of equal keys begin; keys are not negative."""
    return np.flatnonzero(np.diff(keys, prepend=-1))
