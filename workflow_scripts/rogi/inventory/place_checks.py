"""Checks of outlines, markers, IDs and subregions."""

import re
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.identity import LAST_DIGIT, MOST_STEPS, coordinates_of, primary_id
from workflow_scripts.rogi.inventory.duplicates import overlaps
from workflow_scripts.rogi.inventory.outcomes import Outcome, outcome, whole
from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.inventory.value_checks import numbers

ID_FORM = re.compile(r"RGU\d{6}[NS]\d{7}[EW]")
AREA_TOLERANCE = 1e-3  # far above rounding, far below what another projection would give
SAME_IOU = 0.999


def outline_checks(inventory: gpd.GeoDataFrame) -> Iterator[Outcome]:
    """Yield the checks of CRS and geometry."""
    shapes = inventory.geometry
    found = [] if inventory.crs == WGS84 else [f"it is {inventory.crs.name if inventory.crs else 'not stated'}"]
    yield whole("CRS", found, "coordinates in EPSG:4326")
    polygon = shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty
    yield outcome("outlines are polygons", ~polygon, "every rock glacier has a polygon")
    yield outcome("outlines are valid", ~shapes.is_valid & polygon, "no outline crosses or touches itself")
    sound = usable(inventory)
    yield outcome("outlines lie on the globe", polygon & shapes.is_valid & ~sound, "longitude and latitude in degrees")
    yield from _area_checks(inventory[sound])


def usable(inventory: gpd.GeoDataFrame) -> pd.Series:
    """Tell which outlines are valid polygons with coordinates that can be degrees."""
    shapes = inventory.geometry
    bounds = shapes.bounds
    inside = (bounds[["minx", "maxx"]].abs().max(axis=1) <= 180) & (bounds[["miny", "maxy"]].abs().max(axis=1) <= 90)
    return shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty & shapes.is_valid & inside


def _area_checks(inventory: gpd.GeoDataFrame) -> Iterator[Outcome]:
    """Check the areas and that no outline is there twice; all outlines are usable."""
    shapes = inventory.geometry.set_crs(WGS84, allow_override=True)
    area = pd.Series(area_m2(shapes), index=inventory.index, dtype=float)
    yield outcome("outlines have an area", ~(area > 0), "more than 0 m²")
    off = (numbers(inventory, "AREA") - area).abs() > AREA_TOLERANCE * area
    yield outcome("AREA fits the outline", off, f"the ellipsoidal area, within {AREA_TOLERANCE:.1%}")
    pairs = overlaps(shapes)
    names = inventory.index.astype(str)[pairs["one"]] + " and " + inventory.index.astype(str)[pairs["other"]]
    twice = (pairs["iou"] > SAME_IOU).to_numpy(bool)
    yield whole("every rock glacier once", list(names[twice]), "no two outlines are the same")
    yield whole("neighbours do not overlap", list(names[~twice]), "no ground belongs to two outlines", "warning")


def identity_checks(inventory: gpd.GeoDataFrame, subregions: gpd.GeoDataFrame) -> Iterator[Outcome]:
    """Yield the checks of IDs, markers and subregions."""
    ids = _texts(inventory, "ID")
    yield outcome("IDs are unique", ids.duplicated(keep=False), "no two rock glaciers share an ID")
    well_formed = ids.map(lambda text: ID_FORM.fullmatch(text) is not None).astype(bool)
    yield outcome("IDs are well formed", ~well_formed, "RGU, 6 digits, N or S, 7 digits, E or W")
    located = inventory[_on_globe(inventory)]
    points = gpd.GeoSeries.from_xy(numbers(located, "LONGITUDE"), numbers(located, "LATITUDE"), crs=WGS84)
    points.index = located.index
    yield outcome("IDs fit the coordinates", _misplaced(points, ids[_on_globe(inventory)]), "LATITUDE and LONGITUDE")
    yield from _marker_checks(inventory, points, subregions)


def _texts(inventory: gpd.GeoDataFrame, name: str) -> pd.Series:
    values = inventory[name] if name in inventory else pd.Series("", index=inventory.index)
    return values.astype(object).where(values.notna(), "").astype(str)


def _on_globe(inventory: gpd.GeoDataFrame) -> np.ndarray:
    latitude, longitude = numbers(inventory, "LATITUDE"), numbers(inventory, "LONGITUDE")
    return ((latitude.abs() <= 90) & (longitude.abs() <= 180)).to_numpy()


def _misplaced(points: gpd.GeoSeries, ids: pd.Series) -> pd.Series:
    """Tell which IDs are not those of their coordinates, nor stepped eastwards from there past others."""
    places = zip(points.x, points.y, ids, strict=True)
    return pd.Series([not _fits(x, y, name) for x, y, name in places], index=ids.index, dtype=bool)


def _fits(longitude: float, latitude: float, name: str) -> bool:
    own = primary_id(longitude, latitude)
    east, north = np.subtract(coordinates_of(name), coordinates_of(own)) / LAST_DIGIT
    # Stepped past a rock glacier of this version or, not to be seen here, of an earlier one.
    return name == own or bool(abs(north) < 0.5 and 0.5 < east % (360 / LAST_DIGIT) < MOST_STEPS + 0.5)


def _marker_checks(
    inventory: gpd.GeoDataFrame, points: gpd.GeoSeries, subregions: gpd.GeoDataFrame
) -> Iterator[Outcome]:
    located = _on_globe(inventory)
    shapes = inventory.geometry[located]
    checked = usable(inventory)[located].to_numpy()
    inside = np.zeros(len(points), bool)
    inside[checked] = shapely.intersects(shapes.array[checked], points.array[checked])
    yield outcome(
        "markers lie inside",
        pd.Series(~inside & checked, index=points.index, dtype=bool),
        "LATITUDE and LONGITUDE lie inside the outline",
    )
    told = _texts(inventory, "SUBREGION")
    yield outcome("subregions are known", ~told.isin(subregions["NAME"]), f"one of {', '.join(subregions['NAME'])}")
    names = owner(points, subregions).map(dict(zip(subregions["slug"], subregions["NAME"], strict=True)))
    wrong = pd.Series(told[located].to_numpy() != names.to_numpy(), index=points.index, dtype=bool)
    yield outcome("subregions hold the markers", wrong, "SUBREGION is the one that holds the primary marker")
