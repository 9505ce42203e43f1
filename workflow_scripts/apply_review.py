"""Reviewed rock glaciers of one subregion: its candidates, changed by people's edits where there are any."""

import logging

import geopandas as gpd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.review.apply import apply_decisions, review_log, split
from workflow_scripts.rogi.review.checks import Scene
from workflow_scripts.rogi.review.decisions import decide
from workflow_scripts.rogi.review.edits import read_edits


def main(
    candidates: str,
    edits: list[str],
    sidecars: list[str],
    subregions: str,
    reviewed: str,
    log_table: str,
    subregion: str,
    min_area_m2: float,
    mosaic_names: list[str],
) -> None:
    """Apply the edits of all review files, or none of them if one is wrong.

    Args:
        candidates: GeoPackage with the layer `candidates`.
        edits: Review files, in any order; none leaves every candidate unreviewed.
        sidecars: Files beside edited shapefiles, for Snakemake to watch.
        subregions: GeoPackage with the layer `subregions`.
        reviewed: GeoPackage to write; layers `rock_glaciers` and `excluded`.
        log_table: CSV to write; what became of every edit and of every excluded object.
        subregion: Slug of the subregion under review.
        min_area_m2: Smaller rock glaciers are excluded.
        mosaic_names: The first is the source of a retrieved rock glacier with no candidate near.
    """
    del sidecars
    found = read_vector(candidates, "candidates").to_crs(WGS84)
    known = dict(zip(found["candidate_id"], found.geometry, strict=True))
    told, faults = read_edits(edits)
    decisions = decide(told, Scene(known, read_vector(subregions, LAYER), subregion), faults)
    objects = apply_decisions(found, decisions, min_area_m2, mosaic_names)
    kept, excluded = split(objects)
    write_layers(reviewed, {"rock_glaciers": kept, "excluded": excluded}, "MultiPolygon")
    write_table(log_table, review_log(told, objects))
    _log(subregion, len(told), kept, excluded)


def _log(subregion: str, edits: int, kept: gpd.GeoDataFrame, excluded: gpd.GeoDataFrame) -> None:
    counts = ", ".join(f"{count} {operation}" for operation, count in sorted(kept["operation"].value_counts().items()))
    logging.getLogger("rogi").info(
        "%s: %d edits; %d rock glaciers, %.2f km² (%s); %d excluded",
        *(subregion, edits, len(kept), kept["area_m2"].sum() / 1e6, counts or "none", len(excluded)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
