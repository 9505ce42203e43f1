"""Candidates strewn over one subregion."""

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import area_m2

REGION = shapely.box(79.0, 35.0, 79.4, 35.2)


def candidates(count: int, seed: int = 1, units: int = 1) -> gpd.GeoDataFrame:
    """Return squares at random places; every system has `units` of them, side by side."""
    rng = np.random.default_rng(seed)
    systems = -(-count // units)
    west, south = rng.uniform(79.0, 79.39, systems), rng.uniform(35.0, 35.19, systems)
    side = rng.uniform(0.001, 0.003, systems)
    shapes = [
        shapely.box(west[s] + unit * side[s], south[s], west[s] + (unit + 1) * side[s], south[s] + side[s])
        for s in range(systems)
        for unit in range(units)
    ][:count]
    frame = gpd.GeoDataFrame(geometry=shapes, crs=4326)
    frame["candidate_id"] = [f"CAN{number:05d}" for number in rng.permutation(count)]
    frame["system_id"] = [f"SYS{number // units:05d}" for number in range(count)]
    frame["probability"] = rng.uniform(0.5, 1, count)
    frame["spread"] = np.nan
    frame["area_m2"] = area_m2(frame.geometry)
    frame["source"] = "Mosaic 1"
    return frame


def region() -> gpd.GeoDataFrame:
    """Return the subregion that holds them."""
    return gpd.GeoDataFrame({"NAME": ["West Range"], "slug": ["west_range"]}, geometry=[REGION], crs=4326)
