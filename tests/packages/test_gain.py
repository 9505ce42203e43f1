"""The order of work: much area and much doubt first."""

import numpy as np
import pandas as pd

from tests.packages.scene import candidates
from workflow_scripts.rogi.packages.gain import expected_gain, with_rank


def test_gain_is_area_times_doubt() -> None:
    area = pd.Series([1e4, 1e4, 1e4, 4e4, 1e4])
    probability = pd.Series([0.5, 0.9, 1.0, 0.9, np.nan])
    spread = pd.Series([np.nan, 0.1, 0.2, np.nan, np.nan])
    np.testing.assert_allclose(expected_gain(area, probability, spread), [2500, 1000, 400, 3600, 2500])


def test_candidates_are_ranked_by_gain_and_ties_by_name() -> None:
    frame = candidates(6).assign(area_m2=1e4, probability=[0.9, 0.5, 0.9, 0.6, 0.9, 0.99])
    ranked = with_rank(frame)
    assert list(ranked["rank"]) == [1, 2, 3, 4, 5, 6]
    assert list(ranked["probability"]) == [0.5, 0.6, 0.9, 0.9, 0.9, 0.99]
    assert list(ranked["candidate_id"][2:5]) == sorted(frame["candidate_id"][frame["probability"] == 0.9])
    assert ranked["gain"].is_monotonic_decreasing


def test_the_order_of_rows_makes_no_difference_to_the_ranks() -> None:
    frame = candidates(20)
    pd.testing.assert_frame_equal(pd.DataFrame(with_rank(frame)), pd.DataFrame(with_rank(frame[::-1])))
