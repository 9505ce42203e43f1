"""Elevation, slope, aspect and insolation of polygons, block by block so that any number of them fits in memory."""

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from pyproj import Transformer
from rasterio.features import rasterize

from workflow_scripts.rogi.attributes.elevation import Mosaic
from workflow_scripts.rogi.attributes.insolation import annual
from workflow_scripts.rogi.attributes.terrain import slope_aspect
from workflow_scripts.rogi.attributes.zonal import circular_mean, zonal
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.progress import progress

BLOCK_DEG = 0.1  # cells of a block share one shape in metres, good to 0.1 % of their width below 50°
HALO_PX = 2
COMPLETE = 1 - 1e-6

STATISTICS = ("mean", "median", "min", "max")
RELIEF = (
    *(f"ELE_{statistic.upper()}" for statistic in STATISTICS),
    *(f"SLO_{statistic.upper()}" for statistic in STATISTICS),
    *("ASPECT", "ASPECT_R", "DEM_SHARE", "PISR"),
)


def relief(polygons: gpd.GeoDataFrame, mosaics: Sequence[Mosaic], time_step_min: float, day_step: int) -> pd.DataFrame:
    """Return the terrain attributes of polygons.

    Where several mosaics (grids) cover a polygon, the one that covers most of it is used, at a tie the first.

    Args:
        polygons: In any CRS, with a unique index.
        mosaics: DEMs.
        time_step_min: Longest time step of the insolation, minutes.
        day_step: Every how many days the insolation is computed.

    Returns:
        One row per polygon with the columns RELIEF. DEM_SHARE is the share of the polygon on valid cells: where it is
        0, all else is NaN; where it is below 1, the rest describes the covered part.
    """
    table = pd.DataFrame(np.nan, index=polygons.index, columns=list(RELIEF))
    table["DEM_SHARE"] = 0.0
    with progress("terrain", len(polygons) * len(mosaics), "polygons") as shown:
        for mosaic in mosaics:
            for block in _blocks(polygons):
                _fill(table, block, mosaic, time_step_min, day_step)
                shown.advance(len(block))
    return table


def _fill(table: pd.DataFrame, block: gpd.GeoDataFrame, mosaic: Mosaic, time_step_min: float, day_step: int) -> None:
    """Put in the values of those polygons that this mosaic covers better than those before it."""
    waiting = block[table.loc[block.index, "DEM_SHARE"] < COMPLETE].to_crs(mosaic.crs)
    if waiting.empty:
        return
    window = mosaic.window(tuple(waiting.total_bounds), HALO_PX)
    heights, transform = mosaic.read(window), mosaic.transform_of(window)
    if not np.isfinite(heights).any():
        return
    found = _of_block(waiting, heights, transform, time_step_min, day_step)
    better = found.index[found["DEM_SHARE"] > table.loc[found.index, "DEM_SHARE"]]
    table.loc[better] = found.loc[better]


def _of_block(
    polygons: gpd.GeoDataFrame, heights: np.ndarray, transform: Affine, time_step_min: float, day_step: int
) -> pd.DataFrame:
    slope, aspect = slope_aspect(heights, transform, polygons.crs)
    sums = zonal(polygons, {"ELE": heights, "SLO": slope}, transform, list(STATISTICS))
    means = zonal(
        polygons,
        {
            "sine": np.sin(np.radians(aspect)),
            "cosine": np.cos(np.radians(aspect)),
            "DEM_SHARE": np.isfinite(heights),
            "PISR": _insolation(polygons, slope, aspect, transform, time_step_min, day_step),
        },
        transform,
        ["mean"],
    )
    table = sums.join(means.rename(columns=lambda name: name.removesuffix("_mean"))).rename(columns=str.upper)
    table["ASPECT"], table["ASPECT_R"] = circular_mean(table["SINE"].to_numpy(), table["COSINE"].to_numpy())
    return table[list(RELIEF)]


def _insolation(
    polygons: gpd.GeoDataFrame,
    slope: np.ndarray,
    aspect: np.ndarray,
    transform: Affine,
    time_step_min: float,
    day_step: int,
) -> np.ndarray:
    """Return the annual insolation of the cells that polygons touch, kWh m⁻² yr⁻¹; NaN elsewhere."""
    touched = rasterize(polygons.geometry, out_shape=slope.shape, transform=transform, all_touched=True) == 1
    rows, columns = np.nonzero(touched & np.isfinite(slope))
    result = np.full(slope.shape, np.nan)
    if len(rows):
        x, y = transform.c + transform.a * (columns + 0.5), transform.f + transform.e * (rows + 0.5)
        latitude = Transformer.from_crs(polygons.crs, WGS84, always_xy=True).transform(x, y)[1]
        cells = slope[rows, columns], np.nan_to_num(aspect[rows, columns]), latitude
        result[rows, columns] = annual(*cells, time_step_min, day_step)
    return result


def _blocks(polygons: gpd.GeoDataFrame) -> Iterator[gpd.GeoDataFrame]:
    """Group polygons by the cell of a longitude-latitude grid that holds their primary marker, west to east."""
    markers = primary_markers(polygons.geometry)
    cells = [np.floor(markers.x / BLOCK_DEG), np.floor(markers.y / BLOCK_DEG)]
    for _, block in polygons.groupby(cells):
        yield block
