"""Corners of the boundary of a mask, joined into rings in one pass over its tiles.

A *corner* is a lattice point where the boundary turns: its 2 × 2 pixels hold an odd number of object pixels, or a
diagonal pair, which makes two corners, one around each of both. The boundary runs with the object on its left, north
up. An open stretch of it knows its two ends, so a new edge joins two stretches or closes a ring in constant time.
Object pixels that share edges carry one *label*, a *part*; the parts that are one object are a *group*. All that is
open at the rim of the tiles seen so far is kept, so there are no seams to mend.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

NONE = -1
PAD = 8  # columns before a tile's own, so that rows can be compared in words of eight pixels
COLUMN_BITS = 32  # numba's cache follows each file alone: after a change here, delete __pycache__
CORNERS, RINGS, LABELS = 0, 1, 2

Square = tuple[int, int, int, int]  # top left, top right, bottom left and bottom right pixel at a lattice point: 0 or 1


class Store(NamedTuple):
    """Tables of int64 with room for more.

    Attributes:
        position: Row << COLUMN_BITS | column of each corner.
        following: The next corner of its ring, or NONE.
        far: The other end of the open stretch that this corner ends.
        start: One of the corners of each closed ring.
        label: The label on its object side.
        part: Union-find forest over the labels of pixels that share edges; no label is lower than its parent.
        group: The same by the connectivity asked for.
        used: How many corners, rings and labels there are.
    """

    position: np.ndarray
    following: np.ndarray
    far: np.ndarray
    start: np.ndarray
    label: np.ndarray
    part: np.ndarray
    group: np.ndarray
    used: np.ndarray


class Front(NamedTuple):
    """What is open beside a tile of shape (height, width), int64; up to date after the tile.

    Attributes:
        down: Corner from which an edge leads down, per lattice column, shape (PAD + width,).
        right: Corner from which an edge leads right, per lattice row, shape (height,).
        labels: Label of the last object pixel, per column, shape (PAD + width,).
        west: Label of the last object pixel of the column to the left, per row, shape (height,).
    """

    down: np.ndarray
    right: np.ndarray
    labels: np.ndarray
    west: np.ndarray


def empty_store(room: int) -> Store:
    """Return a store with room for as many corners, rings and labels; memory is only taken as it fills."""
    return Store._make([*np.empty((7, room), np.int64), np.zeros(3, np.int64)])


def filled(store: Store) -> Store:
    """Return the same tables without their unused room."""
    corners, rings, labels = store.used
    lengths = corners, corners, corners, rings, rings, labels, labels, 3
    return Store(*(table[:length] for table, length in zip(store, lengths, strict=True)))


def enlarged(store: Store, room: int) -> Store:
    """Return a copy with more room."""
    larger = empty_store(room)
    for new, old in zip(larger, filled(store), strict=True):
        new[: len(old)] = old
    return larger


@njit(cache=True)
def scan(pixels: np.ndarray, row: int, origin: tuple[int, int], front: Front, store: Store, diagonal: bool) -> int:
    """Add the corners of a tile, its upper and left rim included.

    Args:
        pixels: 0 or 1, uint8 of shape (1 + height, a multiple of 8). Row 0 is the last one above the tile, column
            PAD - 1 the last one to the left; the tile begins at (1, PAD).
        row: First row of the tile to do.
        origin: Row and column of the tile's first pixel.
        front: What is open beside the tile.
        store: Takes the corners.
        diagonal: True if pixels that touch in a corner are one object.

    Returns:
        The row at which the store had no room left, else the tile's height.
    """
    words = pixels.view(np.uint64)
    room = len(store.position) - 2 * pixels.shape[1]
    while row < len(pixels) - 1 and store.used[CORNERS] <= room:
        front.labels[PAD - 1] = front.west[row]
        position = (origin[0] + row << COLUMN_BITS) + origin[1] - PAD
        _scan_row(pixels[row : row + 2], words[row : row + 2], row, position, front, store, diagonal)
        front.west[row] = front.labels[-1]
        row += 1
    return row


@njit(cache=True)
def _scan_row(
    pixels: np.ndarray, words: np.ndarray, row: int, position: int, front: Front, store: Store, diagonal: bool
) -> None:
    top, bottom = pixels
    for word in range(1, words.shape[1]):
        first = 8 * word
        # No boundary runs along this lattice line here, so nothing turns.
        if words[0, word] == words[1, word] and top[first - 1] == bottom[first - 1]:
            continue
        for x in range(first, min(first + 8, len(front.labels))):
            square = top[x - 1], top[x], bottom[x - 1], bottom[x]
            if square[0] == square[2] and square[1] == square[3]:
                continue
            _label(square, x, front.labels, store)
            odd = (square[0] + square[1] + square[2] + square[3]) % 2 == 1
            if odd:
                _add_corner(square, row, x, position + x, front, store)
            elif square[0] == square[3]:
                _add_pair(square, row, x, position + x, front, store)
                if diagonal:
                    _unite(store.group, front.labels[x - 1], front.labels[x])


@njit(cache=True)
def _label(square: Square, x: int, labels: np.ndarray, store: Store) -> None:
    """Label the bottom right pixel if it is new, as its left neighbour if it has one, and unite what it joins."""
    _, top_right, left, here = square
    if here and left and top_right:
        _unite(store.part, labels[x - 1], labels[x])
        _unite(store.group, labels[x - 1], labels[x])
    elif here and left:
        labels[x] = labels[x - 1]
    elif here and not top_right:
        label = store.used[LABELS]
        labels[x] = store.part[label] = store.group[label] = label
        store.used[LABELS] += 1


@njit(cache=True)
def _add_corner(square: Square, row: int, x: int, position: int, front: Front, store: Store) -> None:
    left = front.right[row] if square[0] != square[2] else NONE
    up = front.down[x] if square[0] != square[1] else NONE
    corner = _place(square, position, left, up, front.labels[x - 1], store)
    if left == NONE:
        front.right[row] = corner
    if up == NONE:
        front.down[x] = corner


@njit(cache=True)
def _add_pair(square: Square, row: int, x: int, position: int, front: Front, store: Store) -> None:
    """Add two corners at one lattice point, neighbours in the store, each around one of the diagonal pixels."""
    left, up = front.right[row], front.down[x]
    if square[0]:
        _place(square, position, left, up, front.labels[x - 1], store)
        front.down[x] = front.right[row] = _place(square, position, NONE, NONE, NONE, store)
    else:
        front.down[x] = _place(square, position, left, NONE, NONE, store)
        front.right[row] = _place(square, position, NONE, up, NONE, store)


@njit(cache=True)
def _place(square: Square, position: int, left: int, up: int, label: int, store: Store) -> int:
    """Add a corner, join it to those that its edges to the left and up lead to, and record the ring it closes."""
    corner = store.used[CORNERS]
    store.position[corner], store.following[corner], store.far[corner] = position, NONE, corner
    store.used[CORNERS] += 1
    closed = False
    if left != NONE:
        closed = _join(left, corner, store) if square[0] else _join(corner, left, store)
    if up != NONE:
        closed = _join(up, corner, store) if square[1] else _join(corner, up, store)
    if closed:
        ring = store.used[RINGS]
        store.start[ring], store.label[ring] = corner, label
        store.used[RINGS] += 1
    return corner


@njit(cache=True)
def _join(tail: int, head: int, store: Store) -> bool:
    """Lead an edge from the tail of a stretch to the head of one; return True if it is the same, now a ring."""
    first, last = store.far[tail], store.far[head]
    store.following[tail] = head
    store.far[first], store.far[last] = last, first
    return first == head


@njit(cache=True)
def _unite(forest: np.ndarray, one: int, other: int) -> None:
    one, other = _root(forest, one), _root(forest, other)
    forest[max(one, other)] = min(one, other)


@njit(cache=True)
def _root(forest: np.ndarray, label: int) -> int:
    while forest[label] != label:
        forest[label] = forest[forest[label]]
        label = forest[label]
    return label


@njit(cache=True)
def flatten(forest: np.ndarray) -> None:
    """Make every label's parent its root."""
    for label in range(len(forest)):
        forest[label] = forest[forest[label]]
