"""Where water runs on a DEM: depressions filled, heights smoothed, and what drains into a place."""

import numpy as np
import richdem
from numba import njit
from scipy import ndimage

from workflow_scripts.rogi.attributes.terrain import SENTINEL, as_richdem, quiet

HIGHEST = 0.9  # quantile of the heights of an outline from which on its cells are the root zone; our own choice
# richdem's order of neighbours, from the west clockwise
ROW_STEPS = np.array([0, -1, -1, -1, 0, 1, 1, 1])
COLUMN_STEPS = np.array([-1, -1, 0, 1, 1, 1, 0, -1])


def filled(heights: np.ndarray) -> np.ndarray:
    """Return heights without depressions, each filled to a surface that falls by next to nothing towards its outlet.

    Args:
        heights: Array of shape (height, width), m; NaN in voids, which drain as the array's edge does.
    """
    with quiet():
        level = np.asarray(richdem.FillDepressions(as_richdem(heights), epsilon=True))
    return np.where(level == SENTINEL, np.nan, level)


def smoothed(heights: np.ndarray, sigma_px: tuple[float, float]) -> np.ndarray:
    """Return heights smoothed by a Gaussian that takes no notice of voids; NaN where heights are.

    What is smoothed is their difference from a plane fitted to them, so that a slope beside a void is not bent.

    Args:
        heights: Array of shape (height, width), m.
        sigma_px: Standard deviation along columns and rows, pixels.
    """
    known = np.isfinite(heights)
    terms = np.stack([np.ones(heights.shape), *np.indices(heights.shape)], axis=-1)
    plane = terms @ np.linalg.lstsq(terms[known], heights[known])[0]
    weight = ndimage.gaussian_filter(known.astype(float), sigma_px, mode="constant")
    total = ndimage.gaussian_filter(np.where(known, heights - plane, 0), sigma_px, mode="constant")
    return np.where(known, plane + total / np.maximum(weight, 1e-12), np.nan)


def headwall_height(
    heights: np.ndarray, level: np.ndarray, inside: np.ndarray, cell_m: np.ndarray, distance_m: float
) -> float:
    """Return how much higher than the root zone the ground is that drains into it, m; 0 if none is.

    Args:
        heights: Array of shape (height, width), m; NaN in voids.
        level: The same, filled.
        inside: Cells of the rock glacier; the highest tenth are its root zone.
        cell_m: Length of a step of one column and of one row, m.
        distance_m: How far from the root zone that ground may be.

    Returns:
        The height, NaN where no cell of the rock glacier has one.
    """
    own = heights[inside & np.isfinite(heights)]
    if not len(own):
        return np.nan
    root = inside & (heights >= np.quantile(own, HIGHEST))
    near = ndimage.distance_transform_edt(~root, sampling=cell_m[::-1]) <= distance_m
    with quiet():
        proportions = np.asarray(richdem.FlowProportions(as_richdem(level), method="Tarboton"))
    upslope = _upslope(root, near & np.isfinite(heights), proportions)
    return float(heights[upslope].max() - heights[root].max())


@njit(cache=True)
def _upslope(root: np.ndarray, allowed: np.ndarray, proportions: np.ndarray) -> np.ndarray:
    """Return the cells that drain into the root, itself included, over allowed cells only."""
    height, width = root.shape
    found = root & allowed
    waiting = [(row, column) for row, column in np.argwhere(found)]
    while waiting:
        row, column = waiting.pop()
        for side in range(8):
            r, c = row + ROW_STEPS[side], column + COLUMN_STEPS[side]
            possible = 0 <= r < height and 0 <= c < width and allowed[r, c] and not found[r, c]
            if possible and proportions[r, c, 1 + (side + 4) % 8] > 0:
                found[r, c] = True
                waiting.append((r, c))
    return found
