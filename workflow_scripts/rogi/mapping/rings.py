"""Finished objects leave the store of corners as rings: simple ones, in an order that no tile has a part in."""

from typing import NamedTuple

import numpy as np
from numba import njit

from workflow_scripts.rogi.mapping.corners import COLUMN_BITS, Store

TAKEN = -2  # stands in `following` of corners that may go
COLUMN_MASK = (1 << COLUMN_BITS) - 1


class Rings(NamedTuple):
    """Rings of whole objects, int64; positions are row << COLUMN_BITS | column.

    Attributes:
        points: Positions along the rings, one ring after the other, each from its first corner (from top to bottom,
            then left to right) around to it again. Shells have the object on their left, north up, and so have holes.
        size: Number of points of each ring.
        first: Position of its first corner.
        part: That of its part's shell.
        group: That of its object.
        area: Pixels that the object's shells enclose, holes among them.
    """

    points: np.ndarray
    size: np.ndarray
    first: np.ndarray
    part: np.ndarray
    group: np.ndarray
    area: np.ndarray


@njit(cache=True)
def take_finished(open_labels: np.ndarray, store: Store) -> tuple[Rings, int]:
    """Take the rings of the objects that have no open label out of a store.

    A ring that touches itself in a corner comes as several that do not: a shell, and holes that touch it or each other.

    Args:
        open_labels: Labels of the object pixels at the front.
        store: Filled tables, with flat forests. Rings that stay are moved up, corners that go are marked.

    Returns:
        The rings, and how many closed ones stay in the store.
    """
    is_open = np.zeros(len(store.group), np.bool_)
    is_open[store.group[open_labels]] = True
    corners = len(store.position)
    rings = _room(corners)
    path = np.empty(corners, np.int64)
    kept = points = count = 0
    for ring in range(len(store.start)):
        start, label = store.start[ring], store.label[ring]
        if is_open[store.group[label]]:
            store.start[kept], store.label[kept] = start, label
            kept += 1
            continue
        before = count
        points, count = _walk(start, store, path, rings, points, count)
        rings.part[before:count], rings.group[before:count] = store.part[label], store.group[label]
    _describe(rings, count, len(store.part))
    return _cut(rings, points, count), kept


@njit(cache=True)
def _room(corners: int) -> Rings:
    """Return tables for the rings of some corners: no ring has fewer than four, and each repeats one."""
    most = corners // 4
    size, first, part = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    return Rings(np.empty(corners + most, np.int64), size, first, part, np.empty_like(part), np.empty_like(part))


@njit(cache=True)
def _cut(rings: Rings, points: int, count: int) -> Rings:
    size, first, part = rings.size[:count], rings.first[:count], rings.part[:count]
    return Rings(rings.points[:points], size, first, part, rings.group[:count], rings.area[:count])


@njit(cache=True)
def _walk(start: int, store: Store, path: np.ndarray, rings: Rings, points: int, count: int) -> tuple[int, int]:
    """Follow a ring, and cut a loop off wherever it comes back to a position; return the points and rings so far."""
    corner, length = start, 0
    while store.following[corner] != TAKEN:
        position = store.position[corner]
        # The corners of a diagonal pair are neighbours in the store; `far`, free now, is their place on the path.
        for twin in range(max(corner - 1, 0), min(corner + 2, len(store.position))):
            place = store.far[twin]
            if store.position[twin] == position and place < length and path[place] == position:
                points, count = _close(path[place:length], rings, points, count)
                length = place
        path[length] = position
        store.far[corner] = length
        length += 1
        following = store.following[corner]
        store.following[corner] = TAKEN
        corner = following
    return _close(path[:length], rings, points, count)


@njit(cache=True)
def _close(loop: np.ndarray, rings: Rings, points: int, count: int) -> tuple[int, int]:
    """Write a ring from its first corner on, with its signed area (holes negative)."""
    size, begin = len(loop), np.argmin(loop)
    area = 0
    for index in range(size):
        here, after = loop[(begin + index) % size], loop[(begin + index + 1) % size]
        rings.points[points + index] = here
        area += (here >> COLUMN_BITS) * ((after & COLUMN_MASK) - (here & COLUMN_MASK))
    rings.points[points + size] = loop[begin]
    rings.size[count], rings.first[count], rings.area[count] = size + 1, loop[begin], area
    return points + size + 1, count + 1


@njit(cache=True)
def _describe(rings: Rings, count: int, labels: int) -> None:
    """Put first corners in the place of labels, and the area within an object's shells in that of its rings."""
    part, group = np.full(labels, np.iinfo(np.int64).max), np.full(labels, np.iinfo(np.int64).max)
    area = np.zeros(labels, np.int64)
    for ring in range(count):
        here, whole = rings.part[ring], rings.group[ring]
        part[here], group[whole] = min(part[here], rings.first[ring]), min(group[whole], rings.first[ring])
        area[whole] += max(rings.area[ring], 0)
    for ring in range(count):
        rings.area[ring] = area[rings.group[ring]]
        rings.part[ring], rings.group[ring] = part[rings.part[ring]], group[rings.group[ring]]


@njit(cache=True)
def compact_corners(store: Store) -> tuple[np.ndarray, int]:
    """Close the gaps that taken rings left, in order; return the new numbers of the old corners, and how many stay."""
    position, following, far = store.position, store.following, store.far
    new = np.zeros(max(len(position), 1), np.int64)
    kept = 0
    for corner in range(len(position)):
        if following[corner] != TAKEN:
            new[corner] = kept
            position[kept], following[kept], far[kept] = position[corner], following[corner], far[corner]
            kept += 1
    for corner in range(kept):
        far[corner] = new[far[corner]]
        if following[corner] >= 0:
            following[corner] = new[following[corner]]
    for ring in range(len(store.start)):
        store.start[ring] = new[store.start[ring]]
    return new, kept


@njit(cache=True)
def compact_labels(open_labels: np.ndarray, store: Store) -> tuple[np.ndarray, int]:
    """Keep one label for each part that is open or has rings left; return the new labels of the old, and how many."""
    part, group, labels = store.part, store.group, store.label
    stays = np.zeros(max(len(part), 1), np.bool_)
    stays[part[open_labels]] = True
    stays[part[labels]] = True
    new = np.zeros(len(stays), np.int64)
    kept = 0
    for label in range(len(part)):
        root, whole = part[label], group[label]
        if stays[label]:
            new[label] = part[kept] = kept
            group[kept] = new[whole]
            kept += 1
        new[label] = new[root]  # no root is above its labels
    labels[:] = new[labels]
    return new, kept


@njit(cache=True)
def coordinates(points: np.ndarray, begins: np.ndarray, sizes: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Return the map coordinates, shape (points, 2), of rings in a given order.

    Args:
        points: Positions.
        begins: Index of the first point of each ring.
        sizes: Number of its points.
        transform: The first six coefficients of the raster's affine transform.
    """
    result = np.empty((sizes.sum(), 2))
    count = 0
    for ring in range(len(sizes)):
        for position in points[begins[ring] : begins[ring] + sizes[ring]]:
            row, column = position >> COLUMN_BITS, position & COLUMN_MASK
            result[count, 0] = transform[0] * column + transform[1] * row + transform[2]
            result[count, 1] = transform[3] * column + transform[4] * row + transform[5]
            count += 1
    return result
