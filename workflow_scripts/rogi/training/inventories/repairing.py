"""Shapes as people draw and export them, made valid polygons; what cannot be is dropped, and listed."""

from collections import Counter
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.inventory.subregions import polygons_only
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, REPAIRED, alive, note

GLOBE_DEG = (180, 90)
AREAL = ("Polygon", "MultiPolygon")
_BEYOND = "coordinates are no longitudes and latitudes; is the CRS of the file right?"


def repair(rows: gpd.GeoDataFrame) -> None:
    """Make every shape a valid polygon or drop it, in place.

    Closed lines become the polygons that they enclose, a ring inside another one its hole; collections keep their
    polygons. Open lines, points and coordinates beyond the globe are dropped.

    Args:
        rows: Columns outcome, reason and geometry (EPSG:4326), the index counts from 0. Shapes that are dropped for
            want of a polygon become empty.
    """
    shapes = rows.geometry
    for which, reason in ((shapes.isna() | shapes.is_empty, "empty geometry"), (_is_beyond(shapes), _BEYOND)):
        there = np.flatnonzero(which & rows["outcome"].ne(DROPPED))
        note(rows, DROPPED, dict.fromkeys(there.tolist(), reason))
        rows.loc[which, "geometry"] = shapely.Polygon()
    there = alive(rows)
    others = there[~rows.geom_type.iloc[there].isin(AREAL)]
    made = {int(position): polygons_of(rows.geometry.iloc[position]) for position in others}
    rows.loc[others, "geometry"] = [shape for shape, _ in made.values()]
    for outcome, is_empty in ((DROPPED, True), (REPAIRED, False)):
        note(rows, outcome, {position: why for position, (shape, why) in made.items() if shape.is_empty == is_empty})
    _make_valid(rows)
    rows.loc[~rows.geom_type.isin(AREAL), "geometry"] = shapely.Polygon()


def _is_beyond(shapes: gpd.GeoSeries) -> np.ndarray:
    bounds = np.abs(shapely.bounds(shapes.array))
    is_there = ~(shapely.is_missing(shapes.array) | shapely.is_empty(shapes.array))
    return is_there & ~(bounds <= [*GLOBE_DEG, *GLOBE_DEG]).all(axis=1)


def _make_valid(rows: gpd.GeoDataFrame) -> None:
    there = alive(rows)
    invalid = there[~shapely.is_valid(rows.geometry.array[there])]
    faults = shapely.is_valid_reason(rows.geometry.array[invalid])
    rows.loc[invalid, "geometry"] = polygons_only(rows.geometry.iloc[invalid]).to_numpy()
    note(rows, REPAIRED, {int(at): f"was invalid: {why}" for at, why in zip(invalid, faults, strict=True)})
    lost = np.isin(np.arange(len(rows)), invalid) & rows.geometry.is_empty.to_numpy()
    note(rows, DROPPED, dict.fromkeys(np.flatnonzero(lost).tolist(), "without area"))


def polygons_of(shape: shapely.Geometry) -> tuple[shapely.Geometry, str]:
    """Return what of a line, a point or a collection is, or encloses, an area, and what was made of its parts.

    Lines are joined where they meet end to end. The area is empty where there is none.
    """
    parts = list(_simple(shape))
    lines = [part for part in parts if part.geom_type in ("LineString", "LinearRing")]
    joined = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))
    closed = joined[shapely.is_closed(joined)]
    polygons = [part for part in parts if part.geom_type == "Polygon"]
    others = Counter(part.geom_type.lower() for part in parts if part.geom_type == "Point")
    left = Counter({"open line": len(joined) - len(closed)}) + others
    said = [f"{len(closed)} × closed line made a polygon"] if len(closed) else []
    said += [f"left out: {', '.join(f'{count} × {what}' for what, count in left.items())}"] if left else []
    enclosed = shapely.build_area(shapely.union_all(closed))
    return shapely.union_all([*shapely.make_valid(polygons), enclosed]), "; ".join(said) or shape.geom_type


def _simple(shape: shapely.Geometry) -> Iterator[shapely.Geometry]:
    """Give the single polygons, lines and points of a shape, those of nested collections too."""
    for part in shapely.get_parts(shape):
        if shapely.get_num_geometries(part) > 1 or part.geom_type == "GeometryCollection":
            yield from _simple(part)
        else:
            yield from shapely.get_parts(part)
