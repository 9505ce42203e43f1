"""What became of every row of every review file, and of every candidate that changed without one."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.review.conflicts import Settled
from workflow_scripts.rogi.review.decisions import Decision
from workflow_scripts.rogi.review.placing import BY_ID, BY_OVERLAP, Placed, claimed_by
from workflow_scripts.rogi.review.rows import TAKEN_AS

_SAID = ("file", "layer", "row", "mapper", "date", "minutes", "operation", "reason", "confidence", "comment",
         "candidate_id")  # fmt: skip
LOG = (*_SAID, "outcome", "candidate_ids", "matched_by", "match_iou", "area_before_m2", "area_after_m2")
UNDECIDED = "undecided"
GONE = f"{UNDECIDED}: its row was deleted from the file; give it the operation remove if that was meant"
_DONE = {"remain": "kept", "refine": "refined", "split": "split", "merge": "merged", "retrieve": "retrieved"}


def review_log(
    rows: gpd.GeoDataFrame, settled: Settled, placed: Placed, objects: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return what became of every row, and of every object that no row speaks of and that is not as the model drew it.

    Args:
        rows: As `rows.completed` returns them.
        settled: The decisions that were made of them.
        placed: The candidates that the decisions replace or remove.
        objects: As `apply_decisions` returns them.
        candidates: As `place_decisions` saw them.

    Returns:
        Columns `LOG`: the rows of the files in their order, then objects without one. `minutes` is a number;
        `candidate_id` is what the row says, `candidate_ids` are the present candidates that its decision replaces or
        removes, found by "id" or "overlap" (`match_iou`: the least); areas in m² are those of these candidates and of
        what the decision leaves, null where there is nothing.
    """
    facts = _of_rows(rows)
    for index, fact in _of_decisions(settled, placed, objects, candidates):
        facts[index] = fact | {"outcome": f"{fact['outcome']}{settled.choices.get(index, '')}"}
    for decision, why in settled.aside:
        facts |= {index: {"outcome": why} for index in decision.edits}
    for index, taken in rows["taken_as"].dropna().items():
        facts[index]["outcome"] = f"{facts[index]['outcome']}; {TAKEN_AS[taken]}"
    done = pd.DataFrame.from_dict(facts, orient="index").reindex(index=rows.index, columns=LOG[len(_SAID) :])
    told = rows.assign(minutes=rows["time_min"])[list(_SAID)].join(done)
    told["operation"] = told["operation"].fillna(_operations(settled))  # of rows that others were merged into
    log = [told, pd.DataFrame(_without_row(objects))]
    return pd.concat([part for part in log if len(part)] or log[:1], ignore_index=True).reindex(columns=list(LOG))


def _operations(settled: Settled) -> pd.Series:
    decisions = [*settled.decisions, *(decision for decision, _ in settled.aside)]
    return pd.Series({index: one.operation for one in decisions for index in one.edits}, dtype=object)


def _of_rows(rows: gpd.GeoDataFrame) -> dict[int, dict[str, object]]:
    """Return what is true of every row that is part of no decision."""
    return {index: {"outcome": GONE if gone else UNDECIDED} for index, gone in rows["is_deleted"].items()}


def _of_decisions(
    settled: Settled, placed: Placed, objects: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the index of every row that is part of a decision, and what became of that."""
    claims, left = claimed_by(placed), objects.groupby("decision").indices
    before, names = candidates["area_m2"].to_numpy(), candidates["candidate_id"].to_list()
    columns = [objects[name].to_list() for name in ("reason", "given", "area_m2")]
    for number, decision in enumerate(settled.decisions):
        claimed = claims[number]
        rows = [_Left(*(column[row] for column in columns)) for row in left.get(number, ())]
        areas = [row.area_m2 for row in rows if pd.isna(row.reason)]
        fact = {
            "outcome": _outcome(decision, claimed, rows),
            "candidate_ids": "; ".join(names[position] for position in claimed) or None,
            "matched_by": _how([placed.how[position][0] for position in claimed]),
            "match_iou": min((placed.how[position][1] for position in claimed), default=np.nan),
            "area_before_m2": before[claimed].sum() if claimed else np.nan,
            "area_after_m2": sum(areas) if areas else np.nan,
        }
        yield from ((index, fact) for index in decision.edits)


class _Left(NamedTuple):
    """What a decision left: why it is excluded, what ground it gave away (null where not), and its area."""

    reason: str | None
    given: str | None
    area_m2: float


def _how(ways: Sequence[str]) -> str | None:
    return None if not ways else BY_OVERLAP if BY_OVERLAP in ways else BY_ID


def _outcome(decision: Decision, claimed: Sequence[int], rows: Sequence[_Left]) -> str:
    excluded = sorted({f"excluded: {row.reason}" for row in rows if pd.notna(row.reason)})
    if decision.operation == "remove":
        return excluded[0] if excluded else "removed: no candidate matches it any more"
    parts = excluded if all(pd.notna(row.reason) for row in rows) else [_DONE[decision.operation], *excluded]
    if decision.subjects and not claimed:
        parts.append("no candidate matches it any more")
    return "; ".join([*parts, *(row.given for row in rows if row.given is not None and pd.notna(row.given))])


def _without_row(objects: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Return the candidates that nobody decided on and that are excluded, or gave ground to a neighbour."""
    alone = objects[(objects["decision"] < 0) & (objects["reason"].notna() | objects["given"].notna())]
    return [
        {
            "operation": one.operation,
            "candidate_id": one.candidate_id,
            "outcome": f"excluded: {one.reason}" if pd.notna(one.reason) else f"unreviewed; {one.given}",
            "candidate_ids": one.candidate_ids,
            "area_before_m2": one.area_before_m2,
            "area_after_m2": np.nan if pd.notna(one.reason) else one.area_m2,
        }
        for one in alone.itertuples()
    ]
