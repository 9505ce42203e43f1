"""A landscape in balance between uplift and rivers: the ridges and valleys that the demo world begins with.

Slopes follow Flint's law, slope = steepness · area^-concavity, which is the steady state of the stream power model
(Whipple & Tucker 1999). Drainage and heights are brought into agreement by turns: heights are summed up along the
drainage, then every cell drains to its lowest neighbour anew. There are no closed depressions at any time.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

NEIGHBOURS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)


@dataclass
class Landscape:
    """Heights (m), upstream areas (cells) and the flat index of the cell that each drains to; shape (rows, columns)."""

    height: np.ndarray
    area: np.ndarray
    receiver: np.ndarray


def balance(
    steepness: np.ndarray, outlets: np.ndarray, cell_m: float, concavity: float, steepest: float, turns: int
) -> Landscape:
    """Return the landscape of a steepness field.

    Args:
        steepness: Slope of a cell that drains itself alone, shape (rows, columns).
        outlets: Height (m) where water leaves, NaN elsewhere; same shape.
        cell_m: Cell size.
        concavity: Exponent of Flint's law.
        steepest: Largest slope, at which hillsides fail.
        turns: How often drainage and heights are brought into agreement.
    """
    base = np.nan_to_num(outlets).ravel()
    is_outlet = np.isfinite(outlets)
    receiver, distance = _first_drainage(steepness, is_outlet)
    for _ in range(turns):
        area = _upstream(receiver)
        slope = np.minimum(steepness.ravel() * area**-concavity, steepest)
        height = _along(receiver, np.where(is_outlet.ravel(), base, slope * distance * cell_m)).reshape(outlets.shape)
        receiver, distance = _steepest(height, is_outlet)
    return Landscape(height, _upstream(receiver).reshape(outlets.shape), receiver.reshape(outlets.shape))


def _first_drainage(cost: np.ndarray, is_outlet: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drain along the cheapest paths to an outlet, which leaves no pits."""
    index = np.arange(cost.size).reshape(cost.shape)
    start, end, weight = [], [], []
    for dy, dx in NEIGHBOURS:
        here, there = _pairs(cost.shape, dy, dx)
        start.append(index[here].ravel())
        end.append(index[there].ravel())
        weight.append((cost[here] + cost[there]).ravel() * np.hypot(dy, dx))
    graph = coo_array((np.concatenate(weight), (np.concatenate(start), np.concatenate(end))), (cost.size, cost.size))
    _, before, _ = dijkstra(graph.tocsr(), indices=index[is_outlet], min_only=True, return_predecessors=True)
    receiver = np.where(is_outlet.ravel(), index.ravel(), before)
    rows, columns = np.divmod(np.arange(cost.size), cost.shape[1])
    far_rows, far_columns = np.divmod(receiver, cost.shape[1])
    return receiver, np.hypot(rows - far_rows, columns - far_columns)


def _pairs(shape: tuple[int, int], dy: int, dx: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the cells that have a neighbour at (dy, dx), and of those neighbours."""
    here = tuple(slice(max(0, -step), size - max(0, step)) for size, step in zip(shape, (dy, dx), strict=True))
    there = tuple(slice(max(0, step), size - max(0, -step)) for size, step in zip(shape, (dy, dx), strict=True))
    return (here[0], here[1]), (there[0], there[1])


def _steepest(height: np.ndarray, is_outlet: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drain every cell that is no outlet to its neighbour down the steepest slope."""
    index = np.arange(height.size).reshape(height.shape)
    best = np.zeros(height.shape)
    receiver, distance = index.copy(), np.zeros(height.shape)
    for dy, dx in NEIGHBOURS:
        here, there = _pairs(height.shape, dy, dx)
        fall = (height[here] - height[there]) / np.hypot(dy, dx)
        better = (fall > best[here]) & ~is_outlet[here]
        best[here] = np.where(better, fall, best[here])
        receiver[here] = np.where(better, index[there], receiver[here])
        distance[here] = np.where(better, np.hypot(dy, dx), distance[here])
    return receiver.ravel(), distance.ravel()


def _upstream(receiver: np.ndarray) -> np.ndarray:
    """Count the cells above each cell, itself included, by doubling the reach of the pointers."""
    total = np.ones(receiver.size)
    pointer, moving = receiver, receiver != np.arange(receiver.size)
    while moving.any():
        total = total + np.bincount(pointer[moving], weights=total[moving], minlength=receiver.size)
        moving = moving & moving[pointer]
        pointer = pointer[pointer]
    return total


def _along(receiver: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Sum a step over each cell's path to its outlet, both ends included."""
    is_end = receiver == np.arange(receiver.size)
    total, pointer = np.where(is_end, 0, step), receiver
    while not is_end[pointer].all():
        total = total + total[pointer]
        pointer = pointer[pointer]
    return total + step[pointer]
