"""Reliability bins and the calibration error, against closed forms and single pixels."""

import numpy as np
import pytest
from scipy.special import expit, logit

from workflow_scripts.rogi.inventory.scores import scores
from workflow_scripts.rogi.training.calibration import BINS, STEP, LogitCounts, Objective, calibrated
from workflow_scripts.rogi.training.reliability import (
    Draws,
    calibration_error,
    cross_fitted,
    interval,
    reliability,
    reliability_table,
    summary,
    threshold_table,
)

F1 = Objective("f1", 0.9)
DRAWS = Draws(500, 0.95, 1)


def world(rng: np.random.Generator, factor: float, polygons: int = 30) -> np.ndarray:
    """Return the counts of polygons whose logits are too large by a factor, (polygons, 2, BINS)."""
    counts = LogitCounts()
    for number in range(polygons):
        logits = rng.normal(rng.normal(-1, 1), 2, (80, 80))
        label = rng.random(logits.shape) < expit(logits)
        counts.add(f"p{number}", factor * logits, label, np.ones(logits.shape, bool))
    return counts.stacked


def test_two_probabilities_have_a_closed_form() -> None:
    """A hundred pixels at 0.9, of which 70 are right, and 300 at 0.2, of which 30 are."""
    counts = LogitCounts()
    for probability, count, right in ((0.9, 100, 70), (0.2, 300, 30)):
        counts.add("p", np.full(count, logit(probability)), np.arange(count) < right, np.ones(count, bool))
    sums = reliability(counts.stacked, 1.0, 10)
    assert sums.shape == (1, 10, 3)
    # 0.9 falls on a border; rounding of the bins of logits decides the side.
    high = sums[0, 8:].sum(axis=0)
    assert high == pytest.approx([100, 90, 70], abs=100 * STEP / 8)
    assert sums[0, 2] + sums[0, 1] == pytest.approx([300, 60, 30], abs=300 * STEP / 8)
    assert calibration_error(sums.sum(axis=0)) == pytest.approx(0.25 * 0.2 + 0.75 * 0.1, abs=STEP / 8)


def test_honest_probabilities_have_no_error_and_exaggerated_ones_lose_theirs(rng: np.random.Generator) -> None:
    assert calibration_error(reliability(world(rng, 1).sum(axis=0), 1.0, 15)) < 0.004
    counts = world(rng, 4)
    temperature, _ = calibrated(counts.sum(axis=0), F1)
    before, after = (calibration_error(reliability(counts.sum(axis=0), of, 15)) for of in (1.0, temperature))
    assert before > 0.08
    assert after < 0.004


def test_bins_are_those_of_single_pixels(rng: np.random.Generator) -> None:
    logits = np.round(rng.normal(0, 3, 5000) / STEP) * STEP + STEP / 2  # in the middle of bins
    label = rng.random(5000) < 0.4
    counts = LogitCounts()
    counts.add("p", logits, label, np.ones(5000, bool))
    probability = expit(logits / 1.3)
    place = (probability * 15).astype(int)
    expected = np.stack([np.bincount(place, weights, 15) for weights in (np.ones(5000), probability, label)], axis=-1)
    assert reliability(counts.stacked, 1.3, 15)[0] == pytest.approx(expected, abs=1e-9)
    table = reliability_table({"after": expected})
    assert table["pixels"].tolist() == expected[:, 0].tolist()
    filled = table["pixels"] > 0
    assert (
        table["mean_probability"][filled]
        .between(table["probability_from"][filled], table["probability_to"][filled])
        .all()
    )
    gap = (table["mean_probability"] - table["observed_share"]).abs() * table["pixels"] / 5000
    assert gap.sum() == pytest.approx(calibration_error(expected))


def test_the_interval_holds_the_error_and_narrows_with_more_polygons(rng: np.random.Generator) -> None:
    widths = []
    for polygons in (10, 160):
        sums = reliability(world(rng, 2, polygons), 1.0, 15)
        low, high = interval(sums, DRAWS)
        assert low < calibration_error(sums.sum(axis=0)) < high
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.5)
    assert np.isnan(interval(reliability(world(rng, 2, 1), 1.0, 15), DRAWS)).all()


def test_others_polygons_give_nearly_the_same_where_all_are_alike(rng: np.random.Generator) -> None:
    counts = world(rng, 3, 40)
    about = summary(counts, *calibrated(counts.sum(axis=0), F1), F1, 15, DRAWS)
    assert cross_fitted(counts, F1, 15, 1) == (about["ece_cross_fitted"], about["f1_cross_fitted"])
    assert about["ece_cross_fitted"] == pytest.approx(about["ece"], abs=0.005)
    assert about["f1_cross_fitted"] <= about["f1"]
    assert about["f1_cross_fitted"] == pytest.approx(about["f1"], abs=0.01)


def test_a_polygon_unlike_all_others_is_seen_by_cross_fitting() -> None:
    """Fitted to all there is, two kinds of polygons balance; each is far off what the other asks for."""
    counts = np.zeros((2, 2, BINS), np.int64)
    middle = BINS // 2
    counts[0, :, middle + 128] = 10, 90  # logit 2
    counts[1, :, middle + 128] = 90, 10
    about = summary(counts, *calibrated(counts.sum(axis=0), F1), F1, 15, DRAWS)
    assert about["ece"] < 0.05
    assert about["ece_cross_fitted"] > 0.3


def test_scores_at_thresholds(rng: np.random.Generator) -> None:
    counts = world(rng, 1, 3)
    table = threshold_table(counts.sum(axis=0), 1.0)
    assert len(table) == 99
    assert (np.diff(table["recall"]) <= 0).all()
    temperature, threshold = 1.0, 0.5
    about = summary(counts, temperature, threshold, F1, 15, DRAWS)
    (row,) = table[table["threshold"] == threshold].to_dict("records")
    assert {name: about[name] for name in ("precision", "recall", "f1", "iou")} == {
        name: row[name] for name in ("precision", "recall", "f1", "iou")
    }
    background, rock_glacier = counts.sum(axis=0)
    tp, fp = (int(part[BINS // 2 :].sum()) for part in (rock_glacier, background))
    assert scores(tp, fp, int(rock_glacier.sum()) - tp)[3:] == pytest.approx(
        [row[n] for n in ("precision", "recall", "f1", "iou")]
    )


@pytest.mark.parametrize("polygons", [0, 2])
def test_without_validation_it_says_so(polygons: int) -> None:
    """Nothing at all, and background alone."""
    counts = np.zeros((polygons, 2, BINS), np.int64)
    counts[:, 0, :50] = 1
    about = summary(counts, 1.0, 0.5, Objective("recall", 0.8), 15, DRAWS)
    assert "no validation pixels of each class" in about["note"]
    assert about["objective"] == "recall 0.8"
    assert about["pixels"] == 50 * polygons
    assert np.isnan(about["f1"])
    assert np.isnan(about["recall"])
    assert len(reliability_table({"after": reliability(counts.sum(axis=0), 1.0, 15)})) == 15
