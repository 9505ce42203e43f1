"""The table of an ablation: scores of variants, ensembles and baselines with intervals, and what each gains."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from workflow_scripts.rogi.inventory.bootstrap import Bootstrap, drawn, percentiles
from workflow_scripts.rogi.inventory.scores import SCORES, score_arrays
from workflow_scripts.rogi.trials.scoring import ERRORS, KINDS, LEVELS

MEASURES = (*(f"area_{name}" for name in SCORES), "area_ap", *(f"objects_{name}" for name in SCORES[:3]))
MEAN, POOLED = "mean over folds", "pooled"
ENDS = ("value", "low", "high")
COLUMNS = ("variant", "ground", "score", *ENDS, *(f"difference{end}" for end in ("", "_low", "_high")))
COSTS = ("training_min", "training_cpu_min", "parameters")


class Trial(NamedTuple):
    """What one trial got right and wrong.

    Attributes:
        uids: The rock glaciers of its ground.
        sums: float (uids, n): errors by area (3) and by objects (3), then ground by level and kind, flattened.
    """

    uids: list[str]
    sums: np.ndarray


def trial_of(scores: pd.DataFrame, levels: pd.DataFrame) -> Trial:
    """Return a trial from its two tables, as `trials.scoring` makes them."""
    uids = scores["uid"].fillna("").tolist()
    by_level = np.zeros((len(uids), LEVELS, len(KINDS)))
    unit = pd.Index(uids).get_indexer(levels["uid"].fillna(""))
    by_level[unit, levels["level"]] = levels[list(KINDS)]
    errors = scores[[f"area_{error}_m2" for error in ERRORS] + [f"objects_{error}" for error in ERRORS]]
    return Trial(uids, np.hstack([errors.to_numpy(float), by_level.reshape(len(uids), -1)]))


def measures(sums: np.ndarray) -> np.ndarray:
    """Return `MEASURES` of sums over rock glaciers, shape (..., n) to (..., 8); NaN without a denominator."""
    by_level = sums[..., 6:].reshape(*sums.shape[:-1], LEVELS, len(KINDS))
    parts = [score_arrays(sums[..., :3]), average_precision(by_level)[..., None], score_arrays(sums[..., 3:6])[..., :3]]
    return np.concatenate(parts, axis=-1)


def average_precision(by_level: np.ndarray) -> np.ndarray:
    """Return precision averaged over recall, as the threshold falls from level to level; it needs no threshold.

    The sum over levels of the recall gained there times the precision down to there, without interpolation.

    Args:
        by_level: Ground on and off rock glaciers at every level, shape (..., LEVELS, 2).

    Returns:
        Shape (...,); NaN without any rock glacier.
    """
    found, other = np.moveaxis(np.flip(by_level, axis=-2), -1, 0)
    everything = np.cumsum(found + other, axis=-1)
    precision = np.divide(np.cumsum(found, axis=-1), everything, out=np.zeros(found.shape), where=everything > 0)
    wanted = found.sum(axis=-1)
    return np.divide((found * precision).sum(axis=-1), wanted, out=np.full(wanted.shape, np.nan), where=wanted > 0)


def comparison(trials: Mapping[str, Sequence[Trial]], folds: Sequence[str], settings: Bootstrap) -> pd.DataFrame:
    """Compare the variants with the first of them, on every fold, over all folds, and on all ground at once.

    Intervals come from drawing rock glaciers anew with replacement, as many as there are in each fold. Every variant
    sees the same draws, so a difference has an interval of its own, narrower than those of the two it is between.
    They hold the luck of the ground, not that of the training: another seed trains another network.

    Args:
        trials: Trials of every variant, one per fold.
        folds: Names of the folds.
        settings: How to draw; blocks are the rock glaciers.

    Returns:
        Columns `COLUMNS`, a row per variant, ground (folds, `MEAN`, `POOLED`) and measure. A mean over folds is one
        over those that have the measure.

    Raises:
        ValueError: Variants were scored on different rock glaciers.
    """
    _check_same_ground(trials, folds)
    drawn_scores = {name: _draws(of_folds, settings) for name, of_folds in trials.items()}
    first = next(iter(drawn_scores.values()))
    rows = []
    for name, scores in drawn_scores.items():
        estimates, gains = (_estimates(values, settings.confidence) for values in (scores, scores - first))
        for place, ground in enumerate((*folds, MEAN, POOLED)):
            for number, measure in enumerate(MEASURES):
                rows.append((name, ground, measure, *estimates[:, place, number], *gains[:, place, number]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _check_same_ground(trials: Mapping[str, Sequence[Trial]], folds: Sequence[str]) -> None:
    (first, expected), *others = trials.items()
    for name, found in others:
        for fold, one, other in zip(folds, expected, found, strict=True):
            if one.uids != other.uids:
                raise ValueError(
                    f"fold {fold}: variants '{first}' and '{name}' were scored on different rock glaciers "
                    f"({len(one.uids)} and {len(other.uids)}), so they do not compare; remove results/ablation and "
                    "run again"
                )


def _draws(folds: Sequence[Trial], settings: Bootstrap) -> np.ndarray:
    """Return the measures of all ground as it is, then of every draw; float (1 + samples, folds + 2, measures)."""
    generator = np.random.default_rng(settings.seed)
    sums = np.stack(
        [np.vstack([fold.sums.sum(axis=0), drawn(fold.sums, settings.samples, generator)]) for fold in folds], axis=1
    )
    of_folds, pooled = measures(sums), measures(sums.sum(axis=1, keepdims=True))
    known = ~np.isnan(of_folds)
    usual = known[:1].any(axis=1, keepdims=True) & (known | ~known[:1]).all(axis=1, keepdims=True)
    mean = np.where(known, of_folds, 0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.concatenate([of_folds, np.where(usual, mean, np.nan), pooled], axis=1)


def _estimates(values: np.ndarray, confidence: float) -> np.ndarray:
    """Return the value and the ends of its interval, `ENDS`; shape (3, grounds, measures)."""
    ends = percentiles(values[1:].reshape(len(values) - 1, -1), confidence)
    return np.concatenate([values[:1], ends.reshape(2, *values.shape[1:])])


def costs(spent: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return what every variant cost beside the first, by the names `COSTS`; columns `COLUMNS`, NaN stays NaN."""
    rows = [
        {"variant": name, "ground": MEAN, "score": cost, "value": of[cost]}
        for name, of in spent.items()
        for cost in COSTS
    ]
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    table["difference"] = table["value"] - table.groupby("score")["value"].transform("first")
    return table
