"""Imagery for benchmarks: a cut of the demo world on the window grid, and mosaics of which little is there."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.windows import Window

from tests.worlds import GRID, WHOLE, write_quad, write_subregions
from workflow_scripts.rogi.demo.frame import QUAD_PX, Frame
from workflow_scripts.rogi.demo.imagery import STRIP_PX, pictures
from workflow_scripts.rogi.demo.scene import make_scene
from workflow_scripts.rogi.imagery.index import index_quads, write_index

SEED = 20240
WEST_QUAD, SOUTH_QUAD, ROCK_GLACIERS_PER_QUAD = 1474, 1237, 30
PLANET: dict[str, Any] = {
    "tiled": True,
    "blockxsize": 256,
    "blockysize": 256,
    "compress": "deflate",
    "predictor": 2,
    "interleave": "pixel",
    "photometric": "RGB",
}
SUBREGION = "benchmark"


def within_windows(window_px: int, step_px: int, windows: int) -> Window:
    """Return a square, in global pixels, that touches `windows` × `windows` windows of the global grid."""
    column, row = (start // step_px * step_px + window_px - step_px for start in (WHOLE.col_off, WHOLE.row_off))
    side = windows * step_px - (window_px - step_px)
    return Window(column, row, side, side)


def write_cut(raster: str, column: int, row: int, side: int) -> None:
    """Write a square of the demo world in the format of a Planet quad, at a global pixel, all of it valid."""
    quads = math.ceil(side / QUAD_PX)
    scene = make_scene(Frame(WEST_QUAD, SOUTH_QUAD, quads, quads), ROCK_GLACIERS_PER_QUAD * quads**2, SEED)
    first = scene.frame.height - side  # the south-west has imagery everywhere

    def strip(start: int) -> np.ndarray:
        return pictures(scene, first + start, 0, (min(STRIP_PX, side - start), side))[0]

    with ThreadPoolExecutor(2) as pool:
        bands = np.concatenate(list(pool.map(strip, range(0, side, STRIP_PX))), axis=1)
    write_quad(raster, bands, column, row, **PLANET)


def write_empty(raster: str, side: int) -> None:
    """Write a quad without any valid pixel."""
    write_quad(raster, np.zeros((4, side, side), np.uint8), **PLANET)


def write_mosaic(folder: str, cells: dict[str, list[tuple[int, int]]], side: int) -> None:
    """Write the tile index of a virtual mosaic and a subregion of its whole extent: `index.gpkg`, `subregions.gpkg`.

    Args:
        folder: Where the files go.
        cells: For each quad, all of one size, the rows and columns at which the mosaic shows it; others are missing.
        side: Of the square subregion, in pixels.
    """
    first = index_quads([next(iter(cells))], 3, None, 1)
    rows = [_at(first, location, *cell) for location, places in cells.items() for cell in places]
    index = gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), crs=first.crs)
    index.attrs["grid"] = GRID
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_index(f"{folder}/index.gpkg", index, 3)
    west, _, _, north = index.total_bounds
    extent = shapely.box(west, north - side * GRID.pixel, west + side * GRID.pixel, north)
    write_subregions(f"{folder}/subregions.gpkg", {SUBREGION: extent})


def _at(quad: gpd.GeoDataFrame, location: str, row: int, column: int) -> gpd.GeoDataFrame:
    """Return the index of a quad as that of another file, as many quads further south and east."""
    height, width = (int(quad[side].iloc[0]) for side in ("height", "width"))
    place = Window(quad["column"].iloc[0] + column * width, quad["row"].iloc[0] + row * height, width, height)
    corner = {"location": location, "row": place.row_off, "column": place.col_off}
    return quad.assign(**corner).set_geometry([shapely.box(*GRID.bounds(place))], crs=quad.crs)


def diagonal(quads_per_side: int, quads: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return cells of a mosaic from corner to corner, and as many beside them."""
    steps = [number * (quads_per_side - 1) // (quads - 1) for number in range(quads)]
    return [(step, step) for step in steps], [(step, step - 1 if step else 1) for step in steps]
