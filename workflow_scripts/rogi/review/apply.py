"""Candidates and decisions become reviewed rock glaciers, and a log of what became of every edit."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import WGS84, area_m2, local_projection
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.review.decisions import Decision

OF_CANDIDATE = ("system_id", "probability", "spread", "source")
REVIEWED = ("candidate_id", "operation", "mapper", "date", "comment", *OF_CANDIDATE, "area_m2")
EXCLUDED = ("candidate_id", "reason", "operation", "mapper", "comment", "area_m2")
_SAID = ["file", "layer", "row", "mapper", "date"]
LOG = (*_SAID, "operation", "candidate_id", "outcome", "area_before_m2", "area_after_m2")
UNREVIEWED = "unreviewed"
NEAR_M = 500.0  # a mosaic is exchanged for another in blocks of some hundred metres, so its neighbours share its source
_TEXTS = ("candidate_id", "system_id", "reason", "operation", "mapper", "date", "comment", "source")
_DONE = {"remain": "kept", "refine": "refined", "retrieve": "retrieved"}


def apply_decisions(
    candidates: gpd.GeoDataFrame, decisions: Sequence[Decision], min_area_m2: float, mosaics: Sequence[str]
) -> gpd.GeoDataFrame:
    """Return every candidate and every retrieved rock glacier with what the review made of it.

    Args:
        candidates: Columns candidate_id, `OF_CANDIDATE`, geometry in EPSG:4326.
        decisions: At most one per candidate.
        min_area_m2: Smaller ones are excluded, whoever drew them.
        mosaics: Names of the mosaics; the first is the source of a retrieved rock glacier with no candidate near.

    Returns:
        Columns `REVIEWED`, geometry, `area_before_m2` (of the candidate), `edits` (index of the edits) and `reason`
        (why it is excluded, null if it is not), sorted by candidate_id, then from west to east.
    """
    by_id = {decision.candidate_id: decision for decision in decisions if decision.candidate_id is not None}
    new = [decision for decision in decisions if decision.candidate_id is None]
    frame = pd.concat([_reviewed(candidates, by_id), _retrieved(new, candidates, mosaics)], ignore_index=True)
    frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)
    frame["area_m2"] = area_m2(frame.geometry)
    frame["reason"] = _reasons(frame, min_area_m2)
    frame = frame.astype(dict.fromkeys(_TEXTS, "str"))
    return frame.iloc[_order(frame)].reset_index(drop=True)


def _reviewed(candidates: gpd.GeoDataFrame, by_id: Mapping[str, Decision]) -> pd.DataFrame:
    rows = [by_id.get(name) for name in candidates["candidate_id"]]
    drawn = [None if row is None else row.geometry for row in rows]
    columns = _columns(rows) | {
        "candidate_id": candidates["candidate_id"].to_numpy(),
        **{name: candidates[name].to_numpy() for name in OF_CANDIDATE},
        "area_before_m2": area_m2(candidates.geometry),
        "geometry": [old if new is None else new for old, new in zip(candidates.geometry, drawn, strict=True)],
    }
    return pd.DataFrame(columns)


def _retrieved(new: Sequence[Decision], candidates: gpd.GeoDataFrame, mosaics: Sequence[str]) -> pd.DataFrame:
    shapes = gpd.GeoSeries([decision.geometry for decision in new], crs=WGS84)
    columns = _columns(new) | {
        "candidate_id": [None] * len(new),
        "system_id": [None] * len(new),
        "probability": np.full(len(new), np.nan),
        "spread": np.full(len(new), np.nan),
        "source": nearest_sources(shapes, candidates, mosaics[0] if mosaics else ""),
        "area_before_m2": np.full(len(new), np.nan),
        "geometry": shapes.to_list(),
    }
    return pd.DataFrame(columns)


def _columns(decisions: Sequence[Decision | None]) -> dict[str, list[object]]:
    return {
        "operation": [UNREVIEWED if one is None else one.operation for one in decisions],
        "mapper": [None if one is None else one.mapper for one in decisions],
        "date": [None if one is None else one.date for one in decisions],
        "comment": [None if one is None else one.comment for one in decisions],
        "edits": [() if one is None else one.edits for one in decisions],
    }


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


def _reasons(frame: gpd.GeoDataFrame, min_area_m2: float) -> np.ndarray:
    reasons = np.full(len(frame), None, dtype=object)
    reasons[(frame["area_m2"] < min_area_m2).to_numpy()] = f"smaller than {min_area_m2:.0f} m²"
    reasons[(frame["operation"] == "remove").to_numpy()] = "removed by a mapper"
    return reasons


def _order(frame: gpd.GeoDataFrame) -> np.ndarray:
    markers = primary_markers(frame.geometry)
    return np.lexsort((shapely.to_wkb(frame.geometry), markers.y, markers.x, frame["candidate_id"].fillna("~")))


def split(objects: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the rock glaciers of an `apply_decisions` frame, and those that are excluded with the reason."""
    kept = objects["reason"].isna()
    return objects.loc[kept, [*REVIEWED, "geometry"]], objects.loc[~kept, [*EXCLUDED, "geometry"]]


def review_log(edits: gpd.GeoDataFrame, objects: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what became of every edit, and of every excluded object that no edit speaks of.

    Returns:
        Columns `LOG`; areas in m² of the candidate and of the outline after the review, null where there is none.
    """
    rows = [_log_row(edits.loc[index], one) for one in objects.itertuples() for index in one.edits]
    excluded = [_log_row(None, one) for one in objects.itertuples() if not one.edits and pd.notna(one.reason)]
    return pd.DataFrame([*rows, *excluded], columns=list(LOG))


def _log_row(edit: pd.Series | None, one: Any) -> dict[str, object]:
    told = {} if edit is None else edit[_SAID].to_dict()
    reason, operation = one.reason, one.operation
    repeated = edit is not None and edit.name != one.edits[0]
    outcome = f"excluded: {reason}" if pd.notna(reason) else _DONE[operation]
    return told | {
        "operation": operation,
        "candidate_id": one.candidate_id,
        "outcome": outcome + ", decided alike by several edits" * repeated,
        "area_before_m2": one.area_before_m2,
        "area_after_m2": np.nan if pd.notna(reason) else one.area_m2,
    }
