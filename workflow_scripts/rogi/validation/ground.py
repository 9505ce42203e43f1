"""What is known of a piece of ground before anybody looks at it: the model's score, elevation and slope."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from exactextract import exact_extract

from workflow_scripts.rogi.attributes.elevation import Mosaic, open_mosaics
from workflow_scripts.rogi.attributes.terrain import slope_aspect
from workflow_scripts.rogi.attributes.zonal import zonal
from workflow_scripts.rogi.identity import equal_area_blocks
from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.mapping.systems import HALF_COVERED
from workflow_scripts.rogi.raster import open_raster

BLOCK_M = 10_000.0  # cells of a DEM block share one shape in metres, good to 0.1 % of their width below 50°
HALO_PX = 2


def highest_score(ground: gpd.GeoSeries, probability: str) -> np.ndarray:
    """Return the model's highest probability over each polygon.

    Args:
        ground: Polygons in any CRS.
        probability: Raster of `FULL` times the probability.

    Returns:
        Array of shape (n,), 0 to 1, of the pixels that a polygon covers by half or more; NaN where none is valid.
    """
    with open_raster(probability) as dataset:
        shapes = ground.to_crs(dataset.crs).to_frame("geometry")
        found = exact_extract(dataset.name, shapes, [HALF_COVERED], output="pandas").iloc[:, 0]
    return pd.to_numeric(found, errors="coerce").to_numpy(float) / FULL


def terrain(ground: gpd.GeoSeries, dem: Sequence[str]) -> pd.DataFrame:
    """Return the mean elevation and slope of each polygon.

    Args:
        ground: Polygons in any CRS.
        dem: DEM tiles; of several grids the first that covers a polygon counts.

    Returns:
        Columns elevation_m and slope_deg with the index of `ground`; NaN where there is no DEM.
    """
    table = pd.DataFrame(np.nan, index=ground.index, columns=["elevation_m", "slope_deg"])
    blocks = pd.Series(equal_area_blocks(ground, BLOCK_M), index=ground.index)
    for mosaic in open_mosaics(dem) if dem else []:
        for _, block in ground[table["elevation_m"].isna()].groupby(blocks):
            found = _of_block(block.to_crs(mosaic.crs), mosaic)
            table.loc[found.index] = found
    return table


def _of_block(ground: gpd.GeoSeries, mosaic: Mosaic) -> pd.DataFrame:
    window = mosaic.window(tuple(ground.total_bounds), HALO_PX)
    heights, transform = mosaic.read(window), mosaic.transform_of(window)
    slope = slope_aspect(heights, transform, ground.crs)[0] if np.isfinite(heights).any() else heights
    means = zonal(ground.to_frame("geometry"), {"elevation_m": heights, "slope_deg": slope}, transform, ["mean"])
    return means.set_axis(["elevation_m", "slope_deg"], axis=1)
