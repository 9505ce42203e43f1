"""Tongue-shaped objects whose borders are known, the rules that leave them as they are, and a slope to flow down."""

from pathlib import Path
from typing import Any

import numpy as np
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.raster import write_raster

PLAIN: dict[str, Any] = {
    "threshold": 0.5,
    "seed_threshold": None,
    "connectivity": 4,
    "max_hole_m2": 0.0,
    "min_area_m2": 0.0,
    "smoothing_m": 0.0,
    "units": "none",
    "unit_max_neck": 0.9,
    "unit_flow_compression": 3.0,
    "unit_flow_smoothing_m": 60.0,
    "cut_objects": "stop",
}
UNITS = PLAIN | {"units": "watershed", "min_area_m2": 10_000.0}


def ellipse(shape: tuple[int, int], row: float, column: float, half_rows: float, half_columns: float) -> np.ndarray:
    """Return the pixels whose centres lie in an ellipse."""
    rows, columns = (np.arange(size) + 0.5 for size in shape)
    return ((rows[:, np.newaxis] - row) / half_rows) ** 2 + ((columns - column) / half_columns) ** 2 < 1


def pair(shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    """Return two tongues from top to bottom, side by side, with a border of 45 px at column 50: labels 1 and 2."""
    left, right = ellipse(shape, 50, 34, 40, 20), ellipse(shape, 50, 66, 40, 20)
    west = np.arange(shape[1]) < 50
    return np.where((left | right) & west, 1, np.where(left | right, 2, 0))


def flow(shape: tuple[int, ...], east: float, south: float) -> np.ndarray:
    """Return a field of one direction."""
    vector = np.array([east, south]) / np.hypot(east, south)
    return np.broadcast_to(vector[:, np.newaxis, np.newaxis], (2, *shape)).copy()


def write_slope(path: Path, grid: PixelGrid, column: int, row: int, east: float, south: float) -> str:
    """Write a DEM round a pixel of a grid that falls by some metres per pixel eastwards and southwards."""
    rows, columns = np.mgrid[-400:400, -400:400].astype(np.float32)
    heights = (5000 - east * columns - south * rows).astype(np.float32)
    write_raster(path, heights, grid.crs, grid.transform(Window(column - 400, row - 400, 800, 800)), nodata=-32768)
    return str(path)
