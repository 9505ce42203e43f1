"""Three subregions side by side, the third without rock glaciers, and their attributed files."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.columns import COLUMNS, FILLED_ON_MERGING
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.inventory.merge import merge
from workflow_scripts.rogi.inventory.subregions import LAYER

NAMES = ["West", "East", "Basin"]
SLUGS = ["west", "east", "basin"]
CONFLICT_SHARE = 0.5
KINDS = {"float": "float64", "int": "Int64", "str": "str"}
Box = tuple[float, float, float, float]

WEST = (79.01, 35.01, 79.02, 35.02)
ON_BORDER = (79.095, 35.03, 79.104, 35.04)  # its marker lies in the west
EAST = (79.15, 35.05, 79.16, 35.06)


def subregions() -> gpd.GeoDataFrame:
    boxes = [shapely.box(west, 35, east, 35.1) for west, east in ((79, 79.1), (79.1, 79.2), (79.2, 79.3))]
    return gpd.GeoDataFrame({"NAME": NAMES, "slug": SLUGS}, geometry=boxes, crs=4326)


def part(boxes: Sequence[Box | shapely.Geometry], operation: str = "unreviewed") -> gpd.GeoDataFrame:
    """Return rock glaciers with all attributes of one subregion's file."""
    shapes = [box if isinstance(box, shapely.Geometry) else shapely.box(*box) for box in boxes]
    known = [column for column in COLUMNS if column.name not in FILLED_ON_MERGING]
    values = {
        column.name: pd.Series([None if column.kind == "str" else 1.0] * len(shapes), dtype=KINDS[column.kind])
        for column in known
    }
    frame = gpd.GeoDataFrame(values, geometry=shapes, crs=4326)
    frame["AREA"] = area_m2(frame.geometry)
    frame[["GLAC_SHARE", "DEB_SHARE"]] = 0.0
    for name, value in {"OPERATION": operation, "SOUR_DATA": "Mosaic"}.items():
        frame[name] = pd.Series([value] * len(frame), dtype="str")
    return frame


def parts() -> dict[str, gpd.GeoDataFrame]:
    return {"west": part([WEST, ON_BORDER]), "east": part([EAST]), "basin": part([])}


def inventory() -> gpd.GeoDataFrame:
    """Return three rock glaciers that pass every check."""
    return merge(parts(), subregions(), 0.5)[0]


def write_study(folder: Path) -> tuple[str, list[str]]:
    """Write the subregions and their parts; return their paths."""
    path = folder / "subregions.gpkg"
    write_layers(path, {LAYER: subregions()}, "MultiPolygon")
    files = []
    for slug, frame in parts().items():
        file = folder / slug / "rock_glaciers.gpkg"
        write_layers(file, {"rock_glaciers": frame}, "MultiPolygon")
        files.append(str(file))
    return str(path), files
