"""From completed rows to decisions: the parts of a split and the members of a merge are one decision each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.geodesy import WGS84, local_projection
from workflow_scripts.rogi.handed_in import place
from workflow_scripts.rogi.inventory.duplicates import MOSTLY
from workflow_scripts.rogi.review.checks import DRAWN, edit_faults, package_faults
from workflow_scripts.rogi.review.edits import Returned, ReviewError
from workflow_scripts.rogi.review.rows import Scene, undecided

MERGE_GAP_M = 1000.0  # our own choice; parts of one rock glacier that a model separated lie nearer
_JOINS_A_MERGE = (None, "remain", "refine")  # what the row that others merge into may say


class Subject(NamedTuple):
    """A candidate that a decision speaks of, as its mapper saw it; the outline is in EPSG:4326."""

    candidate_id: str
    outline: shapely.Geometry


@dataclass(frozen=True)
class Decision:
    """What one mapper decided about one rock glacier, or about what turned out to be none or several.

    Attributes:
        operation: One of `edits.OPERATIONS`.
        subjects: The candidates it speaks of, sorted by id; none when retrieved.
        outlines: The rock glaciers that it leaves, valid, in EPSG:4326: none for remove, several for split.
        mapper: Who; names joined with "; " where several decided alike.
        date: The latest, YYYY-MM-DD.
        comment: Comments joined with "; ", or None.
        reason: Why it was removed, or None.
        confidence: One of `edits.CONFIDENCES`, or None.
        edits: Index of the rows that say so, sorted by their place.
    """

    operation: str
    subjects: tuple[Subject, ...]
    outlines: tuple[shapely.Geometry, ...]
    mapper: str
    date: str
    comment: str | None
    reason: str | None
    confidence: str | None
    edits: tuple[int, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the candidates it speaks of."""
        return tuple(subject.candidate_id for subject in self.subjects)


def decide(told: Returned, rows: gpd.GeoDataFrame, scene: Scene) -> list[Decision]:
    """Check all rows and return the decisions, in an order that depends on nothing but their content.

    Args:
        told: What came back.
        rows: Its rows as `rows.completed` returns them.
        scene: What they are checked against.

    Raises:
        ReviewError: With one line per fault of all files.
    """
    faults = list(told.faults)
    for path, package in sorted(told.packages.items()):
        faults += package_faults(path, package, scene.slug)
    ordered = sorted(rows.itertuples(), key=lambda row: (row.file, row.layer, row.row))
    is_idle = undecided(rows)
    idle, active = ([row for row in ordered if is_idle[row.Index] == state] for state in (True, False))
    wrong = {row.Index: list(edit_faults(row, scene)) for row in active}
    faults += [f"{place(row)}: {fault}" for row in active for fault in wrong[row.Index]]
    groups = _groups([row for row in active if not wrong[row.Index]], idle, told, scene)
    faults += [f"{place(group.rows[0])}: {fault}" for group in groups for fault in _group_faults(group)]
    if faults:
        head = f"the review of {scene.slug} has {len(faults)} faults; nothing was changed:"
        raise ReviewError("\n  - ".join([head, *faults]))
    return sorted(map(_decision, groups), key=decision_order)


class _Group(NamedTuple):
    """Rows that are one decision, and the candidates it speaks of."""

    operation: str
    rows: tuple[Any, ...]
    subjects: dict[str, shapely.Geometry]


def _groups(active: Sequence[Any], idle: Sequence[Any], told: Returned, scene: Scene) -> list[_Group]:
    merges = list(_merges(active, idle, told, scene))
    merged = {row.Index for group in merges for row in group.rows}
    splits: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    singles = []
    for row in active:
        if row.operation == "split":
            splits[row.file, row.mapper, row.candidate_id].append(row)
        elif row.Index not in merged:
            singles.append(row)
    return [
        *merges,
        *(_Group("split", tuple(parts), _subject(parts[0])) for parts in splits.values()),
        *(_Group(row.operation, (row,), _subject(row)) for row in singles),
    ]


def _subject(row: Any) -> dict[str, shapely.Geometry]:
    """Return the candidate that a row speaks of: as handed out, else as the row shows it or as it is now.

    In a plain file, a row that changes nothing holds the outline that its mapper saw.
    """
    if row.operation == "retrieve":
        return {}
    shows = row.shape if row.operation in ("remain", "remove") and not row.is_handed else None
    return {row.candidate_id: next(shape for shape in (shows, row.known, row.shape) if shape is not None)}


def _merges(active: Sequence[Any], idle: Sequence[Any], told: Returned, scene: Scene) -> Iterator[_Group]:
    """Group rows that name one another, and add what a single outline covers."""
    by_owner: dict[tuple[str, str], list[Any]] = defaultdict(list)
    by_id: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in (*active, *idle):
        (by_owner[row.file, row.mapper] if row.operation == "merge" else by_id[row.file, row.candidate_id]).append(row)
    elsewhere = {name: shape for file in sorted(told.handed_out) for name, shape in told.handed_out[file].items()}
    for (file, mapper), rows in by_owner.items():
        known = {**elsewhere, **scene.candidates, **told.handed_out.get(file, {})}
        for members in _linked(rows):
            ids = {name for row in members for name in (row.candidate_id, row.merge_into) if name is not None}
            allowed: tuple[str | None, ...] = _JOINS_A_MERGE
            if ids == {members[0].candidate_id} and members[0].shape is not None:
                ids |= set(_covered(members[0].shape, known))
                allowed = (*_JOINS_A_MERGE, "remove")
            near = (row for name in sorted(ids) for row in by_id[file, name])
            joining = [row for row in near if row.mapper in (mapper, None) and row.operation in allowed]
            taking_part = (*members, *joining)
            drawn = {row.candidate_id: row.shape for row in taking_part if row.shape is not None}
            shapes = drawn | known  # a plain file may speak of another model's candidates, by what it shows of them
            yield _Group("merge", taking_part, {name: shapes[name] for name in sorted(ids & shapes.keys())})


