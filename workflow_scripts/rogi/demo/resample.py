"""Coarse fields brought to the pixels of the imagery, window by window, the same wherever a window is cut."""

import numpy as np


def upsample(field: np.ndarray, rows: np.ndarray, columns: np.ndarray, smooth: bool) -> np.ndarray:
    """Return a coarse field at positions on its grid.

    Args:
        field: Shape (n, m), values at whole numbers.
        rows: Positions along the first axis.
        columns: Positions along the second axis.
        smooth: By cubic B-splines, which have no kinks and smooth a little; else linearly.

    Returns:
        float32 array of shape (rows, columns); beyond the field its edge is repeated.
    """
    weigh = _spline if smooth else _linear
    first = _apply(field, *weigh(rows, field.shape[0]))
    return np.ascontiguousarray(_apply(first.T, *weigh(columns, field.shape[1])).T)


def _apply(field: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    low, high = index.min(), index.max() + 1
    part = np.ascontiguousarray(field[low:high], dtype=np.float32)
    total = np.zeros((index.shape[1], field.shape[1]), dtype=np.float32)
    for tap, share in zip(index, weight, strict=True):
        total += part[tap - low] * share[:, None]
    return total


def _linear(position: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    whole = np.floor(position).astype(int)
    part = (position - whole).astype(np.float32)
    return np.clip(np.stack([whole, whole + 1]), 0, size - 1), np.stack([1 - part, part])


def _spline(position: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    whole = np.floor(position).astype(int)
    t = (position - whole).astype(np.float32)
    weight = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    return np.clip(np.stack([whole + k for k in (-1, 0, 1, 2)]), 0, size - 1), weight.astype(np.float32)
