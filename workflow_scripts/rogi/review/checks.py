"""Faults of single review edits: each is found, none is corrected by guessing."""

import datetime
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.review.edits import OPERATIONS

AREA_CHANGE = 0.01  # a repair that changes more than this, or an outline that differs by more, is a person's decision


@dataclass(frozen=True)
class Scene:
    """What edits are checked against.

    Attributes:
        candidates: Outlines by candidate_id, EPSG:4326.
        subregions: All subregions of the study.
        slug: The one under review.
    """

    candidates: Mapping[str, shapely.Geometry]
    subregions: gpd.GeoDataFrame
    slug: str

    @property
    def region(self) -> shapely.Geometry:
        """Polygon of the subregion under review."""
        return self.subregions.geometry[self.subregions["slug"] == self.slug].iloc[0]


def edit_faults(edit: Any, scene: Scene) -> Iterator[str]:
    """Yield what is wrong with one edit: what was found, what is expected, the way out."""
    if edit.operation not in OPERATIONS:
        yield f"operation {_quoted(edit.operation)} is unknown; expected {', '.join(OPERATIONS)}"
        return
    if edit.mapper is None:
        yield "no mapper; every decision needs the name of the person who took it"
    if not is_iso_date(edit.date):
        yield f"date {_quoted(edit.date)} is not a date; expected YYYY-MM-DD, such as 2024-07-31"
    yield from _id_faults(edit, scene)
    if edit.operation in ("refine", "retrieve"):
        yield from _outline_faults(edit, scene)
    elif edit.operation == "remain":
        yield from _remain_faults(edit, scene)


def is_undecided(edit: Any, scene: Scene) -> bool:
    """Tell whether a row is a candidate as it was handed out, on which its mapper has not decided yet."""
    candidate = scene.candidates.get(edit.candidate_id)
    if edit.operation is not None or candidate is None:
        return False
    return edit.geometry is None or same_outline(edit.geometry, candidate, AREA_CHANGE)


def is_iso_date(text: str | None) -> bool:
    """Tell whether a text starts with a date as YYYY-MM-DD; a time may follow."""
    if not re.match(r"\d{4}-\d\d-\d\d(\D|$)", text or ""):
        return False  # fromisoformat also takes 20240531 and 2024-W20-3
    try:
        datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return False
    return True


def _quoted(text: str | None) -> str:
    return "(empty)" if text is None else f"'{text}'"


def _id_faults(edit: Any, scene: Scene) -> Iterator[str]:
    name = edit.candidate_id
    if edit.operation == "retrieve":
        if name is not None:
            yield f"retrieve with candidate_id '{name}'; leave it empty for a new outline, or use refine"
    elif name is None:
        yield f"{edit.operation} without candidate_id; copy it from candidates.gpkg, or use retrieve for a new outline"
    elif name not in scene.candidates:
        yield f"candidate_id '{name}' does not exist among {len(scene.candidates)} candidates{_hint(edit, scene)}"


def _hint(edit: Any, scene: Scene) -> str:
    under = _candidate_under(edit.geometry, scene.candidates)
    if under:
        return f"; its outline lies over {under}: take that id if it is meant"
    near = difflib.get_close_matches(edit.candidate_id, scene.candidates, n=1)
    return f"; did you mean {near[0]}?" if near else "; take the id from the candidates.gpkg of this subregion"


def _candidate_under(shape: shapely.Geometry | None, candidates: Mapping[str, shapely.Geometry]) -> str | None:
    """Return the candidate that shares the largest area with an outline."""
    if shape is None or not candidates:
        return None
    names = list(candidates)
    hits = shapely.STRtree(list(candidates.values())).query(shape.buffer(0), predicate="intersects")
    shared = {names[hit]: candidates[names[hit]].intersection(shape.buffer(0)).area for hit in sorted(hits)}
    return max(shared, key=lambda name: (shared[name], name)) if shared else None


def _outline_faults(edit: Any, scene: Scene) -> Iterator[str]:
    try:
        shape = repair(edit.geometry)
    except ValueError as fault:
        yield f"{edit.operation}: {fault}"
        return
    if edit.operation == "refine" and edit.candidate_id in scene.candidates:
        if not shape.intersects(scene.candidates[edit.candidate_id]):
            yield f"refine: the outline does not touch {edit.candidate_id}, which it should replace; check the id"
    elif edit.operation == "retrieve" and not shape.intersects(scene.region):
        point = gpd.GeoSeries([shape.representative_point()], crs=scene.subregions.crs)
        yield (
            f"retrieve: the outline lies outside {scene.slug} (at {point.iloc[0].x:.4f}°, {point.iloc[0].y:.4f}°, "
            f"nearest: {owner(point, scene.subregions).iloc[0]}); move it to that subregion's folder, or check its CRS"
        )


def _remain_faults(edit: Any, scene: Scene) -> Iterator[str]:
    """Find outlines that somebody changed and called unchanged: they would be lost."""
    candidate = scene.candidates.get(edit.candidate_id)
    if candidate is None or edit.geometry is None or edit.geometry.is_empty:
        return
    if not same_outline(edit.geometry, candidate, AREA_CHANGE):
        yield f"remain, but its outline is not that of {edit.candidate_id}; use refine to take it, or drop the outline"


def same_outline(one: shapely.Geometry, other: shapely.Geometry, tolerance: float) -> bool:
    """Tell whether two polygons differ by at most a share `tolerance` of the larger area."""
    valid = shapely.make_valid([one, other])
    return valid[0].symmetric_difference(valid[1]).area <= tolerance * max(valid[0].area, valid[1].area)


def repair(shape: shapely.Geometry | None) -> shapely.Geometry:
    """Return a valid polygon or multipolygon, repaired where a repair changes nothing that matters.

    Raises:
        ValueError: There is no polygon, or a repair would have to guess what was meant.
    """
    if shape is None or pd.isna(shape) or shape.is_empty:
        raise ValueError("no outline; draw one")
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"the geometry is a {shape.geom_type}; expected a polygon")
    if shape.is_valid:
        return shape
    repaired = shapely.make_valid(shape)
    change = abs(repaired.area - shape.area) / max(shape.area, 1e-300)
    if repaired.geom_type in ("Polygon", "MultiPolygon") and change < AREA_CHANGE:
        return repaired
    raise ValueError(
        f"the outline is invalid ({shapely.is_valid_reason(shape)}) and cannot be repaired without guessing: that "
        f"gives a {repaired.geom_type} and changes the area by {min(change, 9.99):.0%}; redraw it"
    )
