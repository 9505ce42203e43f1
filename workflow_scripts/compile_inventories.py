"""Bring the training inventories and the negatives together, with a table of what happened to every polygon."""

import logging
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import write_layers, write_table
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.training.inventories import DROPPED, REPAIRED, Rules, compile_all


def main(
    indexes: list[str],
    inventory_files: list[str],
    negative_files: list[str],
    inventory: str,
    quality: str,
    inventories: list[dict[str, Any]],
    negatives: list[dict[str, Any]],
    min_area_m2: float,
    duplicate_iou: float,
) -> None:
    """Compile rock glaciers and negatives.

    The lists of files are there for Snakemake to watch; what is read stands in `inventories` and `negatives`.

    Raises:
        ValueError: No rock glacier is left; the message says why they were dropped.
    """
    del inventory_files, negative_files
    rules = Rules(min_area_m2, duplicate_iou)
    imagery = _covered(indexes)
    layers, tables = {}, []
    for kind, sources in (("rock_glaciers", inventories), ("negatives", negatives)):
        layers[kind], table = compile_all(sources, imagery, rules) if sources else (_empty(), pd.DataFrame())
        tables.append(table.assign(kind=kind))
    report = pd.concat(tables, ignore_index=True)
    if layers["rock_glaciers"].empty:
        reasons = report.loc[report["kind"] == "rock_glaciers", "reason"].value_counts()
        raise ValueError(f"no training polygon is left: {reasons.to_dict()}; do the inventories lie on the imagery?")
    write_layers(inventory, layers, geometry_type="MultiPolygon")
    write_table(quality, report)
    logging.getLogger("rogi").info(
        "%d rock glaciers and %d negatives kept, %d repaired, %d dropped",
        *(len(layers["rock_glaciers"]), len(layers["negatives"])),
        *((report["outcome"] == outcome).sum() for outcome in (REPAIRED, DROPPED)),
    )


def _covered(indexes: list[str]) -> shapely.Geometry:
    """Return what the quads of all mosaics cover, in EPSG:4326, edges densified before they are projected."""
    quads = pd.concat([read_index(path).geometry.segmentize(10_000).to_crs(WGS84) for path in indexes])
    return shapely.union_all(quads.array)


def _empty() -> gpd.GeoDataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in ("uid", "inventory", "original_id", "area_m2")}
    return gpd.GeoDataFrame(columns, geometry=[], crs=WGS84)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
