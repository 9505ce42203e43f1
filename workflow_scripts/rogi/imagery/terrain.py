"""Terrain as channels of the imagery: derived on the DEM's own grid in fixed blocks, then brought to the imagery's."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from affine import Affine
from rasterio.windows import Window

from workflow_scripts.rogi.attributes.elevation import Mosaic, open_mosaics
from workflow_scripts.rogi.attributes.terrain import angles, curvature, gradient, pixel_shape, ruggedness
from workflow_scripts.rogi.imagery.grid import PixelGrid, aligned, grown, intersection, within
from workflow_scripts.rogi.imagery.resample import PLACE_DIGITS, bilinear, positions, span

TERRAIN = ("elevation", "slope", "aspect_sine", "aspect_cosine", "curvature", "roughness")
BLOCK_PX = 128  # cells of a block share one shape in metres; 0.04° of a DEM of 1"
RIM_PX = 2  # curvature and roughness look at 5 x 5 cells
REMEMBERED = 64  # blocks, each 0.4 MiB with all layers


class Terrain:
    """Layers of a DEM. May be shared between threads."""

    def __init__(self, names: Sequence[str], dem_files: Sequence[str]) -> None:
        """Open DEM files of any kind and grid, see `open_mosaics`; where several grids have a value, the first counts.

        Args:
            names: Of TERRAIN.
            dem_files: The files.
        """
        self.names, self.mosaics = list(names), [_anchored(mosaic) for mosaic in open_mosaics(dem_files)]
        self._reading = threading.Lock()  # neither GDAL's handles nor richdem may be used by two threads
        self._block = lru_cache(REMEMBERED)(self._derived)

    def read(self, window: Window, grid: PixelGrid) -> np.ndarray:
        """Return float32 (names, height, width) of a window of imagery; NaN in voids, next to them, and outside."""
        found = np.full((len(self.names), window.height, window.width), np.nan, np.float32)
        for number, mosaic in enumerate(self.mosaics):
            rows, columns = positions(window, grid, mosaic.crs, mosaic.transform)
            high, wide = span(rows), span(columns)
            if high is None or wide is None:
                continue
            layers = self._layers(number, Window.from_slices(high, wide, boundless=True))
            if layers is not None:
                values = bilinear(layers, rows - high.start, columns - wide.start)
                found = np.where(np.isnan(found), values, found)
        return found

    def _layers(self, number: int, window: Window) -> np.ndarray | None:
        """Return the layers of a window of a mosaic, None where no tile touches it."""
        mosaic = self.mosaics[number]
        west, north = mosaic.transform_of(window) @ (0, 0)
        east, south = mosaic.transform_of(window) @ (window.width, window.height)
        if not mosaic.touched(np.array([[west, south, east, north]]))[0]:
            return None
        layers = np.empty((len(self.names), window.height, window.width), np.float32)
        whole = aligned(window, BLOCK_PX)
        for row in range(whole.row_off, whole.row_off + whole.height, BLOCK_PX):
            for column in range(whole.col_off, whole.col_off + whole.width, BLOCK_PX):
                block = Window(column, row, BLOCK_PX, BLOCK_PX)
                shared = intersection(block, window)
                assert shared is not None
                with self._reading:
                    derived = self._block(number, row, column)
                layers[:, *within(shared, window)] = derived[:, *within(shared, block)]
        return layers

    def _derived(self, number: int, row: int, column: int) -> np.ndarray:
        """Return the layers of one block, float32 (names, BLOCK_PX, BLOCK_PX)."""
        mosaic, block = self.mosaics[number], Window(column, row, BLOCK_PX, BLOCK_PX)
        wide = grown(block, RIM_PX)
        heights = mosaic.read(wide)
        shape = pixel_shape(mosaic.transform_of(block), mosaic.crs, (BLOCK_PX, BLOCK_PX))
        east, north = gradient(heights, shape)
        slope, aspect = angles(east, north)
        layers = {
            "elevation": heights,
            "slope": slope,
            "aspect_sine": np.sin(np.radians(aspect)),
            "aspect_cosine": np.cos(np.radians(aspect)),
            "curvature": curvature(east, north, shape) * 1000,  # per km
            "roughness": ruggedness(east, north),
        }
        return np.stack([layers[name][within(block, wide)] for name in self.names]).astype(np.float32)


def _anchored(mosaic: Mosaic) -> Mosaic:
    """Count a mosaic's pixels from the origin of its CRS, so that blocks lie alike whichever tile comes first."""
    grid = mosaic.transform
    column, row = round(grid.c / grid.a), round(grid.f / grid.e)
    across, down = round(grid.c / grid.a - column, PLACE_DIGITS), round(grid.f / grid.e - row, PLACE_DIGITS)
    tiles = tuple(replace(tile, column=tile.column + column, row=tile.row + row) for tile in mosaic.tiles)
    return replace(mosaic, transform=Affine(grid.a, 0, across * grid.a, 0, grid.e, down * grid.e), tiles=tiles)
