"""Checks of IDs: their form, their place, and that each is there once."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.identity import ID_FORM, LAST_DIGIT, MOST_STEPS, coordinates_of, primary_id
from workflow_scripts.rogi.rgik.findings import ERROR, WARNING, Check, Finding, texts
from workflow_scripts.rogi.rgik.shape_checks import usable

TOLERANCE = 1.55  # last digits: half a one of rounding, and one step past a neighbour
FORM = "{}, 6 digits, N or S, 7 digits, E or W"
TWICE = Check("ID is there once", "no two markers of one ID", "give one of them an ID of its own", "PrimaryID")
SAME_POLYGON = Check("ID is there once", "no two polygons of one PolyUID", "number them anew", "PolyUID")
NEAR = "its coordinates within 0.00015° of the point"
WAY_OUT = "correct the ID, or move the point back"


def id_findings(layers: dict[str, gpd.GeoDataFrame]) -> Iterator[Finding]:
    """Yield what is wrong with the IDs of a file.

    Args:
        layers: Features by the code of their layer, indexed by layer and number.
    """
    for frame in (layers[code] for code in ("PM", "GO", "MA") if code in layers):
        yield from _form(frame, "PrimaryID", ("RGU", "RGS"))
    if "PM" in layers:
        yield from _form(layers["PM"], "AssocRGS", ("RGS",))
        yield from _repeated(layers["PM"], TWICE)
        yield from _elsewhere(layers["PM"])
    if "GO" in layers:
        yield from _repeated(layers["GO"], SAME_POLYGON)


def well_formed(ids: pd.Series, prefixes: tuple[str, ...]) -> np.ndarray:
    """Tell which texts are IDs of places on the globe that begin with one of some prefixes; boolean of shape (n,)."""
    return np.array([_is_id(name, prefixes) for name in ids], dtype=bool)


def _is_id(name: str, prefixes: tuple[str, ...]) -> bool:
    longitude, latitude = coordinates_of(name)
    return (
        name[:3] in prefixes and ID_FORM.fullmatch(name) is not None and abs(longitude) <= 180 and abs(latitude) <= 90
    )


def _form(frame: gpd.GeoDataFrame, field: str, prefixes: tuple[str, ...]) -> Iterator[Finding]:
    ids = texts(frame, field)
    bad = ids[~well_formed(ids, prefixes) & (ids != "").to_numpy()]
    check = Check("form of an ID", FORM.format(" or ".join(prefixes)), "write it anew from the marker's place", field)
    yield from check.at(bad.index, bad)


def _repeated(frame: gpd.GeoDataFrame, check: Check) -> Iterator[Finding]:
    ids = texts(frame, check.field)
    again = ids[(ids != "") & ids.duplicated(keep=False)]
    yield from check.at(again.index, again)


def _elsewhere(markers: gpd.GeoDataFrame) -> Iterator[Finding]:
    ids = texts(markers, "PrimaryID")
    single = shapely.get_num_geometries(markers.geometry.array) == 1
    sound = well_formed(ids, ("RGU", "RGS")) & usable(markers.geometry, "Point") & single
    points = gpd.GeoSeries(shapely.get_geometry(markers.geometry.array[sound], 0), index=markers.index[sound])
    told = np.array([coordinates_of(name) for name in ids[sound]]).reshape(-1, 2)
    digits = (told - np.column_stack([points.x, points.y])) / LAST_DIGIT
    digits[:, 0] -= np.rint(digits[:, 0] * LAST_DIGIT / 360) * 360 / LAST_DIGIT
    off = (np.abs(digits) > TOLERANCE).any(axis=1)
    # Several markers, or IDs of earlier versions, may have been in the way.
    stepped = off & (np.abs(digits[:, 1]) <= TOLERANCE) & (digits[:, 0] > 0) & (digits[:, 0] < MOST_STEPS + 0.5)
    for severity, chosen in ((ERROR, off & ~stepped), (WARNING, stepped)):
        check = Check("ID is where the marker is", NEAR, WAY_OUT, "PrimaryID", severity)
        pairs = zip(ids[sound][chosen], points[chosen], strict=True)
        found = [f"{name}, while the point gives {primary_id(place.x, place.y, name[:3])}" for name, place in pairs]
        yield from check.at(points.index[chosen], found)
