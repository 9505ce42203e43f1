"""Intervals of scores by the bootstrap over blocks of ground, stratified by subregion."""

from typing import NamedTuple

import numpy as np

from workflow_scripts.rogi.inventory.scores import score_arrays


class Bootstrap(NamedTuple):
    """How intervals are drawn.

    Attributes:
        samples: Number of draws.
        block_m: Side of the blocks, metres of the equal-area grid.
        confidence: Share of cases in which an interval shall hold the true value.
        seed: Seed of the draws; the same for every comparison, so that their intervals compare.
    """

    samples: int
    block_m: float
    confidence: float
    seed: int


class Estimates(NamedTuple):
    """Errors and scores per stratum, then of all strata together.

    Attributes:
        errors: True positives, false positives and false negatives, shape (strata + 1, 3).
        low: Lower ends of the intervals of the scores, shape (strata + 1, 4); NaN where the draws have no spread.
        high: Upper ends.
        blocks: Number of blocks that hold anything, shape (strata + 1,).
    """

    errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    blocks: np.ndarray


def estimate(errors: np.ndarray, strata: np.ndarray, blocks: np.ndarray, count: int, settings: Bootstrap) -> Estimates:
    """Sum errors up, and give their scores percentile intervals (Efron and Tibshirani 1993, chapter 13).

    What is drawn with replacement are blocks, not single rock glaciers: neighbours share imagery, shadow, rock and
    mapper, so they err alike, and single draws would make the intervals too narrow (Lahiri 2003). Subregions are
    strata: each keeps its number of blocks in every draw. A draw in which a score has no denominator does not count.

    Args:
        errors: True positives, false positives and false negatives of every item, shape (n, 3).
        strata: Number of the stratum of every item, shape (n,).
        blocks: Number of the block of every item, shape (n,); blocks of different strata differ.
        count: Number of strata.
        settings: How to draw.
    """
    generator = np.random.default_rng(settings.seed)
    sums = [_per_block(errors[strata == stratum], blocks[strata == stratum]) for stratum in range(count)]
    draws = [drawn(each, settings.samples, generator) for each in sums]
    numbers = [len(each) for each in sums]
    totals = [each.sum(axis=0) for each in sums]
    parts = (*draws, np.sum(draws, axis=0))
    low, high = np.stack([percentiles(score_arrays(part), settings.confidence) for part in parts], axis=1)
    return Estimates(np.stack([*totals, np.sum(totals, axis=0)]), low, high, np.array([*numbers, sum(numbers)]))


def _per_block(errors: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Return the sums of every block, shape (blocks, 3)."""
    names, number = np.unique(blocks, return_inverse=True)
    sums = np.zeros((len(names), 3))
    np.add.at(sums, number, errors)
    return sums


def drawn(sums: np.ndarray, samples: int, generator: np.random.Generator) -> np.ndarray:
    """Return the sums of every draw of as many blocks with replacement, shape (samples, n); sums (blocks, n)."""
    if not len(sums):
        return np.zeros((samples, sums.shape[1]))
    return generator.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=samples) @ sums


def percentiles(values: np.ndarray, confidence: float) -> np.ndarray:
    """Return lower and upper ends of the intervals of scores, shape (2, n).

    Where nothing was wrong in any block, no draw can be worse, which says nothing about errors that are rare.

    Args:
        values: A row per draw, a column per score, shape (samples, n); NaN where a draw has no such score.
        confidence: Share of cases in which an interval shall hold the true value.

    Returns:
        NaN for a score that no draw has, or all draws alike.
    """
    ends = np.full((2, values.shape[1]), np.nan)
    for column, drawn_values in enumerate(values.T):
        known = drawn_values[~np.isnan(drawn_values)]
        if len(known) and known.min() < known.max():
            ends[:, column] = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return ends
