"""Population estimates against published worked examples and simulated populations of known size."""

import math
from itertools import product

import numpy as np
import pytest

from workflow_scripts.rogi.inventory.recapture import (
    Model,
    Pair,
    Table,
    chapman,
    loglinear_models,
    profile_interval,
    tabulate,
)

# Numbers of each history in the order 111, 110, 101, 100, 011, 010, 001; the results are those that Rcapture (Rivest
# and Baillargeon) gives and checks against the papers.
DARROCH = [72, 155, 7, 71, 13, 53, 43]  # a census and two surveys, Darroch et al. (1993)
CORMACK = [72, 5, 29, 54, 24, 3, 14]  # deaths at work, Cormack, Chang and Smith (2000), Table 3b
BRUNO = [58, 157, 18, 104, 46, 650, 12, 709, 14, 20, 7, 74, 8, 182, 10]  # diabetes, Bruno et al. (1994)


def table_of(counts: list[int]) -> Table:
    lists = int(math.log2(len(counts) + 1))
    histories = np.array(list(product([True, False], repeat=lists))[:-1])
    return tabulate(np.repeat(histories, counts, axis=0))


def model_of(table: Table, *dependences: Pair) -> Model:
    return next(model for model in loglinear_models(table) if model.dependences == dependences)


def test_histories_are_counted() -> None:
    table = table_of(DARROCH)
    found = {tuple(row): count for row, count in zip(table.histories.astype(int).tolist(), table.counts, strict=True)}
    assert found[1, 1, 0] == 155
    assert found[0, 0, 1] == 43
    assert table.counts.sum() == sum(DARROCH)


def test_two_lists_of_seber() -> None:
    # Seber (1982, p. 107): 948 and 421 caught, 167 of them twice; Rcapture: 2389.9, standard error 130.4, AIC 28.831.
    model = model_of(table_of([167, 781, 254]))
    assert 1202 + model.unseen == pytest.approx(948 * 421 / 167)
    assert model.std_error == pytest.approx(130.4, abs=0.05)
    assert model.aic == pytest.approx(28.831, abs=5e-4)
    assert chapman(948, 421, 167, 0.95).population == pytest.approx(949 * 422 / 168 - 1)


def test_chapman_by_hand() -> None:
    # Ten turtles marked, fifteen caught, five of them marked
    found = chapman(10, 15, 5, 0.95)
    assert found.population == pytest.approx(28.333, abs=1e-3)
    assert found.std_error == pytest.approx(math.sqrt(11 * 16 * 5 * 10 / (36 * 7)))
    assert 20 == found.low < found.population < found.high == 57


def test_two_like_lists_leave_nothing_unseen() -> None:
    assert chapman(36, 36, 36, 0.95)[:3] == (36, 0, 36)
    assert chapman(36, 36, 36, 0.95).high == 37


def test_the_interval_of_two_lists_is_the_profile_of_the_model() -> None:
    seen = table_of([30, 20, 10])
    assert chapman(50, 40, 30, 0.95)[2:] == profile_interval(seen, (), 0.95)


@pytest.mark.parametrize(
    ("counts", "dependences", "population", "std_error", "deviance", "df"),
    [
        (DARROCH, ((0, 1), (0, 2), (1, 2)), 1240, 451, 0, 0),
        (DARROCH, ((0, 1), (1, 2)), 850, 186, 3.8, 1),
        (BRUNO, ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)), 2771, 145, 7.6, 5),
        (BRUNO, ((0, 2), (1, 3), (2, 3)), 2472, 53, 22.0, 7),
    ],
)
def test_published_log_linear_estimates(
    counts: list[int], dependences: tuple[Pair, ...], population: int, std_error: int, deviance: float, df: int
) -> None:
    model = model_of(table_of(counts), *dependences)
    assert round(sum(counts) + model.unseen) == population
    assert round(model.std_error) == pytest.approx(std_error, abs=1)
    assert model.deviance == pytest.approx(deviance, abs=0.06)
    assert model.df == df


@pytest.mark.parametrize(
    ("dependences", "deviance", "low", "high"), [((), 75.1, 203, 217), (((1, 2),), 1.2, 210, None)]
)
def test_published_profile_intervals(
    dependences: tuple[Pair, ...], deviance: float, low: int, high: int | None
) -> None:
    table = table_of(CORMACK)
    assert model_of(table, *dependences).deviance == pytest.approx(deviance, abs=0.05)
    ends = profile_interval(table, dependences, 0.95)
    assert ends[0] == pytest.approx(low, abs=0.6)
    assert high is None or ends[1] == high


