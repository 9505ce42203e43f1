"""The line along which a rock glacier flows, from its head to its foot."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numba import njit
from scipy.ndimage import distance_transform_edt

from workflow_scripts.rogi.attributes.terrain import gradient
from workflow_scripts.rogi.attributes.zonal import azimuth

STEP = 0.25  # of the shorter side of a cell
LEVEL = 1e-6  # rise; what fills depressions rises by less, and leads nowhere
BEYOND = 8  # steps, so that a line reaches the outline, which cuts through the cells


@dataclass(frozen=True)
class FlowLine:
    """A flow line inside an outline.

    Attributes:
        points: Columns and rows (0 at the edge of the first pixel) from head to foot, shape (n, 2).
        length_m: True metres of its plan.
        azimuth_deg: From its head to its foot, clockwise from true north.
    """

    points: np.ndarray
    length_m: float
    azimuth_deg: float


class Field(NamedTuple):
    """A surface and where it rises; arrays of shape (height, width), NaN where unknown.

    Attributes:
        heights: Smoothed, m.
        east: Their rise per metre east.
        north: Their rise per metre north.
        step: From a ground vector of length 1 to columns and rows of one step, shape (2, 2).
    """

    heights: np.ndarray
    east: np.ndarray
    north: np.ndarray
    step: np.ndarray


def flow_line(heights: np.ndarray, outline: shapely.Geometry, cells: np.ndarray, shape: np.ndarray) -> FlowLine | None:
    """Return the line of steepest descent that is longest and keeps to the middle of an outline.

    Lines run up and down from the centre of every cell: on a bulging tongue those that start at its foot stay on its
    crest, on a hollow one those that start at its head stay in its bed. Of them, the one along which the distances to
    the outline add up to most.

    Args:
        heights: Filled and smoothed, shape (height, width), m; NaN where unknown.
        outline: In pixels: x columns, y rows, 0 at the edge of the first pixel.
        cells: Cells whose centre it holds, or those that it touches where it holds none.
        shape: Ground vectors of a pixel, as from `terrain.pixel_shape`.

    Returns:
        None where no cell has a direction.
    """
    cell_m = np.hypot(*shape)
    field = Field(heights, *gradient(heights, shape), np.linalg.inv(shape) * STEP * cell_m.min())
    depth = distance_transform_edt(np.pad(cells, 1), sampling=cell_m[::-1])[1:-1, 1:-1]
    centres = np.argwhere(cells)[:, ::-1] + 0.5
    starts = centres[shapely.contains_xy(outline, *centres.T)]
    if not len(starts):
        starts = shapely.get_coordinates(outline.representative_point())
    x, y = starts[_main_line(field, depth, starts)]
    up, down = (_trace(field, depth, x, y, sign, BEYOND) for sign in (1.0, -1.0))
    if not len(up) + len(down):
        return None
    path = shapely.LineString(np.concatenate([up[::-1], [(x, y)], down]))
    return _cut(path, outline, shape)


def _cut(path: shapely.LineString, outline: shapely.Geometry, shape: np.ndarray) -> FlowLine | None:
    """Return the longest part of a path that lies inside an outline."""
    parts = [part for part in shapely.get_parts(path.intersection(outline)) if part.length > 0]
    if not parts:
        return None
    points = shapely.get_coordinates(max(parts, key=lambda part: part.length))
    if path.project(shapely.Point(points[0])) > path.project(shapely.Point(points[-1])):
        points = points[::-1]
    azimuth_deg = float(azimuth(*(shape @ (points[-1] - points[0]))))
    length_m = float(np.hypot(*(shape @ np.diff(points, axis=0).T)).sum())
    return FlowLine(points, length_m, azimuth_deg)


@njit(cache=True)
def _main_line(field: Field, depth: np.ndarray, starts: np.ndarray) -> int:
    """Return the start of the line, up and down, with the greatest sum of depths."""
    best, most = 0, 0.0
    for position in range(len(starts)):
        x, y = starts[position]
        total = 0.0
        for sign in (1.0, -1.0):
            for point in _trace(field, depth, x, y, sign, 0):
                total += depth[int(point[1]), int(point[0])]
        if total > most:
            best, most = position, total
    return best


@njit(cache=True)
def _trace(field: Field, depth: np.ndarray, x: float, y: float, sign: float, beyond: int) -> np.ndarray:
    """Return the points of a line from (x, y) uphill (sign 1) or downhill (-1), until it leaves or ends.

    Args:
        field: What it runs on.
        depth: Distance of the cells to the outline, 0 outside.
        x: Column of its start.
        y: Row of its start.
        sign: Uphill or downhill.
        beyond: How many steps it goes on outside.
    """
    points = []
    here = _between(field.heights, x, y)
    outside = 0
    while True:
        east, north = _between(field.east, x, y), _between(field.north, x, y)
        steepness = np.hypot(east, north)
        if not steepness > LEVEL:
            break
        x += sign * (field.step[0, 0] * east + field.step[0, 1] * north) / steepness
        y += sign * (field.step[1, 0] * east + field.step[1, 1] * north) / steepness
        there = _between(field.heights, x, y)
        if not sign * (there - here) > 0:  # past a summit or a pit, or into a void
            break
        outside += 0 if depth[int(y), int(x)] > 0 else 1
        if outside > beyond:
            break
        points.append((x, y))
        here = there
    result = np.empty((len(points), 2))
    for position in range(len(points)):
        result[position] = points[position]
    return result


@njit(cache=True)
def _between(values: np.ndarray, x: float, y: float) -> float:
    """Return a value between the centres of four cells (bilinear); NaN where one is unknown or outside."""
    column, row = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
    if row < 0 or column < 0 or row + 1 >= values.shape[0] or column + 1 >= values.shape[1]:
        return np.nan
    right, down = x - 0.5 - column, y - 0.5 - row
    above = values[row, column] * (1 - right) + values[row, column + 1] * right
    below = values[row + 1, column] * (1 - right) + values[row + 1, column + 1] * right
    return above * (1 - down) + below * down
