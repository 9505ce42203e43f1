"""How well reviewers agree beyond chance: Cohen's kappa, Gwet's AC1 and Krippendorff's alpha, with intervals."""

import itertools
import math
from collections.abc import Iterator

import krippendorff
import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from workflow_scripts.rogi.validation.answers import ANSWERS
from workflow_scripts.rogi.validation.estimators import Estimate

COLUMNS = ("what", "reviewers", "measure", "items", "value", "error", "low", "high")
ALL = "all"


def counts(answers: pd.DataFrame) -> np.ndarray:
    """Return how many reviewers gave each of the `ANSWERS` to each item.

    Args:
        answers: A column per reviewer, a row per item; null where there is no answer.

    Returns:
        Array of shape (items, 4).
    """
    return np.stack([(answers == answer).sum(axis=1).to_numpy() for answer in ANSWERS], axis=1)


def observed(count: np.ndarray, level: float) -> Estimate:
    """Return the share of items on which all reviewers who answered agree, with Wilson's interval."""
    told = count[count.sum(axis=1) >= 2]
    alike, items = int((told.max(axis=1) == told.sum(axis=1)).sum()), len(told)
    if not items:
        return Estimate()
    low, high = proportion_confint(alike, items, alpha=1 - level, method="wilson")
    return Estimate(alike / items, math.sqrt(alike / items * (1 - alike / items) / items), float(low), float(high))


def kappa(first: pd.Series, second: pd.Series, level: float) -> Estimate:
    """Return Cohen's (1960) kappa of two reviewers, by statsmodels: asymptotic standard error and normal interval.

    Nothing can be said where one of them gives the same answer throughout, which chance would do as well.
    """
    both = pd.DataFrame({"one": first, "other": second}).dropna()
    if both.nunique().min() < 2:
        return Estimate()
    table = pd.crosstab(both["one"], both["other"]).reindex(index=ANSWERS, columns=ANSWERS, fill_value=0)
    result = cohens_kappa(table.to_numpy())
    return _symmetric(float(result.kappa), float(result.std_kappa), float(stats.norm.ppf((1 + level) / 2)))


def ac1(count: np.ndarray, level: float) -> Estimate:
    """Return Gwet's AC1 of two or more reviewers, of whom not all need to have answered everything.

    AC1 = (pa - pe) / (1 - pe). pa is the mean over items with two or more answers of the share of pairs of answers that
    are alike; pe = sum of pi (1 - pi) / (q - 1) over the q possible answers, pi the mean share of an answer over all
    items. Its variance is that of the items' linearised values, the interval Student's with n - 1 degrees of freedom
    (Gwet 2008, Br. J. Math. Stat. Psychol. 61, 29-48; Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., ch. 5).

    Args:
        count: As `counts` returns it; q is its width, whether or not all answers occur.
        level: Of the interval.
    """
    count = count[count.sum(axis=1) > 0]
    items, answers = len(count), count.sum(axis=1)
    pairs = answers >= 2
    if not pairs.any():
        return Estimate()
    alike = (count * (count - 1)).sum(axis=1) / np.maximum(answers * (answers - 1), 1)
    common = (count / answers[:, None]).mean(axis=0)
    chance = float(common @ (1 - common)) / (count.shape[1] - 1)
    value = (float(alike[pairs].mean()) - chance) / (1 - chance)
    own = items / pairs.sum() * (alike - chance * pairs) / (1 - chance)
    by_chance = count @ (1 - common) / answers / (count.shape[1] - 1)
    linear = own - 2 * (1 - value) * (by_chance - chance) / (1 - chance)
    if items < 2:
        return Estimate(value)
    error = math.sqrt(float(((linear - value) ** 2).sum()) / (items * (items - 1)))
    return _symmetric(value, error, float(stats.t.ppf((1 + level) / 2, items - 1)))


def alpha(count: np.ndarray, level: float, resamples: int, rng: np.random.Generator) -> Estimate:
    """Return Krippendorff's alpha for nominal data, by the package krippendorff, with a percentile bootstrap interval.

    Items are drawn with replacement. Draws in which only one answer occurs say nothing and are left out.

    Args:
        count: As `counts` returns it.
        level: Of the interval.
        resamples: How often the items are drawn again.
        rng: Source of randomness.
    """
    told = count[count.sum(axis=1) >= 2]
    value = _alpha(told)
    if math.isnan(value):
        return Estimate()
    drawn = [_alpha(told[rng.integers(0, len(told), len(told))]) for _ in range(resamples)]
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(np.nanstd(drawn, ddof=1)), float(low), float(high))


def _alpha(count: np.ndarray) -> float:
    if (count.sum(axis=0) > 0).sum() < 2:
        return math.nan
    return float(krippendorff.alpha(value_counts=count, level_of_measurement="nominal"))


def _symmetric(value: float, error: float, width: float) -> Estimate:
    return Estimate(value, error, max(value - width * error, -1.0), min(value + width * error, 1.0))


def agreement(what: str, answers: pd.DataFrame, level: float, resamples: int, seed: int) -> pd.DataFrame:
    """Return the agreement of every pair of reviewers, and of all where there are more than two.

    Args:
        what: What they looked at, for the first column.
        answers: See `counts`.
        level: Of the intervals.
        resamples: See `alpha`.
        seed: Of the bootstrap.

    Returns:
        Columns `COLUMNS`; items are those with at least two answers. No rows where nobody answered.
    """
    groups = list(itertools.combinations(answers.columns, 2))
    groups += [tuple(answers.columns)] if len(answers.columns) > 2 else []
    rows = []
    for group in groups:
        told = answers[list(group)]
        items = int((told.notna().sum(axis=1) >= 2).sum())
        name = " and ".join(group) if len(group) == 2 else ALL
        rows += [
            (what, name, measure, items, one.value, one.error, one.low, one.high)
            for measure, one in _measures(told, level, resamples, np.random.default_rng([seed, len(group)]))
            if items
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _measures(
    told: pd.DataFrame, level: float, resamples: int, rng: np.random.Generator
) -> Iterator[tuple[str, Estimate]]:
    count = counts(told)
    yield "observed agreement", observed(count, level)
    if len(told.columns) == 2:
        yield "Cohen's kappa", kappa(told.iloc[:, 0], told.iloc[:, 1], level)
    yield "Gwet's AC1", ac1(count, level)
    yield "Krippendorff's alpha", alpha(count, level, resamples, rng)
