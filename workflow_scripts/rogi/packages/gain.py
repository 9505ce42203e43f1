"""What a look at a candidate is expected to be worth, and the order of work that follows."""

import numpy as np
import pandas as pd


def expected_gain(area_m2: pd.Series, probability: pd.Series, spread: pd.Series) -> pd.Series:
    """Return the area that a candidate puts at stake, m².

    area × (p (1 − p) + s²), with the mean probability p of the candidate's pixels and the spread s between models or
    views: the variance of a yes-or-no answer of probability p, and what the models disagree about. How the two are
    added up is our own choice; only the order matters.

    Args:
        area_m2: True areas.
        probability: 0 to 1; without one the doubt is greatest (p = 0.5).
        spread: Standard deviation, 0 to 0.5; null where there was a single model and view, which counts as 0.
    """
    known = probability.fillna(0.5)
    return area_m2 * (known * (1 - known) + spread.fillna(0) ** 2)


def with_rank(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return candidates by falling gain, with the columns `gain` (m²) and `rank` (from 1); ties by candidate_id."""
    gain = expected_gain(candidates["area_m2"], candidates["probability"], candidates["spread"])
    order = np.lexsort((candidates["candidate_id"].to_numpy(dtype=str), -gain.to_numpy()))
    ranked = candidates.assign(gain=gain).iloc[order].reset_index(drop=True)
    return ranked.assign(rank=np.arange(1, len(ranked) + 1))
