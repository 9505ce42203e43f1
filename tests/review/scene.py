"""A row of square candidates in one subregion, and review files about them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from workflow_scripts.rogi.review.checks import Scene

SIDE = 0.002  # degrees; about 182 m by 222 m at 35° N
FIELDS = ("candidate_id", "operation", "mapper", "date", "comment")


def square(column: float, row: float = 0, side: float = SIDE) -> shapely.Polygon:
    west, south = 79.0 + 0.01 * column, 35.0 + 0.01 * row
    return shapely.box(west, south, west + side, south + side)


def candidates(count: int = 4) -> gpd.GeoDataFrame:
    columns = {
        "candidate_id": [f"CAN{number}" for number in range(count)],
        "system_id": [f"SYS{number // 2}" for number in range(count)],
        "probability": [0.5 + 0.1 * number for number in range(count)],
        "spread": [0.01 * number for number in range(count)],
        "area_m2": [4e4] * count,
        "source": [f"Mosaic {number}" for number in range(count)],
    }
    return gpd.GeoDataFrame(columns, geometry=[square(number) for number in range(count)], crs=4326)


def subregions() -> gpd.GeoDataFrame:
    boxes = [shapely.box(78.9, 34.9, 79.3, 35.3), shapely.box(79.3, 34.9, 79.7, 35.3)]
    return gpd.GeoDataFrame({"NAME": ["West", "East"], "slug": ["west", "east"]}, geometry=boxes, crs=4326)


def scene(count: int = 4) -> Scene:
    frame = candidates(count)
    return Scene(dict(zip(frame["candidate_id"], frame.geometry, strict=True)), subregions(), "west")


def edit(operation: str | None, name: str | None = None, shape: Any = None, **more: Any) -> dict[str, Any]:
    told = {"candidate_id": name, "operation": operation, "mapper": "Ann", "date": "2024-07-31", "comment": None}
    return told | {"geometry": shape} | more


def as_frame(edits: Sequence[dict[str, Any]], crs: Any = 4326) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(list(edits), geometry="geometry", crs=4326)
    return frame.astype({name: "str" for name in FIELDS if name in frame}).to_crs(crs)


def write(path: Path, edits: Sequence[dict[str, Any]], crs: Any = 4326) -> str:
    frame = as_frame(edits, crs)
    if path.suffix == ".shp":  # its field names end after ten characters
        frame = frame.rename(columns={"candidate_id": "candidate_"})
    frame.to_file(path)
    return str(path)
