"""Two subregions with square rock glaciers in rows, and what reviewers say of them."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.identity import primary_id
from workflow_scripts.rogi.validation.matching import fingerprint

REVIEWERS = ["Ann", "Bo"]
ADJUDICATOR = "Chris"
NAMES = [*REVIEWERS, ADJUDICATOR]
STEP, SIDE = 0.01, 0.003  # degrees


def subregions() -> gpd.GeoDataFrame:
    boxes = [shapely.box(west, 35, east, 35.05) for west, east in ((79, 79.1), (79.1, 79.2))]
    return gpd.GeoDataFrame({"NAME": ["West", "East"], "slug": ["west", "east"]}, geometry=boxes, crs=4326)


def square(x: float, y: float, side: float = SIDE) -> shapely.Polygon:
    return shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def inventory(count: int = 20) -> gpd.GeoDataFrame:
    """Return rock glaciers from west to east, ten to a subregion and row."""
    number = np.arange(count)
    x, y = 79.005 + STEP * (number % 20), 35.005 + STEP * (number // 20)
    shapes = gpd.GeoSeries([square(*place) for place in zip(x, y, strict=True)], crs=4326)
    columns = {
        "ID": [primary_id(*place) for place in zip(x, y, strict=True)],
        "SUBREGION": np.where(x < 79.1, "West", "East"),
        "AREA": area_m2(shapes),
        "LATITUDE": y,
        "LONGITUDE": x,
        "PROB": np.where(number % 5 == 0, np.nan, 0.6 + 0.3 * (number % 2)),
        "REVIEWER": pd.Series([None] * count, dtype="str"),
        "ADDI_INF": pd.Series([None] * count, dtype="str"),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes)


def cells(count: int = 4) -> gpd.GeoDataFrame:
    """Return cells above the rock glaciers, all drawn from one stratum of twice as many."""
    centres = [(79.025 + 0.05 * number, 35.035) for number in range(count)]
    columns = {
        "cell_id": [primary_id(*centre, "CEL") for centre in centres],
        "SUBREGION": ["West" if x < 79.1 else "East" for x, _ in centres],
        "stratum": "all",
        "population": 2 * count,
        "drawn": count,
        "inclusion": 0.5,
        "weight": 2.0,
    }
    return gpd.GeoDataFrame(columns, geometry=[square(*centre, 0.02) for centre in centres], crs=4326)


def answers(items: gpd.GeoDataFrame, key: str, given: Sequence[str | None], **more: object) -> gpd.GeoDataFrame:
    """Return a layer of answers as a reviewer hands it in."""
    items = items.reset_index(drop=True)
    columns = {key: items[key], "answer": pd.Series(list(given), dtype="str"), "date": "2024-07-31", "comment": None}
    points = items.geometry.representative_point() if key == "ID" else items.geometry
    return gpd.GeoDataFrame(columns | more, geometry=points)


def outlines(shapes: Sequence[shapely.Geometry], **more: object) -> gpd.GeoDataFrame:
    columns = {"missed_in": pd.Series([None] * len(shapes), dtype="str")} | more
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326)


def package(
    path: Path,
    layers: dict[str, gpd.GeoDataFrame],
    reviewer: str | None = None,
    version: gpd.GeoDataFrame | None = None,
) -> str:
    """Write a file as it comes back; with a reviewer, as a package made from a version of the inventory."""
    told: dict[str, pd.DataFrame] = dict(layers)
    if reviewer is not None:
        known = fingerprint(inventory() if version is None else version)
        told["package"] = pd.DataFrame({"key": ["reviewer", "fingerprint"], "value": [reviewer, known]})
    write_layers(path, told)
    return str(path)
