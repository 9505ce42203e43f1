import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from workflow_scripts.rogi.validation.estimators import (
    Design,
    Estimate,
    pooled_design,
    rare_total,
    ratio,
    recall,
    share,
    total,
)

LEVEL = 0.95
RUNS = 300


def samples(stratum: np.ndarray, counts: list[int]) -> list[np.ndarray]:
    """Return all stratified samples without replacement."""
    parts = [itertools.combinations(np.flatnonzero(stratum == number), count) for number, count in enumerate(counts)]
    return [np.concatenate(one) for one in itertools.product(*parts)]


def drawn(stratum: np.ndarray, counts: list[int], rng: np.random.Generator) -> np.ndarray:
    chosen = [rng.permutation(np.flatnonzero(stratum == number))[:count] for number, count in enumerate(counts)]
    return np.concatenate(chosen)


def test_total_and_its_variance_are_unbiased_over_all_samples() -> None:
    stratum, values = np.repeat([0, 1], [5, 4]), np.array([1.0, 4, 2, 0, 7, 3, 3, 9, 5])
    every = [total(values[one], Design(stratum[one], np.array([5, 4]))) for one in samples(stratum, [2, 3])]
    estimates, variances = np.array(every).T
    assert estimates.mean() == pytest.approx(values.sum())
    assert variances.mean() == pytest.approx(estimates.var())


def test_share_is_that_of_the_sample_when_all_chances_are_alike() -> None:
    values = np.array([1.0] * 8 + [0] * 2)
    one = share(values, np.ones(10), Design(np.zeros(10, int), np.array([40])), LEVEL)
    assert one.value == pytest.approx(0.8)
    assert one.error == pytest.approx(math.sqrt(0.75 * 0.8 * 0.2 / 9))  # Cochran (1977), theorem 3.2 with s² for S²
    assert one.low < 0.8 < one.high < 1


def test_share_weighs_strata_and_sizes() -> None:
    design = Design(np.array([0, 0, 1, 1]), np.array([10, 90]))
    values, sizes = np.array([1.0, 1, 0, 1]), np.array([2.0, 2, 1, 3])
    assert share(values, np.ones(4), design, LEVEL).value == pytest.approx((10 + 45) / 100)
    assert share(values, sizes, design, LEVEL).value == pytest.approx((5 * 4 + 45 * 3) / (5 * 4 + 45 * 4))
    inside = np.array([0.0, 0, 1, 1])
    assert share(values, inside, design, LEVEL).value == pytest.approx(0.5)


def test_a_census_leaves_nothing_to_chance() -> None:
    one = share(np.array([1.0, 0, 1, 1]), np.ones(4), Design(np.array([0, 0, 1, 1]), np.array([2, 2])), LEVEL)
    assert (one.value, one.error, one.low, one.high) == (0.75, 0.0, 0.75, 0.75)
    assert rare_total(np.array([0.0, 2]), Design(np.zeros(2, int), np.array([2])), 1, LEVEL) == Estimate(2, 0, 2, 2)


def test_no_exception_found_is_not_none_there() -> None:
    one = share(np.ones(20), np.ones(20), Design(np.zeros(20, int), np.array([100])), LEVEL)
    low, high = proportion_confint(25, 25, method="wilson")  # 20 of 100 say as much as 25 of an endless population
    assert (one.value, one.error) == (1.0, 0.0)
    assert (one.low, one.high) == pytest.approx((low, high))


def test_nobody_in_the_domain_says_nothing() -> None:
    assert math.isnan(share(np.ones(3), np.zeros(3), Design(np.zeros(3, int), np.array([9])), LEVEL).value)


def test_thin_strata_are_taken_with_their_neighbours() -> None:
    population = pd.Series({"a": 10, "b": 1, "c": 6, "d": 5})
    design = pooled_design(["a", "a", "b", "c", "d"], population)
    assert design.population.tolist() == [10, 1, 11]
    assert design.stratum.tolist() == [0, 0, 1, 2, 2]
    last = pooled_design(["a", "a", "c", "c"], population.drop("b"))
    assert (last.population.tolist(), last.stratum.tolist()) == ([10, 11], [0, 0, 1, 1])
    assert pooled_design(["c"], population).population.tolist() == [22]
    assert design.weight.sum() == pytest.approx(22)


def test_nothing_found_has_an_upper_limit() -> None:
    """Half of the mid-p mixture lies at 0, half is exponential: its 97.5 % point is w ln 20."""
    none = rare_total(np.zeros(10), Design(np.zeros(10, int), np.array([1000])), 1, LEVEL)
    assert (none.value, none.error, none.low) == (0, 0, 0)
    assert none.high == pytest.approx(100 * math.sqrt(0.99) * math.log(20), rel=1e-6)


