"""Reviewed rock glaciers of one subregion: its candidates, changed by people's edits where there are any."""

import logging

import geopandas as gpd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.review.apply import split
from workflow_scripts.rogi.review.conflicts import Limits
from workflow_scripts.rogi.review.edits import Returned, read_edits
from workflow_scripts.rogi.review.fingerprints import candidates_fingerprint
from workflow_scripts.rogi.review.pipeline import Review, Rules, review
from workflow_scripts.rogi.review.rows import Scene


def main(
    candidates: str,
    edits: list[str],
    sidecars: list[str],
    subregions: str,
    reviewed: str,
    log_table: str,
    conflicts: str,
    second_look: str,
    subregion: str,
    min_area_m2: float,
    mosaic_names: list[str],
    preferred: str,
    match_iou: float,
    conflict_iou: float,
    second_look_iou: float,
) -> None:
    """Apply the edits of all review files, or none of them if one is wrong.

    Args:
        candidates: GeoPackage with the layer `candidates`.
        edits: Review files, in any order; none leaves every candidate unreviewed.
        sidecars: Files beside edited shapefiles, for Snakemake to watch.
        subregions: GeoPackage with the layer `subregions`.
        reviewed: GeoPackage to write; layers `rock_glaciers` and `excluded`.
        log_table: CSV to write; what became of every edit and of every excluded object.
        conflicts: CSV to write; decisions that differ, and whose was taken.
        second_look: GeoPackage to write; layer `second_look` with what no longer matches as it should.
        subregion: Slug of the subregion under review.
        min_area_m2: Smaller rock glaciers are excluded.
        mosaic_names: The first is the source of a retrieved rock glacier with no candidate near.
        preferred: The mapper whose decision is taken where several differ, or "stop".
        match_iou: IoU from which two outlines show the same rock glacier.
        conflict_iou: IoU below which two people's outlines of one rock glacier differ.
        second_look_iou: IoU with a decision from which a candidate that matches none is looked at again.
    """
    del sidecars
    found = read_vector(candidates, "candidates").to_crs(WGS84)
    known = dict(zip(found["candidate_id"], found.geometry, strict=True))
    rules = Rules(Limits(match_iou, conflict_iou, second_look_iou), preferred, min_area_m2, tuple(mosaic_names))
    told = read_edits(edits)
    _tell_of_other_candidates(told, candidates_fingerprint(found))
    done = review(found, told, Scene(known, read_vector(subregions, LAYER), subregion), rules)
    kept, excluded = split(done.objects)
    write_layers(reviewed, {"rock_glaciers": kept, "excluded": excluded}, "MultiPolygon")
    write_layers(second_look, {"second_look": done.second_look}, "MultiPolygon")
    write_table(log_table, done.log)
    write_table(conflicts, done.conflicts)
    _log(subregion, done, kept, excluded)


def _tell_of_other_candidates(told: Returned, present: str) -> None:
    for path, package in sorted(told.packages.items()):
        if package.get("fingerprint", present) != present:
            logging.getLogger("rogi").warning(
                "%s was made from other candidates (fingerprint %s, now %s): decisions are matched with the present "
                "ones by outline; what matches badly is in second_look.gpkg",
                *(path, package["fingerprint"], present),
            )


def _log(subregion: str, done: Review, kept: gpd.GeoDataFrame, excluded: gpd.GeoDataFrame) -> None:
    counts = ", ".join(f"{count} {operation}" for operation, count in sorted(kept["operation"].value_counts().items()))
    logging.getLogger("rogi").info(
        "%s: %d edits; %d rock glaciers, %.2f km² (%s); %d excluded; %d conflicts settled; %d for a second look",
        *(subregion, done.log["file"].notna().sum(), len(kept), kept["area_m2"].sum() / 1e6, counts or "none"),
        *(len(excluded), len(done.conflicts), len(done.second_look)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
