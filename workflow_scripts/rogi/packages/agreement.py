"""How well mappers agree on the candidates that two of them were given."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from statsmodels.stats.inter_rater import cohens_kappa


class Agreement(NamedTuple):
    """Agreement of two columns of decisions.

    Attributes:
        shared: How many candidates both decided on.
        equal_share: Share of them with the same operation; None for none.
        kappa: Cohen's κ, the agreement beyond what chance would give; None where chance alone agrees always.
    """

    shared: int
    equal_share: float | None
    kappa: float | None


def decided_twice(log: pd.DataFrame) -> pd.DataFrame:
    """Return every pair of decisions on one candidate by two mappers.

    Args:
        log: Rows of a review log: mapper, candidate_id, operation and outcome; those without a decision do not count.

    Returns:
        Columns candidate_id, mapper_1, mapper_2, operation_1 and operation_2, mappers in the order of their names.
    """
    names = ["candidate_id", "mapper", "operation"]
    said = log[is_decided(log)].dropna(subset=names)[names].drop_duplicates(names[:2]).sort_values(names)
    rows = [
        (name, one.mapper, other.mapper, one.operation, other.operation)
        for name, group in said[said.duplicated("candidate_id", keep=False)].groupby("candidate_id")
        for one, other in combinations(group.itertuples(), 2)
    ]
    return pd.DataFrame(rows, columns=["candidate_id", "mapper_1", "mapper_2", "operation_1", "operation_2"])


def is_decided(log: pd.DataFrame) -> pd.Series:
    """Tell which rows of a review log are a person's decision, and not a candidate that nobody has decided on."""
    return log["mapper"].notna() & ~log["outcome"].astype(str).str.startswith("undecided")


def agreement(pairs: pd.DataFrame, mapper: str | None = None) -> Agreement:
    """Return how well decisions agree.

    Args:
        pairs: As `decided_twice` returns them.
        mapper: Of whose pairs, compared with all others; None takes all pairs.
    """
    mine = pairs if mapper is None else pairs[(pairs["mapper_1"] == mapper) | (pairs["mapper_2"] == mapper)]
    if mine.empty:
        return Agreement(0, None, None)
    turned = (mine["mapper_2"] == mapper).to_numpy()
    one = np.where(turned, mine["operation_2"], mine["operation_1"])
    other = np.where(turned, mine["operation_1"], mine["operation_2"])
    kinds = sorted({*one, *other})
    table = pd.crosstab(one, other).reindex(index=kinds, columns=kinds, fill_value=0)
    kappa = float(cohens_kappa(table.to_numpy(), return_results=False)) if len(kinds) > 1 else None
    return Agreement(len(mine), float((one == other).mean()), kappa)
