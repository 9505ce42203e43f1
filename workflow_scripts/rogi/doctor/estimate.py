"""What a run will take: hours, memory and disk per subregion, from measured rates."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.doctor.covers import Area
from workflow_scripts.rogi.doctor.rates import Rates
from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.mapping.settings import Prediction

VIEWS = {"none": 1, "flips": 4, "dihedral": 8}  # of each window, by prediction.test_time
# A product and its temporary copy, or the ledger of a prediction that was interrupted, lie beside each other.
COPIES = 2
GIB = 2**30


def estimate(config: Mapping[str, Any], area: Area, index: gpd.GeoDataFrame, rates: Rates, device: str) -> pd.DataFrame:
    """Reckon what every subregion takes.

    Args:
        config: The resolved config.
        area: Where the study looks.
        index: Tile index of the imagery, for its pixels.
        rates: What a run takes.
        device: "cpu" or "cuda", where the network will run.

    Returns:
        One row per subregion with its halo: `subregion`, `km2`, `mapped_mpx`, `window_mpx`, `gpu_hours` and `cpu_hours`
        (of one core; NaN where no rate was measured), `memory_mib` (of the largest job) and `disk_gib`.
        Single images of `prediction.further_looks` are not counted.
    """
    grid = index.attrs["grid"]
    km2 = area_m2(area.halos) / 1e6
    mpx = area.halos.to_crs(grid.crs).area.to_numpy() / grid.pixel**2 / 1e6
    windows = mpx * _views_per_pixel(config)
    seconds = windows / rates.window_mpx_per_s.value if rates.window_mpx_per_s else np.full(len(mpx), np.nan)
    glaciers = km2 * rates.rock_glaciers_per_km2.value
    rest = mpx * rates.cpu_s_per_mpx.value + glaciers * rates.cpu_s_per_rock_glacier.value
    on_cpu = seconds if device == "cpu" else 0.0
    return pd.DataFrame(
        {
            "subregion": area.subregions["NAME"].to_numpy(),
            "km2": km2,
            "mapped_mpx": mpx,
            "window_mpx": windows,
            "gpu_hours": seconds / 3600 if device == "cuda" else 0.0,
            "cpu_hours": (rest + on_cpu) / 3600,
            "memory_mib": rates.memory_mib.value,
            "disk_gib": COPIES * mpx * 1e6 * rates.disk_bytes_per_px.value / GIB,
        }
    )


def _views_per_pixel(config: Mapping[str, Any]) -> float:
    """Return how often the network scores a pixel where all mosaics are: windows, looks, their views, and models."""
    prediction, mosaics = Prediction(**config["prediction"]), len(config["imagery"]["mosaics"])
    looks = 1 + mosaics if prediction.looks == "each" and mosaics > 1 else 1
    return prediction.windows.redundancy * looks * VIEWS[prediction.test_time] * max(1, len(config["model"]["files"]))


def patches_gib(config: Mapping[str, Any], polygons: int, index: gpd.GeoDataFrame) -> float:
    """Return the disk that training patches take, at most: those of polygons that lie apart, uncompressed."""
    if config["model"]["files"]:
        return 0.0
    patches = config["patches"]
    latitude = np.radians(index.geometry.iloc[[0]].to_crs(WGS84).total_bounds[1])
    metres = index.attrs["grid"].pixel * (np.cos(latitude) if index.crs.to_epsg() == 3857 else 1.0)
    side = np.ceil(2 * patches["buffer_m"] / metres / patches["stride_px"]) + 1
    bytes_per_px = len(config["imagery"]["bands"]) + 4 * len(config["imagery"]["channels"]) + 2
    return float(polygons * side**2 * patches["size_px"] ** 2 * bytes_per_px / GIB)
