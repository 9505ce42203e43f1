"""What changed between two versions of the inventory, rock glacier by rock glacier."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.inventory.duplicates import overlaps_between

CHANGES = ("unchanged", "reshaped", "split", "merged", "redivided", "added", "removed")
SEVERAL = "; "  # between IDs


class Comparison(NamedTuple):
    """Two versions compared. A change joins the outlines of both that lie on the same ground.

    Attributes:
        before: Outlines of the older version: ID, area_m2, the columns of `changes`, geometry.
        after: The same of the newer version.
        changes: One row per change: number, change, ids_before, ids_after, count_before, count_after, area_before_m2,
            area_after_m2, area_change_m2, iou (0 where one side is empty).
        summary: One row per kind of change, in the order of `CHANGES`: how many, outlines and areas of both sides, and
            how many IDs are in both versions.
    """

    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    changes: pd.DataFrame
    summary: pd.DataFrame


def compare(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, linked_share: float, unchanged_iou: float) -> Comparison:
    """Compare two versions by their outlines.

    Outlines are linked where more than `linked_share` of the smaller lies in the other. What is linked, directly or
    through others, is one change: one outline alone was added or removed; one and one are unchanged or reshaped; one
    became several, split; several became one, merged; several became several others, redivided.

    Args:
        before: ID and geometry, valid polygons in any CRS; the index does not matter.
        after: The same of the newer version.
        linked_share: At least 0.5, so that an outline lies in one other alone.
        unchanged_iou: IoU from which one and one are unchanged.
    """
    pairs = overlaps_between(before.geometry, after.geometry)
    linked = pairs[pairs["share_of_smaller"] > linked_share]
    number = _components(linked, len(before), len(after))
    sides = [_side(before, number[: len(before)]), _side(after, number[len(before) :])]
    inside = pairs.assign(number=sides[0]["number"].array[pairs["one"]])
    inside = inside[inside["number"].array == sides[1]["number"].array[inside["other"]]]
    changes = _changes(sides, inside.groupby("number")["overlap_m2"].sum(), unchanged_iou)
    told = [side.merge(changes, on="number", how="left") for side in sides]
    return Comparison(told[0], told[1], changes, _summary(changes, told))


def _components(linked: pd.DataFrame, count_before: int, count_after: int) -> np.ndarray:
    """Return the component of every outline, those of the older version first; array of shape (both,)."""
    size = count_before + count_after
    links = coo_array((np.ones(len(linked)), (linked["one"], linked["other"] + count_before)), shape=(size, size))
    return connected_components(links, directed=False)[1] + 1


def _side(version: gpd.GeoDataFrame, number: np.ndarray) -> gpd.GeoDataFrame:
    columns = {"number": number, "ID": version["ID"].to_numpy(object), "area_m2": area_m2(version.geometry)}
    return gpd.GeoDataFrame(columns, geometry=version.geometry.array, crs=version.crs)


def _changes(sides: list[gpd.GeoDataFrame], shared_m2: pd.Series, unchanged_iou: float) -> pd.DataFrame:
    """Return the table of changes; numbers are those of the components."""
    parts = []
    for name, side in zip(("before", "after"), sides, strict=True):
        groups = side.sort_values("ID").groupby("number")
        ids = groups["ID"].agg(SEVERAL.join).rename(f"ids_{name}")
        parts += [ids, groups.size().rename(f"count_{name}"), groups["area_m2"].sum().rename(f"area_{name}_m2")]
    table = pd.concat(parts, axis=1).sort_index()
    numeric = [column for column in table.columns if not column.startswith("ids_")]
    table[numeric] = table[numeric].fillna(0)
    table = table.astype({"count_before": int, "count_after": int})
    shared = shared_m2.reindex(table.index).fillna(0)
    table["area_change_m2"] = table["area_after_m2"] - table["area_before_m2"]
    table["iou"] = (shared / (table["area_before_m2"] + table["area_after_m2"] - shared)).clip(upper=1)
    one, other, iou = table["count_before"], table["count_after"], table["iou"]
    kinds = [(one == 0, "added"), (other == 0, "removed"), ((one == 1) & (other > 1), "split")]
    kinds += [((one > 1) & (other == 1), "merged"), (one > 1, "redivided"), (iou >= unchanged_iou, "unchanged")]
    table.insert(0, "change", np.select([kind[0] for kind in kinds], [kind[1] for kind in kinds], "reshaped"))
    return table.rename_axis("number").reset_index()


def _summary(changes: pd.DataFrame, sides: list[gpd.GeoDataFrame]) -> pd.DataFrame:
    sums = ["count_before", "count_after", "area_before_m2", "area_after_m2", "area_change_m2"]
    grouped = changes.groupby("change")
    table = grouped[sums].sum().assign(changes=grouped.size()).reindex(list(CHANGES)).fillna(0)
    same = sides[0][sides[0]["ID"].isin(sides[1]["ID"])].groupby("change").size()
    table["ids_in_both"] = same.reindex(table.index).fillna(0)
    whole = ["changes", "count_before", "count_after", "ids_in_both"]
    return table.astype(dict.fromkeys(whole, int))[["changes", *sums, "ids_in_both"]].reset_index()
