"""Clean ice in high, shaded hollows."""

from collections.abc import Iterator

import numpy as np
import rasterio.features
import shapely
import shapely.geometry
from affine import Affine
from scipy import ndimage

from workflow_scripts.rogi.demo.frame import CELL_PX, Frame
from workflow_scripts.rogi.demo.relief import Relief
from workflow_scripts.rogi.demo.tongues import largest

SNOWLINE_M = 5620.0
LEAST_CELLS = 140  # about 0.14 km²


def ice_score(relief: Relief, cell_m: float) -> np.ndarray:
    """Return how likely ice is on the coarse grid; there is ice above 0."""
    smooth = ndimage.gaussian_filter(relief.height, 4)
    down, right = np.gradient(smooth, cell_m)
    north = down / np.maximum(np.hypot(down, right), 1e-6)  # 1 on slopes that face north: rows run southwards
    slope = np.hypot(down, right)
    hollow = np.clip(ndimage.gaussian_filter(relief.hollow, 2), -120, 120) / 55
    score = (smooth - SNOWLINE_M) / 150 + 0.9 * north - 5 * np.maximum(slope - 0.42, 0) + hollow - 0.8
    return ndimage.gaussian_filter(score, 3)


def grow_glaciers(frame: Frame, relief: Relief) -> list[shapely.Polygon]:
    """Return the glaciers inside the imagery, largest first, outlines in pixels."""
    labels, _ = ndimage.label(ice_score(relief, frame.cell_m) > 0)
    sizes = np.bincount(labels.ravel())
    labels[sizes[labels] < LEAST_CELLS] = 0
    rows, columns = frame.margins
    to_pixels = Affine(CELL_PX, 0, -columns * CELL_PX, 0, CELL_PX, -rows * CELL_PX)
    shapes = rasterio.features.shapes(labels.astype(np.int32), mask=labels > 0, transform=to_pixels)
    inside = shapely.box(0, 0, frame.width, frame.height)
    outlines = (_rounded(shapely.geometry.shape(shape)).intersection(inside) for shape, _ in shapes)
    kept = [largest(outline) for outline in outlines]
    least = LEAST_CELLS * CELL_PX**2 / 2
    return sorted((shape for shape in kept if shape.area > least), key=lambda shape: -shape.area)


def _rounded(shape: shapely.Geometry) -> shapely.Polygon:
    return largest(shape.buffer(-8).buffer(26).buffer(-26).buffer(8).simplify(1.0).buffer(6).buffer(-6))


def lowest_points(glaciers: list[shapely.Polygon], frame: Frame, height: np.ndarray) -> Iterator[tuple[float, float]]:
    """Give the row and column (coarse grid) of each glacier's lowest point on its margin."""
    for glacier in glaciers:
        x, y = np.array(glacier.exterior.coords).T
        rows, columns = frame.coarse_index(y, 0), frame.coarse_index(x, 1)
        lowest = np.argmin(ndimage.map_coordinates(height, [rows, columns], order=1))
        yield float(rows[lowest]), float(columns[lowest])
