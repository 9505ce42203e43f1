"""Checks of one layer's geometries."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.rgik.findings import WARNING, Check, Finding
from workflow_scripts.rogi.rgik.reading import Part

LEAST_AREA_M2 = 1e4  # RGIK: rock glaciers are inventoried from 0.01 km² on (Sun et al. 2024)
KINDS = {"Point": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
         "Polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)}  # fmt: skip
MISSING = Check("geometry is there", "a geometry", "draw it, or delete the feature")
INVALID = Check("geometry is valid", "no ring that crosses or touches itself", "repair it (in QGIS: Fix Geometries)")
OFF_GLOBE = Check("coordinates are degrees", "longitude and latitude", "check the layer's CRS")
SMALL = Check("outline is large enough", "at least 0.01 km²", "leave it out, or explain it in Comment", "", WARNING)
WITH_Z = Check("coordinates are flat", "two dimensions", "drop Z (in QGIS: Drop M/Z values)", "", WARNING)
PARTS = Check("geometry is one piece", "one part", "split it, or explain it in Comment", "", WARNING)
POINTS = Check("marker is one point", "one point", "keep the one that lies inside the outline")


def shape_findings(part: Part) -> Iterator[Finding]:
    """Yield what is wrong with the geometries of a layer."""
    shapes = part.frame.geometry
    index = shapes.index
    empty = (shapes.isna() | shapes.is_empty).to_numpy()
    yield from MISSING.at(index[empty], "none")
    right = of_kind(shapes, part.layer.geometry)
    kind = Check(
        "kind of geometry", part.layer.geometry, f"move it to another layer; {part.layer.code} holds none such"
    )
    yield from kind.at(index[~right & ~empty], shapes[~right & ~empty].geom_type)
    valid = shapes.is_valid.to_numpy()
    broken = shapes[right & ~empty & ~valid]
    yield from INVALID.at(broken.index, shapely.is_valid_reason(broken.array))
    if count := int(shapes[~empty].has_z.sum()):
        yield WITH_Z.of(part.name, f"Z in {count} of {len(shapes)} features")
    yield from _places(shapes[right & ~empty & valid], part)


def usable(shapes: gpd.GeoSeries, kind: str) -> np.ndarray:
    """Tell which geometries are valid points or polygons, whichever `kind` says, in degrees; boolean of shape (n,)."""
    there = of_kind(shapes, kind) & ~shapes.is_empty.to_numpy() & shapes.is_valid.to_numpy()
    bounds = shapely.bounds(shapes.array)
    return there & (np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1)


def of_kind(shapes: gpd.GeoSeries, kind: str) -> np.ndarray:
    """Tell which geometries are points or polygons, single or multi, whichever `kind` says; boolean of shape (n,)."""
    return np.isin(shapely.get_type_id(shapes.array), KINDS[kind])


def _places(shapes: gpd.GeoSeries, part: Part) -> Iterator[Finding]:
    """Yield what is wrong with sound geometries: where they are, how many parts they have, how large they are."""
    inside = usable(shapes, part.layer.geometry)
    bounds = shapely.bounds(shapes.array[~inside]).round(3).tolist()
    yield from OFF_GLOBE.at(shapes.index[~inside], map(str, bounds))
    count = shapely.get_num_geometries(shapes.array)
    if part.layer.code == "PM":
        yield from POINTS.at(shapes.index[count > 1], [f"{number} points" for number in count[count > 1]])
    if part.layer.code == "GO":
        yield from PARTS.at(shapes.index[count > 1], [f"{number} parts" for number in count[count > 1]])
        area = area_m2(shapes[inside])
        small = area < LEAST_AREA_M2
        yield from SMALL.at(shapes.index[inside][small], [f"{value:.0f} m²" for value in area[small]])
