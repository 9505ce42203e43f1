"""Candidates and decisions become reviewed rock glaciers, each with its lineage."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, area_m2, local_projection, shared_and_union
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.review.decisions import Decision
from workflow_scripts.rogi.review.neighbours import Cut, without_overlaps
from workflow_scripts.rogi.review.placing import Placed, claimed_by

OF_CANDIDATE = ("system_id", "probability", "spread", "source")
LINEAGE = ("candidate_ids", "area_before_m2", "iou_candidate", "confidence")
REVIEWED = ("candidate_id", "operation", "mapper", "date", "comment", *OF_CANDIDATE, "area_m2", *LINEAGE)
EXCLUDED = ("candidate_id", "reason", "operation", "mapper", "comment", "area_m2")
UNREVIEWED = "unreviewed"
NEAR_M = 500.0  # a mosaic is exchanged for another in blocks of some hundred metres, so its neighbours share its source
_TEXTS = ("candidate_id", "candidate_ids", "system_id", "reason", "operation", "mapper", "date", "comment", "source",
          "confidence")  # fmt: skip


def apply_decisions(
    candidates: gpd.GeoDataFrame,
    decisions: Sequence[Decision],
    placed: Placed,
    min_area_m2: float,
    mosaics: Sequence[str],
) -> gpd.GeoDataFrame:
    """Return every rock glacier and every candidate that is none, with what the review made of it.

    Args:
        candidates: Columns candidate_id, `OF_CANDIDATE`, area_m2, geometry in EPSG:4326, as `place_decisions` saw them.
        decisions: Of which no two speak of the same ground.
        placed: Which candidates they replace or remove.
        min_area_m2: Smaller ones are excluded, whoever drew them.
        mosaics: Names of the mosaics; the first is the source of a retrieved rock glacier with no candidate near.

    Returns:
        Columns `REVIEWED`, geometry, `decision` (its position, -1 where nobody decided), `reason` (why it is excluded,
        null if it is not) and `given` (what ground it gave to neighbours, or null); sorted by candidate_id, then from
        west to east. `candidate_ids` names the present candidates that it replaces, else those that were handed out;
        `area_before_m2` is their area, and `iou_candidate` the IoU of their union with the outline.
    """
    claims, origin = claimed_by(placed), _Origin.of(candidates)
    rows = [row for number, one in enumerate(decisions) for row in _decided(number, one, claims[number], origin)]
    rows += _undecided(len(candidates), placed, origin)
    columns = [*REVIEWED, "decision", "reason", "before", "geometry"]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows).reindex(columns=columns), geometry="geometry", crs=WGS84)
    frame["source"] = frame["source"].astype(object)
    frame["before"] = gpd.GeoSeries(frame["before"].astype(object), crs=WGS84)
    unknown = frame["source"].isna().to_numpy()
    frame.loc[unknown, "source"] = nearest_sources(frame.geometry[unknown], candidates, mosaics[0] if mosaics else "")
    frame = _measured(frame, min_area_m2)
    frame = frame.astype(dict.fromkeys(_TEXTS, "str") | {"probability": float, "spread": float})
    return frame.drop(columns="before").iloc[_order(frame)].reset_index(drop=True)


@dataclass(frozen=True)
class _Origin:
    """The candidates, column by column: a frame is slow to take rows from one by one."""

    columns: dict[str, list[Any]]
    shapes: list[shapely.Geometry]
    areas: np.ndarray

    @classmethod
    def of(cls, candidates: gpd.GeoDataFrame) -> "_Origin":
        """Take the columns of candidates."""
        columns = {name: candidates[name].to_list() for name in ("candidate_id", *OF_CANDIDATE)}
        return cls(columns, candidates.geometry.to_list(), candidates["area_m2"].to_numpy())

    def handed_down(self, positions: Sequence[int]) -> dict[str, Any]:
        """Return what candidates hand down: means weighted by area, system and source of the largest."""
        if not positions:
            return {}
        areas = self.areas[positions]
        first = positions[int(np.argmax(areas))]
        means = {name: self._mean(name, positions, areas) for name in ("probability", "spread")}
        shape = self.shapes[first] if len(positions) == 1 else shapely.union_all([self.shapes[n] for n in positions])
        return {name: values[first] for name, values in self.columns.items()} | {
            **means,
            "candidate_ids": "; ".join(self.columns["candidate_id"][position] for position in positions),
            "area_before_m2": areas.sum(),
            "before": shape,
        }

    def _mean(self, name: str, positions: Sequence[int], areas: np.ndarray) -> float:
        return float(np.dot([self.columns[name][position] for position in positions], areas / areas.sum()))

    def area(self, outline: shapely.Geometry, positions: Sequence[int]) -> float:
        """Return the area of the one candidate whose outline this is, NaN where it has to be measured."""
        same = len(positions) == 1 and shapely.equals_exact(outline, self.shapes[positions[0]], normalize=True)
        return float(self.areas[positions[0]]) if same else np.nan

    def as_it_is(self, position: int) -> dict[str, Any]:
        """Return a candidate with its own outline."""
        drawn = {"geometry": self.shapes[position], "area_m2": self.areas[position]}
        return self.handed_down([position]) | drawn


def _decided(number: int, decision: Decision, claimed: Sequence[int], origin: _Origin) -> list[dict[str, Any]]:
    """Return the rock glaciers that a decision leaves, or the candidates that it removes."""
    said = {name: getattr(decision, name) for name in ("operation", "mapper", "date", "comment", "confidence")}
    said |= {"decision": number, "reason": None}
    if decision.operation == "remove":
        why = "removed by a mapper" + (f": {decision.reason}" if decision.reason else "")
        return [origin.as_it_is(position) | said | {"reason": why} for position in claimed]
    before = origin.handed_down(claimed) if decision.operation != "retrieve" else {}
    if decision.subjects and not claimed:
        handed = shapely.union_all([subject.outline for subject in decision.subjects])
        before = {"candidate_ids": "; ".join(decision.ids), "before": handed}
    return [
        before | said | {"geometry": outline, "area_m2": origin.area(outline, claimed)} for outline in decision.outlines
    ]


def _undecided(count: int, placed: Placed, origin: _Origin) -> list[dict[str, Any]]:
    said = {"operation": UNREVIEWED, "decision": -1}
    free = (position for position in range(count) if position not in placed.claims)
    return [origin.as_it_is(position) | said | {"reason": placed.covered.get(position)} for position in free]


def nearest_sources(shapes: gpd.GeoSeries, candidates: gpd.GeoDataFrame, otherwise: str) -> list[str]:
    """Return the source of the candidate nearest to each outline; `otherwise` where none lies within `NEAR_M`."""
    if shapes.empty or candidates.empty:
        return [otherwise] * len(shapes)
    west, south, east, north = candidates.total_bounds
    metric = local_projection((west + east) / 2, (south + north) / 2)
    known = candidates.sort_values("candidate_id").to_crs(metric)
    pairs = shapely.STRtree(known.geometry.array).query_nearest(shapes.to_crs(metric).array, max_distance=NEAR_M)
    found = [otherwise] * len(shapes)
    for shape, candidate in sorted(pairs.T.tolist(), reverse=True):  # of several equally near, the first id counts
        found[shape] = known["source"].iloc[candidate]
    return found


def _measured(frame: gpd.GeoDataFrame, min_area_m2: float) -> gpd.GeoDataFrame:
    """Give shared ground to one of the neighbours, exclude what is too small, and measure what is left."""
    frame = frame.astype({"area_m2": float, "area_before_m2": float, "reason": object}).assign(given=None)
    for area, shapes in (("area_m2", frame.geometry), ("area_before_m2", frame["before"])):
        unknown = frame[area].isna() & shapes.notna()
        frame.loc[unknown, area] = area_m2(shapes[unknown])
    small = f"smaller than {min_area_m2:.0f} m²"
    frame.loc[(frame["area_m2"] < min_area_m2) & frame["reason"].isna(), "reason"] = small
    kept = frame[frame["reason"].isna()]
    shapes, cuts = without_overlaps(kept)
    given = _given(cuts, kept)
    left, rows = shapes.iloc[list(given)], kept.index[list(given)]
    areas = area_m2(left)
    frame.loc[rows, "given"], frame.loc[rows, "area_m2"] = list(given.values()), areas
    is_small = areas < min_area_m2  # the list of what is excluded shows it as it was drawn
    frame.loc[rows[is_small], "reason"] = f"{small} without the ground that it shared with neighbours"
    frame.loc[rows[~is_small], "geometry"] = left[~is_small]
    frame["iou_candidate"] = _iou_with_candidate(frame)
    return frame


def _given(cuts: Sequence[Cut], frame: gpd.GeoDataFrame) -> dict[int, str]:
    """Say how much ground outlines gave to which neighbours, by the position of the outline."""
    names = frame["candidate_id"].astype(object).fillna("an outline without candidate").to_list()
    operations = frame["operation"].to_list()
    said: dict[int, list[str]] = defaultdict(list)
    for loser, winner, area in cuts:
        said[loser].append(f"gave {area:.0f} m² to {names[winner]} ({operations[winner]})")
    return {loser: ", ".join(parts) for loser, parts in said.items()}


def _iou_with_candidate(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Return the IoU of the candidates and the outlines; NaN where there is no candidate."""
    before, after = frame["before"].to_numpy(), frame.geometry.to_numpy()
    same = shapely.equals_exact(before, after, tolerance=0, normalize=True)
    iou = np.where(same, 1.0, np.nan)
    rest = np.flatnonzero(~same & ~shapely.is_missing(before))
    left, right = (gpd.GeoSeries(shapes[rest], crs=WGS84).to_crs(EQUAL_AREA).array for shapes in (before, after))
    shared, union = shared_and_union(left, right)
    iou[rest] = shared / union
    return iou


def _order(frame: gpd.GeoDataFrame) -> np.ndarray:
    markers = primary_markers(frame.geometry)
    return np.lexsort((shapely.to_wkb(frame.geometry), markers.y, markers.x, frame["candidate_id"].fillna("~")))


def split(objects: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the rock glaciers of an `apply_decisions` frame, and those that are excluded with the reason."""
    kept = objects["reason"].isna()
    return objects.loc[kept, [*REVIEWED, "geometry"]], objects.loc[~kept, [*EXCLUDED, "geometry"]]
