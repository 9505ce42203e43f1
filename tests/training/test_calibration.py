"""Temperature and threshold, against known truths and brute force over single pixels."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from workflow_scripts.rogi.inventory.scores import scores
from workflow_scripts.rogi.training.calibration import (
    BINS,
    EDGES,
    LIMIT,
    STEP,
    LogitCounts,
    Objective,
    at_threshold,
    best_logit,
    calibrated,
    fit_temperature,
    has_both_classes,
    mean_loss,
)

F1 = Objective("f1", 0.9)


def counted(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the counts of some pixels, (2, BINS)."""
    counts = LogitCounts()
    counts.add("one", logits, label, np.ones(logits.shape, bool))
    return counts.stacked[0]


def honest(rng: np.random.Generator, count: int = 400_000) -> tuple[np.ndarray, np.ndarray]:
    """Return logits, and labels drawn with the probability that they state."""
    logits = rng.normal(-1, 2, count)
    return logits, rng.random(count) < expit(logits)


def test_pixels_are_counted_by_polygon_class_and_bin() -> None:
    counts = LogitCounts()
    logits = np.array([[0.0, 0.01, -5.0], [99.0, -99.0, 3.0]])
    label = np.array([[True, False, False], [True, False, True]])
    valid = np.array([[True, True, True], [True, True, False]])
    counts.add("a", logits, label, valid)
    counts.add("a", logits[:1], label[:1], valid[:1])
    counts.add("b", logits[1:], label[1:], valid[1:])
    zero, low = round(LIMIT / STEP), round((LIMIT - 5) / STEP)
    assert list(counts.of_polygon) == ["a", "b"]
    (first, second), total = counts.stacked, counts.stacked.sum()
    assert first[0, [0, low, zero]].tolist() == [1, 2, 2]
    assert first[1, [zero, BINS - 1]].tolist() == [2, 1]
    assert second[:, [0, BINS - 1]].tolist() == [[1, 0], [0, 1]]
    assert total == 5 + 3 + 2


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5, 6.0])
def test_a_known_temperature_is_found(temperature: float, rng: np.random.Generator) -> None:
    """Logits too large by a factor are divided by it."""
    logits, label = honest(rng)
    assert fit_temperature(counted(logits * temperature, label)) == pytest.approx(temperature, rel=0.01)


def test_no_other_temperature_has_less_loss(rng: np.random.Generator) -> None:
    logits = rng.normal(0, 6, 50_000)
    counts = counted(logits, rng.random(50_000) < np.where(logits > 1, 0.7, 0.2))
    best = fit_temperature(counts)
    losses = [mean_loss(counts, best * factor) for factor in (0.9, 0.99, 1, 1.01, 1.1)]
    assert losses[2] == min(losses)


def test_the_loss_is_that_of_single_pixels(rng: np.random.Generator) -> None:
    logits, label = honest(rng, 20_000)
    probability = expit(logits / 1.7)
    exact = -np.log(np.where(label, probability, 1 - probability)).mean()
    assert mean_loss(counted(logits, label), 1.7) == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize(("sign", "limit", "why"), [(1, 0.05, "without an error"), (-1, 20.0, "no better than chance")])
def test_beyond_the_limits_the_limit_is_taken_and_said(
    sign: int, limit: float, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    logits, label = np.array([-3.0, -1.0, 1.0, 3.0]), np.array([False, False, True, True])
    with caplog.at_level(logging.WARNING, "rogi"):
        assert fit_temperature(counted(sign * logits, label)) == limit
    assert why in caplog.text


pixels = st.lists(st.tuples(st.integers(-300, 300), st.booleans()), min_size=2, max_size=60).filter(
    lambda found: len({label for _, label in found}) == 2
)


def on_steps(found: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels on the lower borders of bins, where counting loses nothing."""
    steps, label = zip(*found, strict=True)
    return np.array(steps) * STEP, np.array(label)


def brute_force(logits: np.ndarray, label: np.ndarray, threshold: float) -> tuple[int, int, int]:
    found = logits >= threshold
    return int((found & label).sum()), int((found & ~label).sum()), int((~found & label).sum())


@given(pixels)
def test_no_threshold_has_a_higher_f1(found: list[tuple[int, bool]]) -> None:
    logits, label = on_steps(found)
    chosen = scores(*brute_force(logits, label, best_logit(counted(logits, label), F1))).f1
    assert chosen == max(scores(*brute_force(logits, label, threshold)).f1 or 0 for threshold in logits)


@given(pixels, st.sampled_from([0.3, 0.5, 0.9, 1.0]))
def test_the_highest_threshold_that_reaches_a_recall(found: list[tuple[int, bool]], wanted: float) -> None:
    logits, label = on_steps(found)
    threshold = best_logit(counted(logits, label), Objective("recall", wanted))
    assert (scores(*brute_force(logits, label, threshold)).recall or 0) >= wanted
    assert threshold == max(one for one in logits if (scores(*brute_force(logits, label, one)).recall or 0) >= wanted)


def test_between_classes_that_are_far_apart_the_threshold_lies_halfway() -> None:
    logits, label = np.array([-4.0, -4.0, 2.0]), np.array([False, False, True])
    assert best_logit(counted(logits, label), F1) == pytest.approx(-1, abs=2 * STEP)


def test_the_threshold_is_one_of_calibrated_probabilities(rng: np.random.Generator) -> None:
    """Whatever factor the logits are off by, it comes out the same."""
    logits, label = honest(rng, 100_000)
    for factor in (0.5, 3.0):
        temperature, threshold = calibrated(counted(factor * logits, label), F1)
        assert threshold == pytest.approx(expit(best_logit(counted(logits, label), F1)), abs=0.02)
        assert temperature == pytest.approx(factor, rel=0.02)


@pytest.mark.parametrize(("shift", "expected"), [(2.0, 253 / 254), (-2.0, 1 / 254)])
def test_the_threshold_is_one_that_a_map_can_be_cut_at(shift: float, expected: float) -> None:
    """Classes that are told apart without an error have the least temperature, and their border rounds to 0 or 1."""
    logits, label = np.array([-2.5, -2.5, 2.5]) + shift, np.array([False, False, True])
    assert calibrated(counted(logits, label), F1)[1] == expected


@given(pixels, st.floats(0.01, 0.99), st.sampled_from([0.7, 1.0, 2.0]))
def test_errors_at_a_threshold(found: list[tuple[int, bool]], threshold: float, temperature: float) -> None:
    logits, label = on_steps(found)
    (errors,) = at_threshold(counted(logits, label), temperature, [threshold])
    assert tuple(errors) == brute_force(expit(logits / temperature), label, threshold - 1e-12)


@pytest.mark.parametrize("label", [[], [False, False], [True, True]])
def test_without_a_pixel_of_each_class_nothing_is_fitted(label: list[bool]) -> None:
    counts = counted(np.zeros(len(label)), np.array(label, bool))
    assert not has_both_classes(counts)
    assert calibrated(counts, F1) == (1.0, 0.5)


def test_nothing_counted_is_an_empty_stack() -> None:
    assert LogitCounts().stacked.shape == (0, 2, BINS)
    assert EDGES[0] == -LIMIT
    assert EDGES[-1] == LIMIT
