"""The merged inventory: every rock glacier of all subregions exactly once, with its ID."""

import logging
from pathlib import Path

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.inventory.merge import merge
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.inventory.versions import Predecessor, read_version


def main(
    parts: list[str],
    subregions: str,
    previous: list[str],
    merged: str,
    merge_report: str,
    duplicate_iou: float,
    match_iou: float,
) -> None:
    """Merge the subregions' files.

    Args:
        parts: `<slug>/rock_glaciers.gpkg` of every subregion, in any order.
        subregions: GeoPackage with the layer `subregions`.
        previous: The version before, whose IDs are kept; none for a first version.
        merged: GeoPackage to write; layer `rock_glaciers` with the published columns.
        merge_report: CSV to write; dropped duplicates, changed and replaced IDs, and overlaps that stay.
        duplicate_iou: IoU from which outlines in two subregions' files are the same rock glacier.
        match_iou: IoU from which an outline is that of a rock glacier of the version before.
    """
    frames = {Path(path).parent.name: read_vector(path, "rock_glaciers") for path in parts}
    predecessor = Predecessor(read_version(previous[0]), match_iou) if previous else None
    inventory, report = merge(frames, read_vector(subregions, LAYER), duplicate_iou, predecessor)
    write_layers(merged, {"rock_glaciers": inventory}, "MultiPolygon")
    write_table(merge_report, report)
    events = report["event"].value_counts()
    logging.getLogger("rogi").info(
        "%d rock glaciers of %d subregions, %.2f km²; %d duplicates dropped, %d IDs stepped, %d overlaps stay",
        *(len(inventory), len(frames), inventory["AREA"].sum() / 1e6),
        *(events.get(event, 0) for event in ("duplicate dropped", "id stepped", "overlap stays")),
    )
    if predecessor:
        kept = int(inventory["ID"].isin(predecessor.inventory["ID"]).sum())
        logging.getLogger("rogi").info(
            "%d IDs of %s kept, %d given up (%d of them, because the marker lies outside now), %d new",
            *(kept, previous[0], len(predecessor.inventory) - kept, events.get("id replaced", 0)),
            len(inventory) - kept,
        )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
