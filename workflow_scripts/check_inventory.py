"""The table of checks that decides whether the inventory may be published."""

import logging
from pathlib import Path

import pyogrio

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.inventory.checks import check_inventory
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(merged: str, subregions: str, candidates: list[str], checks: str, conflict_share: float) -> None:
    """Check the merged inventory; bad data end in the table, not in an error.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        subregions: GeoPackage with the layer `subregions`.
        candidates: `<slug>/candidates.gpkg` of every subregion that was processed.
        checks: CSV to write.
        conflict_share: Share of an outline under a glacier, or under debris-covered ice, from which on it is listed.
    """
    inventory = pyogrio.read_dataframe(merged, layer="rock_glaciers", on_invalid="ignore")
    processed = [Path(path).parent.name for path in candidates if Path(path).is_file()]
    table = check_inventory(inventory, read_vector(subregions, LAYER), processed, conflict_share)
    write_table(checks, table)
    failed = table[~table["passed"]]
    logging.getLogger("rogi").info(
        "%d rock glaciers, %d checks: %d errors, %d warnings",
        *(len(inventory), len(table), (failed["severity"] == "error").sum(), (failed["severity"] == "warning").sum()),
    )
    for row in failed.itertuples():
        logging.getLogger("rogi").warning("%s: %s (%d): %s", row.severity, row.check, row.count, row.detail)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
