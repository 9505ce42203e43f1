"""What a review came to: per mapper and subregion, and against independent references."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.agreement import area_overlap
from workflow_scripts.rogi.inventory.scores import scores
from workflow_scripts.rogi.inventory.stages import CANDIDATES, REVIEWED
from workflow_scripts.rogi.packages.agreement import agreement, decided_twice, is_decided
from workflow_scripts.rogi.review.edits import OPERATIONS

ALL = "all mappers"
COLUMNS = (
    *("subregion", "mapper", "decisions", *OPERATIONS, "changed", "undecided", "minutes"),
    *("area_before_km2", "area_removed_km2", "area_added_km2", "area_after_km2"),
    *("candidates_precision", "candidates_recall", "shared", "shared_equal", "kappa", "conflicts", "second_look"),
)
_SCORES = ("area_precision", "area_recall", "area_f1", "objects_precision", "objects_recall", "objects_f1")
CHANGE = ("reference", "subregion", *(f"{name}_{when}" for name in _SCORES for when in ("before", "after")))


def read_log(path: str) -> pd.DataFrame:
    """Read a review log; a column of texts stays one where it is empty."""
    return pd.read_csv(
        path, dtype=dict.fromkeys(("mapper", "candidate_id", "candidate_ids", "operation", "outcome"), "str")
    )


class Reviewed(NamedTuple):
    """The review of one subregion.

    Attributes:
        name: The subregion.
        candidates: Columns candidate_id and geometry.
        outlines: Reviewed rock glaciers; columns operation, mapper and geometry.
        log: The review log.
        conflicts: Decisions that differed; columns mapper_1 and mapper_2.
        second_look: What is to be looked at again; column mapper.
    """

    name: str
    candidates: gpd.GeoDataFrame
    outlines: gpd.GeoDataFrame
    log: pd.DataFrame
    conflicts: pd.DataFrame
    second_look: pd.DataFrame


def together(reviews: Sequence[Reviewed]) -> Reviewed:
    """Return the reviews of all subregions as one, called `TOTAL`."""
    tables = zip(*(review[1:] for review in reviews), strict=True)
    return Reviewed(TOTAL, *(pd.concat([one for one in parts if len(one)] or parts[:1]) for parts in tables))


def summary(review: Reviewed) -> pd.DataFrame:
    """Return what every mapper did in a subregion, and all together.

    Returns:
        Columns `COLUMNS`: numbers of decisions by operation, of those that changed something and of rows not decided
        on; minutes stated, null if nobody stated any; km² of the candidates decided on, of their ground that was
        removed and of ground that was added; precision and recall by area of these candidates, taking what the mapper
        left as right; agreement on what two mappers decided; conflicts; what is to be looked at again.
    """
    mappers = sorted(review.log.loc[review.log["mapper"].notna(), "mapper"].unique())
    pairs = decided_twice(review.log)
    return pd.DataFrame([_row(review, pairs, one) for one in (*mappers, None)], columns=list(COLUMNS))


def _row(review: Reviewed, pairs: pd.DataFrame, mapper: str | None) -> dict[str, object]:
    log = review.log[review.log["mapper"].notna()]
    log = log if mapper is None else log[log["mapper"] == mapper]
    decided = _decisions(log[is_decided(log)])
    counts = decided["operation"].value_counts().reindex(OPERATIONS, fill_value=0)
    return {
        "subregion": review.name,
        "mapper": ALL if mapper is None else mapper,
        "decisions": len(decided),
        **counts,
        "changed": len(decided) - counts["remain"],
        "undecided": int((~is_decided(log)).sum()),
        "minutes": _minutes(log),
        **_areas(review, log, mapper),
        **dict(zip(("shared", "shared_equal", "kappa"), agreement(pairs, mapper), strict=True)),
        "conflicts": _of_mapper(review.conflicts, ("mapper_1", "mapper_2"), mapper),
        "second_look": _of_mapper(review.second_look, ("mapper",), mapper),
    }


def _decisions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per decision: the parts of a split, and what is merged, are one."""
    united = rows["operation"].isin(["split", "merge"]) & rows["candidate_ids"].notna()
    repeated = rows.duplicated(["file", "mapper", "operation", "candidate_ids"])
    return rows[~(united & repeated)]


def _minutes(log: pd.DataFrame) -> float:
    """Return the minutes stated; the parts of a split repeat those of the whole, which count once."""
    rows = log.assign(minutes=pd.to_numeric(log["minutes"]), name=log["candidate_id"].fillna(log["row"].astype(str)))
    return float(rows.groupby(["file", "mapper", "name"])["minutes"].max().sum(min_count=1))


def _areas(review: Reviewed, log: pd.DataFrame, mapper: str | None) -> dict[str, float | None]:
    names = set(log["candidate_ids"].dropna().str.split("; ").explode())
    before = review.candidates.geometry[review.candidates["candidate_id"].isin(names)]
    by_whom = review.outlines["mapper"].fillna("").str.split("; ")
    is_theirs = [bool(who != [""] if mapper is None else mapper in who) for who in by_whom]
    after = review.outlines.geometry[is_theirs]
    kept, removed, added = (area / 1e6 for area in area_overlap(before, after))
    told = scores(kept, removed, added)
    return {
        "area_before_km2": kept + removed,
        "area_removed_km2": removed,
        "area_added_km2": added,
        "area_after_km2": kept + added,
        "candidates_precision": told.precision,
        "candidates_recall": told.recall,
    }


def _of_mapper(table: pd.DataFrame, columns: Iterable[str], mapper: str | None) -> int:
    """Count the rows that concern a mapper, or all."""
    if mapper is None:
        return len(table)
    named = [table[column].fillna("").astype(str).str.split("; ").map(lambda who: mapper in who) for column in columns]
    return int(pd.concat(named, axis=1).any(axis=1).sum())


def change(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Return what the review changed against each independent reference.

    Args:
        accuracy: Table of accuracy; rows by comparison and subregion.

    Returns:
        Columns `CHANGE`: scores of the candidates (before) and of the reviewed inventory (after).
    """
    sides = accuracy["comparison"].astype("str").str.split(" vs ", n=1)
    table = accuracy.assign(stage=sides.str[0], reference=sides.str[1]).set_index(["reference", "subregion"])
    before, after = (table.loc[table["stage"] == one, list(_SCORES)] for one in (CANDIDATES, REVIEWED))
    both = before.add_suffix("_before").join(after.add_suffix("_after"), how="inner")
    return both.reset_index().reindex(columns=list(CHANGE))
