"""Scores of several looks: by hand, and against fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow_scripts.rogi.mapping.averaging import averaged


def layer(*values: int) -> np.ndarray:
    return np.array([[values]], np.uint8)


def test_the_composite_alone() -> None:
    assert averaged(layer(0, 7, 254), []).tolist() == [[[0, 7, 254]]]


def test_half_the_composite_and_half_the_others_that_see_the_pixel() -> None:
    others = [
        (layer(10, 10, 10), np.array([[True, True, False]])),
        (layer(20, 20, 20), np.array([[True, False, False]])),
    ]
    assert averaged(layer(100, 100, 100), others).tolist() == [[[58, 55, 100]]]  # 57.5 is rounded up


@given(st.integers(0, 4), st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_against_fractions(count: int, layers: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    composite = rng.integers(0, 255, (layers, 3, 4), np.uint8)
    others = [(rng.integers(0, 255, (layers, 3, 4), np.uint8), rng.random((3, 4)) < 0.6) for _ in range(count)]
    found = averaged(composite, others)
    assert found.dtype == np.uint8
    for place, score in np.ndenumerate(composite):
        seen = [Fraction(int(scores[place])) for scores, valid in others if valid[place[1:]]]
        mean = (Fraction(int(score)) + sum(seen) / len(seen)) / 2 if seen else Fraction(int(score))
        assert found[place] == int(mean + Fraction(1, 2))


def test_the_order_of_looks_is_of_no_account(rng: np.random.Generator) -> None:
    composite = rng.integers(0, 255, (1, 8, 8), np.uint8)
    others = [(rng.integers(0, 255, (1, 8, 8), np.uint8), rng.random((8, 8)) < 0.6) for _ in range(5)]
    assert np.array_equal(averaged(composite, others), averaged(composite, others[::-1]))


@pytest.mark.parametrize("count", [1, 300])
def test_many_looks_do_not_overflow(count: int) -> None:
    full = np.full((1, 2, 2), 254, np.uint8)
    assert (averaged(full, [(full, np.ones((2, 2), bool))] * count) == 254).all()
