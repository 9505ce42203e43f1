"""How much the inventory misses: rock glaciers found in empty cells, and the recall that follows."""

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.validation.answers import table
from workflow_scripts.rogi.validation.consensus import CONSENSUS, OPEN, consensus
from workflow_scripts.rogi.validation.estimators import Estimate, pooled_design, rare_total, recall
from workflow_scripts.rogi.validation.missed import CLEAR
from workflow_scripts.rogi.validation.precision import CERTAIN, LENIENT, TOTAL, right_ones

COLUMNS = (
    *("reviewer", "subregion", "basis", "measure", "cells", "searched", "found"),
    *("missed", "missed_error", "missed_low", "missed_high"),
    *("inventory_right", "recall", "recall_error", "recall_low", "recall_high"),
)
# The answers on cells whose finds count as missed, by the basis of the precision that they go with.
COUNTING = {CERTAIN: ("yes",), LENIENT: ("yes", "uncertain", OPEN)}


def labels(found: pd.DataFrame) -> pd.Series:
    """Return answers with their numbers, by which reviewers agree on a cell or do not: "yes 2", "no 0", "undefined"."""
    number = found["number"].map("{:.0f}".format, na_action="ignore").fillna("")
    return (found["answer"] + " " + number).str.strip()


def finds(found: pd.DataFrame, cells: pd.DataFrame, reviewers: list[str], adjudicator: str) -> dict[str, pd.DataFrame]:
    """Return what every reviewer, and all together, found in every cell.

    Args:
        found: As `missed.searched` returns it, without rows that are passed over.
        cells: Cells drawn, with cell_id.
        reviewers: Names.
        adjudicator: Who counts where reviewers disagree on a cell, in the answer or in the number.

    Returns:
        Frames indexed by cell_id with answer, number and area_m2; cells without an answer, or undefined, are left out.
        In the consensus the area is the mean of those who agree; of an open disagreement, number and area are the
        largest.
    """
    names = [*reviewers, adjudicator]
    marked = found.assign(label=labels(found))
    wide = {name: table(marked, name, cells["cell_id"], names) for name in ("label", "answer", "number", "area_m2")}
    result = {
        name: pd.DataFrame({key: wide[key][name] for key in ("answer", "number", "area_m2")}) for name in reviewers
    }
    common = consensus(wide["label"], adjudicator)
    agreeing = wide["label"].eq(common, axis=0) | common.eq(OPEN).to_numpy()[:, None]
    number, area = (wide[name].astype(float).where(agreeing) for name in ("number", "area_m2"))
    is_open = common == OPEN
    together = {
        "answer": common.str.split(" ").str[0],
        "number": number.max(axis=1),
        "area_m2": area.mean(axis=1).mask(is_open, area.max(axis=1)),
    }
    result[CONSENSUS] = pd.DataFrame(together)
    kept = (*CLEAR, OPEN)
    return {
        name: one[one["answer"].isin(kept)].astype({"number": float, "area_m2": float}) for name, one in result.items()
    }


def completeness(
    found: Mapping[str, pd.DataFrame], cells: gpd.GeoDataFrame, precision: pd.DataFrame, inventory: pd.DataFrame,
    level: float,
) -> pd.DataFrame:  # fmt: skip
    """Return the estimated number and area of missed rock glaciers, and the recall.

    Recall is right / (right + missed), right being what the reviewed sample says of the inventory and missed the sum
    over all cells, two independent samples. Basis "yes" takes certain rock glaciers alone, "all but no" takes uncertain
    ones as rock glaciers on both sides.

    Args:
        found: As `finds` returns it.
        cells: Cells drawn: cell_id, SUBREGION and `strata.DRAWN`.
        precision: As `precision.precision` returns it.
        inventory: Columns SUBREGION and AREA (m²).
        level: Of the intervals.

    Returns:
        Columns `COLUMNS`, per reviewer and by consensus, per subregion and in total, by number and by area (km²).
        `cells` is how many there are, `searched` how many were. Areas are null unless every find was drawn.
    """
    rows = [
        (reviewer, place, basis, measure, *values)
        for reviewer, one in found.items()
        if len(one)
        for place in [*cells["SUBREGION"].unique(), TOTAL]
        for basis in COUNTING
        for measure, *values in _of_place(one, reviewer, place, basis, cells, precision, inventory, level)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_place(
    one: pd.DataFrame, reviewer: str, place: str, basis: str, cells: gpd.GeoDataFrame, precision: pd.DataFrame,
    inventory: pd.DataFrame, level: float,
) -> Iterator[tuple[object, ...]]:  # fmt: skip
    within = cells if place == TOTAL else cells[cells["SUBREGION"] == place]
    within = within.set_index("cell_id")
    seen = one[one.index.isin(within.index)]
    population = within.groupby("stratum")["population"].first()
    design = pooled_design(within.loc[seen.index, "stratum"], population)
    counted = seen["answer"].isin(COUNTING[basis]).to_numpy()
    number = np.where(counted, seen["number"], 0.0)
    area = np.where(counted, seen["area_m2"], 0.0) / 1e6
    typical = area.sum() / number.sum() if number.sum() else inventory["AREA"].mean() / 1e6
    for measure, values, unit in (("number", number, 1.0), ("area_km2", area, typical)):
        known = len(seen) > 0 and bool(np.isfinite(values).all())
        missed = rare_total(values, design, unit, level) if known else Estimate()
        right = right_ones(precision, reviewer, place, basis, measure)
        share = recall(right, missed)
        yield (
            *(measure, int(population.sum()), len(seen), values.sum() if known else np.nan),
            *(missed.value, missed.error, missed.low, missed.high),
            *(right.value, share.value, share.error, share.low, share.high),
        )
