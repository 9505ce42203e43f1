"""How far probabilities mean what they say: reliability bins, expected calibration error, and its interval."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from workflow_scripts.rogi.inventory.bootstrap import drawn
from workflow_scripts.rogi.inventory.scores import SCORES, score_arrays
from workflow_scripts.rogi.training.calibration import (
    BINS,
    MIDDLES,
    Objective,
    at_threshold,
    calibrated,
    has_both_classes,
    mean_loss,
)

THRESHOLDS = np.arange(1, 100) / 100
WITHOUT_VALIDATION = (
    "not calibrated: the split has no validation pixels of each class, so the temperature is 1 and the threshold 0.5"
)
FOLDS = 5  # of polygons, our own choice


class Draws(NamedTuple):
    """How intervals are drawn: number of draws, share of cases that an interval shall hold, and seed."""

    samples: int
    confidence: float
    seed: int


def reliability(counts: np.ndarray, temperature: float, bins: int) -> np.ndarray:
    """Return what falls into bins of equal width of the calibrated probability.

    Args:
        counts: Pixels per class and bin of logits, (..., 2, BINS).
        temperature: By which logits are divided.
        bins: Number of bins.

    Returns:
        float64 (..., bins, 3): pixels, sum of their probabilities, rock glacier pixels.
    """
    probability = expit(MIDDLES / temperature)
    place = np.minimum((probability * bins).astype(int), bins - 1)
    into = np.zeros((BINS, bins))
    into[np.arange(BINS), place] = 1
    pixels = counts.sum(axis=-2)
    return np.stack([pixels @ into, (pixels * probability) @ into, counts[..., 1, :] @ into], axis=-1)


def calibration_error(sums: np.ndarray) -> np.ndarray:
    """Return the expected calibration error (Naeini et al. 2015; Guo et al. 2017) of sums (..., bins, 3).

    It is the difference between mean probability and observed share per bin, weighted by pixels; NaN without any.
    """
    gaps, pixels = np.abs(sums[..., 1] - sums[..., 2]).sum(axis=-1), sums[..., 0].sum(axis=-1)
    return np.divide(gaps, pixels, out=np.full(np.shape(pixels), np.nan), where=pixels > 0)


def interval(sums: np.ndarray, draws: Draws) -> tuple[float, float]:
    """Return the percentile interval of the calibration error from polygons drawn with replacement.

    Args:
        sums: From `reliability`, (polygons, bins, 3).
        draws: How to draw.

    Returns:
        Lower and upper end; NaN for fewer than two polygons.
    """
    if len(sums) < 2:
        return np.nan, np.nan
    found = drawn(sums.reshape(len(sums), -1), draws.samples, np.random.default_rng(draws.seed))
    errors = calibration_error(found.reshape(-1, *sums.shape[1:]))
    low, high = np.nanquantile(errors, [(1 - draws.confidence) / 2, (1 + draws.confidence) / 2])
    return float(low), float(high)


def cross_fitted(counts: np.ndarray, objective: Objective, bins: int, seed: int) -> tuple[float, float]:
    """Return calibration error and F1 of polygons whose temperature and threshold come from the other polygons.

    The figures on the pixels that were fitted to are a little too good; these are less so.

    Args:
        counts: Pixels per polygon, class and bin of logits, (polygons, 2, BINS).
        objective: What thresholds are chosen for.
        bins: Number of reliability bins.
        seed: Of the division into FOLDS parts.
    """
    fold = np.random.default_rng(seed).permutation(len(counts)) % FOLDS
    sums, errors = np.zeros((bins, 3)), np.zeros(3)
    for number in np.unique(fold):
        temperature, threshold = calibrated(counts[fold != number].sum(axis=0), objective)
        held = counts[fold == number]
        sums += reliability(held, temperature, bins).sum(axis=0)
        errors += at_threshold(held.sum(axis=0), temperature, [threshold])[0]
    return float(calibration_error(sums)), float(score_arrays(errors)[SCORES.index("f1")])


def reliability_table(stages: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return a row per stage and bin: its limits, pixels, mean probability and observed share of rock glacier.

    Args:
        stages: Sums over all polygons, (bins, 3), by name ("before", "after").
    """
    return pd.concat([_bins(name, sums) for name, sums in stages.items()], ignore_index=True)


def _bins(stage: str, sums: np.ndarray) -> pd.DataFrame:
    edges = np.linspace(0, 1, len(sums) + 1)
    pixels = np.where(sums[:, 0] > 0, sums[:, 0], np.nan)
    return pd.DataFrame(
        {
            "stage": stage,
            "probability_from": edges[:-1],
            "probability_to": edges[1:],
            "pixels": sums[:, 0].astype(int),
            "mean_probability": sums[:, 1] / pixels,
            "observed_share": sums[:, 2] / pixels,
        }
    )


def threshold_table(counts: np.ndarray, temperature: float) -> pd.DataFrame:
    """Return precision, recall, F1 and IoU of pixels (2, BINS) at 99 thresholds on the calibrated probability."""
    scores = score_arrays(at_threshold(counts, temperature, THRESHOLDS))
    return pd.DataFrame({"threshold": THRESHOLDS} | dict(zip(SCORES, scores.T, strict=True)))


def summary(
    counts: np.ndarray, temperature: float, threshold: float, objective: Objective, bins: int, draws: Draws
) -> dict[str, Any]:
    """Return what a calibration gave, in plain numbers for the model file; NaN where there is nothing to tell.

    Args:
        counts: Pixels per polygon, class and bin of logits, (polygons, 2, BINS).
        temperature: That was fitted.
        threshold: That was chosen.
        objective: What it was chosen for.
        bins: Number of reliability bins.
        draws: How intervals are drawn.
    """
    pixels, sums = counts.sum(axis=0), reliability(counts, temperature, bins)
    low, high = interval(sums, draws)
    cross_error, cross_f1 = cross_fitted(counts, objective, bins, draws.seed)
    loss = [mean_loss(pixels, of) if pixels.any() else np.nan for of in (1.0, temperature)]
    scores = score_arrays(at_threshold(pixels, temperature, [threshold])[0])
    note = "" if has_both_classes(pixels) else WITHOUT_VALIDATION
    return {
        "objective": objective.name if objective.name == "f1" else f"recall {objective.recall:g}",
        "note": note,
        "polygons": len(counts),
        "pixels": int(pixels.sum()),
        "rock_glacier_share": float(pixels[1].sum() / pixels.sum()) if pixels.any() else np.nan,
        "ece_before": float(calibration_error(reliability(pixels, 1.0, bins))),
        **{"ece": float(calibration_error(sums.sum(axis=0))), "ece_low": low, "ece_high": high},
        "ece_cross_fitted": cross_error,
        **{"loss_before": loss[0], "loss": loss[1]},
        **{name: float(value) for name, value in zip(SCORES, scores, strict=True)},
        "f1_cross_fitted": cross_f1,
    }
