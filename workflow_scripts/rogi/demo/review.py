"""The review that mappers might have done of the demo's candidates, derived from the known truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, area_m2
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.inventory.subregions import polygons_only
from workflow_scripts.rogi.inventory.versions import best_first
from workflow_scripts.rogi.packages.sharing import Shares
from workflow_scripts.rogi.review.edits import REASONS

REMAIN_IOU = 0.75  # from here on an outline stays as the model drew it
REFINE_IOU = 0.30  # from here on it is redrawn, below it is false
SWALLOWED_SHARE = 0.5  # of a rock glacier inside a candidate, or the other way round, that makes it a part of the other
COMMENT = "simulated from the demo's known truth"
WRONG = f"{COMMENT}, wrong on purpose"
DATE = "2024-01-01"  # simulated too: a run's date would change the product
COLUMNS = ("candidate_id", "operation", "reason", "merge_into", "mapper", "date", "minutes", "confidence", "comment")
# Made up, so that the tables of time and confidence have something to show.
MINUTES = {"remain": 0.5, "remove": 0.5, "refine": 4.0, "split": 3.0, "merge": 2.0, "retrieve": 5.0}
CONFIDENCE = {
    "remain": "high",
    "remove": "high",
    "refine": "medium",
    "split": "low",
    "merge": "low",
    "retrieve": "medium",
}


@dataclass(frozen=True)
class Habits:
    """How the simulated mappers work.

    Attributes:
        names: Their names. Where two disagree, the one named first is right.
        error_rate: Share of each one's decisions on candidates that is wrong on purpose: true ones removed, false kept.
        agreement: Probability that both decide alike on a candidate that both got.
    """

    names: Sequence[str]
    error_rate: float
    agreement: float


def simulate(
    candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, subregion: shapely.Geometry, shares: Shares,
    habits: Habits, min_area_m2: float, rng: np.random.Generator,
) -> list[gpd.GeoDataFrame]:  # fmt: skip
    """Return the edits of each mapper; together they publish no rock glacier twice.

    A candidate is matched with at most one rock glacier and the other way round, best overlap first. Matched candidates
    remain when they are good and are redrawn otherwise; one that holds several rock glaciers is split, several in one
    rock glacier are merged, the others are removed, and rock glaciers without a candidate are retrieved. Those whose
    primary marker lies in another subregion are left to that one's mappers.

    Args:
        candidates: Columns candidate_id and geometry, any CRS.
        truth: All known rock glaciers, same CRS as `candidates` or another.
        subregion: The subregion in EPSG:4326.
        shares: Who gets each candidate.
        habits: How the mappers work.
        min_area_m2: Smaller rock glaciers are not retrieved.
        rng: Source of randomness.

    Returns:
        One frame per mapper with the columns of a review file, EPSG:4326.
    """
    candidates, truth = candidates.to_crs(WGS84), truth.to_crs(WGS84)
    known = _Known.of(candidates, truth, subregion, min_area_m2)
    right = _decide(candidates, truth, known)
    edits = _shared_out(right, candidates, truth, known, shares, habits, rng)
    edits += _retrieved(candidates, truth, known, shares)
    frame = pd.DataFrame(edits, columns=["candidate_id", "operation", "merge_into", "comment", "geometry", "mapper"])
    frame["minutes"], frame["confidence"] = frame["operation"].map(MINUTES), frame["operation"].map(CONFIDENCE)
    reasons = dict(zip(candidates["candidate_id"], rng.choice(REASONS, len(candidates)), strict=True))
    frame["reason"] = frame["candidate_id"].map(reasons).where(frame["operation"] == "remove")
    return [_file(frame[frame["mapper"] == position], name) for position, name in enumerate(habits.names)]


def _file(edits: pd.DataFrame, mapper: str) -> gpd.GeoDataFrame:
    """Return one mapper's edits as a review file holds them."""
    texts = {name: "str" for name in COLUMNS if name != "minutes"}
    told = edits.assign(mapper=mapper, date=DATE).astype(texts | {"minutes": float})
    return gpd.GeoDataFrame(told[[*COLUMNS, "geometry"]].reset_index(drop=True), geometry="geometry", crs=WGS84)


