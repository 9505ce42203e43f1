"""Decisions on the same ground: those alike become one, those that differ are listed and, by config, resolved."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.geodesy import WGS84, shared_and_union
from workflow_scripts.rogi.inventory.duplicates import MOSTLY, overlaps, overlaps_between
from workflow_scripts.rogi.review.decisions import Decision, decision_order, joined
from workflow_scripts.rogi.review.edits import CONFIDENCES

STOP = "stop"
_OPEN = {
    "taken": None,
    "detail": "keep one of the two, or name in review.conflicts the mapper whose decisions count",
}
_OF_SIDE = ("operation", "mapper", "date", "place")
CONFLICTS = ("candidate_ids", *(f"{name}_{side}" for side in (1, 2) for name in _OF_SIDE), "iou", "taken", "detail")


@dataclass(frozen=True)
class Limits:
    """From which overlap on outlines count as the same.

    Attributes:
        match_iou: IoU from which two outlines show the same rock glacier.
        conflict_iou: IoU below which two people's outlines of one rock glacier differ.
        second_look_iou: IoU from which a candidate that matches no decision, but overlaps one, is looked at again;
            one that lies mostly inside the other always is.
    """

    match_iou: float
    conflict_iou: float
    second_look_iou: float


@dataclass
class Settled:
    """Decisions of which no two speak of the same ground.

    Attributes:
        decisions: In the order of `decisions.decision_order`.
        table: Every pair that differed, columns `CONFLICTS`; `taken` is null where nobody's was.
        aside: Decisions that gave way, with the reason.
        choices: Where several decided alike and drew differently, whose outline was taken; by index of the edit.
    """

    decisions: list[Decision]
    table: pd.DataFrame
    aside: list[tuple[Decision, str]]
    choices: dict[int, str]

    @property
    def open(self) -> pd.DataFrame:
        """Pairs that nobody's decision settled."""
        return self.table[self.table["taken"].isna()]


def settle(decisions: Sequence[Decision], limits: Limits, preferred: str, place: Callable[[int], str]) -> Settled:
    """Find decisions on the same ground, make one of those alike, and settle the others by the preferred mapper.

    Args:
        decisions: Sorted by `decision_order`.
        limits: When outlines are the same.
        preferred: The mapper whose decision is taken where several differ; `STOP` for nobody.
        place: Gives the place of an edit, by its index.
    """
    pairs = contacts(decisions, limits)
    differ = [(one, other, iou) for one, other, iou in pairs if not alike(decisions[one], decisions[other], limits)]
    named = {number for number, decision in enumerate(decisions) if decision.mapper == preferred}
    aside = {loser for pair in differ if len(named & {*pair[:2]}) == 1 for loser in {*pair[:2]} - named}
    near = _near(pairs, named)
    rows = [
        _sides(decisions[one], decisions[other], place)
        | {"iou": iou, "taken": preferred, "detail": f"the decision of {preferred} is taken (review.conflicts)"}
        | ({} if {one, other} & aside or (near[one] & near[other] and not {one, other} <= named) else _OPEN)
        for one, other, iou in differ
    ]
    same = [(one, other) for one, other, _ in pairs if not {one, other} & aside]
    choices: dict[int, str] = {}
    groups = [[decisions[n] for n in group] for group in _groups(len(decisions), same) if not aside & {*group}]
    united = sorted((_united(group, preferred, choices) for group in groups), key=decision_order)
    why = f"set aside: it differs from the decision of {preferred}, which is taken"
    return Settled(
        united, pd.DataFrame(rows, columns=list(CONFLICTS)), [(decisions[n], why) for n in sorted(aside)], choices
    )


def contacts(decisions: Sequence[Decision], limits: Limits) -> list[tuple[int, int, float]]:
    """Return the pairs of decisions that speak of the same ground, with their largest IoU.

    They do where they speak of the same candidate, where they leave the same rock glacier (by IoU, or the smaller lies
    mostly inside the larger), and where one mapper leaves a rock glacier that another removed.
    """
    subject = [(n, one.outline) for n, decision in enumerate(decisions) for one in decision.subjects]
    left = [(n, outline) for n, decision in enumerate(decisions) for outline in decision.outlines]
    removed = [(n, outline) for n, outline in subject if decisions[n].operation == "remove"]
    spoken_of, drawn, against = _overlapping(subject), _overlapping(left), _overlapping(removed, left)
    mapper = np.array([decision.mapper for decision in decisions], dtype=object)
    other_mind = mapper[against["one"]] != mapper[against["other"]]
    found = (
        spoken_of[spoken_of["iou"] >= limits.match_iou],
        drawn[(drawn["iou"] >= limits.match_iou) | (drawn["share_of_smaller"] > MOSTLY)],
        against[other_mind & (against["iou"] >= limits.match_iou).to_numpy()],
    )
    best: dict[tuple[int, int], float] = {}
    for one, other, iou in (
        row for pairs in found for row in zip(pairs["one"], pairs["other"], pairs["iou"], strict=True)
    ):
        if one != other:
            key = (min(one, other), max(one, other))
            best[key] = max(best.get(key, 0.0), iou)
    return [(*key, iou) for key, iou in sorted(best.items())]


