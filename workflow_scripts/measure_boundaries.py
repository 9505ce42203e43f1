"""Distance between the outlines of candidates, reviewed inventory and references: front, sides and root zone."""

import logging

import pandas as pd

from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.boundaries import ALL, COLUMNS, compare_boundaries
from workflow_scripts.rogi.inventory.references import read_references
from workflow_scripts.rogi.inventory.stages import comparisons, read_stages
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(
    candidates: list[str],
    reviewed: list[str],
    references: list[str],
    subregions: str,
    dem: list[str],
    boundaries: str,
    entries: list[dict[str, str | None]],
    object_iou: float,
    step_m: float,
) -> None:
    """Measure the distances between matched outlines in the comparisons that the accuracy makes.

    Args:
        candidates: GeoPackages with the layer `candidates`.
        reviewed: GeoPackages with the layers `rock_glaciers` and `excluded`, each in the folder of its subregion.
        references: Files of the independent inventories, for Snakemake to watch; may be none.
        subregions: GeoPackage with the layer `subregions`.
        dem: DEM tiles, which tell front from root zone; may be none.
        boundaries: CSV to write.
        entries: Name, path, layer and footprint of each reference.
        object_iou: IoU above which two outlines are matched.
        step_m: Distance from point to point along the outlines, true metres.
    """
    del references
    regions, mosaics = read_vector(subregions, LAYER), open_mosaics(dem) if dem else []
    tables = [
        compare_boundaries(name, mapped.geometry, against, parts, object_iou, mosaics, step_m)
        for name, mapped, against, parts in comparisons(
            read_stages(candidates, reviewed), read_references(entries), regions
        )
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    write_table(boundaries, table)
    for row in table[(table["subregion"] == TOTAL) & (table["zone"] == ALL)].itertuples():
        logging.getLogger("rogi").info(
            "%s: %d matched outlines lie %.1f m apart at the median, 95 %% of %.0f km of boundary within %.1f m",
            *(row.comparison, row.outlines, row.median_m, row.boundary_km, row.p95_m),
        )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
