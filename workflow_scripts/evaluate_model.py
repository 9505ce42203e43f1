"""Accuracy of the candidates and of the reviewed inventory, per subregion and in total."""

import logging
from collections.abc import Iterator

import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.inventory.accuracy import COLUMNS, TOTAL, compare
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.inventory.references import read_references
from workflow_scripts.rogi.inventory.stages import comparisons, read_stages
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(
    candidates: list[str],
    reviewed: list[str],
    references: list[str],
    subregions: str,
    accuracy: str,
    entries: list[dict[str, str | None]],
    object_iou: float,
    confidence: float,
    bootstrap: dict[str, float],
    seed: int,
) -> None:
    """Compare candidates with the reviewed inventory, and both with independent references.

    Args:
        candidates: GeoPackages with the layer `candidates`.
        reviewed: GeoPackages with the layers `rock_glaciers` and `excluded`, each in the folder of its subregion.
        references: Files of the independent inventories, for Snakemake to watch; may be none.
        subregions: GeoPackage with the layer `subregions`.
        accuracy: CSV to write.
        entries: Name, path, layer and footprint of each; complete within the footprint, or within the subregions.
        object_iou: IoU above which two outlines show the same object.
        confidence: Share of cases in which an interval shall hold the true value.
        bootstrap: Number of `samples`, and `block_m`.
        seed: Of the intervals' draws.
    """
    del references
    regions = read_vector(subregions, LAYER)
    stages = read_stages(candidates, reviewed)
    settings = Bootstrap(int(bootstrap["samples"]), bootstrap["block_m"], confidence, seed)
    tables = [
        compare(name, mapped.geometry, reference, parts, object_iou, settings, mapped.get("probability"))
        for name, mapped, reference, parts in comparisons(stages, read_references(entries), regions)
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    write_table(accuracy, table)
    logging.getLogger("rogi").info("%d of %d subregions have been reviewed", len(stages.judged), len(regions))
    for line in _totals(table):
        logging.getLogger("rogi").info(line)


def _totals(table: pd.DataFrame) -> Iterator[str]:
    for row in table[table["subregion"] == TOTAL].astype({"area_f1": float, "objects_f1": float}).itertuples():
        by_area, by_objects = (f"{value:.3f}" if value == value else "none" for value in (row.area_f1, row.objects_f1))
        yield f"{row.comparison}: F1 {by_area} by area, {by_objects} by objects"


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
