"""Tables of the reviewed sample: answers as in Table 4 of Sun et al. (2024), and the inventory's precision."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from workflow_scripts.rogi.validation.answers import ANSWERS
from workflow_scripts.rogi.validation.consensus import CONSENSUS, OPEN
from workflow_scripts.rogi.validation.estimators import Estimate, pooled_design, share

ALIKE = "all alike"
TOTAL = "total"
TABLE4 = ("reviewer", "answer", "count", "answered", "share", "low", "high", "weighted_share", "weighted_error",
          "weighted_low", "weighted_high")  # fmt: skip
PRECISION = ("reviewer", "subregion", "basis", "measure", "answered", "population", "precision", "error", "low", "high")
# What counts as right, and what counts at all. An open disagreement is treated as uncertain.
CERTAIN, DECIDED, LENIENT = "yes", "yes of yes and no", "all but no"
BASES = {
    CERTAIN: (("yes",), (*ANSWERS, OPEN)),
    DECIDED: (("yes",), ("yes", "no")),
    LENIENT: (("yes", "uncertain", "undefined", OPEN), (*ANSWERS, OPEN)),
}


def table4(opinions: Mapping[str, pd.Series], sample: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return how often each answer was given, by each reviewer, by all alike, and by consensus.

    Args:
        opinions: Answers by reviewer, as `consensus.opinions` returns them, indexed by ID; null where there is none.
        sample: Columns of `strata.DRAWN`, indexed by ID.
        level: Of the intervals.

    Returns:
        Columns `TABLE4`: counts, shares of the answers with Wilson's interval, as drawn; and the design-weighted shares
        of the whole inventory with theirs. No rows for whoever answered nothing.
    """
    told = pd.DataFrame({name: one for name, one in opinions.items() if name != CONSENSUS})
    by_all = told.dropna()
    alike = (
        by_all.iloc[:, 0].where(by_all.nunique(axis=1) == 1, "different") if len(told.columns) > 1 else by_all.head(0)
    )
    rows: list[tuple[object, ...]] = []
    for reviewer, answers in {**opinions, ALIKE: alike}.items():
        given = answers.dropna()
        listed = (*ANSWERS, OPEN) if reviewer == CONSENSUS else ANSWERS
        rows += [(reviewer, answer, *_shares(given, answer, sample, level)) for answer in listed if len(given)]
    return pd.DataFrame(rows, columns=list(TABLE4))


def _shares(given: pd.Series, answer: str, sample: pd.DataFrame, level: float) -> tuple[float, ...]:
    said = (given == answer).to_numpy()
    count, answered = int(said.sum()), len(given)
    low, high = proportion_confint(count, answered, alpha=1 - level, method="wilson")
    weighted = _weighted(said, np.ones(answered), sample.loc[given.index], sample, level)
    return (count, answered, count / answered, float(low), float(high),
            weighted.value, weighted.error, weighted.low, weighted.high)  # fmt: skip


def _weighted(
    values: np.ndarray, sizes: np.ndarray, answered: pd.DataFrame, sample: pd.DataFrame, level: float
) -> Estimate:
    population = sample.groupby("stratum")["population"].first()
    return share(values.astype(float), sizes, pooled_design(answered["stratum"], population), level)


def precision(
    opinions: Mapping[str, pd.Series], sample: pd.DataFrame, inventory: pd.DataFrame, level: float
) -> pd.DataFrame:
    """Return the share of the inventory that is right, design-weighted, by number and by area.

    Args:
        opinions: See `table4`.
        sample: Columns SUBREGION, AREA and `strata.DRAWN`, indexed by ID.
        inventory: Columns SUBREGION and AREA (m²) of all rock glaciers.
        level: Of the intervals.

    Returns:
        Columns `PRECISION`, per reviewer and by consensus, per subregion and in total, on every basis of `BASES`.
        `population` is a number, or km². Null where nobody answered.
    """
    rows: list[tuple[object, ...]] = []
    for reviewer, answers in opinions.items():
        given = answers.dropna()
        for place in [*inventory["SUBREGION"].unique(), TOTAL] if len(given) else []:
            rows += [(reviewer, place, *row) for row in _of_place(given, place, sample, inventory, level)]
    return pd.DataFrame(rows, columns=list(PRECISION))


def _of_place(
    given: pd.Series, place: str, sample: pd.DataFrame, inventory: pd.DataFrame, level: float
) -> Iterator[tuple[object, ...]]:
    answered = sample.loc[given.index]
    inside = _inside(answered, place)
    whole = inventory["AREA"].to_numpy()[_inside(inventory, place)]
    for basis, (right, counted) in BASES.items():
        counts = inside & given.isin(counted).to_numpy()
        for measure, size, population in (
            ("number", np.ones(len(given)), float(len(whole))),
            ("area_km2", answered["AREA"].to_numpy() / 1e6, float(whole.sum() / 1e6)),
        ):
            one = _weighted(given.isin(right).to_numpy(), size * counts, answered, sample, level)
            yield basis, measure, int(counts.sum()), population, one.value, one.error, one.low, one.high


def _inside(frame: pd.DataFrame, place: str) -> np.ndarray:
    return np.full(len(frame), True) if place == TOTAL else (frame["SUBREGION"] == place).to_numpy()


def right_ones(table: pd.DataFrame, reviewer: str, place: str, basis: str, measure: str) -> Estimate:
    """Return how many, or how many km², of the inventory are right; NaN where the table of precision has no row."""
    keys = table[["reviewer", "subregion", "basis", "measure"]]
    found = table[(keys == [reviewer, place, basis, measure]).all(axis=1)]
    if found.empty:
        return Estimate(math.nan)
    row = found.iloc[0]
    return Estimate(row["precision"], row["error"], row["low"], row["high"]).times(row["population"])
