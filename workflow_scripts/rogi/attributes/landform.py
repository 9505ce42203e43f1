"""The shape of rock glaciers: which way and how far they flow, and the headwall above them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from rasterio.features import rasterize
from shapely import affinity

from workflow_scripts.rogi.attributes.drainage import filled, headwall_height, smoothed
from workflow_scripts.rogi.attributes.flowline import flow_line

LANDFORM = ("LENGTH", "FLOW_DIR", "FRONT_ALT", "HEADWALL")
GAUSSIAN_REACH = 4  # standard deviations, where scipy ends it
RIM_PX = 3


def landforms(
    polygons: gpd.GeoDataFrame,
    heights: np.ndarray,
    transform: Affine,
    shape: np.ndarray,
    smoothing_m: float,
    headwall_m: float,
) -> pd.DataFrame:
    """Return length and direction of flow, front altitude and headwall height of polygons.

    Args:
        polygons: In the CRS of the DEM.
        heights: Array of shape (height, width), m; NaN in voids. It reaches `reach_m` beyond the polygons.
        transform: Its pixels to the CRS.
        shape: Ground vectors of a pixel, as from `terrain.pixel_shape`.
        smoothing_m: Standard deviation of the Gaussian that smooths the heights.
        headwall_m: How far from the root zone the headwall is looked for.

    Returns:
        One row per polygon, columns `LANDFORM`: m, degrees, m, m; NaN where no cell has a direction or a height.
    """
    inverse = ~transform
    to_pixels = [inverse.a, inverse.b, inverse.d, inverse.e, inverse.c, inverse.f]
    outlines = [affinity.affine_transform(polygon, to_pixels) for polygon in polygons.geometry.make_valid()]
    rows = [_landform(outline, heights, shape, smoothing_m, headwall_m) for outline in outlines]
    return pd.DataFrame(rows, index=polygons.index, columns=list(LANDFORM), dtype=float)


def reach_m(smoothing_m: float, headwall_m: float) -> float:
    """Return how far beyond its outline the heights count for a rock glacier, true metres."""
    return max(GAUSSIAN_REACH * smoothing_m, headwall_m)


def _landform(
    outline: shapely.Geometry, heights: np.ndarray, shape: np.ndarray, smoothing_m: float, headwall_m: float
) -> tuple[float, float, float, float]:
    cell_m = np.hypot(*shape)
    margin = int(np.ceil(reach_m(smoothing_m, headwall_m) / cell_m.min())) + RIM_PX
    left, top, right, bottom = outline.bounds
    column, row = max(int(left) - margin, 0), max(int(top) - margin, 0)
    part = heights[row : int(bottom) + margin + 1, column : int(right) + margin + 1]
    outline = affinity.translate(outline, -column, -row)
    touched = rasterize([outline], out_shape=part.shape, all_touched=True) == 1
    if not np.isfinite(part[touched]).any():
        return np.nan, np.nan, np.nan, np.nan
    inside = rasterize([outline], out_shape=part.shape) == 1
    cells = inside if inside.any() else touched
    level = filled(part)
    line = flow_line(smoothed(level, tuple(smoothing_m / cell_m[::-1])), outline, cells, shape)
    headwall = headwall_height(part, level, cells, cell_m, headwall_m)
    if line is None:
        return np.nan, np.nan, np.nan, headwall
    return line.length_m, line.azimuth_deg, _lowest_known(part, line.points), headwall


def _lowest_known(heights: np.ndarray, points: np.ndarray) -> float:
    """Return the height of the last cell of a line that has one."""
    along = heights[points[:, 1].astype(int), points[:, 0].astype(int)]
    known = along[np.isfinite(along)]
    return float(known[-1]) if len(known) else np.nan