@dataclass(frozen=True)
class _Known:
    """What the truth says of the candidates.

    Attributes:
        match: Position of each candidate's rock glacier, -1 for none; shape (candidates,).
        good: Which candidates stay as they are.
        overlapping: Which candidates overlap any rock glacier.
        parts: Positions of the rock glaciers that a candidate holds, where it holds several; by its position.
        joins: Position of the candidate that another one is a part of; by the position of the part.
        retrieved: Positions of the rock glaciers that no candidate shows.
    """

    match: np.ndarray
    good: np.ndarray
    overlapping: np.ndarray
    parts: dict[int, list[int]]
    joins: dict[int, int]
    retrieved: np.ndarray

    @classmethod
    def of(
        cls, candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, subregion: shapely.Geometry, min_area_m2: float
    ) -> "_Known":
        """Compare candidates with the truth; rock glaciers of other subregions are nobody's match."""
        pairs = overlaps_between(candidates.geometry, truth.geometry)
        ours = primary_markers(truth.geometry).within(subregion).to_numpy()
        large = area_m2(truth.geometry) >= min_area_m2
        best = best_first(pairs, REFINE_IOU)
        match = np.full(len(candidates), -1)
        match[best["one"]] = best["other"]
        swallowed = pairs["overlap_m2"] / _areas(truth)[pairs["other"]] >= SWALLOWED_SHARE
        parts = _parts(pairs[swallowed & ours[pairs["other"]] & large[pairs["other"]]], match)
        inside = pairs["overlap_m2"] / _areas(candidates)[pairs["one"]] >= SWALLOWED_SHARE
        taken = {known: position for position, known in enumerate(match) if known >= 0 and position not in parts}
        joins = {
            one: taken[other]
            for one, other in zip(pairs["one"][inside], pairs["other"][inside], strict=True)
            if match[one] < 0 and one not in parts and other in taken and ours[other]
        }
        found = {*match[match >= 0].tolist(), *(known for held in parts.values() for known in held)}
        retrieved = np.flatnonzero(ours & large & ~np.isin(np.arange(len(truth)), list(found)))
        match[(match >= 0) & ~ours[match]] = -1
        good = _good(pairs, match) & primary_markers(candidates.geometry).within(subregion).to_numpy()
        return cls(match, good, np.isin(np.arange(len(candidates)), pairs["one"]), parts, joins, retrieved)


def _areas(frame: gpd.GeoDataFrame) -> np.ndarray:
    return frame.geometry.to_crs(EQUAL_AREA).area.to_numpy()


def _parts(held: pd.DataFrame, match: np.ndarray) -> dict[int, list[int]]:
    """Return the candidates that hold several rock glaciers, none of which is another candidate's."""
    owner = {known: position for position, known in enumerate(match) if known >= 0}
    free = held[held["other"].map(owner).fillna(held["one"]) == held["one"]]
    single = free[~free["other"].duplicated(keep=False)]
    parts = {int(one): part["other"].tolist() for one, part in single.groupby("one") if len(part) > 1}
    return {one: held for one, held in parts.items() if match[one] in {-1, *held}}


def _good(pairs: pd.DataFrame, match: np.ndarray) -> np.ndarray:
    """Which candidates overlap their rock glacier well and swallow no other."""
    is_match = match[pairs["one"]] == pairs["other"]
    good = np.zeros(len(match), dtype=bool)
    good[pairs["one"][is_match & (pairs["iou"] >= REMAIN_IOU)]] = True
    good[pairs["one"][~is_match & (pairs["share_of_smaller"] >= SWALLOWED_SHARE)]] = False
    return good


