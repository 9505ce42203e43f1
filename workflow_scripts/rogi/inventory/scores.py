"""Precision, recall, F1 and IoU from true positives, false positives and false negatives."""

from typing import NamedTuple


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
    ratios = (_ratio(tp, tp + fp), _ratio(tp, tp + fn), _ratio(2 * tp, 2 * tp + fp + fn), _ratio(tp, tp + fp + fn))
    return Scores(tp, fp, fn, *ratios)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
