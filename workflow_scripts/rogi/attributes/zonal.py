"""Statistics of raster cells under polygons, every cell weighted by the share of it that the polygon covers."""

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.feature import FeatureSource, JSONFeature
from exactextract.raster import NumPyRasterSource


class _Polygon(JSONFeature):
    """A polygon that is handed over as WKB, which takes a fraction of the time of JSON."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__({"type": "Feature", "properties": {}})
        self.wkb = wkb

    def geometry(self) -> bytes:
        return self.wkb


class _Polygons(FeatureSource):
    def __init__(self, shapes: gpd.GeoSeries, wkt: str) -> None:
        super().__init__()
        self.shapes, self.wkt = shapely.to_wkb(shapes.array), wkt

    def count(self) -> int:
        return len(self.shapes)

    def __iter__(self) -> Iterator[_Polygon]:
        return map(_Polygon, self.shapes)

    def srs_wkt(self) -> str:
        return self.wkt


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
    table = exact_extract(sources, _Polygons(polygons.geometry, wkt), operations, output="pandas")
    alone = f"{sources[0].name()}_" if len(sources) == 1 else ""  # exactextract then leaves the name out
    columns = [alone + name for name in table.columns]
    return pd.DataFrame(table.to_numpy(float), index=polygons.index, columns=columns)


def _source(array: np.ndarray, transform: Affine, name: str, wkt: str) -> NumPyRasterSource:
    height, width = array.shape
    west, north = transform.c, transform.f
    south, east = north + height * transform.e, west + width * transform.a
    values = array if array.dtype.kind == "f" else array.astype(np.float32)
    return NumPyRasterSource(values, west, south, east, north, name=name, srs_wkt=wkt)


def circular_mean(sine: np.ndarray, cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean direction of cells from the means of their sines and cosines.

    Returns:
        Direction in degrees, 0 to below 360, and resultant length: 1 when all cells point one way, 0 when they cancel
        out, in which case the direction says nothing. NaN stays NaN.
    """
    return azimuth(sine, cosine), np.minimum(np.hypot(sine, cosine), 1)  # rounding would exceed it


def azimuth(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Return the direction of vectors in degrees clockwise from north, 0 to below 360."""
    degrees = np.degrees(np.arctan2(east, north)) % 360
    return np.where(degrees == 360, 0.0, degrees)
