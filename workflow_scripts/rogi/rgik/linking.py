"""Polygons that people or InSAR drew, given to the units of the inventory."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.rgik.findings import text
from workflow_scripts.rogi.rgik.reading import field_names
from workflow_scripts.rogi.rgik.schema import GO, MA, Layer

GIVEN = "GivenID"  # of a moving area: the PrimaryID that it came with


def drawn(frame: gpd.GeoDataFrame, layer: Layer, path: str) -> gpd.GeoDataFrame:
    """Return polygons as they were drawn, flat, in EPSG:4326, their fields named as in the schema.

    Raises:
        ValueError: A feature is no valid polygon.
    """
    frame = frame.rename(columns=field_names(frame.columns, layer)).to_crs(WGS84).reset_index(drop=True)
    frame = frame.rename(columns=_distinct(frame.columns, layer))
    shapes = frame.geometry.force_2d()
    polygons = shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty
    bad = [f"feature {row + 1}: {_fault(shapes[row])}" for row in np.flatnonzero(~(polygons & shapes.is_valid))]
    if bad:
        raise ValueError(
            f"{path}: {len(bad)} features are no valid polygons: {'; '.join(bad[:10])}; "
            "repair or delete them (in QGIS: Fix Geometries)"
        )
    return frame.set_geometry(shapes)


def _distinct(columns: Iterable[str], layer: Layer) -> dict[str, str]:
    """Return new names of columns: none that a GeoPackage keeps for itself, no two alike, whatever their capitals.

    Args:
        columns: Those that are fields of the layer keep their names and are not returned.
        layer: The layer.
    """
    taken = {"fid", "geom", GIVEN.lower(), *(name.lower() for name in layer.names)}
    new = {}
    for column in (name for name in columns if name not in layer.names):
        new[column] = column
        while new[column].lower() in taken:
            new[column] = f"source_{new[column]}"
        taken.add(new[column].lower())
    return new


def _fault(shape: shapely.Geometry | None) -> str:
    return "no geometry" if shape is None or shape.is_empty else f"{shape.geom_type}, {shapely.is_valid_reason(shape)}"


def units_of(polygons: gpd.GeoDataFrame, units: gpd.GeoDataFrame, least_share: float) -> pd.Series:
    """Return the ID of the unit that each polygon belongs to, None where there is none.

    The one that its PrimaryID names, if the inventory has it, else the unit under most of it.

    Args:
        polygons: As `drawn` returns them.
        units: The inventory, columns ID and geometry.
        least_share: More than this share of the polygon must lie in the unit under most of it.
    """
    pairs = overlaps_between(polygons.geometry, units.geometry)
    area = polygons.geometry.to_crs(EQUAL_AREA).area.to_numpy()
    pairs = pairs[pairs["overlap_m2"] > least_share * area[pairs["one"]]]
    most = pairs.sort_values(["overlap_m2", "other"], ascending=[False, True]).drop_duplicates("one").set_index("one")
    below = most["other"].map(dict(enumerate(units["ID"]))).reindex(range(len(polygons)))
    named = polygons["PrimaryID"].map(text) if "PrimaryID" in polygons else pd.Series("", index=polygons.index)
    found = np.where(named.isin(units["ID"]), named, below)
    return pd.Series(found, index=polygons.index, dtype=object).where(lambda ids: ids.notna(), None)


def restricted_outlines(
    frame: gpd.GeoDataFrame, units: gpd.GeoDataFrame, least_share: float, path: str
) -> gpd.GeoDataFrame:
    """Return restricted outlines with the ID of their unit.

    Args:
        frame: The polygons that people drew, with or without the fields of the layer GO.
        units: The inventory, columns ID and geometry.
        least_share: See `units_of`.
        path: The file, for messages.

    Raises:
        ValueError: A feature is no valid polygon, belongs to no unit, or is the second one of its unit.
    """
    polygons = drawn(frame, GO, path)
    polygons["PrimaryID"] = units_of(polygons, units, least_share)
    stray = polygons["PrimaryID"].isna()
    twice = polygons["PrimaryID"].duplicated(keep=False) & ~stray
    faults = [f"feature {row + 1} lies in no rock glacier" for row in polygons.index[stray]]
    faults += [
        f"feature {row + 1} is not the only one of {polygons['PrimaryID'][row]}" for row in polygons.index[twice]
    ]
    if faults:
        raise ValueError(
            f"{path}: {'; '.join(faults[:10])}{' ...' if len(faults) > 10 else ''}. A restricted outline lies, with "
            f"more than {least_share:.0%} of its area, in the extended one of its unit, or names that in PrimaryID "
            "(config: rgik.restricted)"
        )
    return polygons


def moving_areas(frame: gpd.GeoDataFrame, units: gpd.GeoDataFrame, path: str) -> gpd.GeoDataFrame:
    """Return moving areas with all their fields and the ID of the unit under most of each.

    A PrimaryID that is no unit's is kept in a field GivenID.

    Raises:
        ValueError: A feature is no valid polygon or has no VelClass, or there is no such field.
    """
    polygons = drawn(frame, MA, path)
    if "VelClass" not in polygons:
        fields = ", ".join(map(str, polygons.columns.drop("geometry")))
        raise ValueError(
            f"{path} has no field VelClass with the classes of velocity; it has {fields}; "
            "rename the one that holds them"
        )
    if empty := [str(row + 1) for row, value in enumerate(polygons["VelClass"]) if not text(value)]:
        raise ValueError(
            f"{path}: {len(empty)} features have no VelClass: {', '.join(empty[:10])}; "
            "write Undefined where none is known"
        )
    found = units_of(polygons, units, 0)
    if "PrimaryID" in polygons:
        replaced = (polygons["PrimaryID"].map(text) != "") & ~polygons["PrimaryID"].isin(units["ID"])
        polygons = polygons.assign(**{GIVEN: polygons["PrimaryID"].where(replaced)}) if replaced.any() else polygons
    return polygons.assign(PrimaryID=found)
