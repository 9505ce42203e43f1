"""Accuracy of the candidates and of the reviewed inventory, per subregion and in total."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.accuracy import COLUMNS, TOTAL, compare
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(
    candidates: list[str],
    reviewed: list[str],
    references: list[str],
    subregions: str,
    accuracy: str,
    names: list[str],
    layers: list[str | None],
    object_iou: float,
) -> None:
    """Compare candidates with the reviewed inventory, and both with independent references.

    Subregions in which nobody has decided anything are left out of the first comparison: there the reviewed inventory
    is the candidates themselves, and would agree with them perfectly.

    Args:
        candidates: GeoPackages with the layer `candidates`.
        reviewed: GeoPackages with the layers `rock_glaciers` and `excluded`, each in the folder of its subregion.
        references: Independent inventories, any vector format, complete within the subregions; may be none.
        subregions: GeoPackage with the layer `subregions`.
        accuracy: CSV to write.
        names: Names of the references.
        layers: Their layers; None takes the only one.
        object_iou: IoU above which two outlines show the same object.
    """
    regions = read_vector(subregions, LAYER)
    found, final = _together(candidates, "candidates"), _together(reviewed, "rock_glaciers")
    judged = {Path(path).parent.name for path in reviewed if _has_decisions(path)}
    pairs = []
    if judged:
        theirs = [[path for path in paths if Path(path).parent.name in judged] for paths in (candidates, reviewed)]
        both = _together(theirs[0], "candidates"), _together(theirs[1], "rock_glaciers")
        pairs = [("candidates vs reviewed inventory", *both, regions[regions["slug"].isin(judged)])]
    for name, path, layer in zip(names, references, layers, strict=True):
        reference = read_vector(path, layer).geometry
        pairs += [(f"candidates vs {name}", found, reference, regions)]
        pairs += [(f"reviewed inventory vs {name}", final, reference, regions)]
    tables = [compare(*pair, object_iou) for pair in pairs] or [pd.DataFrame(columns=list(COLUMNS))]
    table = pd.concat(tables, ignore_index=True)
    write_table(accuracy, table)
    logging.getLogger("rogi").info("%d of %d subregions have been reviewed", len(judged), len(regions))
    for line in _totals(table):
        logging.getLogger("rogi").info(line)


def _has_decisions(path: str) -> bool:
    operations = [read_vector(path, layer)["operation"] for layer in ("rock_glaciers", "excluded")]
    return bool((pd.concat(operations).dropna() != "unreviewed").any())


def _together(paths: Sequence[str], layer: str) -> gpd.GeoSeries:
    parts = [read_vector(path, layer).geometry.to_crs(WGS84) for path in sorted(paths)]
    return pd.concat(parts, ignore_index=True) if parts else gpd.GeoSeries([], crs=WGS84)


def _totals(table: pd.DataFrame) -> Iterator[str]:
    for row in table[table["subregion"] == TOTAL].astype({"area_f1": float, "objects_f1": float}).itertuples():
        by_area, by_objects = (f"{value:.3f}" if value == value else "none" for value in (row.area_f1, row.objects_f1))
        yield f"{row.comparison}: F1 {by_area} by area, {by_objects} by objects"


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
