"""Climate and permafrost of every rock glacier: values of the study's maps at its primary marker."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.attributes.sampling import sample, sample_nearest_valid
from workflow_scripts.rogi.identity import primary_markers

ELEVATION_BAND = 2  # of the map of MAAT, where the elevation of its cells is known


@dataclass(frozen=True)
class ClimateSettings:
    """How climate is read at markers.

    Attributes:
        interpolation: "nearest" for the value of the cell, "bilinear" between the centres of four cells.
        lapse_rate_c_per_km: How much colder it is 1000 m higher, °C; None makes no correction.
        magt_radius_m: How far from a marker without ground temperature the nearest one is looked for, true metres.
    """

    interpolation: str
    lapse_rate_c_per_km: float | None
    magt_radius_m: float


def climate_attributes(
    polygons: gpd.GeoDataFrame,
    heights_m: np.ndarray,
    maat: list[str],
    ap: list[str],
    magt: list[str],
    settings: ClimateSettings,
) -> pd.DataFrame:
    """Return the climate of every rock glacier.

    Args:
        polygons: Outlines in any CRS, with a unique index.
        heights_m: Their mean elevations, shape (n,), m; NaN where unknown.
        maat: Map of mean annual air temperature in °C, its second band the elevation of the cells in m if there is a
            lapse rate; an empty list if the study has none, as for the others.
        ap: Map of mean annual precipitation in mm.
        magt: Map of mean annual ground temperature in °C.
        settings: How they are read.

    Returns:
        MAAT and MAGT in °C, AP in mm yr⁻¹; MAAT_LAPSE, MAAT brought from the elevation of the grid cell to that of the
        rock glacier; MAGT_DIST, metres to the cell that MAGT is from (0, the own one). NaN where a map has no value,
        where a marker lies off it, where an outline is empty, and where the study has no such map.
    """
    located = polygons[~(polygons.geometry.is_empty | polygons.geometry.isna())]
    markers = primary_markers(located.geometry)
    nothing = np.full(len(located), np.nan)
    air = sample(markers, maat[0], settings.interpolation) if maat else nothing
    ground, distance_m = sample_nearest_valid(markers, magt[0], settings.magt_radius_m) if magt else (nothing, nothing)
    columns = {
        "MAAT": air,
        "MAAT_LAPSE": nothing,
        "AP": sample(markers, ap[0], settings.interpolation) if ap else nothing,
        "MAGT": ground,
        "MAGT_DIST": distance_m,
    }
    if maat and settings.lapse_rate_c_per_km is not None:
        cell_m = sample(markers, maat[0], settings.interpolation, ELEVATION_BAND)
        height_m = pd.Series(heights_m, index=polygons.index)[located.index].to_numpy()
        columns["MAAT_LAPSE"] = air - settings.lapse_rate_c_per_km * (height_m - cell_m) / 1000
    return pd.DataFrame(columns, index=located.index).reindex(polygons.index)
