"""The table of an ablation: scores by hand, intervals against an independent bootstrap, paired differences."""

import numpy as np
import pandas as pd
import pytest

from tests.trials.cases import trial
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.trials.scoring import LEVELS
from workflow_scripts.rogi.trials.table import (
    COLUMNS,
    COSTS,
    MEAN,
    MEASURES,
    POOLED,
    average_precision,
    comparison,
    costs,
    measures,
)

SETTINGS = Bootstrap(samples=500, block_m=0, confidence=0.9, seed=5)


def value(table: pd.DataFrame, variant: str, ground: str, score: str) -> pd.Series:
    return table.set_index(["variant", "ground", "score"]).loc[(variant, ground, score)]


def test_a_trial_is_read_from_its_tables() -> None:
    one = trial([6, 2], [3, 0], [0, 2], [[1, 2, 0], [0, 0, 1]])
    assert one.uids == ["rg 0", "rg 1"]
    np.testing.assert_allclose(one.sums[:, :6], [[6, 3, 0, 1, 2, 0], [2, 0, 2, 0, 0, 1]])
    found = dict(zip(MEASURES, measures(one.sums.sum(axis=0)), strict=True))
    assert found["area_iou"] == pytest.approx(8 / 13)
    assert found["area_precision"] == pytest.approx(8 / 11)
    assert found["area_recall"] == pytest.approx(0.8)
    assert found["objects_precision"] == pytest.approx(1 / 3)
    assert found["objects_recall"] == pytest.approx(0.5)
    assert found["objects_f1"] == pytest.approx(2 / 5)


def test_average_precision_of_a_list_by_hand() -> None:
    """Found, false, found, from the most to the least likely: (1/1 + 2/3) / 2."""
    levels = np.zeros((LEVELS, 2))
    levels[200, 0], levels[150, 1], levels[100, 0], levels[0, 1] = 1, 1, 1, 50
    assert average_precision(levels) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(3 * levels) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(average_precision(levels * [0, 1]))


def test_average_precision_of_a_map_that_says_nothing_is_the_share_of_rock_glaciers() -> None:
    levels = np.zeros((LEVELS, 2))
    levels[:, 0], levels[:, 1] = 0.2, 0.8
    assert average_precision(levels) == pytest.approx(0.2)


def test_mean_over_folds_and_pooled_are_not_the_same() -> None:
    table = comparison({"ours": [trial([9], [1], [0]), trial([10], [0], [90])]}, ["north", "south"], SETTINGS)
    assert list(table.columns) == list(COLUMNS)
    assert value(table, "ours", "north", "area_iou")["value"] == pytest.approx(0.9)
    assert value(table, "ours", "south", "area_iou")["value"] == pytest.approx(0.1)
    assert value(table, "ours", MEAN, "area_iou")["value"] == pytest.approx(0.5)
    assert value(table, "ours", POOLED, "area_iou")["value"] == pytest.approx(19 / 110)
    assert np.isnan(value(table, "ours", POOLED, "area_iou")["low"])  # one rock glacier per fold: nothing to draw


def test_a_fold_without_a_score_is_left_out_of_the_mean() -> None:
    table = comparison({"ours": [trial([9], [1], [0]), trial([0], [0], [4])]}, ["north", "south"], SETTINGS)
    assert value(table, "ours", MEAN, "area_precision")["value"] == pytest.approx(0.9)
    assert value(table, "ours", MEAN, "area_iou")["value"] == pytest.approx(0.45)


def test_intervals_are_those_of_drawing_rock_glaciers_within_folds() -> None:
    """Against a plain loop with a generator of its own."""
    rng = np.random.default_rng(2)
    folds = [trial(*rng.integers(1, 50, (3, number)).tolist()) for number in (12, 30)]
    settings = SETTINGS._replace(samples=4000)
    row = value(comparison({"ours": folds}, ["a", "b"], settings), "ours", POOLED, "area_iou")
    drawn = []
    for _ in range(4000):
        picked = [fold.sums[rng.integers(0, len(fold.sums), len(fold.sums)), :3].sum(axis=0) for fold in folds]
        tp, fp, fn = np.sum(picked, axis=0)
        drawn.append(tp / (tp + fp + fn))
    np.testing.assert_allclose([row["low"], row["high"]], np.quantile(drawn, [0.05, 0.95]), atol=0.006)


def test_differences_are_paired() -> None:
    """A variant that finds a tenth less of every rock glacier is worse in every draw, though intervals overlap."""
    rng = np.random.default_rng(3)
    found, missed = rng.integers(20, 80, 25).astype(float), rng.integers(0, 60, 25).astype(float)
    better, worse = (trial((share * found).tolist(), [0] * 25, (missed + (1 - share) * found).tolist())
                     for share in (1, 0.9))  # fmt: skip
    table = comparison({"ours": [better], "less": [worse]}, ["all"], SETTINGS)
    first, second = (value(table, name, POOLED, "area_recall") for name in ("ours", "less"))
    assert first["difference"] == 0
    assert np.isnan(first["difference_low"])
    assert second["difference"] == pytest.approx(-0.1 * first["value"])
    assert second["high"] > first["low"]
    assert second["difference_high"] < 0
    assert second["difference_high"] - second["difference_low"] < 0.2 * (second["high"] - second["low"])


def test_variants_scored_on_other_rock_glaciers_do_not_compare() -> None:
    with pytest.raises(ValueError, match=r"fold b: variants 'ours' and 'other' .* \(1 and 2\)"):
        comparison(
            {"ours": [trial([1], [0], [0])] * 2, "other": [trial([1], [0], [0]), trial([1, 2], [0, 0], [0, 0])]},
            ["a", "b"],
            SETTINGS,
        )


def test_costs_stand_beside_the_scores() -> None:
    spent = {"ours": (12.0, 20.0, 1000), "plain": (5.0, 9.0, 4000)}
    table = costs({name: dict(zip(COSTS, values, strict=True)) for name, values in spent.items()})
    assert list(table.columns) == list(COLUMNS)
    assert value(table, "ours", MEAN, "training_min")["value"] == 12
    assert value(table, "plain", MEAN, "training_cpu_min")["difference"] == -11
    assert value(table, "plain", MEAN, "parameters")[["value", "difference"]].tolist() == [4000, 3000]
