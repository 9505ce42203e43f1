"""Lobes of debris that creep downhill: their centre lines, outlines, and the coordinates along and across them."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage

from workflow_scripts.rogi.demo.noise import smoothstep, wave

STEP_M = 10.0


@dataclass
class Tongue:
    """A lobe.

    Attributes:
        line: Centre line from root to front, pixel columns and rows, shape (n, 2), steps of 10 m.
        outline: Its polygon, in pixels.
        half_width_m: Half the greatest width.
    """

    line: np.ndarray
    outline: shapely.Polygon
    half_width_m: float

    @property
    def length_m(self) -> float:
        """Length of the centre line."""
        return STEP_M * (len(self.line) - 1)


class Flow:
    """The directions in which things creep: down the gradient of the smoothed relief."""

    def __init__(self, height: np.ndarray, cell_m: float, smoothing: float) -> None:
        """Smooth heights (coarse grid) by a number of cells."""
        self.height = ndimage.gaussian_filter(height, smoothing)
        down, right = np.gradient(self.height, cell_m)
        self.gradient = np.stack([right, down])

    def at(self, row: float, column: float) -> tuple[float, float]:
        """Return the gradient (eastward, southward; tangents) at a place on the coarse grid, bilinear."""
        r, c = int(row), int(column)
        fr, fc = row - r, column - c
        g = self.gradient[:, r : r + 2, c : c + 2]
        east, south = (g[:, 0] * (1 - fr) + g[:, 1] * fr) @ np.array([1 - fc, fc])
        return float(east), float(south)


def trace(flow: Flow, start: tuple[float, float], length_m: float, least_slope: float, cell_m: float) -> np.ndarray:
    """Follow the flow from a start, with inertia, until it flattens.

    Args:
        flow: Directions.
        start: Row and column on the coarse grid.
        length_m: Greatest length.
        least_slope: Gradient below which the tongue stops.
        cell_m: Size of a coarse cell.

    Returns:
        Rows and columns on the coarse grid, shape (n, 2).
    """
    points = [np.array(start)]
    heading = np.zeros(2)
    for _ in range(int(length_m / STEP_M)):
        row, column = points[-1]
        if not (2 < row < flow.height.shape[0] - 3 and 2 < column < flow.height.shape[1] - 3):
            break
        east, south = flow.at(row, column)
        steep = np.hypot(east, south)
        if steep < least_slope:
            break
        heading = 0.86 * heading + 0.14 * -np.array([south, east]) / steep
        points.append(points[-1] + heading / np.hypot(*heading) * STEP_M / cell_m)
    return ndimage.gaussian_filter1d(np.array(points), 3, axis=0, mode="nearest")


def outline(
    line: np.ndarray, half_width_m: float, pixel_m: float, widening: float, rng: np.random.Generator
) -> shapely.Polygon:
    """Draw the outline around a centre line: narrow at the root, uneven margins, a rounded and lobate front.

    Args:
        line: Pixel columns and rows, steps of 10 m.
        half_width_m: Half the width of the body.
        pixel_m: True pixel size.
        widening: Share by which the front is wider than the body.
        rng: Source of randomness.

    Returns:
        A valid polygon in pixels, of one part and without holes.
    """
    count = len(line)
    along = np.arange(count) * STEP_M
    length = along[-1]
    width = half_width_m * (0.62 + 0.38 * smoothstep(along, 0, 0.4 * length))
    width *= 1 + widening * np.exp(-(((length - along - 1.1 * half_width_m) / half_width_m) ** 2))
    width *= np.sqrt(np.clip(1 - (1 - along / (0.5 * half_width_m)).clip(0) ** 2, 0.02, 1))
    left, right = (width * (1 + 0.09 * wave(count, 30, rng) + 0.06 * wave(count, 12, rng)) for _ in range(2))
    front = np.sqrt(np.clip(1 - ((along - length + 1.15 * half_width_m) / (1.15 * half_width_m)).clip(0) ** 2, 0, 1))
    tangent = np.gradient(line, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) / np.hypot(*tangent.T)[:, None]
    ring = np.concatenate(
        [line + normal * (left * front / pixel_m)[:, None], (line - normal * (right * front / pixel_m)[:, None])[::-1]]
    )
    return _rounded(shapely.Polygon(ring), 14 / pixel_m)


def _rounded(shape: shapely.Geometry, radius: float) -> shapely.Polygon:
    """Round corners and close folds, and keep the largest part without its holes."""
    smooth = shape.buffer(0).buffer(radius).buffer(-2 * radius).buffer(radius)
    return largest(smooth.simplify(0.3))


def largest(shape: shapely.Geometry) -> shapely.Polygon:
    """Return the largest polygon of a geometry without its holes; an empty one if there is none."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    if not parts:
        return shapely.Polygon()
    return shapely.Polygon(max(parts, key=lambda part: part.area).exterior)


def along_and_across(
    line: np.ndarray, window: tuple[int, int, int, int], pixel_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return, for every pixel of a window, its distance along a centre line and across it, in metres.

    Args:
        line: Pixel columns and rows from root to front.
        window: First row, first column, rows and columns.
        pixel_m: True pixel size.

    Returns:
        Two float32 arrays of the window's shape; the second is negative on the right of the flow.
    """
    row, column, rows, columns = window
    dense = np.stack([np.interp(np.arange(0, len(line) - 1, 0.25), np.arange(len(line)), line[:, k]) for k in (0, 1)])
    x, y = dense[0] - column, dense[1] - row
    index = np.full((rows, columns), -1)
    inside = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
    index[y[inside].astype(int), x[inside].astype(int)] = np.flatnonzero(inside)
    near = ndimage.distance_transform_edt(index < 0, return_distances=False, return_indices=True)
    nearest = index[near[0], near[1]]
    tangent = ndimage.gaussian_filter1d(np.gradient(dense, axis=1), 12, axis=1, mode="nearest")
    tangent /= np.hypot(*tangent)
    away = np.stack([np.arange(columns)[None, :] + 0.5 - x[nearest], np.arange(rows)[:, None] + 0.5 - y[nearest]])
    t = tangent[:, nearest]
    along = nearest * (0.25 * STEP_M) + (away * t).sum(0) * pixel_m
    across = (away[1] * t[0] - away[0] * t[1]) * pixel_m
    return along.astype(np.float32), across.astype(np.float32)
