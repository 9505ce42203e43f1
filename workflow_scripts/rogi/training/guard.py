"""Ground of polygons: what their patches cover, and who lies too near to it to train while they validate."""

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, buffer_true_m
from workflow_scripts.rogi.training.placing import RANDOM_TERRAIN

TOUCHING_M = 1.0  # outlines that share a margin lie this far apart through rounding alone
ROUNDING = 1e-6  # share of an outline
EDGE_M = 1000.0  # edges of ground are densified to this before they are projected


def ground_of(windows: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return what the patches of each polygon cover, indexed by uid; a polygon without patches has no ground.

    Args:
        windows: Footprints of patches with `uid` and `used`, one row per place and look.
    """
    used = windows.loc[windows["used"].astype(bool), ["uid", "geometry"]]
    ground = used.drop_duplicates().dissolve("uid").geometry
    return gpd.GeoSeries(ground.segmentize(EDGE_M), crs=windows.crs)


def touching(polygons: gpd.GeoDataFrame) -> np.ndarray:
    """Return every pair of outlines that touch or overlap, in both orders; positions of shape (2, pairs).

    Random terrain has no outline.
    """
    outlined = np.flatnonzero(polygons["kind"] != RANDOM_TERRAIN)
    metric = polygons.geometry.iloc[outlined].to_crs(EQUAL_AREA).array
    pairs = outlined[shapely.STRtree(metric).query(metric, predicate="dwithin", distance=TOUCHING_M)]
    return pairs[:, pairs[0] != pairs[1]]


def shown_elsewhere(polygons: gpd.GeoDataFrame, ground: gpd.GeoSeries) -> np.ndarray:
    """Return whose outline reaches beyond its own ground, and who shows that part; positions of shape (2, pairs).

    What the patches of a polygon that validates show is blanked for the training. The rest of the outline is not: where
    a patch was left out, or where patches cover everything and that ground is another polygon's.
    """
    holders = np.flatnonzero(polygons["uid"].isin(ground.index))
    own = ground.loc[polygons["uid"].iloc[holders]].array
    # Valid in degrees is not always valid after the projection.
    outlines = shapely.make_valid(polygons.geometry.iloc[holders].to_crs(ground.crs).array)
    beyond = shapely.difference(outlines, own)
    one, other = shapely.STRtree(own).query(beyond, predicate="intersects")
    shown = shapely.area(shapely.intersection(beyond[one], own[other]))
    counts = shown > ROUNDING * shapely.area(outlines)[one]
    return holders[np.array([one, other])[:, counts]]


def too_near(polygons: gpd.GeoDataFrame, ground: gpd.GeoSeries, guard_m: float) -> np.ndarray:
    """Return which polygons may not train while another one validates.

    Args:
        polygons: With `uid` and `kind`, in any CRS.
        ground: As `ground_of` returns it.
        guard_m: Least distance of polygons that train to the ground of those that validate, true metres.

    Returns:
        Positions of shape (2, pairs): who validates, and who may not train beside it, lying nearer than the guard
        distance to its ground, touching its outline, or showing some of it that its ground does not.
    """
    pairs = np.hstack([touching(polygons), shown_elsewhere(polygons, ground)])
    if guard_m:
        holders = np.flatnonzero(polygons["uid"].isin(ground.index))
        zones = buffer_true_m(ground.reindex(polygons["uid"].iloc[holders]), guard_m)
        outlines = polygons.geometry.to_crs(ground.crs).array
        zone, outline = shapely.STRtree(outlines).query(zones.array, predicate="intersects")
        pairs = np.hstack([pairs, [holders[zone], outline]])
    return pairs
