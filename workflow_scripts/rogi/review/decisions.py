"""From edits to decisions: identical ones count once, contradictory ones stop the work."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.review.checks import Scene, edit_faults, is_undecided, repair, same_outline
from workflow_scripts.rogi.review.edits import ReviewError, place

SAME_SHARE = 1e-3  # the seven decimals of a GeoJSON file move an outline by less, a person who redraws it by more


@dataclass(frozen=True)
class Decision:
    """What was decided about one rock glacier.

    Attributes:
        operation: One of `edits.OPERATIONS`.
        candidate_id: None when retrieved.
        mapper: Names, joined with "; " where several decided alike.
        date: The latest, YYYY-MM-DD.
        comment: Comments joined with "; ", or None.
        geometry: Valid outline in EPSG:4326; None for remain and remove.
        edits: Index of the edits that say so, sorted by their place.
    """

    operation: str
    candidate_id: str | None
    mapper: str
    date: str
    comment: str | None
    geometry: shapely.Geometry | None
    edits: tuple[int, ...]


def decide(edits: gpd.GeoDataFrame, scene: Scene, faults: Sequence[str] = ()) -> list[Decision]:
    """Check all edits and return one decision per rock glacier, independent of the order of the edits.

    Rows of candidates on which nobody has decided yet are passed over.

    Args:
        edits: As `read_edits` returns them.
        scene: What they are checked against.
        faults: Faults found before, reported together with those found here.

    Raises:
        ReviewError: With one line per fault.
    """
    told = (edit for edit in edits.itertuples() if not is_undecided(edit, scene))
    rows = sorted(told, key=lambda edit: (edit.file, edit.layer, edit.row))
    wrong = {edit.Index: list(edit_faults(edit, scene)) for edit in rows}
    lines = [*faults, *(f"{place(edit)}: {fault}" for edit in rows for fault in wrong[edit.Index])]
    sound = [edit for edit in rows if not wrong[edit.Index]]
    groups = [*_by_candidate(sound), *_retrieved(sound)]
    lines += [fault for group in groups for fault in _contradiction(group)]
    if lines:
        head = f"the review of {scene.slug} has {len(lines)} faults; nothing was changed:"
        raise ReviewError("\n  - ".join([head, *lines]))
    return sorted((_decision(group) for group in groups), key=_order)


def _by_candidate(edits: Sequence[Any]) -> Iterator[list[Any]]:
    groups: dict[str, list[Any]] = {}
    for edit in edits:
        if edit.operation != "retrieve":
            groups.setdefault(edit.candidate_id, []).append(edit)
    yield from groups.values()


def _retrieved(edits: Sequence[Any]) -> Iterator[list[Any]]:
    """Group retrieved outlines that show the same rock glacier: the marker of each lies in the other."""
    rows = [edit for edit in edits if edit.operation == "retrieve"]
    if not rows:
        return
    shapes = [repair(edit.geometry) for edit in rows]
    markers = [shape.representative_point() for shape in shapes]
    marker, shape = shapely.STRtree(shapes).query(markers, "intersects")
    inside = coo_array((np.ones(len(marker), bool), (marker, shape)), shape=(len(rows), len(rows)))
    count, group = connected_components(inside.multiply(inside.T), directed=False)
    yield from ([row for row, member in zip(rows, group, strict=True) if member == one] for one in range(count))


def _contradiction(group: Sequence[Any]) -> Iterator[str]:
    first = group[0]
    if all(_alike(first, other) for other in group[1:]):
        return
    what = first.candidate_id or "one retrieved rock glacier (the primary marker of each outline lies in the other)"
    told = "; ".join(f"{edit.operation} by {edit.mapper} on {edit.date} ({place(edit)})" for edit in group)
    yield (
        f"different decisions on {what}: {told}; keep one of them "
        "(to split a candidate, refine it to one part and retrieve the others)"
    )


def _alike(one: Any, other: Any) -> bool:
    if one.operation != other.operation:
        return False
    return one.operation in ("remain", "remove") or same_outline(one.geometry, other.geometry, SAME_SHARE)


def _decision(group: Sequence[Any]) -> Decision:
    first = group[0]
    drawn = first.operation in ("refine", "retrieve")
    shapes = sorted((repair(edit.geometry).normalize() for edit in group), key=shapely.to_wkb) if drawn else [None]
    return Decision(
        first.operation,
        first.candidate_id,
        _joined(edit.mapper for edit in group) or "",
        max(str(edit.date)[:10] for edit in group),
        _joined(edit.comment for edit in group),
        shapes[0],
        tuple(edit.Index for edit in group),
    )


def _joined(texts: Iterable[str | None]) -> str | None:
    return "; ".join(sorted({text for text in texts if text})) or None


def _order(decision: Decision) -> tuple[bool, str, bytes]:
    shape = shapely.to_wkb(decision.geometry) if decision.geometry is not None else b""
    return decision.candidate_id is None, decision.candidate_id or "", shape
