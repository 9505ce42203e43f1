"""The inventory as layers of the schema."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.rgik.findings import text
from workflow_scripts.rogi.rgik.schema import GO, PM, Layer


def searched_ground(subregions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the layer AOI: one area per subregion, with its name."""
    return gpd.GeoDataFrame({"Name": subregions["NAME"]}, geometry=subregions.geometry.to_crs(WGS84))


def primary_markers(inventory: gpd.GeoDataFrame, systems: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the layer PM: a marker per unit, and one per system of several units, at its largest one.

    Args:
        inventory: The published columns.
        systems: As `systems.systems` returns it.
    """
    points = gpd.GeoSeries.from_xy(inventory["LONGITUDE"], inventory["LATITUDE"], crs=WGS84)
    units = _layer(
        PM,
        {
            "PrimaryID": inventory["ID"],
            "AssocRGS": systems["AssocRGS"],
            "WorkingID": inventory["CAND_IDS"],
            "Comment": inventory["ADDI_INF"],
        },
        points,
    )
    several = systems[(systems["units"] > 1) & systems["named_after"]]
    ours = _layer(PM, {"PrimaryID": several["AssocRGS"]}, points[several.index])
    return _joined(PM, [units, ours] if len(ours) else [units])


def outlines(inventory: gpd.GeoDataFrame, restricted: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the layer GO: the extended outline of every unit, and the restricted ones that people drew.

    Args:
        inventory: The published columns.
        restricted: As `linking.restricted_outlines` returns them, None for none.
    """
    extended = {"PolyUID": inventory["ID"] + "E", "PrimaryID": inventory["ID"], "OutType": "Extended"}
    frames = [_layer(GO, extended, inventory.geometry.to_crs(WGS84))]
    if restricted is not None and len(restricted):
        told = {name: restricted[name] for name in GO.names if name in restricted}
        told |= {"PolyUID": restricted["PrimaryID"] + "R", "OutType": "Restricted"}
        frames.append(_layer(GO, told, restricted.geometry))
    return _joined(GO, frames)


def _layer(layer: Layer, known: Mapping[str, pd.Series | str], shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Return all fields of a layer as texts: those known, and the list's word for the unknown, or None, in the others.

    The word is no assessment; an activity of "Uncertain" would be one.
    """
    unknown = {"UpslCon": "Unknown", "KinAtt": "Undefined"}
    columns = {name: pd.Series(known.get(name, unknown.get(name)), index=shapes.index) for name in layer.names}
    cells = {name: [text(value) or None for value in values] for name, values in columns.items()}
    return gpd.GeoDataFrame(pd.DataFrame(cells, index=shapes.index, dtype=object), geometry=shapes, crs=WGS84)


def _joined(layer: Layer, frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return frames as one, fields that ask for whole numbers as such where all of their values are."""
    frame = pd.concat(frames, ignore_index=True)
    numeric = [field.name for field in layer.fields if field.numeric]
    whole = [name for name in numeric if frame[name].dropna().str.isdecimal().all()]
    return frame.astype(dict.fromkeys(whole, "Float64")).astype(dict.fromkeys(whole, "Int64"))
