"""Smoothing of outlines along pixel edges: areas and shared borders stay, nothing comes to overlap.

An outline is cut into arcs where units meet. Each arc is smoothed from its own points alone, so both units that share
it get the same border, and the result does not depend on what else a job has found. It moves by less than `REACH`
standard deviations, and what lies within twice that of another system stays as it is, so systems never meet.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import shapely
from scipy.ndimage import gaussian_filter1d

# In standard deviations. Points are a pixel apart, so an average moves one by at most the mean length of the steps that
# it takes, √(2/π) = 0.8 standard deviations, and a second average as far again; simplifying adds its own.
REACH = 2.0
SIMPLIFIED = 0.1  # standard deviations; less than can be seen
AREA_CHANGE = 0.01  # greatest, of every polygon
HALVINGS = 3


def smoothed(units: np.ndarray, sigma_px: float, near: shapely.Geometry | None, least_px: float) -> np.ndarray:
    """Return the units of one system with smooth outlines.

    Where that would change an area by more than `AREA_CHANGE`, make a polygon invalid or spoil a common border, half
    the smoothing is tried, and after `HALVINGS` of them none.

    Args:
        units: Polygons along pixel edges, in whole pixels, that do not overlap; array of shape (n,).
        sigma_px: Standard deviation of the smoothing along the outline, pixels; 0 keeps the pixels' corners.
        near: Other systems within twice the reach, or None.
        least_px: Smoothing takes no area below this, pixels.

    Returns:
        Polygons and multipolygons in pixels; neighbours share every point of their border.
    """
    nodes = _nodes(units)
    area = shapely.area(units)
    least = np.maximum((1 - AREA_CHANGE) * area, np.minimum(area, least_px))
    for halving in range(HALVINGS + 1 if sigma_px > 0 else 0):
        drawn = _redrawn(units, _Pen(nodes, near, sigma_px / 2**halving))
        if _is_sound(drawn) and (least <= shapely.area(drawn)).all() and _grown(drawn, area) <= AREA_CHANGE:
            return drawn
    return _redrawn(units, _Pen(nodes, None, 0.0))


def _grown(drawn: np.ndarray, area: np.ndarray) -> float:
    return float((shapely.area(drawn) / area - 1).max())


def _is_sound(drawn: np.ndarray) -> bool:
    return bool(shapely.is_valid(drawn).all() and (len(drawn) == 1 or shapely.coverage_is_valid(drawn)))


def _redrawn(units: np.ndarray, ring: Callable[[shapely.LinearRing], np.ndarray]) -> np.ndarray:
    parts, unit = shapely.get_parts(units, return_index=True)
    drawn = np.array([shapely.Polygon(ring(part.exterior), [ring(hole) for hole in part.interiors]) for part in parts])
    together = [drawn[unit == number] for number in range(len(units))]
    return np.array([one[0] if len(one) == 1 else shapely.MultiPolygon(list(one)) for one in together])


class _Pen:
    """Draws rings: arcs between nodes are smoothed, those near other systems stay."""

    def __init__(self, nodes: np.ndarray, near: shapely.Geometry | None, sigma: float) -> None:
        self.nodes, self.near, self.sigma = nodes, near, sigma

    def __call__(self, ring: shapely.LinearRing) -> np.ndarray:
        """Return the new points of a ring along pixel edges, the first again at the end."""
        points = _steps(ring)
        held = self._held(points)
        held_inside = held & np.roll(held, 1) & np.roll(held, -1)
        ends = np.flatnonzero(np.isin(_codes(points), self.nodes) | (held & ~held_inside))
        if len(ends) == 0:
            return self._loop(points, bool(held[0]))
        points, held = (np.concatenate([part[ends[0] :], part[: ends[0] + 1]]) for part in (points, held))
        ends = np.append(ends - ends[0], len(points) - 1)
        arcs = [self._arc(points[a : b + 1], bool(held[a + 1])) for a, b in pairwise(ends)]
        return np.concatenate([*(arc[:-1] for arc in arcs), arcs[-1][-1:]])

    def _held(self, points: np.ndarray) -> np.ndarray:
        if self.sigma == 0:
            return np.ones(len(points), bool)
        if self.near is None:
            return np.zeros(len(points), bool)
        return np.asarray(shapely.dwithin(self.near, shapely.points(points), 2 * REACH * self.sigma))

    def _arc(self, points: np.ndarray, is_held: bool) -> np.ndarray:
        """Draw an arc, ends included, from the same end whichever way its ring runs."""
        forward = [*points[0], *points[1]] <= [*points[-1], *points[-2]]
        drawn = self._line(points if forward else points[::-1], is_held, closed=False)
        return drawn if forward else drawn[::-1]

    def _loop(self, points: np.ndarray, is_held: bool) -> np.ndarray:
        """Draw a ring without nodes, from its westernmost, then southernmost point, whichever way it runs."""
        points = np.roll(points, -np.lexsort(points.T[::-1])[0], axis=0)
        if [*points[-1]] < [*points[1]]:
            points = np.roll(points[::-1], 1, axis=0)
        return self._line(points, is_held, closed=True)

    def _line(self, points: np.ndarray, is_held: bool, closed: bool) -> np.ndarray:
        if is_held or len(points) < 3:
            return _corners(np.append(points, points[:1], axis=0) if closed else points)
        line = _averaged(points, self.sigma, closed)
        simple = shapely.get_coordinates(shapely.simplify(shapely.LineString(line), SIMPLIFIED * self.sigma))
        return simple if len(simple) > 3 or not closed else line


def _averaged(points: np.ndarray, sigma: float, closed: bool) -> np.ndarray:
    """Smooth by a Gaussian and give back what that takes from round shapes (twicing, Tukey 1977), so that areas stay.

    Returns:
        The points of an arc, its ends in place; those of a closed line with the first again at the end.
    """
    tail = 0 if closed else int(4 * sigma + 0.5)  # where scipy cuts the Gaussian off

    def average(line: np.ndarray) -> np.ndarray:
        longer = np.pad(line, ((tail, tail), (0, 0)), mode="reflect", reflect_type="odd") if tail else line
        return gaussian_filter1d(longer, sigma, axis=0, mode="wrap" if closed else "nearest")[tail : tail + len(line)]

    once = average(points)
    line = 2 * once - average(once)
    if closed:
        return np.append(line, line[:1], axis=0)
    line[[0, -1]] = points[[0, -1]]
    return line


def _corners(points: np.ndarray) -> np.ndarray:
    """Return a line along pixel edges without the points at which it goes straight on."""
    way = np.diff(points, axis=0)
    turns = (way[1:] != way[:-1]).any(axis=1)
    return points[np.concatenate([[True], turns, [True]])]


def _steps(ring: shapely.LinearRing) -> np.ndarray:
    """Return the corners of pixels that a ring along pixel edges passes, each once; array of shape (n, 2)."""
    corners = shapely.get_coordinates(ring)
    way = np.diff(corners, axis=0)
    counts = np.abs(way).sum(axis=1).astype(int)
    along = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    return np.repeat(corners[:-1], counts, axis=0) + along[:, np.newaxis] * np.repeat(np.sign(way), counts, axis=0)


def _nodes(units: np.ndarray) -> np.ndarray:
    """Return the codes of the points where other than two edges of outlines meet: junctions, and touching corners."""
    edges = []
    for ring in (ring for part in shapely.get_parts(units) for ring in (part.exterior, *part.interiors)):
        codes = _codes(_steps(ring))
        edges.append(np.sort(np.stack([codes, np.roll(codes, -1)], axis=1), axis=1))
    points, degree = np.unique(np.unique(np.concatenate(edges), axis=0), return_counts=True)
    return points[degree != 2]


def _codes(points: np.ndarray) -> np.ndarray:
    """Return one whole number per point in whole pixels."""
    whole = points.astype(np.int64)
    return (whole[:, 0] << 32) + whole[:, 1]
