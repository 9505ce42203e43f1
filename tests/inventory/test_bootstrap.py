"""Bootstrap intervals: their coverage of a known truth, their strata, and the cases without any."""

import numpy as np
import pytest

from workflow_scripts.rogi.inventory.bootstrap import Bootstrap, estimate
from workflow_scripts.rogi.inventory.scores import SCORES

SETTINGS = Bootstrap(samples=400, block_m=1000, confidence=0.9, seed=3)
RECALL = SCORES.index("recall")


def errors_of(found: np.ndarray) -> np.ndarray:
    """Return the errors of objects that are found or missed."""
    return np.stack([found, np.zeros(len(found)), ~found], axis=1).astype(float)


def test_sums_are_those_of_the_items_whatever_the_blocks() -> None:
    rng = np.random.default_rng(0)
    errors, strata, blocks = rng.random((50, 3)), rng.integers(0, 3, 50), rng.integers(0, 9, 50)
    found = estimate(errors, strata, blocks, 3, SETTINGS)
    for stratum in range(3):
        np.testing.assert_allclose(found.errors[stratum], errors[strata == stratum].sum(axis=0))
        assert found.blocks[stratum] == len(set(blocks[strata == stratum]))
    np.testing.assert_allclose(found.errors[3], errors.sum(axis=0))
    assert found.blocks[3] == found.blocks[:3].sum()


def test_the_interval_of_independent_blocks_is_the_binomial_one() -> None:
    found = np.arange(400) % 5 > 0  # 80 %
    high, low = (
        getattr(estimate(errors_of(found), np.zeros(400), np.arange(400), 1, SETTINGS._replace(samples=4000)), end)
        for end in ("high", "low")
    )
    spread = 1.645 * np.sqrt(0.8 * 0.2 / 400)
    assert high[0, RECALL] - low[0, RECALL] == pytest.approx(2 * spread, rel=0.07)
    assert low[0, RECALL] == pytest.approx(0.8 - spread, abs=0.005)


def clustered(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return objects of which 80 % are found on average, all ten of a block with the same probability."""
    chances = rng.beta(3.2, 0.8, 30)
    return errors_of(rng.random(300) < np.repeat(chances, 10)), np.repeat(np.arange(30), 10)


def test_blocks_hold_their_confidence_where_single_objects_do_not() -> None:
    rng = np.random.default_rng(7)
    holds = np.zeros(2)
    for _ in range(80):
        errors, blocks = clustered(rng)
        for k, units in enumerate((blocks, np.arange(300))):
            found = estimate(errors, np.zeros(300), units, 1, SETTINGS._replace(samples=200))
            holds[k] += found.low[0, RECALL] <= 0.8 <= found.high[0, RECALL]
    assert 0.8 <= holds[0] / 80 <= 0.97
    assert holds[1] / 80 < 0.7


def test_strata_do_not_vary_between_them() -> None:
    # Two strata, each without any variation inside: nothing to draw, though they differ.
    found = np.repeat([True, False], 20)
    strata = np.repeat([0, 1], 20)
    result = estimate(errors_of(found), strata, np.arange(40), 2, SETTINGS)
    assert np.isnan(result.low).all()
    assert result.errors[2].tolist() == [20, 0, 20]


def test_without_spread_there_is_no_interval() -> None:
    one_block = estimate(errors_of(np.array([True, False])), np.zeros(2), np.zeros(2), 1, SETTINGS)
    assert np.isnan(one_block.low).all()
    assert np.isnan(one_block.high).all()
    nothing = estimate(np.empty((0, 3)), np.empty(0), np.empty(0), 2, SETTINGS)
    assert nothing.errors.tolist() == [[0, 0, 0]] * 3
    assert np.isnan(nothing.low).all()


def test_the_seed_decides() -> None:
    errors, blocks = clustered(np.random.default_rng(1))
    ends = [estimate(errors, np.zeros(300), blocks, 1, SETTINGS._replace(seed=seed)).low[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(ends[0], ends[1])
    assert (ends[0] != ends[2]).any()