def _decide(candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, known: _Known) -> dict[int, list[dict[str, Any]]]:
    """What a mapper who knows the truth does with each candidate; rows by the position of the candidate."""
    hosts = set(known.joins.values())
    edits = {}
    for position, (name, shape) in enumerate(zip(candidates["candidate_id"], candidates.geometry, strict=True)):
        match = known.match[position]
        if position in known.parts:
            edits[position] = [_edit(name, "split", truth.geometry.iloc[part]) for part in known.parts[position]]
        elif position in hosts:
            edits[position] = [_edit(name, "merge", truth.geometry.iloc[match], merge_into=name)]
        elif position in known.joins:
            host = known.joins[position]
            shared = shape.intersection(truth.geometry.iloc[known.match[host]])
            into = candidates["candidate_id"].iloc[host]
            edits[position] = [_edit(name, "merge", polygons_only(gpd.GeoSeries([shared])).iloc[0], merge_into=into)]
        elif match >= 0 and not known.good[position]:
            edits[position] = [_edit(name, "refine", truth.geometry.iloc[match])]
        else:
            edits[position] = [_edit(name, "remain" if match >= 0 else "remove", shape)]
    return edits


def _edit(name: str | None, operation: str, shape: shapely.Geometry, **more: Any) -> dict[str, Any]:
    return {"candidate_id": name, "operation": operation, "comment": COMMENT, "geometry": shape} | more


def _shared_out(
    right: dict[int, list[dict[str, Any]]], candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, known: _Known,
    shares: Shares, habits: Habits, rng: np.random.Generator,
) -> list[dict[str, Any]]:  # fmt: skip
    """Give each candidate's edits to its mapper, some of them wrong, and those that two mappers got to both."""
    linked = {*known.joins, *known.joins.values()}
    host = {position: known.joins.get(position, position) for position in right}
    wrong = _wrong(right, known, habits.error_rate, rng)
    edits = []
    for position, rows in right.items():
        first, second = int(shares.first[host[position]]), int(shares.second[position])
        turned = _turned(candidates, truth, known, position, rows[0]["operation"])
        told = [turned] if position in wrong else rows
        both = [first] if second < 0 or position in linked else sorted((first, second))
        agree = rng.random() < habits.agreement
        for rank, mapper in enumerate(both):
            said = told if rank == 0 or agree else [turned] if told is rows else rows
            edits += [row | {"mapper": mapper} for row in said]
    return edits


def _wrong(
    right: dict[int, list[dict[str, Any]]], known: _Known, error_rate: float, rng: np.random.Generator
) -> set[int]:
    """Draw the candidates that are decided wrongly. What overlaps a rock glacier is never kept against the truth."""
    simple = [
        position
        for position, (first, *_) in right.items()
        if first["operation"] in ("remain", "refine")
        or (first["operation"] == "remove" and not known.overlapping[position])
    ]
    return set(rng.permutation(simple)[: round(error_rate * len(right))].tolist())


def _turned(
    candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, known: _Known, position: int, operation: str
) -> dict[str, Any]:
    """Return the contrary of a decision: what stays is removed, what is removed stays beside known rock glaciers.

    What lies wholly on those of another subregion has no contrary.
    """
    name, shape = candidates["candidate_id"].iloc[position], candidates.geometry.iloc[position]
    if operation != "remove":
        return _edit(name, "remove", shape, comment=WRONG)
    if not known.overlapping[position]:
        return _edit(name, "remain", shape, comment=WRONG)
    near = truth.geometry.iloc[truth.sindex.query(shape, predicate="intersects")]
    beside = polygons_only(gpd.GeoSeries([shape.difference(near.union_all())])).iloc[0]
    return _edit(name, "remove", shape) if beside.is_empty else _edit(name, "refine", beside, comment=WRONG)


def _retrieved(
    candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, known: _Known, shares: Shares
) -> list[dict[str, Any]]:
    """Retrieve what no candidate shows; by the mapper of the nearest candidate, or the first one."""
    missed = truth.geometry.iloc[known.retrieved].to_crs(EQUAL_AREA)
    if candidates.empty:
        mappers = np.zeros(len(missed), dtype=int)
    else:
        near = candidates.geometry.to_crs(EQUAL_AREA).sindex.nearest(missed, return_all=False)[1]
        mappers = shares.first[near]
    shapes = truth.geometry.iloc[known.retrieved]
    return [_edit(None, "retrieve", shape) | {"mapper": int(one)} for shape, one in zip(shapes, mappers, strict=True)]
