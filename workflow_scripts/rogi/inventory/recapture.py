"""How many there are, from how many several lists share: Chapman's estimator for two, log-linear models for more."""

import math
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import statsmodels.api as sm
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln, xlogy
from scipy.stats import chi2
from statsmodels.genmod.generalized_linear_model import GLMResultsWrapper
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

ALL_MODELS_UP_TO = 4  # lists; of more, models with at most two dependent pairs are tried
ENDLESS = 1000  # times as many unseen as seen: the likelihood has no maximum, the fit ran off

Pair = tuple[int, int]


class Estimate(NamedTuple):
    """A number of individuals: the estimate, its standard error and the ends of its interval."""

    population: float
    std_error: float
    low: float
    high: float


def chapman(first: int, second: int, both: int, confidence: float) -> Estimate:
    """Estimate a population from two independent lists.

    Chapman's (1951) form of the Lincoln-Petersen estimator, nearly unbiased where both lists share seven or more
    (Robson and Regier 1964), with Seber's (1970) variance (Seber 1982, p. 60). The interval is that of the profile
    likelihood (Cormack 1992), which is never below what was seen.

    Args:
        first: Individuals on the first list.
        second: Individuals on the second.
        both: Individuals on both, at least one.
        confidence: Share of cases in which the interval shall hold the true number.
    """
    population = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    seen = first + second - both

    def likelihood(unseen: float) -> float:
        total = seen + unseen
        listed = np.array([first, second])
        shares = xlogy(listed, listed / total) + xlogy(total - listed, 1 - listed / total)
        return float(gammaln(total + 1) - gammaln(unseen + 1) + shares.sum())

    return Estimate(population, math.sqrt(variance), *_likely(likelihood, seen, confidence))


def _likely(likelihood: Callable[[float], float], seen: int, confidence: float) -> tuple[float, float]:
    """Return the whole numbers between which the log-likelihood of the unseen is high enough, with those seen added."""
    endless = ENDLESS * (1 + seen)
    root = minimize_scalar(lambda root: -likelihood(root**2), bounds=(0, math.sqrt(endless)), method="bounded").x
    best = max((0.0, root**2), key=likelihood)
    limit = likelihood(best) - chi2.ppf(confidence, 1) / 2

    def above(unseen: float) -> float:
        return likelihood(unseen) - limit

    low = 0 if above(0) >= 0 else math.floor(brentq(above, 0, best))
    high = math.inf if above(endless) >= 0 else math.ceil(brentq(above, best, endless))
    return seen + low, seen + high


class Table(NamedTuple):
    """How often every history was seen.

    Attributes:
        histories: Which lists hold an individual, boolean of shape (cells, lists), without that of no list at all.
        counts: Individuals of each history, shape (cells,).
        possible: Whether a history can occur at all, boolean of shape (cells,).
    """

    histories: np.ndarray
    counts: np.ndarray
    possible: np.ndarray


def tabulate(seen: np.ndarray, impossible: tuple[tuple[bool, ...], ...] = ()) -> Table:
    """Count histories.

    Args:
        seen: Which lists hold each individual, boolean of shape (n, lists).
        impossible: Histories that cannot occur (structural zeros).
    """
    cells = list(product([False, True], repeat=seen.shape[1]))[1:]
    counts = np.array([(seen == np.array(cell)).all(axis=1).sum() for cell in cells], float)
    return Table(np.array(cells), counts, np.array([cell not in impossible for cell in cells]))


class Model(NamedTuple):
    """A log-linear model of the histories.

    Attributes:
        dependences: Pairs of lists that depend on each other.
        unseen: Estimated number on no list.
        std_error: Its standard error.
        deviance: Of the seen histories.
        df: Degrees of freedom.
        aic: Akaike's criterion.
        bic: Schwarz's, with the number of individuals seen.
    """

    dependences: tuple[Pair, ...]
    unseen: float
    std_error: float
    deviance: float
    df: int
    aic: float
    bic: float


def loglinear_models(table: Table) -> list[Model]:
    """Fit every log-linear model of dependences between pairs of lists (Fienberg 1972; Bishop et al. 1975, chapter 6).

    Models without a unique fit are left out, as are those whose estimate is endless. That all lists depend on each
    other at once, no model can tell from their being independent.

    Args:
        table: Of three lists or more.
    """
    return [model for dependences in _dependences(table.histories.shape[1]) for model in _model(table, dependences)]


def _dependences(lists: int) -> Iterator[tuple[Pair, ...]]:
    pairs = list(combinations(range(lists), 2))
    most = len(pairs) if lists <= ALL_MODELS_UP_TO else 2
    for number in range(most + 1):
        yield from combinations(pairs, number)


def _model(table: Table, dependences: tuple[Pair, ...]) -> Iterator[Model]:
    """Yield the model of some dependences, if it has a fit."""
    design, counts = _design(table.histories, dependences)[table.possible], table.counts[table.possible]
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return
    fit = _fit(counts, design)
    unseen = math.exp(fit.params[0])
    if unseen > ENDLESS * counts.sum():
        return
    error = math.sqrt(unseen + unseen**2 * fit.cov_params()[0, 0])
    parameters = design.shape[1]
    likelihood = -2 * fit.llf
    bic = likelihood + parameters * math.log(counts.sum())
    yield Model(dependences, unseen, error, fit.deviance, len(counts) - parameters, likelihood + 2 * parameters, bic)


def _design(histories: np.ndarray, dependences: tuple[Pair, ...]) -> np.ndarray:
    """Return intercept, lists and dependences as columns; the intercept is the logarithm of the number on no list."""
    columns = [np.ones(len(histories)), *histories.T, *(histories[:, a] & histories[:, b] for a, b in dependences)]
    return np.stack(columns, axis=1).astype(float)


def _fit(counts: np.ndarray, design: np.ndarray) -> GLMResultsWrapper:
    # A model with as many parameters as histories fits them perfectly, and leaves nothing to estimate a scale from.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return sm.GLM(counts, design, family=sm.families.Poisson()).fit()


def profile_interval(table: Table, dependences: tuple[Pair, ...], confidence: float) -> tuple[float, float]:
    """Return the ends of the profile likelihood interval of the population in a model (Cormack 1992).

    Args:
        table: As the model was fitted to.
        dependences: Those of the model.
        confidence: Share of cases in which the interval shall hold the true number, were the model true.

    Returns:
        Numbers of individuals, at least those seen; the upper end is infinite where the counts set no limit.
    """
    seen = int(table.counts[table.possible].sum())
    return _likely(lambda unseen: _profile(table, dependences, unseen), seen, confidence)


def _profile(table: Table, dependences: tuple[Pair, ...], unseen: float) -> float:
    """Return the multinomial log-likelihood of a number unseen, at the best values of all else."""
    possible = np.append(table.possible, True)
    histories = np.vstack([table.histories, np.zeros(table.histories.shape[1], bool)])[possible]
    counts = np.append(table.counts, unseen)[possible]
    shares = _fit(counts, _design(histories, dependences)).fittedvalues / counts.sum()
    return float(gammaln(counts.sum() + 1) - gammaln(unseen + 1) + xlogy(counts, shares).sum())