def _linked(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """Group rows whose ids are tied by merge_into."""
    names = sorted({name for row in rows for name in (row.candidate_id, row.merge_into) if name is not None})
    number = {name: position for position, name in enumerate(names)}
    one = [number[row.candidate_id] for row in rows]
    other = [number[row.merge_into or row.candidate_id] for row in rows]
    ties = coo_array((np.ones(len(rows), bool), (one, other)), shape=(len(names), len(names)))
    _, member = connected_components(ties, directed=False)
    for group in dict.fromkeys(member[one].tolist()):
        yield [row for row, position in zip(rows, one, strict=True) if member[position] == group]


def _covered(outline: shapely.Geometry, known: Mapping[str, shapely.Geometry]) -> Iterator[str]:
    """Yield the candidates that lie mostly inside an outline."""
    names, shapes = list(known), np.array(list(known.values()), dtype=object)
    for position in shapely.STRtree(shapes).query(outline, predicate="intersects"):
        shape = shapely.make_valid(shapes[position])
        if shape.intersection(outline).area > MOSTLY * shape.area:
            yield names[position]


def _group_faults(group: _Group) -> Iterator[str]:
    first = group.rows[0]
    for row in group.rows:
        gaps = [gap_m for _, gap_m in _far(dict(enumerate(shapely.get_parts(row.shape))))] if _is_drawn(row) else []
        if gaps:
            yield (
                f"{group.operation}: a part of the outline lies {max(gaps) / 1000:.1f} km from the others; delete it, "
                "or retrieve it on its own"
            )
    if group.operation == "split":
        if len(group.rows) < 2:
            yield (
                f"split, but {first.candidate_id} has a single part; add the other parts with the same candidate_id, "
                "or use refine"
            )
        for one, other in _same_parts(group.rows):
            yield f"split: two parts of {first.candidate_id} cover the same ground ({place(one)}; {place(other)})"
    if group.operation == "merge":
        named = {row.merge_into for row in group.rows} - {None} - group.subjects.keys()
        for name in sorted(named):
            yield f"merge_into '{name}' is no candidate; take the id from the candidates of this subregion"
        if not named and len(group.subjects) < 2:
            yield (
                f"merge, but only {first.candidate_id} takes part; name another candidate in merge_into, "
                "or draw one outline over all of them"
            )
        for name, gap_m in _far(group.subjects):
            yield f"merge, but {name} lies {gap_m / 1000:.1f} km from the others; check merge_into"


def _is_drawn(row: Any) -> bool:
    """Tell whether a row shows several parts that a person drew."""
    return row.operation in (*DRAWN, "merge") and row.shape is not None and shapely.get_num_geometries(row.shape) > 1


def _far(subjects: Mapping[Any, shapely.Geometry]) -> Iterator[tuple[str, float]]:
    """Yield outlines that are too far from the others to be one rock glacier, with the distance."""
    shapes = gpd.GeoSeries(subjects, crs=WGS84)
    west, south, east, north = shapes.total_bounds
    metric = shapes.to_crs(local_projection((west + east) / 2, (south + north) / 2))
    for name, shape in metric.items():
        gap_m = metric.drop(name).distance(shape).min()
        if gap_m > MERGE_GAP_M:
            yield str(name), gap_m


def _same_parts(rows: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for position, one in enumerate(rows):
        for other in rows[position + 1 :]:
            shared = one.shape.intersection(other.shape).area
            if shared > MOSTLY * min(one.shape.area, other.shape.area):
                yield one, other


def _decision(group: _Group) -> Decision:
    rows = group.rows
    told = [row for row in rows if row.operation == group.operation]
    return Decision(
        group.operation,
        tuple(Subject(name, outline) for name, outline in sorted(group.subjects.items())),
        _outlines(group),
        told[0].mapper,
        max(row.date for row in told)[:10],
        joined(row.comment for row in rows),
        joined(row.reason for row in told),
        joined(row.confidence for row in told[:1]),
        tuple(row.Index for row in rows),
    )


def _outlines(group: _Group) -> tuple[shapely.Geometry, ...]:
    """Return what a decision leaves, each in one spelling."""
    drawn = [row.shape for row in group.rows]
    if group.operation == "remove":
        return ()
    if group.operation == "remain":
        drawn = [next(iter(group.subjects.values())) if drawn[0] is None else drawn[0]]
    if group.operation == "merge":
        drawn = [_united(group)]
    return tuple(sorted(shapely.normalize(drawn), key=shapely.to_wkb))


def _united(group: _Group) -> shapely.Geometry:
    """Return the union of what the rows show, and of the candidates that have no row."""
    first, *others = [row for row in group.rows if row.operation == "merge"]
    if not others and first.merge_into in (None, first.candidate_id):  # one outline, drawn over all of them
        return first.shape
    shown = {row.candidate_id: row.shape for row in group.rows if row.shape is not None}
    return shapely.union_all(list((group.subjects | shown).values()))


def joined(texts: Iterable[str | None]) -> str | None:
    """Return the different texts, sorted and joined with "; "; None if there is none."""
    return "; ".join(sorted({text for text in texts if text})) or None


def decision_order(decision: Decision) -> tuple[Any, ...]:
    """Return what decisions are sorted by; it does not depend on files, nor on rows."""
    drawn = b"".join(shapely.to_wkb(list(decision.outlines)))
    return (
        not decision.subjects,
        decision.ids,
        decision.operation,
        drawn,
        decision.mapper,
        decision.date,
        decision.edits,
    )
