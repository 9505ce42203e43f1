"""Checks of layers against each other: markers, outlines, moving areas and systems."""

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.rgik.findings import ERROR, WARNING, Check, Finding, texts
from workflow_scripts.rogi.rgik.id_checks import well_formed
from workflow_scripts.rogi.rgik.schema import OUTLINE_TYPE
from workflow_scripts.rogi.rgik.shape_checks import usable

NO_MARKER = Check(
    "ID belongs to a marker", "the PrimaryID of a marker in PM", "add the marker, or correct the ID", "PrimaryID"
)
NO_OUTLINE = Check(
    "unit has an outline", "an extended outline in GO", "draw it, if that can be done", "PrimaryID", WARNING
)
SEVERAL = Check(
    "one outline of a type", "one polygon per unit and OutType", "unite them, or delete all but one", "OutType"
)
NO_SYSTEM = Check(
    "unit names its system", "the ID of an RGS", "name it; a unit alone is a system too", "AssocRGS", WARNING
)
UNNAMED = Check(
    "system has units", "at least one unit with this AssocRGS", "name it there, or delete it", "PrimaryID", WARNING
)


def relation_findings(layers: dict[str, gpd.GeoDataFrame]) -> Iterator[Finding]:
    """Yield where layers contradict each other. What a lacking layer or field would bring is not told again.

    Args:
        layers: Features by the code of their layer, indexed by layer and number.
    """
    markers = layers.get("PM")
    if markers is None or "PrimaryID" not in markers:
        return
    ids = texts(markers, "PrimaryID")
    yield from _systems(markers, ids)
    for code in ("GO", "MA"):
        if code in layers:
            named = texts(layers[code], "PrimaryID")
            stray = named[(named != "") & ~named.isin(ids) & well_formed(named, ("RGU", "RGS"))]
            yield from NO_MARKER.at(stray.index, stray)
    if "GO" in layers and "PrimaryID" in layers["GO"]:
        yield from _outlines(layers["GO"], markers, ids)


def _outlines(outlines: gpd.GeoDataFrame, markers: gpd.GeoDataFrame, ids: pd.Series) -> Iterator[Finding]:
    named = texts(outlines, "PrimaryID")
    told = [OUTLINE_TYPE.find(value) for value in texts(outlines, "OutType")]
    types = pd.Series(told, index=named.index, dtype=object)
    again = pd.DataFrame({"id": named, "type": types}).duplicated(keep=False) & (named != "") & types.notna()
    yield from SEVERAL.at(named.index[again], types[again] + " once more for " + named[again])
    # A type that cannot be read may be Extended.
    units = ids[ids.str.startswith("RGU") & ~ids.isin(named[types != "Restricted"])]
    yield from NO_OUTLINE.at(units.index, units)
    located = (ids != "") & ~ids.duplicated() & usable(markers.geometry, "Point")
    points = pd.Series(markers.geometry[located].array, index=ids[located].to_numpy())
    yield from _inside(outlines.geometry, named, types, points)
    yield from _systems_inside(outlines.geometry, named, texts(markers, "AssocRGS"), ids, points)


def _inside(shapes: gpd.GeoSeries, named: pd.Series, types: pd.Series, points: pd.Series) -> Iterator[Finding]:
    known = named.isin(points.index).to_numpy() & usable(shapes, "Polygon")
    outside = ~shapely.intersects(shapes.array[known], points[named[known]].to_numpy())
    lost = named[known][outside]
    restricted = (types[known][outside] == "Restricted").to_numpy()
    for severity, chosen in ((ERROR, lost[~restricted]), (WARNING, lost[restricted])):
        check = Check("marker lies in its outline", "the marker of PrimaryID inside", "move the marker", "", severity)
        yield from check.at(chosen.index, "the marker of " + chosen + " outside")


def _systems(markers: gpd.GeoDataFrame, ids: pd.Series) -> Iterator[Finding]:
    """Check what units say of their systems; a unit alone is a system of its own digits, which needs no marker."""
    if "AssocRGS" not in markers:
        return
    named = texts(markers, "AssocRGS")
    unit, system = ids.str.startswith("RGU"), ids.str.startswith("RGS")
    yield from NO_SYSTEM.at(named.index[unit & (named == "")], "none")
    alone = (named.str[3:] == ids.str[3:]) & (ids.groupby(named).transform("nunique") == 1)
    sound = well_formed(ids, ("RGU",)) & well_formed(named, ("RGS",))
    unresolved = named[sound & ~alone & ~named.isin(ids)]
    # Not every inventory marks its systems; one that does must mark them all.
    severity = ERROR if system.any() else WARNING
    check = Check(
        "system has a marker", "a marker with this PrimaryID", "add it, or correct AssocRGS", "AssocRGS", severity
    )
    yield from check.at(unresolved.index, unresolved)
    unnamed = ids[system & ~ids.isin(named[unit])]
    yield from UNNAMED.at(unnamed.index, unnamed)


def _systems_inside(
    shapes: gpd.GeoSeries, named: pd.Series, associated: pd.Series, ids: pd.Series, points: pd.Series
) -> Iterator[Finding]:
    """Check that the marker of a system lies in one of its units, where these have outlines."""
    system_of = pd.Series(associated.to_numpy(), index=ids.to_numpy())[~ids.duplicated().to_numpy()]
    systems = named.map(system_of)
    known = systems.isin(points.index).to_numpy() & usable(shapes, "Polygon")
    inside = shapely.intersects(shapes.array[known], points[systems[known]].to_numpy())
    held = pd.Series(inside, index=systems[known].to_numpy(), dtype=bool).groupby(level=0).any()
    lost = ids[ids.isin(held.index[~held])]
    check = Check("marker lies in its outline", "the marker of a system in one of its units", "move the marker")
    yield from check.at(lost.index, "outside of all of them")