def _overlapping(
    ours: Sequence[tuple[int, shapely.Geometry]], theirs: Sequence[tuple[int, shapely.Geometry]] | None = None
) -> pd.DataFrame:
    """Return the overlaps among outlines, or with others; whose they are in place of their positions."""
    shapes, others = (gpd.GeoSeries([shape for _, shape in part or ()], crs=WGS84) for part in (ours, theirs))
    pairs = overlaps(shapes) if theirs is None else overlaps_between(shapes, others)
    whose = {"one": ours, "other": theirs or ours}
    return pairs.assign(**{side: np.array([part[n][0] for n in pairs[side]], int) for side, part in whose.items()})


def alike(one: Decision, other: Decision, limits: Limits) -> bool:
    """Tell whether two decisions on the same ground say the same: operation, candidates, and each outline by IoU."""
    if (one.operation, len(one.subjects), len(one.outlines)) != (
        other.operation, len(other.subjects), len(other.outlines),
    ):  # fmt: skip
        return False
    if not one.outlines:
        return True
    left, right = (np.array(decision.outlines, dtype=object) for decision in (one, other))
    shared, union = shared_and_union(left[:, None], right[None, :])  # degrees: IoU does not depend on the scale
    same = shared >= limits.conflict_iou * union
    return bool(same.any(axis=0).all() and same.any(axis=1).all())


def _near(pairs: Sequence[tuple[int, int, float]], named: set[int]) -> dict[int, set[int]]:
    """Return the decisions of the preferred mapper that each decision shares ground with, by its position."""
    near: dict[int, set[int]] = defaultdict(set)
    for one, other, _ in pairs:
        near[one] |= {other} & named
        near[other] |= {one} & named
    return near


def _groups(count: int, same: Sequence[tuple[int, int]]) -> list[list[int]]:
    one, other = np.array(same, dtype=int).reshape(-1, 2).T
    _, member = connected_components(
        coo_array((np.ones(len(same)), (one, other)), shape=(count, count)), directed=False
    )
    groups: dict[int, list[int]] = {}
    for position, group in enumerate(member.tolist()):
        groups.setdefault(group, []).append(position)
    return list(groups.values())


def _united(group: Sequence[Decision], preferred: str, choices: dict[int, str]) -> Decision:
    """Make one decision of several that are alike; of their outlines one is taken, in an order that is stated.

    The preferred mapper's first, then by confidence, then the latest, then by name.
    """
    ranked = sorted(group, key=decision_order)
    ranked.sort(key=lambda decision: decision.mapper)
    ranked.sort(key=lambda decision: decision.date, reverse=True)
    ranked.sort(key=lambda decision: (decision.mapper != preferred, -_confidence(decision)))
    best = ranked[0]
    for decision in ranked[1:]:
        drawn_otherwise = decision.outlines != best.outlines
        said = f"; the outline of {best.mapper} is taken" if drawn_otherwise else ""
        choices |= {edit: f", decided alike by several edits{said}" for edit in decision.edits}
    return replace(
        best,
        mapper=joined(decision.mapper for decision in group) or "",
        date=max(decision.date for decision in group),
        comment=joined(decision.comment for decision in group),
        reason=joined(decision.reason for decision in group),
        edits=tuple(sorted(edit for decision in group for edit in decision.edits)),
    )


def _confidence(decision: Decision) -> int:
    return CONFIDENCES.index(decision.confidence) if decision.confidence else -1


def _sides(one: Decision, other: Decision, place: Callable[[int], str]) -> dict[str, object]:
    """Return what a row of the table says of both decisions."""
    told = [(one.operation, one.mapper, one.date, place(one.edits[0])) for one in (one, other)]
    sides = {
        f"{name}_{side}": value for side, part in enumerate(told, 1) for name, value in zip(_OF_SIDE, part, strict=True)
    }
    return {"candidate_ids": joined((*one.ids, *other.ids)) or "one retrieved rock glacier", **sides}


def contradictions(table: pd.DataFrame) -> list[str]:
    """Return one line per row of `CONFLICTS`, for a message."""
    return [
        f"different decisions on {row.candidate_ids}: {row.operation_1} by {row.mapper_1} on {row.date_1} "
        f"({row.place_1}); {row.operation_2} by {row.mapper_2} on {row.date_2} ({row.place_2}); IoU {row.iou:.2f}; "
        f"{row.detail}"
        for row in table.itertuples()
    ]
