"""Statistics of raster cells under polygons, every cell weighted by the share of it that the polygon covers."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource


def zonal(
    polygons: gpd.GeoDataFrame, rasters: Mapping[str, np.ndarray], transform: Affine, operations: list[str]
) -> pd.DataFrame:
    """Return statistics of every polygon, exact also for polygons smaller than a cell (exactextract).

    Args:
        polygons: In the CRS of the rasters.
        rasters: Arrays of shape (height, width) by name, all on one north-up grid; NaN cells do not count.
        transform: Pixels to the CRS.
        operations: "mean" and "median" weighted by coverage; "min" and "max" of all cells touched.

    Returns:
        One row per polygon in the order given, columns `{name}_{operation}`; NaN where no valid cell is touched.
    """
    wkt = polygons.crs.to_wkt()
    sources = [_source(array, transform, name, wkt) for name, array in rasters.items()]
    table = exact_extract(sources, polygons[["geometry"]], operations, output="pandas")
    if len(sources) == 1:  # exactextract then leaves the name out
        table = table.add_prefix(f"{sources[0].name()}_")
    return table.astype(float).set_index(polygons.index)


def _source(array: np.ndarray, transform: Affine, name: str, wkt: str) -> NumPyRasterSource:
    height, width = array.shape
    west, north = transform.c, transform.f
    south, east = north + height * transform.e, west + width * transform.a
    return NumPyRasterSource(array.astype(float), west, south, east, north, name=name, srs_wkt=wkt)


def circular_mean(sine: np.ndarray, cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean direction of cells from the means of their sines and cosines.

    Returns:
        Direction in degrees, 0 to below 360, and resultant length: 1 when all cells point one way, 0 when they cancel
        out, in which case the direction says nothing. NaN stays NaN.
    """
    degrees = np.degrees(np.arctan2(sine, cosine)) % 360
    return np.where(degrees == 360, 0.0, degrees), np.hypot(sine, cosine)
