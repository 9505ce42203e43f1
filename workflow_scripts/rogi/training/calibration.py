"""Temperature and threshold of a trained network, from the logits of validation pixels.

Pixels are not kept, only how many of each polygon and class have a logit in each of `BINS` narrow bins: 64 KiB per
polygon, however many pixels it has. A temperature is that of pixels moved to the middle of their bin, by 1/128 at most;
a threshold lies between two bins, where its scores are exact.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_expit

from workflow_scripts.rogi.inventory.scores import score_arrays
from workflow_scripts.rogi.mapping.blend import FULL

LIMIT, STEP = 32, 1 / 64  # logits beyond the limit count in the outermost bin
BINS = round(2 * LIMIT / STEP)
EDGES = np.linspace(-LIMIT, LIMIT, BINS + 1)
MIDDLES = (EDGES[:-1] + EDGES[1:]) / 2
TEMPERATURES = (0.05, 20.0)  # our own limits: without an error at all, no temperature is low enough


@dataclass
class LogitCounts:
    """Pixels per bin of logits.

    Attributes:
        of_polygon: By uid, int64 (2, BINS): background, rock glacier.
    """

    of_polygon: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, uid: str, logits: np.ndarray, label: np.ndarray, valid: np.ndarray) -> None:
        """Count the valid pixels of a patch; arrays of one shape."""
        bins = np.clip(((logits[valid] + LIMIT) / STEP).astype(int), 0, BINS - 1)
        counts = np.bincount(bins + BINS * label[valid], minlength=2 * BINS).reshape(2, BINS)
        self.of_polygon[uid] = self.of_polygon.get(uid, 0) + counts

    @property
    def stacked(self) -> np.ndarray:
        """Return all polygons, int64 (polygons, 2, BINS)."""
        return np.array([*self.of_polygon.values()], np.int64).reshape(-1, 2, BINS)


@dataclass(frozen=True)
class Objective:
    """What the threshold is chosen for.

    Attributes:
        name: "f1", the highest F1; "recall", the highest threshold that reaches a recall.
        recall: The wanted recall; not used for "f1".
    """

    name: str
    recall: float


def mean_loss(counts: np.ndarray, temperature: float) -> float:
    """Return the negative log-likelihood per pixel, in nats; counts (2, BINS)."""
    logits = MIDDLES / temperature
    return float(-(counts * log_expit([-logits, logits])).sum() / counts.sum())


def fit_temperature(counts: np.ndarray) -> float:
    """Return the temperature with the least negative log-likelihood (Guo et al. 2017).

    That is convex in 1 / temperature, so its slope has one root; `TEMPERATURES` limits it.

    Args:
        counts: Pixels per class and bin, (2, BINS), some of each class.
    """

    def slope(inverse: float) -> float:
        return float((MIDDLES * (counts.sum(axis=0) * expit(inverse * MIDDLES) - counts[1])).sum())

    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    if slope(low) < 0 < slope(high):
        return float(1 / brentq(slope, low, high, xtol=1e-9))
    limit = TEMPERATURES[1] if slope(low) >= 0 else TEMPERATURES[0]
    logging.getLogger("rogi").warning(
        "the temperature that fits the validation pixels best lies beyond %g, which is taken: the network tells them "
        "apart %s; look at the learning curves and at the audit of the splits",
        *(limit, "no better than chance" if limit > 1 else "without an error"),
    )
    return limit


def errors_from(counts: np.ndarray) -> np.ndarray:
    """Return true positives, false positives and false negatives when pixels from each bin on are rock glacier.

    Args:
        counts: Pixels per class and bin, (..., 2, BINS).

    Returns:
        int64 (..., BINS, 3), for the thresholds EDGES[:-1].
    """
    above = np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]
    missed = counts[..., 1, :].sum(axis=-1, keepdims=True) - above[..., 1, :]
    return np.stack([above[..., 1, :], above[..., 0, :], missed], axis=-1)


def best_logit(counts: np.ndarray, objective: Objective) -> float:
    """Return the threshold on the logits that an objective asks for, exact to `STEP`.

    Of several with the same F1 the middle one is taken; where the wanted recall is never reached, the lowest.
    """
    _, recall, f1, _ = np.moveaxis(score_arrays(errors_from(counts)), -1, 0)
    if objective.name == "recall":
        return float(EDGES[np.flatnonzero(recall >= objective.recall)[-1]])
    best = np.flatnonzero(f1 == np.nanmax(f1))
    return float(EDGES[best[len(best) // 2]])


def has_both_classes(counts: np.ndarray) -> bool:
    """Return whether there is a pixel of each class; counts (..., 2, BINS)."""
    return bool(np.moveaxis(counts, -2, 0).reshape(2, -1).any(axis=1).all())


def calibrated(counts: np.ndarray, objective: Objective) -> tuple[float, float]:
    """Return temperature and threshold, the threshold as a calibrated probability that maps tell from 0 and 1.

    Args:
        counts: Pixels per class and bin, (2, BINS); without a pixel of each class, 1 and 0.5 come back.
        objective: What the threshold is chosen for.
    """
    if not has_both_classes(counts):
        return 1.0, 0.5
    temperature = fit_temperature(counts)
    threshold = expit(best_logit(counts, objective) / temperature)
    return temperature, float(np.clip(threshold, 1 / FULL, 1 - 1 / FULL))


def at_threshold(counts: np.ndarray, temperature: float, thresholds: Iterable[float]) -> np.ndarray:
    """Return the errors at thresholds on the calibrated probability.

    Args:
        counts: Pixels per class and bin, (..., 2, BINS).
        temperature: By which logits are divided.
        thresholds: 0 to 1; each is moved up to the next border of bins.

    Returns:
        int64 (..., thresholds, 3), see `errors_from`.
    """
    probability = expit(EDGES[:-1] / temperature)
    first = np.searchsorted(probability, np.asarray(thresholds, float) - 1e-12)
    return errors_from(counts)[..., np.minimum(first, BINS - 1), :]
