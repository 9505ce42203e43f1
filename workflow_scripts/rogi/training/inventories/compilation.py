"""Inventories brought together: read, repaired, held against the imagery, and each rock glacier once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.training.inventories.doubles import between_inventories, overlapping, settle
from workflow_scripts.rogi.training.inventories.negatives import cut_to, draw_some, drop_rock_glaciers
from workflow_scripts.rogi.training.inventories.outcomes import alive, drop, stacked
from workflow_scripts.rogi.training.inventories.reading import read_inventory
from workflow_scripts.rogi.training.inventories.repairing import repair


@dataclass(frozen=True)
class Rules:
    """What becomes of polygons.

    Attributes:
        min_area_m2: Below this true area one is a sliver.
        duplicate_iou: From this overlap two are the same rock glacier.
        duplicates: What stays of it, see `doubles.settle`.
        negatives: `compile.negatives` of the config.
        seed: Of the draw of negatives.
    """

    min_area_m2: float
    duplicate_iou: float
    duplicates: str
    negatives: Mapping[str, Any]
    seed: int


class Compiled(NamedTuple):
    """Every polygon that was read, and what became of it.

    Attributes:
        rock_glaciers: Columns uid, inventory, original_id, mapper, year, footprint, region, outcome, reason, area_m2,
            geometry in EPSG:4326; those used are `outcomes.alive`.
        negatives: Likewise, with kind in place of mapper, year, footprint and region.
        overlaps: Pairs of rock glaciers of different inventories, before duplicates went; columns `doubles.OVERLAPS`.
    """

    rock_glaciers: gpd.GeoDataFrame
    negatives: gpd.GeoDataFrame
    overlaps: pd.DataFrame


def read_all(entries: Sequence[Mapping[str, Any]], grid: PixelGrid | None) -> list[gpd.GeoDataFrame]:
    """Read inventories, or negatives, and make their shapes valid polygons.

    Returns:
        Per inventory what `reading.read_inventory` returns; shapes that are no polygons are empty.

    Raises:
        ValueError: A file cannot be read as the config says.
    """
    return [_read(entry, grid) for entry in entries]


def _read(entry: Mapping[str, Any], grid: PixelGrid | None) -> gpd.GeoDataFrame:
    rows = read_inventory(entry, grid)
    repair(rows)
    if entry.get("inside") is not None:
        cut_to(rows, entry["inside"])
    return rows


def compile_all(
    rock_glaciers: Sequence[gpd.GeoDataFrame],
    negatives: Sequence[gpd.GeoDataFrame],
    imagery: shapely.Geometry,
    rules: Rules,
) -> Compiled:
    """Bring inventories together.

    Args:
        rock_glaciers: From `read_all`, in the order of the config.
        negatives: From `read_all` and `removals.read_removals`.
        imagery: What the imagery covers, in EPSG:4326.
        rules: What becomes of polygons.
    """
    ours, others = stacked(rock_glaciers), stacked(negatives)
    pairs = _held_against(ours, imagery, rules)
    settle(ours, pairs, rules.duplicate_iou, rules.duplicates)
    settle(others, _held_against(others, imagery, rules), rules.duplicate_iou, "first")
    there = alive(ours)
    drop_rock_glaciers(others, ours.iloc[there], rules.negatives["max_rock_glacier_share"])
    draw_some(others, len(there), rules.negatives, rules.seed)
    return Compiled(ours, others, between_inventories(ours, pairs))


def _held_against(rows: gpd.GeoDataFrame, imagery: shapely.Geometry, rules: Rules) -> pd.DataFrame:
    """Drop slivers and what lies outside the imagery, in place; return the pairs that overlap of what is left."""
    rows["area_m2"] = area_m2(rows.geometry)
    drop(rows, rows["area_m2"].to_numpy() < rules.min_area_m2, f"sliver under {rules.min_area_m2:g} m²")
    shapely.prepare(imagery)
    outside = ~shapely.intersects(imagery, rows.geometry.array)
    _warn_of_places(rows, outside, imagery)
    drop(rows, outside, "outside the imagery")
    return overlapping(rows)


def _warn_of_places(rows: gpd.GeoDataFrame, outside: np.ndarray, imagery: shapely.Geometry) -> None:
    """Say which inventories lie wholly outside the imagery, and where they and the imagery lie."""
    there = np.isin(np.arange(len(rows)), alive(rows))
    for name, found in rows[there].groupby("inventory", sort=False):
        if outside[found.index].all():
            logging.getLogger("rogi").warning(
                "inventory %s: all of its %d polygons lie outside the imagery, at %s; the imagery lies at %s; is the "
                "CRS of the file right, and are its mosaics in the config (imagery.mosaics)?",
                *(name, len(found), _extent(found.total_bounds), _extent(imagery.bounds)),
            )


def _extent(bounds: Sequence[float]) -> str:
    west, south, east, north = bounds
    return f"{west:.2f}° to {east:.2f}° E, {south:.2f}° to {north:.2f}° N"