def test_a_plain_count_has_the_mid_p_interval_of_a_poisson_count() -> None:
    found = np.zeros(100_000)
    found[:5] = 1
    one = rare_total(found, Design(np.zeros(len(found), int), np.array([10**9])), 1, LEVEL).times(len(found) / 10**9)
    assert one.value == pytest.approx(5)
    for mean, tail in ((one.high, stats.poisson.cdf(4, one.high)), (one.low, stats.poisson.sf(5, one.low))):
        assert tail + stats.poisson.pmf(5, mean) / 2 == pytest.approx(0.025, abs=1e-4)


def test_what_was_found_is_there() -> None:
    one = rare_total(np.array([3.0, 0, 0, 0]), Design(np.zeros(4, int), np.array([5])), 1, LEVEL)
    assert one.low == 3 < one.value < one.high


def test_ratio_of_normal_estimates_is_fiellers() -> None:
    """With symmetric limits MOVER is the closed form of Fieller (1954)."""
    a, b, u, v = 3.0, 10.0, 0.8, 1.5  # values and half widths
    one = ratio(Estimate(a, u / 1.96, a - u, a + u), Estimate(b, v / 1.96, b - v, b + v))
    roots = np.roots([b**2 - v**2, -2 * a * b, a**2 - u**2])
    assert sorted([one.low, one.high]) == pytest.approx(sorted(roots))
    assert one.value == pytest.approx(0.3)
    assert one.error == pytest.approx(math.hypot(u / 1.96 / b, a * v / 1.96 / b**2))


def test_recall_of_certain_numbers_and_of_none() -> None:
    certain = recall(Estimate(30, 0, 30, 30), Estimate(10, 2, 6, 15))
    assert (certain.value, certain.low, certain.high) == pytest.approx((0.75, 30 / 45, 30 / 36))
    assert certain.error == pytest.approx(30 * 2 / 40**2)  # delta method
    assert math.isnan(recall(Estimate(0, 0, 0, 0), Estimate(10, 2, 6, 15)).value)
    complete = recall(Estimate(30, 1, 28, 30), Estimate(0, 0, 0, 5))
    assert (complete.value, complete.high) == (1, 1)
    assert 30 / 36 < complete.low < 30 / 34


SHARES = {
    "paper": ([2000], [100], [0.9]),
    "small_strata": ([10, 20, 8, 15, 14, 20], [5, 10, 4, 8, 7, 10], [0.9] * 6),
    "unlike_strata": ([200, 100, 400, 30], [27, 14, 55, 4], [0.95, 0.8, 0.99, 0.6]),
}


@pytest.mark.parametrize("by_area", [False, True], ids=["number", "area"])
@pytest.mark.parametrize("case", SHARES)
def test_intervals_of_shares_cover_as_often_as_they_say(case: str, by_area: bool, rng: np.random.Generator) -> None:
    sizes, counts, rates = SHARES[case]
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    right = (rng.random(len(stratum)) < np.repeat(rates, sizes)).astype(float)
    area = rng.lognormal(0, 0.6, len(stratum)) if by_area else np.ones(len(stratum))
    truth, hits, mean = right @ area / area.sum(), 0, 0.0
    for _ in range(RUNS):
        chosen = drawn(stratum, counts, rng)
        one = share(right[chosen], area[chosen], Design(stratum[chosen], np.array(sizes)), LEVEL)
        hits += one.low - 1e-9 <= truth <= one.high + 1e-9
        mean += one.value / RUNS
    assert mean == pytest.approx(truth, abs=0.01)
    assert 0.90 <= hits / RUNS <= 0.99


@pytest.mark.parametrize("by_area", [False, True], ids=["number", "area"])
def test_intervals_of_recall_cover_as_often_as_they_say(by_area: bool, rng: np.random.Generator) -> None:
    sizes, counts, rates = np.array([3000, 400, 100]), [200, 60, 40], [0.03, 0.06, 0.3]
    stratum = np.repeat(np.arange(3), sizes)
    number = rng.poisson(np.repeat(rates, sizes))
    found = np.array([rng.lognormal(0, 0.5, one).sum() for one in number]) if by_area else number.astype(float)
    right = (np.arange(300) < 280).astype(float)
    area = rng.lognormal(0, 0.5, 300) if by_area else np.ones(300)
    truth = right @ area / (right @ area + found.sum())
    hits, values = 0, []
    for _ in range(RUNS):
        cells, some = drawn(stratum, counts, rng), rng.permutation(300)[:60]
        unit = found[cells].sum() / number[cells].sum()
        missed = rare_total(found[cells], Design(stratum[cells], sizes), unit, LEVEL)
        known = share(right[some], area[some], Design(np.zeros(60, int), np.array([300])), LEVEL).times(area.sum())
        one = recall(known, missed)
        hits += one.low <= truth <= one.high
        values.append(one.value)
    assert np.mean(values) == pytest.approx(truth, abs=0.015)
    assert 0.90 <= hits / RUNS <= 0.99
