import numpy as np
from scipy import stats

from workflow_scripts.rogi.validation.permanent import permanent_numbers

IDS = [f"RGU{number:06d}N0790000E" for number in range(4000)]


def test_a_number_belongs_to_its_name() -> None:
    numbers = permanent_numbers(IDS, 1)
    assert permanent_numbers(IDS[7:9], 1).tolist() == numbers[7:9].tolist()
    assert permanent_numbers(IDS[::-1], 1)[::-1].tolist() == numbers.tolist()
    assert len(set(numbers)) == len(IDS)


def test_numbers_are_uniform_and_draws_independent() -> None:
    draws = [permanent_numbers(IDS, 1), permanent_numbers(IDS, 2), permanent_numbers(IDS, 1, "cells")]
    for numbers in draws:
        assert ((numbers >= 0) & (numbers < 1)).all()
        assert stats.kstest(numbers, "uniform").pvalue > 0.01
    assert np.abs(np.corrcoef(draws) - np.eye(3)).max() < 0.05
