"""Attributes of one subregion's rock glaciers: all columns but those that merging and validation fill."""

import logging
from typing import Any

import geopandas as gpd

from workflow_scripts.rogi.attributes.climatology import ClimateSettings, climate_attributes
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.attributes.glaciers import glacier_attributes
from workflow_scripts.rogi.attributes.relief import COMPLETE, Settings, relief
from workflow_scripts.rogi.attributes.table import outline_attributes, review_attributes, with_attributes
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.insolation.annual import Insolation


def main(
    reviewed: str,
    dem: list[str],
    maat: list[str],
    ap: list[str],
    magt: list[str],
    glacier_files: list[str],
    rock_glaciers: str,
    flow_smoothing_m: float,
    headwall_distance_m: float,
    insolation: dict[str, Any],
    at_markers: dict[str, Any],
    glaciers: dict[str, Any],
    threads: int,
) -> None:
    """Write the reviewed rock glaciers with their attributes.

    The lists `dem`, `maat`, `ap` and `magt` are empty where the study has no such data; those attributes stay empty.
    `glacier_files` is there for Snakemake to watch; what is read stands in `glaciers`, as in the config. So do
    `insolation` and, from the section `climate`, `at_markers`.
    """
    del glacier_files
    polygons = read_vector(reviewed, "rock_glaciers").to_crs(WGS84)
    settings = Settings(flow_smoothing_m, headwall_distance_m, Insolation(**insolation))
    terrain = relief(polygons, open_mosaics(dem) if dem else [], settings, threads)
    heights_m = terrain["ELE_MEAN"].to_numpy()
    attributed = with_attributes(
        polygons,
        outline_attributes(polygons),
        review_attributes(polygons),
        terrain,
        glacier_attributes(polygons, glaciers),
        climate_attributes(polygons, heights_m, maat, ap, magt, ClimateSettings(**at_markers)),
    )
    write_layers(rock_glaciers, {"rock_glaciers": attributed})
    _log(attributed, glaciers["conflict_share"])


def _log(table: gpd.GeoDataFrame, conflict_share: float) -> None:
    share = table["DEM_SHARE"]
    logging.getLogger("rogi").info(
        "%d rock glaciers, %.2f km²; DEM: %d covered in part, %d not at all; no value of LENGTH %d, MAAT %d, AP %d, "
        "MAGT %d; MAGT of a neighbouring cell: %d; under a glacier or debris-covered ice by %g or more: %d",
        *(len(table), table["AREA"].sum() / 1e6),
        *(((share > 0) & (share < COMPLETE)).sum(), (share == 0).sum()),
        *(table[name].isna().sum() for name in ("LENGTH", "MAAT", "AP", "MAGT")),
        (table["MAGT_DIST"] > 0).sum(),
        *(conflict_share, (table[["GLAC_SHARE", "DEB_SHARE"]].max(axis=1) >= conflict_share).sum()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
