"""Rows of review files, completed: what was handed out, whether it was changed, and what an unnamed change means."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.review.edits import Returned
from workflow_scripts.rogi.review.fingerprints import normal_shapes

AREA_CHANGE = 0.01  # a repair that changes more than this, or an outline that differs by more, is a person's decision
ROUNDING_DEG = 2e-6  # about 0.2 m: more than formats and changes of CRS move a vertex, less than people do
GLOBE_DEG = (180, 90)
POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
TAKEN_AS = {
    "refine": "taken as refine: its outline was changed without an operation",
    "split": "taken as split: its parts were drawn without an operation",
    "merge": "taken as merge: it names merge_into without an operation",
}


@dataclass(frozen=True)
class Scene:
    """What edits are checked against.

    Attributes:
        candidates: Present outlines by candidate_id, EPSG:4326.
        subregions: All subregions of the study.
        slug: The one under review.
    """

    candidates: Mapping[str, shapely.Geometry]
    subregions: gpd.GeoDataFrame
    slug: str

    @cached_property
    def region(self) -> shapely.Geometry:
        """Polygon of the subregion under review."""
        return self.subregions.geometry[self.subregions["slug"] == self.slug].iloc[0]

    def ids_near(self, name: str, count: int = 20) -> list[str]:
        """Return ids that come before and after a name in the alphabet; ids spell places, so these lie near it."""
        position = bisect_left(self._ids, name)
        return self._ids[max(position - count, 0) : position + count]

    @cached_property
    def _ids(self) -> list[str]:
        return sorted(self.candidates)


def completed(told: Returned, scene: Scene) -> gpd.GeoDataFrame:
    """Return the rows of all files with what checks and decisions need to know of each.

    Returns:
        The columns of `told.edits`, and `known` (the outline that the row speaks of: as handed out, or else the present
        one of that id; None if there is neither), `is_handed` (whether `known` is in the file itself), `shape` (the
        row's own outline, valid; None where `broken` says why there is none), `changed` (whether it differs from
        `known`), `touches` (whether it meets `known`; True where one is missing), `inside` (whether it meets the
        subregion), `time_min` (`minutes` as a number) and `taken_as` (what an empty operation was taken as, or None;
        `operation` then holds that).
    """
    rows = told.edits.copy()
    handed = [
        told.handed_out.get(file, {}).get(name) for file, name in zip(rows["file"], rows["candidate_id"], strict=True)
    ]
    present = [scene.candidates.get(name) for name in rows["candidate_id"]]
    rows["is_handed"] = np.array([shape is not None for shape in handed], dtype=bool)
    known = _objects(one if one is not None else other for one, other in zip(handed, present, strict=True))
    drawn = rows.geometry.to_numpy()
    shapes, broken = _repaired(drawn)
    rows["shape"], rows["broken"] = _column(shapes, rows), _column(broken, rows)
    rows["changed"] = ~(shapely.is_missing(drawn) | shapely.is_missing(known) | unchanged(drawn, known))
    known = shapely.make_valid(known)
    rows["known"] = _column(known, rows)
    rows["touches"] = shapely.is_missing(shapes) | shapely.is_missing(known) | shapely.intersects(shapes, known)
    rows["inside"] = shapely.intersects(scene.region, shapes)
    minutes = rows["minutes"].map(lambda text: text.replace(",", "."), na_action="ignore")
    rows["time_min"] = pd.to_numeric(minutes, errors="coerce").astype(float)
    rows["taken_as"] = _column(_unnamed(rows), rows)
    rows["operation"] = rows["operation"].where(rows["taken_as"].isna(), rows["taken_as"])
    return rows


def _objects(values: Iterable[Any]) -> np.ndarray:
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _column(values: Iterable[Any], like: pd.DataFrame) -> pd.Series:
    """Return a column in which nothing stays None, as pandas does only when told so."""
    return pd.Series(_objects(values), index=like.index, dtype=object)


def unchanged(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return which outlines are alike but for rounding, pair by pair; False where one is no polygon.

    Args:
        one: Geometries in EPSG:4326, shape (n,).
        other: As many others.
    """
    there = np.flatnonzero(_is_polygonal(one) & _is_polygonal(other))
    left, right = normal_shapes(one[there]), normal_shapes(other[there])
    alike = shapely.equals_exact(left, right, tolerance=0)
    near = (np.abs(shapely.bounds(left) - shapely.bounds(right)) <= ROUNDING_DEG).all(axis=1)
    rest = np.flatnonzero(~alike & near)  # the distance of all vertices is slow to measure
    alike[rest] = shapely.hausdorff_distance(left[rest], right[rest]) <= ROUNDING_DEG
    return np.isin(np.arange(len(one)), there[alike])


def _is_polygonal(shapes: np.ndarray) -> np.ndarray:
    return np.isin(shapely.get_type_id(shapes), POLYGONAL) & ~shapely.is_empty(shapes)


def _repaired(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return valid polygons, and what is wrong with those that cannot be made valid."""
    bounds = np.abs(shapely.bounds(shapes))
    sound = shapely.is_valid(shapes) & _is_polygonal(shapes) & (bounds <= [*GLOBE_DEG, *GLOBE_DEG]).all(axis=1)
    valid, broken = shapes.copy(), _objects([None] * len(shapes))
    for position in np.flatnonzero(~sound):
        try:
            valid[position] = repair(shapes[position])
        except ValueError as fault:
            valid[position], broken[position] = None, str(fault)
    return valid, broken


def repair(shape: shapely.Geometry | None) -> shapely.Geometry:
    """Return a valid polygon or multipolygon in degrees, repaired where a repair changes nothing that matters.

    Raises:
        ValueError: There is no polygon, or a repair would have to guess what was meant.
    """
    if shape is None or pd.isna(shape) or shape.is_empty:
        raise ValueError("no outline; draw one")
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"the geometry is a {shape.geom_type}; expected a polygon")
    if not (np.abs(shapely.get_coordinates(shape)) <= GLOBE_DEG).all():  # nor if they are no numbers
        raise ValueError("the coordinates are no longitudes and latitudes; check the CRS of the layer")
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


def _unnamed(rows: gpd.GeoDataFrame) -> np.ndarray:
    """Return what rows without an operation mean where that is certain, None elsewhere."""
    taken = _objects([None] * len(rows))
    unnamed = rows["operation"].isna().to_numpy()
    changed = unnamed & rows["changed"].to_numpy()
    keys = list(zip(rows["file"], rows["candidate_id"], strict=True))
    apart = (changed | (rows["operation"] == "split").to_numpy()) & rows["candidate_id"].notna().to_numpy()
    parts = Counter(key for key, is_part in zip(keys, apart, strict=True) if is_part)
    taken[changed] = "refine"
    taken[[bool(one) and parts[key] > 1 for one, key in zip(changed, keys, strict=True)]] = "split"
    taken[unnamed & rows["merge_into"].notna().to_numpy()] = "merge"
    return taken


def undecided(rows: gpd.GeoDataFrame) -> pd.Series:
    """Return which completed rows are as they were handed out, or gone: their mapper has not decided on them."""
    return rows["operation"].isna() & rows["known"].notna()
