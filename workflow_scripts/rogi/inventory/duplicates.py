"""The same rock glacier in the files of two subregions: found by overlap, kept once, every drop reported."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, shared_and_union

MOSTLY = 0.5  # share of the smaller outline, by the word: mostly inside is more than half inside
SLIVER_M2 = 1.0  # neighbours that share a margin overlap by this much through rounding alone
PAIRS = ("one", "other", "overlap_m2", "iou", "share_of_smaller")


def overlaps(shapes: gpd.GeoSeries) -> pd.DataFrame:
    """Return every pair of polygons that overlap by more than a sliver.

    Args:
        shapes: Valid polygons in any CRS.

    Returns:
        Columns `PAIRS`: positions (one < other), shared area in m², its share of the union and of the smaller polygon.
    """
    metric = shapes.to_crs(EQUAL_AREA).array
    one, other = shapely.STRtree(metric).query(metric, predicate="intersects")
    return _measured(metric, metric, one[one < other], other[one < other])


def overlaps_between(shapes: gpd.GeoSeries, others: gpd.GeoSeries) -> pd.DataFrame:
    """Return every pair of a polygon and one of the others that overlap by more than a sliver.

    Args:
        shapes: Valid polygons in any CRS.
        others: Valid polygons in any CRS.

    Returns:
        Columns `PAIRS`, as `overlaps` returns them; `one` is a position in `shapes`, `other` one in `others`.
    """
    ours, theirs = shapes.to_crs(EQUAL_AREA).array, others.to_crs(EQUAL_AREA).array
    return _measured(ours, theirs, *shapely.STRtree(theirs).query(ours, predicate="intersects"))


def _measured(ours: np.ndarray, theirs: np.ndarray, one: np.ndarray, other: np.ndarray) -> pd.DataFrame:
    """Measure the overlap of pairs, given by position, of two arrays of polygons in the equal-area CRS."""
    shared, union = shared_and_union(ours[one], theirs[other])
    smaller = np.minimum(shapely.area(ours)[one], shapely.area(theirs)[other])
    pairs = pd.DataFrame(dict(zip(PAIRS, (one, other, shared, shared / union, shared / smaller), strict=True)))
    return pairs[pairs["overlap_m2"] > SLIVER_M2].sort_values(["one", "other"], ignore_index=True)


def are_duplicates(pairs: pd.DataFrame, parts: Sequence[str], duplicate_iou: float) -> pd.Series:
    """Tell which overlapping pairs are one rock glacier.

    Those from the files of different subregions that reach the IoU, or of which the smaller lies mostly inside the
    larger (the copy that was cut at the edge of a halo). Pairs of one file are neighbours that somebody drew side by
    side; they stay.

    Args:
        pairs: As `overlaps` returns them.
        parts: The subregion whose file each polygon comes from.
        duplicate_iou: IoU from which two outlines show the same rock glacier.
    """
    origin = np.asarray(parts, dtype=object)
    apart = origin[pairs["one"].to_numpy()] != origin[pairs["other"].to_numpy()]
    return apart & ((pairs["iou"] >= duplicate_iou) | (pairs["share_of_smaller"] > MOSTLY))


def keep_one(pairs: pd.DataFrame, rank: np.ndarray) -> dict[int, int]:
    """Choose whom to drop: the polygons are taken by rank, and whoever is a duplicate of one that stays goes.

    Args:
        pairs: Duplicates, columns one and other.
        rank: Array of shape (n,), a permutation; lower ranks are kept before higher ones.

    Returns:
        The position of each polygon to drop, with the position of the one that stays in its place.
    """
    ordered = sorted(
        (sorted(pair, key=lambda position: rank[position]) for pair in pairs[["one", "other"]].to_numpy().tolist()),
        key=lambda pair: (rank[pair[0]], rank[pair[1]]),
    )
    dropped: dict[int, int] = {}
    for better, worse in ordered:
        if better not in dropped:
            dropped.setdefault(worse, better)
    return dropped
