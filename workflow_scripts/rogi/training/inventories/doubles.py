"""The same rock glacier in several inventories, or twice in one: found by overlap and settled by a stated rule."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, area_m2
from workflow_scripts.rogi.inventory.duplicates import keep_one, overlaps
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, MERGED, alive, note

LEAST_IOU = 0.1  # our own choice; neighbours share less through the width of a hand-drawn line
OVERLAPS = ("uid_a", "inventory_a", "uid_b", "inventory_b", "iou")


def overlapping(rows: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the pairs of polygons that overlap, as `inventory.duplicates.overlaps` does, by their positions."""
    there = alive(rows)
    # Valid in degrees is not always valid after the projection.
    flat = gpd.GeoSeries(shapely.make_valid(rows.geometry.iloc[there].to_crs(EQUAL_AREA).array), crs=EQUAL_AREA)
    pairs = overlaps(flat)
    return pairs.assign(one=there[pairs["one"]], other=there[pairs["other"]])


def between_inventories(rows: gpd.GeoDataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return, with columns `OVERLAPS`, the pairs of different inventories whose IoU is above `LEAST_IOU`."""
    names, uids = rows["inventory"].to_numpy(), rows["uid"].to_numpy()
    one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    columns = dict(zip(OVERLAPS, (uids[one], names[one], uids[other], names[other], pairs["iou"]), strict=True))
    return pd.DataFrame(columns)[(names[one] != names[other]) & (pairs["iou"] > LEAST_IOU)].reset_index(drop=True)


def settle(rows: gpd.GeoDataFrame, pairs: pd.DataFrame, duplicate_iou: float, rule: str) -> None:
    """Leave one polygon of every rock glacier that was mapped several times, in place.

    Args:
        rows: Columns inventory, original_id, year (for "newest"), outcome, reason, area_m2, geometry in EPSG:4326.
        pairs: From `overlapping`.
        duplicate_iou: From this IoU on a pair is the same rock glacier.
        rule: "first" keeps what comes first; "newest" the latest year, what has none last, and of equals the first;
            "union" gives the first the union of all that overlap pair by pair, and empties the others.
    """
    same = pairs[pairs["iou"] >= duplicate_iou]
    names = (rows["inventory"] + " " + rows["original_id"]).tolist()
    if rule == "union":
        _unite(rows, same, names)
        return
    rank = np.arange(len(rows))
    if rule == "newest":
        rank[np.lexsort((rank, -rows["year"].fillna(0).to_numpy(int)))] = np.arange(len(rows))
    twins = keep_one(same, rank)
    note(rows, DROPPED, {worse: f"duplicate of {names[better]}" for worse, better in twins.items()})


def _unite(rows: gpd.GeoDataFrame, same: pd.DataFrame, names: Sequence[str]) -> None:
    ties = coo_array((np.ones(len(same)), (same["one"], same["other"])), shape=(len(rows), len(rows)))
    _, group = connected_components(ties, directed=False)
    several = pd.Series(range(len(rows))).groupby(group).filter(lambda members: len(members) > 1)
    for first, *others in several.groupby(group[several]).agg(list):
        union = shapely.union_all(rows.geometry.iloc[[first, *others]].array)
        rows.loc[[first, *others], "geometry"] = [union, *[shapely.Polygon()] * len(others)]
        rows.loc[first, "area_m2"] = area_m2(gpd.GeoSeries([union], crs=WGS84))[0]
        note(rows, MERGED, {first: "united with " + ", ".join(names[other] for other in others)})
        note(rows, MERGED, dict.fromkeys(others, f"united into {names[first]}"))
