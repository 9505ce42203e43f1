"""Estimates from stratified samples, with variances that know the finite population, and intervals.

Sources: Cochran (1977), Sampling Techniques, 3rd ed., ch. 5 (stratified means and totals) and sect. 6.11 (combined
ratio estimate); Korn and Graubard (1998), Survey Methodology 24, 193-201 (effective sample size); Wilson (1927),
J. Am. Stat. Assoc. 22, 209-212; Fay and Feuer (1997), Stat. Med. 16, 791-801, and Fay and Kim (2017), Biom. J. 59,
377-387 (gamma interval of a weighted count, and its mid-p form); Donner and Zou (2012), Stat. Methods Med. Res. 21,
347-359 (interval of a ratio from those of its parts, "MOVER").
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammainc
from statsmodels.stats.proportion import proportion_confint


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error and the limits of its interval; NaN where nothing can be said."""

    value: float = math.nan
    error: float = math.nan
    low: float = math.nan
    high: float = math.nan

    def times(self, factor: float) -> "Estimate":
        """Return the estimate of a multiple."""
        return Estimate(self.value * factor, self.error * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Design:
    """Who was drawn from where.

    Attributes:
        stratum: Stratum of each of n answered units, array of shape (n,) of whole numbers.
        population: How many units every stratum holds, shape (strata,).
    """

    stratum: np.ndarray
    population: np.ndarray

    @property
    def answered(self) -> np.ndarray:
        """How many units of every stratum were answered, shape (strata,)."""
        return np.bincount(self.stratum, minlength=len(self.population))

    @property
    def weight(self) -> np.ndarray:
        """How many units of the population each answered one stands for, shape (n,)."""
        return (self.population / np.maximum(self.answered, 1))[self.stratum]

    @property
    def complete(self) -> bool:
        """Whether every unit of the population was answered, so that nothing is left to chance."""
        return bool((self.answered == self.population).all())


def pooled_design(stratum: Sequence[str], population: pd.Series) -> Design:
    """Return the design of the answered units.

    Of units without an answer it is taken that they are like the others of their stratum. A stratum of which fewer than
    two, and not all, were answered has no variance of its own; it is taken together with its neighbours in the order of
    names (collapsed strata, Cochran 1977, sect. 5A.12).

    Args:
        stratum: Stratum of each answered unit.
        population: How many units every stratum holds, by name.
    """
    answered = pd.Series(list(stratum), dtype=object).value_counts().reindex(population.index, fill_value=0)
    group, groups, open_answered, open_population = {}, 0, 0, 0
    for name in sorted(population.index):
        group[name] = groups
        open_answered += answered[name]
        open_population += population[name]
        if open_answered >= 2 or open_answered == open_population:
            groups, open_answered, open_population = groups + 1, 0, 0
    if open_population and groups:  # the last ones join those before them
        group = {name: min(number, groups - 1) for name, number in group.items()}
    sizes = population.groupby(population.index.map(group)).sum().to_numpy()
    return Design(np.array([group[name] for name in stratum], dtype=int), sizes)


def total(values: np.ndarray, design: Design) -> tuple[float, float]:
    """Return the estimated sum of values over the population, and its variance.

    The sum over strata of N ȳ, and of N² (1 - n/N) s²/n (Cochran 1977, ch. 5).
    """
    size, count = design.population.astype(float), design.answered
    mean = np.bincount(design.stratum, values, len(size)) / np.maximum(count, 1)
    squares = np.bincount(design.stratum, (values - mean[design.stratum]) ** 2, len(size))
    spread = squares / np.maximum(count - 1, 1)
    return float(size @ mean), float((size * (size - count) * spread / np.maximum(count, 1)).sum())


def share(values: np.ndarray, sizes: np.ndarray, design: Design, level: float) -> Estimate:
    """Return the share of the population's size that has a property.

    The combined ratio estimate with its linearised variance; with sizes of 1 and 0 it is the share of a number in a
    domain. The interval is Wilson's at the effective sample size p (1 - p) / V, scaled by the degrees of freedom and
    not larger than Kish's over 1 - n/N (after Korn and Graubard 1998): a sample that found no exception is not certain.

    Args:
        values: 1 where a unit has the property, else 0; shape (n,).
        sizes: What each unit counts, for instance 1 or its area; 0 outside the domain.
        design: Where the units were drawn.
        level: Of the interval, for instance 0.95.
    """
    whole, _ = total(sizes, design)
    if whole <= 0:
        return Estimate()
    ratio = total(values * sizes, design)[0] / whole
    _, variance = total(sizes * (values - ratio), design)
    error = math.sqrt(variance) / whole
    count = _effective_size(ratio, error, sizes, design, level)
    if math.isinf(count):
        return Estimate(ratio, 0.0, ratio, ratio)
    low, high = proportion_confint(min(max(ratio, 0.0), 1.0) * count, count, alpha=1 - level, method="wilson")
    return Estimate(ratio, error, float(low), float(high))


def _effective_size(ratio: float, error: float, sizes: np.ndarray, design: Design, level: float) -> float:
    within = sizes > 0
    weight = (design.weight * sizes)[within]
    sampled = within.sum() / design.weight[within].sum()
    if sampled >= 1 or not within.any():
        return math.inf
    most = weight.sum() ** 2 / (weight**2).sum() / (1 - sampled)
    freedom = max(int(within.sum()) - len(np.unique(design.stratum[within])), 1)
    scale = (stats.norm.ppf(_tails(level)[1]) / stats.t.ppf(_tails(level)[1], freedom)) ** 2
    return float(min(scale * ratio * (1 - ratio) / error**2 if error > 0 else math.inf, most))


def rare_total(values: np.ndarray, design: Design, unit: float, level: float) -> Estimate:
    """Return the estimated sum of values most of which are 0, for instance of missed rock glaciers in empty cells.

    The interval is the mid-p gamma interval (Fay and Feuer 1997, Fay and Kim 2017) with the design's variance in place
    of the Poisson one. It allows for one more find in the stratum where a find weighs most, so its upper limit is above
    0 where nothing was found; what was found is its least. Where weights differ much it covers more often than it says.

    Args:
        values: What was found in each unit, shape (n,).
        design: Where the units were drawn.
        unit: Size of one find: 1 for numbers, a typical area for areas.
        level: Of the interval.
    """
    value, variance = total(values, design)
    if design.complete:
        return Estimate(value, 0.0, value, value)
    if not len(values):
        return Estimate()
    size, count = design.population, design.answered
    more = unit * float((size / np.maximum(count, 1) * np.sqrt(1 - count / size)).max())
    low, high = (_gamma_mixture((value, variance), (value + more, variance + more**2), q) for q in _tails(level))
    return Estimate(value, math.sqrt(variance), max(low, float(values.sum())), high)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _gamma_mixture(one: tuple[float, float], other: tuple[float, float], probability: float) -> float:
    """Return a quantile of the even mixture of two gamma distributions, given by mean and variance."""

    def excess(value: float) -> float:
        parts = [
            gammainc(mean**2 / variance, value * mean / variance) if variance > 0 else float(value >= mean)
            for mean, variance in (one, other)
        ]
        return float(np.mean(parts)) - probability

    highest = other[0] + 50 * math.sqrt(other[1])
    return 0.0 if excess(0.0) >= 0 else float(brentq(excess, 0.0, highest))


def ratio(above: Estimate, below: Estimate) -> Estimate:
    """Return the ratio of two independent, positive estimates: error by the delta method, interval by MOVER."""
    if not below.value > 0 or math.isnan(above.value):
        return Estimate()
    value = above.value / below.value
    error = math.hypot(above.error, value * below.error) / below.value
    half = above.value * below.value

    def parts(top: float, bottom: float) -> tuple[float, float, float]:
        one, other = bottom * (2 * below.value - bottom), top * (2 * above.value - top)
        return one, other, math.sqrt(max(half**2 - one * other, 0.0))

    _, least, root = parts(above.low, below.high)
    low = max(least / (half + root), 0.0) if least > 0 else 0.0
    most, _, root = parts(above.high, below.low)
    return Estimate(value, error, low, (half + root) / most if most > 0 else math.inf)


def recall(found: Estimate, missed: Estimate) -> Estimate:
    """Return found / (found + missed) of two independent estimates: error by the delta method, interval by MOVER."""
    odds = ratio(missed, found)
    value = 1 / (1 + odds.value)
    return Estimate(value, odds.error * value**2, 1 / (1 + odds.high), 1 / (1 + odds.low))
