"""Precision, recall, F1 and IoU from true positives, false positives and false negatives."""

from typing import NamedTuple

import numpy as np

SCORES = ("precision", "recall", "f1", "iou")


class Scores(NamedTuple):
    """Agreement of a map with a reference; a score is None where its denominator is 0.

    Attributes:
        tp: True positives, in numbers or in areas.
        fp: False positives.
        fn: False negatives.
        precision: tp / (tp + fp), the user's accuracy.
        recall: tp / (tp + fn), the producer's accuracy.
        f1: Harmonic mean of both, 2 tp / (2 tp + fp + fn).
        iou: tp / (tp + fp + fn).
    """

    tp: float
    fp: float
    fn: float
    precision: float | None
    recall: float | None
    f1: float | None
    iou: float | None


def scores(tp: float, fp: float, fn: float) -> Scores:
    """Return the scores of counts or areas."""
    ratios = score_arrays(np.array([tp, fp, fn], float))
    return Scores(tp, fp, fn, *(None if np.isnan(ratio) else float(ratio) for ratio in ratios))


def score_arrays(errors: np.ndarray) -> np.ndarray:
    """Return the `SCORES` of many cases at once.

    Args:
        errors: True positives, false positives and false negatives, array of shape (..., 3).

    Returns:
        Array of shape (..., 4), NaN where a denominator is 0.
    """
    tp, fp, fn = np.moveaxis(errors, -1, 0)
    parts = np.stack([tp, tp, 2 * tp, tp], axis=-1)
    wholes = np.stack([tp + fp, tp + fn, 2 * tp + fp + fn, tp + fp + fn], axis=-1)
    return np.divide(parts, wholes, out=np.full(parts.shape, np.nan), where=wholes > 0)
