import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_scripts.rogi.validation.strata import allocate, classes, draw, strata

SIZES = np.array([60, 30, 9, 1])


def test_classes_are_named_by_their_limits() -> None:
    named = classes(np.array([5.0, 10.0, 29.9, 30.0, np.nan]), [10, 30], "m²", "unknown")
    assert named.tolist() == ["1 below 10 m²", "2 10 to 30 m²", "2 10 to 30 m²", "3 from 30 m²", "unknown"]
    assert classes(np.array([1.0, np.nan]), [], "m²").tolist() == ["all", "unknown"]


def test_strata_are_their_classes_together() -> None:
    assert strata(["West", "East"], ["small", "large"]).tolist() == ["West | small", "East | large"]


@pytest.mark.parametrize(
    ("total", "method", "minimum", "expected"),
    [
        (20, "proportional", 1, [11, 6, 2, 1]),
        (20, "proportional", 3, [11, 5, 3, 1]),
        (20, "equal", 1, [7, 6, 6, 1]),
        (40, "equal", 1, [15, 15, 9, 1]),
        (3, "proportional", 2, [2, 2, 2, 1]),
        (500, "equal", 2, [60, 30, 9, 1]),
    ],
)
def test_allocation(total: int, method: str, minimum: int, expected: list[int]) -> None:
    assert allocate(SIZES, total, method, minimum).tolist() == expected


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=12), st.integers(0, 600),
    st.sampled_from(["proportional", "equal"]), st.integers(1, 4),
)  # fmt: skip
def test_allocation_keeps_its_bounds_and_its_sum(sizes: list[int], total: int, method: str, minimum: int) -> None:
    counts = np.array(sizes)
    drawn = allocate(counts, total, method, minimum)
    least = np.minimum(minimum, counts)
    assert (drawn >= least).all()
    assert (drawn <= counts).all()
    assert drawn.sum() == np.clip(total, least.sum(), counts.sum())


def test_weights_stand_for_the_population(rng: np.random.Generator) -> None:
    stratum = np.repeat(["a", "b", "c"], [50, 20, 3])
    sample = draw(stratum, rng.random(73), 20, "proportional", 2)
    assert sample.groupby("stratum")["weight"].sum().to_dict() == pytest.approx({"a": 50, "b": 20, "c": 3})
    assert (sample["inclusion"] * sample["population"]).tolist() == pytest.approx(sample["drawn"].tolist())
    assert sample["stratum"].value_counts().to_dict() == {"a": 13, "b": 5, "c": 2}


def test_every_unit_has_the_stated_chance(rng: np.random.Generator) -> None:
    stratum = np.repeat(["a", "b"], [8, 4])
    hits = np.zeros(12)
    for _ in range(120):
        hits[draw(stratum, rng.random(12), 4, "equal", 1).index] += 1
    assert hits / 120 == pytest.approx([0.25] * 8 + [0.5] * 4, abs=0.18)  # four standard errors


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(0, 39))
def test_the_sample_stays_when_a_unit_that_was_not_drawn_goes(seed: int, gone: int) -> None:
    numbers = np.random.default_rng(seed).random(40)
    drawn = draw(["all"] * 40, numbers, 10, "proportional", 1).index
    left = np.delete(np.arange(40), gone)
    again = left[draw(["all"] * 39, numbers[left], 10, "proportional", 1).index]
    assert set(drawn) - {gone} <= set(again)
    assert gone in drawn or set(drawn) == set(again)


def test_a_larger_sample_holds_the_smaller(rng: np.random.Generator) -> None:
    stratum, numbers = np.repeat(["a", "b"], [30, 10]), rng.random(40)
    sizes = [set(draw(stratum, numbers, total, "proportional", 2).index) for total in (8, 16, 40)]
    assert sizes[0] < sizes[1] < sizes[2] == set(range(40))


def test_nothing_can_be_drawn_from_nothing() -> None:
    assert draw([], np.empty(0), 5, "equal", 2).empty
