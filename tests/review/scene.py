"""A row of square candidates in one subregion, and review files about them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.review.conflicts import STOP, Limits
from workflow_scripts.rogi.review.edits import COLUMNS, OPTIONAL, Returned
from workflow_scripts.rogi.review.pipeline import Review, Rules, review
from workflow_scripts.rogi.review.rows import Scene

SIDE = 0.002  # degrees; about 182 m by 222 m at 35° N
FIELDS = ("candidate_id", "operation", "mapper", "date", "comment")
LIMITS = Limits(match_iou=0.5, conflict_iou=0.75, second_look_iou=0.1)


def square(column: float, row: float = 0, side: float = SIDE) -> shapely.Polygon:
    return box(column, row, side, side)


def box(column: float, row: float = 0, width: float = SIDE, height: float = SIDE) -> shapely.Polygon:
    west, south = 79.0 + 0.01 * column, 35.0 + 0.01 * row
    return shapely.box(west, south, west + width, south + height)


def candidates(count: int = 4, shapes: Mapping[int, shapely.Geometry] | None = None) -> gpd.GeoDataFrame:
    columns = {
        "candidate_id": [f"CAN{number}" for number in range(count)],
        "system_id": [f"SYS{number // 2}" for number in range(count)],
        "probability": [0.5 + 0.1 * number for number in range(count)],
        "spread": [0.01 * number for number in range(count)],
        "area_m2": [4e4] * count,
        "source": [f"Mosaic {number}" for number in range(count)],
    }
    drawn = [(shapes or {}).get(number, square(number)) for number in range(count)]
    return gpd.GeoDataFrame(columns, geometry=drawn, crs=4326)


def subregions() -> gpd.GeoDataFrame:
    boxes = [shapely.box(78.9, 34.9, 79.3, 35.3), shapely.box(79.3, 34.9, 79.7, 35.3)]
    return gpd.GeoDataFrame({"NAME": ["West", "East"], "slug": ["west", "east"]}, geometry=boxes, crs=4326)


def scene(frame: gpd.GeoDataFrame | int = 4) -> Scene:
    frame = candidates(frame) if isinstance(frame, int) else frame
    return Scene(dict(zip(frame["candidate_id"], frame.geometry, strict=True)), subregions(), "west")


def edit(operation: str | None, name: str | None = None, shape: Any = None, **more: Any) -> dict[str, Any]:
    told = {"candidate_id": name, "operation": operation, "mapper": "Ann", "date": "2024-07-31", "comment": None}
    return told | {"geometry": shape} | more


def as_frame(edits: Sequence[dict[str, Any]], crs: Any = 4326) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(list(edits), geometry="geometry", crs=4326)
    return frame.astype({name: "str" for name in (*FIELDS, *OPTIONAL) if name in frame}).to_crs(crs)


def write(path: Path, edits: Sequence[dict[str, Any]], crs: Any = 4326) -> str:
    frame = as_frame(edits, crs)
    if path.suffix == ".shp":  # its field names end after ten characters
        frame = frame.rename(columns={"candidate_id": "candidate_"})
    frame.to_file(path)
    return str(path)


def write_package(
    path: Path, edits: Sequence[dict[str, Any]], handed: gpd.GeoDataFrame | None = None, **said: str
) -> str:
    """Write a package as a mapper hands it back: the edited layer, what was handed out, and what it says of itself."""
    frame = as_frame(edits) if len(edits) else as_frame([edit("remove", "x", square(0))]).iloc[:0]
    known = candidates() if handed is None else handed
    table = pd.DataFrame({"key": list(said), "value": list(said.values())}, dtype="str")
    layers = {"candidates": frame, "handed_out": known[["candidate_id", "geometry"]], "package": table}
    write_layers(path, layers, {"candidates": "MultiPolygon", "handed_out": "MultiPolygon"})
    return str(path)


def returned(
    *files: Sequence[dict[str, Any]], handed: gpd.GeoDataFrame | None = None, asks_reason: bool = False
) -> Returned:
    """Return what files of these edits give when they are read; every file was handed the same."""
    rows = [
        dict.fromkeys(COLUMNS) | told | {"file": f"{letter}.gpkg", "layer": "edits", "row": number}
        for letter, edits in zip("abcdefgh", files, strict=False)
        for number, told in enumerate(edits)
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "geometry"], dtype=object)
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=4326).assign(asks_reason=asks_reason, is_deleted=False)
    known = {} if handed is None else dict(zip(handed["candidate_id"], handed.geometry, strict=True))
    return Returned(frame, {letter + ".gpkg": known for letter in "abcdefgh"} if known else {})


def reviewed(
    told: Returned, now: gpd.GeoDataFrame | None = None, preferred: str = STOP, min_area_m2: float = 1e4
) -> Review:
    """Apply what came back to the present candidates."""
    present = candidates() if now is None else now
    return review(present, told, scene(present), Rules(LIMITS, preferred, min_area_m2, ("First", "Second")))


def published(done: Review) -> gpd.GeoDataFrame:
    """Return the rock glaciers of a review."""
    return done.objects[done.objects["reason"].isna()].reset_index(drop=True)


def same_ground(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Tell whether two outlines cover the same ground, but for rounding."""
    return bool(np.isclose(one.symmetric_difference(other).area, 0, atol=1e-9 * one.area))
