"""The files to be published: GeoPackage, the pair of shapefiles, data dictionary, checks and accuracy."""

import logging
import shutil

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, replacing, write_layers, write_table
from workflow_scripts.rogi.inventory.publication import data_dictionary, primary_markers_layer, require_passed
from workflow_scripts.rogi.inventory.shapefiles import write_shapefile
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(
    merged: str,
    checks: str,
    subregions: str,
    accuracy: str,
    inventory: str,
    footprint: list[str],
    marker: list[str],
    dictionary: str,
    checks_copy: str,
    accuracy_copy: str,
) -> None:
    """Write what is to be published if the inventory passed its checks, else nothing.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        checks: The table of checks.
        subregions: GeoPackage with the layer `subregions`.
        accuracy: The table of accuracy.
        inventory: GeoPackage to write; layers rock_glaciers, primary_markers, subregions, data_dictionary.
        footprint: Shapefile of the outlines to write, its .shp first.
        marker: Shapefile of the primary markers to write, its .shp first.
        dictionary: CSV of the columns to write.
        checks_copy: Copy of `checks` to write.
        accuracy_copy: Copy of `accuracy` to write.
    """
    require_passed(pd.read_csv(checks), checks)
    rock_glaciers = read_vector(merged, "rock_glaciers")
    markers = primary_markers_layer(rock_glaciers)
    write_shapefile(footprint[0], rock_glaciers)
    write_shapefile(marker[0], markers)
    write_table(dictionary, data_dictionary())
    for source, copy in ((checks, checks_copy), (accuracy, accuracy_copy)):
        with replacing(copy) as temporary:
            shutil.copyfile(source, temporary)
    _write_geopackage(inventory, rock_glaciers, markers, read_vector(subregions, LAYER))
    logging.getLogger("rogi").info(
        "%s: %d rock glaciers, %.2f km²", inventory, len(rock_glaciers), rock_glaciers["AREA"].sum() / 1e6
    )


def _write_geopackage(
    path: str, rock_glaciers: gpd.GeoDataFrame, markers: gpd.GeoDataFrame, subregions: gpd.GeoDataFrame
) -> None:
    layers = {"rock_glaciers": rock_glaciers, "primary_markers": markers, "subregions": subregions}
    write_layers(path, layers | {"data_dictionary": data_dictionary()})


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
