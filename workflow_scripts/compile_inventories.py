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
from workflow_scripts.rogi.training.inventories.compilation import Rules, compile_all, read_all
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, MERGED, REPAIRED, alive
from workflow_scripts.rogi.training.inventories.removals import INVENTORY, read_removals, warn_of_kept
from workflow_scripts.rogi.training.inventories.summary import summarize

LAYERS = {
    "rock_glaciers": ("uid", "inventory", "original_id", "mapper", "year", "footprint", "region", "area_m2"),
    "negatives": ("uid", "kind", "inventory", "original_id", "area_m2"),
}
QUALITY = ("uid", "layer", "inventory", "original_id", "outcome", "reason", "area_m2")


def main(
    indexes: list[str],
    inventory_files: list[str],
    negative_files: list[str],
    review_files: list[str],
    sidecars: list[str],
    inventory: str,
    quality: str,
    summary: str,
    inventories: list[dict[str, Any]],
    negatives: list[dict[str, Any]],
    min_area_m2: float,
    duplicate_iou: float,
    duplicates: str,
    draw: dict[str, Any],
    seed: int,
) -> None:
    """Compile rock glaciers and negatives.

    Args:
        indexes: Tile indexes of all mosaics, on one pixel grid.
        inventory_files: For Snakemake to watch; what is read stands in `inventories`.
        negative_files: Likewise, for `negatives`.
        review_files: People's edits, of which what they removed becomes negatives.
        sidecars: Files beside edited shapefiles, for Snakemake to watch.
        inventory: GeoPackage to write; layers `LAYERS`, and the table `overlaps`, see `doubles.OVERLAPS`.
        quality: CSV to write; what happened to every polygon, and why.
        summary: CSV to write; a row per inventory.
        inventories: Entries of the config.
        negatives: Entries of the config.
        min_area_m2: Smaller polygons are dropped.
        duplicate_iou: IoU from which two polygons are the same rock glacier.
        duplicates: What stays of it: "first", "newest" or "union".
        draw: `compile.negatives` of the config.
        seed: Of the study.

    Raises:
        ValueError: A file cannot be read, or no rock glacier is left; the message says why they were dropped.
    """
    del inventory_files, negative_files, sidecars
    grid = read_index(indexes[0]).attrs["grid"]
    rules = Rules(min_area_m2, duplicate_iou, duplicates, draw, seed)
    removed = read_removals(review_files, draw["max_rock_glacier_share"])
    ours, others = read_all(inventories, grid), [*read_all(negatives, grid), *removed]
    compiled = compile_all(ours, others, _covered(indexes), rules)
    layers = {layer: _used(getattr(compiled, layer), layer) for layer in LAYERS}
    if layers["rock_glaciers"].empty:
        reasons = compiled.rock_glaciers["reason"].value_counts()
        raise ValueError(f"no training polygon is left: {reasons.to_dict()}; do the inventories lie on the imagery?")
    if INVENTORY in layers["negatives"]["inventory"].array:
        warn_of_kept(review_files, layers["rock_glaciers"].geometry)
    write_layers(inventory, layers | {"overlaps": compiled.overlaps}, dict.fromkeys(LAYERS, "MultiPolygon"))
    report = pd.concat([getattr(compiled, layer).assign(layer=layer) for layer in LAYERS])
    write_table(quality, report[list(QUALITY)])
    tables = summarize(compiled.rock_glaciers, inventories), summarize(compiled.negatives, negatives)
    write_table(summary, pd.concat(tables, keys=LAYERS, names=["layer"]).reset_index("layer"))
    logging.getLogger("rogi").info(
        "%d rock glaciers and %d negatives kept, %d repaired, %d merged, %d dropped",
        *(len(frame) for frame in layers.values()),
        *((report["outcome"] == outcome).sum() for outcome in (REPAIRED, MERGED, DROPPED)),
    )


def _used(rows: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Return the polygons that are used, with the columns of their layer."""
    return rows.iloc[alive(rows)][[*LAYERS[layer], "geometry"]].reset_index(drop=True)


def _covered(indexes: list[str]) -> shapely.Geometry:
    """Return what the quads of all mosaics cover, in EPSG:4326, edges densified before they are projected."""
    quads = pd.concat([read_index(path).geometry.segmentize(10_000).to_crs(WGS84) for path in indexes])
    return shapely.union_all(quads.array)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
