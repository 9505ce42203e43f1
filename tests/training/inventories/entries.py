"""Small inventories on disk, and their entries in the config."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from shapely.affinity import translate

from workflow_scripts.rogi.training.inventories.compilation import Compiled, Rules, compile_all, read_all
from workflow_scripts.rogi.training.inventories.outcomes import alive
from workflow_scripts.rogi.training.inventories.reading import read_inventory

IMAGERY = shapely.box(79.0, 35.0, 79.2, 35.2)
BOX = shapely.box(79.05, 35.05, 79.06, 35.06)
BOW_TIE = shapely.Polygon([(79.08, 35.08), (79.09, 35.09), (79.09, 35.08), (79.08, 35.09)])
TAKE_ALL = {"per_rock_glacier": None, "allocation": "proportional", "max_rock_glacier_share": 0.1}
STATED: dict[str, Any] = {
    **dict.fromkeys(("layer", "encoding", "id_field", "licence", "citation")),
    **{"leave_out": {}, "fields": {}, "source": "by hand"},
}
ROCK_GLACIERS = {"year": None, "mapper": None, "region": None, "footprint": "unknown"}
DRIVERS = {"kml": "LIBKML"}  # of two
NEGATIVES = {"kind": "other", "inside": None}


def moved(share: float) -> shapely.Geometry:
    """Return a box that shares (1 - share) of its width with `BOX`: an IoU of (1 - share) / (1 + share)."""
    return translate(BOX, 0.01 * share)


def entry(path: Path | str, name: str = "A", negative: bool = False, **more: Any) -> dict[str, Any]:
    """Return an entry of the config."""
    about = NEGATIVES if negative else ROCK_GLACIERS
    return {"name": name, "path": str(path), **STATED, **about, **more}


def written(
    folder: Path,
    name: str,
    shapes: Sequence[Any],
    columns: dict[str, Any] | None = None,
    crs: Any = 4326,
    form: str = "gpkg",
    negative: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """Write an inventory and return its entry; the shapes are in EPSG:4326 and written in another CRS."""
    path = folder / f"{name}.{form}"
    ids = [f"{name}{number}" for number in range(len(shapes))]
    frame = gpd.GeoDataFrame({"RG_ID": ids} | (columns or {}), geometry=list(shapes), crs=4326).to_crs(crs)
    pyogrio.write_dataframe(frame, path, driver=DRIVERS.get(form))
    return entry(path, name, negative, **({"id_field": "RG_ID"} | more))


def rows_of(stated: dict[str, Any]) -> gpd.GeoDataFrame:
    """Read an inventory without repairing it."""
    return read_inventory(stated, None)


def compiled(
    *inventories: dict[str, Any],
    negatives: Sequence[dict[str, Any]] = (),
    min_area_m2: float = 1000.0,
    duplicate_iou: float = 0.6,
    duplicates: str = "first",
    draw: dict[str, Any] = TAKE_ALL,
    seed: int = 1,
) -> Compiled:
    """Bring inventories and negatives together on the imagery."""
    rules = Rules(min_area_m2, duplicate_iou, duplicates, draw, seed)
    return compile_all(read_all(inventories, None), read_all(negatives, None), IMAGERY, rules)


def used(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the polygons that are trained on."""
    return rows.iloc[alive(rows)]


def said(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return outcome and reason of every polygon."""
    return list(zip(rows["outcome"], rows["reason"], strict=True))
