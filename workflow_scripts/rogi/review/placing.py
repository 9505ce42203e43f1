"""Decisions and the present candidates, matched one to one, so that decisions outlive the model they were made with."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.duplicates import MOSTLY, overlaps_between
from workflow_scripts.rogi.inventory.versions import best_first
from workflow_scripts.rogi.review.conflicts import Limits
from workflow_scripts.rogi.review.decisions import Decision
from workflow_scripts.rogi.review.rows import unchanged

BY_ID, BY_OVERLAP = "id", "overlap"
SECOND_LOOK = ("candidate_id", "decided_ids", "operation", "mapper", "date", "iou", "reason", "meanwhile", "geometry")


@dataclass
class Placed:
    """What decisions mean for the present candidates.

    Attributes:
        claims: Position of the decision that replaces or removes each candidate; by position of the candidate.
        how: Whether that was found by `BY_ID` or `BY_OVERLAP`, and the IoU; by position of the candidate.
        covered: Candidates that match no decision and are excluded all the same, with the reason.
        second_look: Columns `SECOND_LOOK`, EPSG:4326: what does not match as it should, and what is done meanwhile.
    """

    claims: dict[int, int] = field(default_factory=dict)
    how: dict[int, tuple[str, float]] = field(default_factory=dict)
    covered: dict[int, str] = field(default_factory=dict)
    second_look: gpd.GeoDataFrame = field(default_factory=lambda: _queue([]))


def place_decisions(
    candidates: gpd.GeoDataFrame,
    decisions: Sequence[Decision],
    limits: Limits,
    aside: Sequence[Decision],
    region: shapely.Geometry,
) -> Placed:
    """Match decisions with candidates: by id where the outline under it is the same, elsewhere by overlap.

    An id alone proves nothing, since it spells a place: another model's candidate there may have the same.

    Args:
        candidates: Columns candidate_id and geometry, EPSG:4326, sorted by id.
        decisions: Of which no two speak of the same ground.
        limits: When outlines are the same.
        aside: Decisions that gave way to others; what nobody else decided on is looked at again.
        region: The subregion, EPSG:4326; what lies astride its border may be a neighbour's candidate now.
    """
    placed = Placed()
    for candidate, number in _by_id(candidates, decisions):
        placed.claims[candidate], placed.how[candidate] = number, (BY_ID, 1.0)
    free = np.flatnonzero(~np.isin(np.arange(len(candidates)), list(placed.claims)))
    owner, shapes = _human_ground(decisions)
    pairs = overlaps_between(candidates.geometry.iloc[free], gpd.GeoSeries(shapes, crs=WGS84))
    pairs["candidate"], pairs["decision"] = free[pairs["one"]], owner[pairs["other"]]
    for pair in best_first(pairs, limits.match_iou).itertuples():
        placed.claims[pair.candidate] = pair.decision
        placed.how[pair.candidate] = BY_OVERLAP, pair.iou
    rest = pairs[~pairs["candidate"].isin(list(placed.claims))]
    rows = _partial(placed, candidates, decisions, rest, limits)
    rows += _without_candidate(placed, decisions, pairs, region)
    for candidate, number in _by_id(candidates, aside):
        if candidate not in {*placed.claims, *placed.covered}:
            one = candidates.iloc[candidate]
            why = "decided on, but that decision gave way to another one (conflicts.csv)"
            rows.append((one["candidate_id"], *_told(aside[number]), 1.0, why, "kept as unreviewed", one.geometry))
    placed.second_look = _queue(rows)
    return placed


def _by_id(candidates: gpd.GeoDataFrame, decisions: Sequence[Decision]) -> list[tuple[int, int]]:
    """Return the candidates that decisions speak of by id and outline, with the decision; positions of both."""
    position = {name: number for number, name in enumerate(candidates["candidate_id"])}
    named = [
        (position[subject.candidate_id], number, subject.outline)
        for number, decision in enumerate(decisions)
        for subject in decision.subjects
        if subject.candidate_id in position
    ]
    there = np.array([one for one, _, _ in named], dtype=int)
    meant = np.array([outline for _, _, outline in named], dtype=object)
    same = unchanged(meant, candidates.geometry.to_numpy()[there])
    return [(candidate, decision) for alike, (candidate, decision, _) in zip(same, named, strict=True) if alike]


def _human_ground(decisions: Sequence[Decision]) -> tuple[np.ndarray, np.ndarray]:
    """Return all outlines that decisions speak of or leave, each once, and whose each is."""
    rows = [
        (number, shape)
        for number, decision in enumerate(decisions)
        for shape in dict.fromkeys(
            (*decision.outlines, *(subject.outline.normalize() for subject in decision.subjects))
        )
    ]
    return np.array([number for number, _ in rows], dtype=int), np.array([shape for _, shape in rows], dtype=object)


def _partial(
    placed: Placed, candidates: gpd.GeoDataFrame, decisions: Sequence[Decision], pairs: pd.DataFrame, limits: Limits
) -> list[tuple[object, ...]]:
    """Decide on candidates that match nothing and lie on ground that people decided on; return their queue.

    Those mostly on such ground are excluded: people have said what is there. The others stay.
    """
    rows = []
    for number, part in pairs.groupby("candidate", sort=True):
        shape = candidates.geometry.iloc[number]
        best = part.loc[part["iou"].idxmax()]
        near = [decisions[position] for position in sorted(set(part["decision"]))]
        decision = decisions[int(best["decision"])]
        ground = shapely.union_all([outline for one in near for outline in _ground_of(one)])
        share = shape.intersection(ground).area / shape.area
        if share > MOSTLY:
            why = f"{share:.0%} of it lies where {_names(near)} decided, and it matches none of these decisions"
            placed.covered[int(number)] = f"lies mostly where people decided otherwise ({decision.operation})"
            meanwhile = "left out; the decisions stand"
        elif best["iou"] >= limits.second_look_iou or part["share_of_smaller"].max() > MOSTLY:
            why = f"it overlaps, by an IoU of {best['iou']:.2f}, with what {_names(near)} decided on"
            meanwhile = "kept as unreviewed; ground that people drew stays theirs"
        else:
            continue
        name = candidates["candidate_id"].iloc[number]
        rows.append((name, *_told(decision), best["iou"], why, meanwhile, shape))
    return rows


def _ground_of(decision: Decision) -> tuple[shapely.Geometry, ...]:
    return decision.outlines or tuple(subject.outline for subject in decision.subjects)


def _names(decisions: Sequence[Decision]) -> str:
    return " and ".join(sorted({decision.mapper for decision in decisions}))


def _without_candidate(
    placed: Placed, decisions: Sequence[Decision], pairs: pd.DataFrame, region: shapely.Geometry
) -> list[tuple[object, ...]]:
    """Return the queue of decisions on candidates that the model no longer finds; what people drew stays.

    What was removed is on it only where it is not wholly inside the subregion: there a neighbour may publish it.
    """
    claimed = set(placed.claims.values())
    best = pairs.groupby("decision")["iou"].max()
    why, stays = "no candidate matches any more what this decision speaks of", "the outline stays as it was reviewed"
    astride = f"{why}, and it is not wholly inside the subregion", "a neighbouring subregion may publish it"
    rows = []
    for number, decision in enumerate(decisions):
        if number in claimed or not decision.subjects:
            continue
        ground = shapely.union_all(_ground_of(decision))
        if decision.outlines or not region.covers(ground):
            said = (why, stays) if decision.outlines else astride
            rows.append((None, *_told(decision), best.get(number, 0.0), *said, ground))
    return rows


def _told(decision: Decision) -> tuple[object, ...]:
    return "; ".join(decision.ids) or None, decision.operation, decision.mapper, decision.date


def _queue(rows: Sequence[tuple[object, ...]]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=list(SECOND_LOOK))
    texts = [name for name in SECOND_LOOK if name not in ("iou", "geometry")]
    frame = frame.astype(dict.fromkeys(texts, "str") | {"iou": float})
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)


def claimed_by(placed: Placed) -> dict[int, list[int]]:
    """Return the positions of the candidates that each decision replaces or removes, by position of the decision."""
    found: dict[int, list[int]] = defaultdict(list)
    for candidate, decision in sorted(placed.claims.items()):
        found[decision].append(candidate)
    return found
