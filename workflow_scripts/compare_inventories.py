"""The inventory beside other people's, on the ground that those mapped (Table 5 of Sun et al. 2024)."""

import logging

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.comparison import COLUMNS, LAYERS, compare_inventories
from workflow_scripts.rogi.inventory.references import read_references
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(
    merged: str,
    references: list[str],
    subregions: str,
    comparison: str,
    outlines: str,
    entries: list[dict[str, str | None]],
    object_iou: float,
    hull: dict[str, float],
) -> None:
    """Count and measure what both have, what we have in addition, and what we miss.

    Args:
        merged: The inventory.
        references: Files of the other inventories, for Snakemake to watch; may be none.
        subregions: GeoPackage with the layer `subregions`.
        comparison: CSV to write.
        outlines: GeoPackage to write: matched, additional and missed outlines, and the footprints.
        entries: Name, path, layer and footprint of each other inventory.
        object_iou: IoU above which two outlines show the same rock glacier.
        hull: `ratio` and `margin_m` of the hull that stands for a footprint that nobody states.
    """
    del references
    ours, regions = read_vector(merged), read_vector(subregions, LAYER)
    found = [
        compare_inventories(ours, reference, regions, object_iou, hull["ratio"], hull["margin_m"])
        for reference in read_references(entries)
    ]
    empty = pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat([each.table for each in found] or [empty], ignore_index=True)
    write_table(comparison, table)
    write_layers(outlines, {name: _together([each.layers[name] for each in found]) for name in LAYERS}, "MultiPolygon")
    for row in table[table["subregion"] == TOTAL].itertuples():
        logging.getLogger("rogi").info(
            "%s: %d rock glaciers, %.2f km²; ours: %d, %.2f km²; matched %d, additional %d, missed %d; shared %.2f km²",
            *(row.reference, row.theirs, row.theirs_km2, row.ours, row.ours_km2),
            *(row.matched, row.additional, row.missed, row.shared_km2),
        )


def _together(layers: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [layer for layer in layers if len(layer)] or layers[:1]
    return (
        pd.concat(filled, ignore_index=True) if filled else gpd.GeoDataFrame({"reference": []}, geometry=[], crs=WGS84)
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
