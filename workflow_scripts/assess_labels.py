"""Assess the training outlines: shifts against the imagery, imagery that is poor, and differences between mappers."""

import logging
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.inventory_shift import InventoryShift, inventory_shifts
from workflow_scripts.rogi.training.label_quality import Assessor, Rules
from workflow_scripts.rogi.training.mapper_styles import differences, mapper_styles


def main(
    inventory: str,
    indexes: list[str],
    quality: str,
    shifts: str,
    styles: str,
    tests: str,
    bands: list[str],
    nodata: float | None,
    damaged: str,
    screening: dict[str, Any],
    rules: dict[str, Any],
    samples: int,
    confidence: float,
    seed: int,
) -> None:
    """Compare every outline with the imagery, and the inventories and mappers with each other.

    Args:
        inventory: GeoPackage with the layers `rock_glaciers` and `negatives` and the table `overlaps`.
        indexes: Tile indexes of all mosaics.
        quality: CSV to write; a row per polygon, see `Assessor.assess`.
        shifts: CSV to write; a row per inventory, see `InventoryShift`.
        styles: CSV to write; a row per inventory and mapper, see `mapper_styles`.
        tests: CSV to write; a row per measure of the outlines, see `differences`.
        bands: Names of the imagery's bands.
        nodata: Value of missing pixels, for quads that do not state one.
        damaged: What to do with blocks that cannot be read.
        screening: When imagery counts as poor.
        rules: Fields of `label_quality.Rules`.
        samples: Draws behind the intervals.
        confidence: Of the intervals.
        seed: Of all draws.
    """
    rock_glaciers, negatives = (read_vector(inventory, layer) for layer in ("rock_glaciers", "negatives"))
    polygons = gpd.GeoDataFrame(
        pd.concat([rock_glaciers.assign(kind="rock_glacier"), negatives], ignore_index=True), crs=rock_glaciers.crs
    )
    with (
        Imagery(indexes, len(bands), nodata, Screening(**screening), damaged) as imagery,
        progress("assessing labels", len(polygons), "polygons") as bar,
    ):
        rows = []
        for row in Assessor(imagery, bands, Rules(**rules), seed).assess(polygons):
            rows.append(row)
            bar.advance(1)
    table = pd.DataFrame(rows)
    found = inventory_shifts(table, samples, confidence, seed)
    overlaps = pyogrio.read_dataframe(inventory, layer="overlaps", read_geometry=False)
    write_table(quality, table)
    write_table(shifts, pd.DataFrame(found))
    write_table(styles, mapper_styles(rock_glaciers, overlaps))
    write_table(tests, differences(rock_glaciers))
    _report(table, found)


def _report(table: pd.DataFrame, shifts: list[InventoryShift]) -> None:
    logger = logging.getLogger("rogi")
    for shift in shifts:
        if shift.systematic:
            logger.warning(
                "inventory %s: its outlines lie off the imagery; they fit best %.1f m further east and %.1f m further "
                "north (median of %d); compare the CRS of the file with the imagery's before you trust either",
                *(shift.inventory, shift.shift_east_m, shift.shift_north_m, shift.reliable),
            )
    logger.info(
        "%d polygons assessed: a reliable shift for %d, on poor imagery %d; %d of %d inventories systematically off",
        *(len(table), table["shift_reliable"].sum(), table["poor_imagery"].sum()),
        *(sum(shift.systematic for shift in shifts), len(shifts)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
