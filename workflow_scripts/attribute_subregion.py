"""Attributes of one subregion's rock glaciers: Table 2 of the paper, but for what only the merged inventory knows."""

import logging

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.attributes.relief import COMPLETE, relief
from workflow_scripts.rogi.attributes.sampling import sample, sample_nearest_valid
from workflow_scripts.rogi.attributes.table import outline_attributes, review_attributes, with_attributes
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers


def main(
    reviewed: str,
    dem: list[str],
    maat: list[str],
    ap: list[str],
    magt: list[str],
    rock_glaciers: str,
    magt_radius_m: float,
    time_step_min: float,
    day_step: int,
) -> None:
    """Write the reviewed rock glaciers with their attributes.

    The lists `dem`, `maat`, `ap` and `magt` are empty where the study has no such data; those attributes stay empty.
    """
    polygons = read_vector(reviewed, "rock_glaciers").to_crs(WGS84)
    attributed = with_attributes(
        polygons,
        outline_attributes(polygons),
        review_attributes(polygons),
        relief(polygons, open_mosaics(dem) if dem else [], time_step_min, day_step),
        _climate(polygons, maat, ap, magt, magt_radius_m),
    )
    write_layers(rock_glaciers, {"rock_glaciers": attributed})
    _log(attributed)


def _climate(
    polygons: gpd.GeoDataFrame, maat: list[str], ap: list[str], magt: list[str], magt_radius_m: float
) -> pd.DataFrame:
    markers = primary_markers(polygons.geometry)
    nothing = np.full(len(polygons), np.nan)
    ground, distance_m = sample_nearest_valid(markers, magt[0], magt_radius_m) if magt else (nothing, nothing)
    columns = {
        "MAAT": sample(markers, maat[0], "nearest") if maat else nothing,
        "AP": sample(markers, ap[0], "nearest") if ap else nothing,
        "MAGT": ground,
        "MAGT_DIST": distance_m,
    }
    return pd.DataFrame(columns, index=polygons.index)


def _log(table: gpd.GeoDataFrame) -> None:
    share = table["DEM_SHARE"]
    logging.getLogger("rogi").info(
        "%d rock glaciers, %.2f km²; DEM: %d covered in part, %d not at all; no value of MAAT %d, AP %d, MAGT %d; "
        "MAGT of a neighbouring cell: %d",
        *(len(table), table["AREA"].sum() / 1e6),
        *(((share > 0) & (share < COMPLETE)).sum(), (share == 0).sum()),
        *(table[name].isna().sum() for name in ("MAAT", "AP", "MAGT")),
        (table["MAGT_DIST"] > 0).sum(),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