def test_the_models_of_three_lists() -> None:
    models = loglinear_models(table_of(CORMACK))
    assert len(models) == 8
    assert min(models, key=lambda model: model.bic).dependences == ((1, 2),)  # as Cormack et al. chose
    independent = models[0]
    assert independent.bic - independent.aic == pytest.approx(4 * (math.log(sum(CORMACK)) - 2))


def test_a_saturated_model_of_three_lists_in_closed_form() -> None:
    g, d, e, a, f, b, c = DARROCH
    assert model_of(table_of(DARROCH), (0, 1), (0, 2), (1, 2)).unseen == pytest.approx(g * a * b * c / (d * e * f))


def test_the_order_of_the_lists_does_not_matter() -> None:
    table = table_of(DARROCH)
    turned = tabulate(np.repeat(table.histories, table.counts.astype(int), axis=0)[:, [2, 0, 1]])
    assert model_of(turned, (1, 2)).unseen == pytest.approx(model_of(table, (0, 1)).unseen)


def test_many_lists_are_tried_with_two_dependent_pairs_at_most() -> None:
    rng = np.random.default_rng(0)
    models = loglinear_models(tabulate(rng.random((400, 5)) < 0.5))
    assert len(models) == 1 + 10 + 45


def test_an_impossible_history_is_not_taken_for_one_that_did_not_occur() -> None:
    """The first list is only kept where another confirms it."""
    rng = np.random.default_rng(4)
    seen = rng.random((500, 3)) < [0.6, 0.7, 0.5]
    alone = (True, False, False)
    kept = seen[seen.any(axis=1) & ~(seen == alone).all(axis=1)]
    right, wrong = tabulate(kept, (alone,)), tabulate(kept)
    # The first list's finds alone, 0.6 x 0.3 x 0.5 of all, are not among those estimated.
    expected = 500 * 0.4 * 0.3 * 0.5
    assert model_of(right).unseen == pytest.approx(expected, rel=0.25)
    assert model_of(wrong).unseen < 0.7 * expected
    assert ((0, 1), (0, 2), (1, 2)) not in [model.dependences for model in loglinear_models(right)]


def test_without_a_link_between_lists_there_is_no_estimate() -> None:
    assert loglinear_models(table_of([0, 0, 0, 10, 0, 10, 10])) == []


def test_the_upper_end_may_be_open() -> None:
    low, high = profile_interval(table_of([0, 0, 0, 10, 0, 10, 10]), (), 0.95)
    assert 40 < low < 1000
    assert high == math.inf


def test_two_lists_hold_their_confidence() -> None:
    rng = np.random.default_rng(5)
    for size, first, second in ((60, 0.5, 0.4), (300, 0.25, 0.2), (80, 0.9, 0.6)):
        found = []
        for _ in range(100):
            one, other = rng.random(size) < first, rng.random(size) < second
            found.append(chapman(int(one.sum()), int(other.sum()), int((one & other).sum()), 0.9))
        assert np.mean([each.low <= size <= each.high for each in found]) >= 0.83
        assert np.mean([each.population for each in found]) == pytest.approx(size, rel=0.07)


def test_dependent_lists_are_found_out_and_their_dependence_allowed_for() -> None:
    """Of 400, the second list holds many that the first holds too, and the third is independent of both."""
    rng = np.random.default_rng(6)
    holds, pairs, naive, chosen = [], [], [], []
    for _ in range(10):
        chances = rng.random((400, 3))
        first = chances[:, 0] < 0.5
        seen = np.stack([first, chances[:, 1] < np.where(first, 0.7, 0.3), chances[:, 2] < 0.5], axis=1)
        table = tabulate(seen[seen.any(axis=1)])
        best = min(loglinear_models(table), key=lambda model: model.bic)
        low, high = profile_interval(table, best.dependences, 0.95)
        holds.append(low <= 400 <= high)
        pairs.append(best.dependences)
        naive.append(chapman(int(first.sum()), int(seen[:, 1].sum()), int(seen[:, :2].all(axis=1).sum()), 0.95).high)
        chosen.append(table.counts.sum() + best.unseen)
    assert pairs.count(((0, 1),)) >= 8
    assert sum(holds) >= 8
    assert np.mean(chosen) == pytest.approx(400, rel=0.04)
    assert max(naive) < 400  # taken for independent, they would miss the number every time
