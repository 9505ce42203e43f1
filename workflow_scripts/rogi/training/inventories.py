"""Training inventories by different hands, made one: every polygon kept, repaired or dropped, and the reason listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.config import slug, unknown_name
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, area_m2, shared_and_union

KEPT, REPAIRED, DROPPED = "kept", "repaired", "dropped"


@dataclass(frozen=True)
class Rules:
    """When a polygon is dropped.

    Attributes:
        min_area_m2: Below this true area it is a sliver.
        duplicate_iou: From this overlap with a polygon that came before, it is the same rock glacier mapped twice.
    """

    min_area_m2: float
    duplicate_iou: float


def compile_all(
    sources: Sequence[Mapping[str, Any]], imagery: shapely.Geometry, rules: Rules
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Read inventories in order and bring them together.

    Args:
        sources: Per inventory `name`, `path`, `layer` (or None) and `id_field` (or None: the row number).
        imagery: What the imagery covers, in EPSG:4326.
        rules: When a polygon is dropped. Of two duplicates the one of the earlier inventory stays.

    Returns:
        The polygons in EPSG:4326 with `uid`, `inventory`, `original_id` and `area_m2`; and a table with one row for
        every polygon read: `inventory`, `original_id`, `outcome` (kept, repaired, dropped), `reason`, `area_m2`.

    Raises:
        ValueError: A file lacks a CRS or the named layer or field.
    """
    frame = pd.concat([_read(source) for source in sources], ignore_index=True)
    frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)
    _repair(frame)
    frame["area_m2"] = area_m2(frame.geometry)
    _drop(frame, frame["area_m2"] < rules.min_area_m2, f"sliver under {rules.min_area_m2:g} m²")
    shapely.prepare(imagery)
    _drop(frame, ~shapely.intersects(imagery, frame.geometry.array), "outside the imagery")
    _drop_duplicates(frame, rules.duplicate_iou)
    kept = frame[frame["outcome"] != DROPPED].reset_index(drop=True)
    quality = frame[["inventory", "original_id", "outcome", "reason", "area_m2"]]
    return kept[["uid", "inventory", "original_id", "area_m2", "geometry"]], pd.DataFrame(quality)


def _read(source: Mapping[str, Any]) -> pd.DataFrame:
    raw = read_vector(source["path"], source["layer"])
    field = source["id_field"]
    if field is not None and field not in raw.columns:
        fields = [name for name in raw.columns if name != "geometry"]
        raise ValueError(f"{source['path']}: {unknown_name(field, fields, 'field (id_field)')}")
    rows = [str(number) for number in range(len(raw))]
    return pd.DataFrame(
        {
            "uid": [f"{slug(source['name'])}-{row}" for row in rows],
            "inventory": source["name"],
            "original_id": rows if field is None else raw[field].astype(str),
            "outcome": KEPT,
            "reason": "",
            "geometry": shapely.force_2d(raw.geometry.to_crs(WGS84).array),
        }
    )


def _repair(frame: gpd.GeoDataFrame) -> None:
    """Drop what is empty or no polygon, make the invalid valid, in place."""
    _drop(frame, frame.geometry.isna() | frame.geometry.is_empty, "empty geometry")
    areal = frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    _drop(frame, ~areal, "not a polygon")
    invalid = ~frame.geometry.is_valid & (frame["outcome"] != DROPPED)
    frame.loc[invalid, "reason"] = [
        f"was invalid: {shapely.is_valid_reason(shape)}" for shape in frame.geometry[invalid]
    ]
    frame.loc[invalid, "outcome"] = REPAIRED
    frame.loc[invalid, "geometry"] = [_polygons_of(shapely.make_valid(shape)) for shape in frame.geometry[invalid]]
    frame.loc[frame.geometry.isna(), "geometry"] = shapely.Polygon()


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the areal part of what make_valid gives, which may hold lines and points too."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts)


def _drop(frame: gpd.GeoDataFrame, which: "pd.Series[bool] | np.ndarray", reason: str) -> None:
    which = np.asarray(which) & (frame["outcome"] != DROPPED).to_numpy()
    frame.loc[which, ["outcome", "reason"]] = DROPPED, reason


def _drop_duplicates(frame: gpd.GeoDataFrame, duplicate_iou: float) -> None:
    flat = shapely.make_valid(frame.geometry.to_crs(EQUAL_AREA).array)
    alive = np.flatnonzero(frame["outcome"] != DROPPED)
    tree = shapely.STRtree(flat[alive])
    dropped: set[int] = set()
    for position in alive:
        near = alive[tree.query(flat[position], predicate="intersects")]
        for earlier in sorted(int(other) for other in near if other < position and other not in dropped):
            shared, union = shared_and_union(flat[position], flat[earlier])
            if union and shared / union >= duplicate_iou:
                twin = frame.loc[earlier]
                reason = f"duplicate of {twin['inventory']} {twin['original_id']}"
                frame.loc[position, ["outcome", "reason"]] = DROPPED, reason
                dropped.add(int(position))
                break
