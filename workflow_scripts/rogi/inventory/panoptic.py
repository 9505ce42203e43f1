"""Scores of outlines one by one: panoptic quality, and average precision."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, shared_and_union
from workflow_scripts.rogi.inventory.agreement import ious, matches, one_to_one

MATCHED_IOU = 0.5  # Kirillov et al. (2019): above it, no outline has a choice
COCO_IOUS = np.arange(10) / 20 + 0.5  # 0.50, 0.55, ... 0.95 (Lin et al. 2014)


class Panoptic(NamedTuple):
    """Panoptic quality of a map (Kirillov et al. 2019).

    Attributes:
        pq: Panoptic quality, sq times rq; 0 where nothing matches.
        sq: Segmentation quality, the mean IoU of what matches.
        rq: Recognition quality, the F1 of the objects.
        matched: Number of outlines with a match.
    """

    pq: float
    sq: float
    rq: float
    matched: int


def panoptic_quality(mapped: gpd.GeoSeries, reference: gpd.GeoSeries) -> Panoptic:
    """Compare outlines, which overlap neither among those mapped nor among the reference.

    Args:
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS.
    """
    match = matches(mapped, reference, MATCHED_IOU)
    found = match >= 0
    one, other = mapped[found].to_crs(EQUAL_AREA).array, reference.iloc[match[found]].to_crs(EQUAL_AREA).array
    shared, union = shared_and_union(one, other)
    count, total = int(found.sum()), float(np.sum(shared / union))
    half = (len(mapped) + len(reference)) / 2
    sq, rq = (total / count if count else 0.0), (count / half if half else 0.0)
    return Panoptic(sq * rq, sq, rq, count)


def average_precision(mapped: gpd.GeoSeries, confidence: np.ndarray, reference: gpd.GeoSeries) -> float:
    """Return the area under precision over recall, at the IoU `MATCHED_IOU`, as outlines are taken by confidence.

    Args:
        mapped: Polygons in any CRS that do not overlap.
        confidence: One value per polygon, array of shape (n,); of equal ones, the first is taken first.
        reference: Polygons in any CRS that do not overlap, at least one.
    """
    found = one_to_one(ious(mapped, reference), MATCHED_IOU) >= 0
    return area_under_curve(found, confidence, len(reference))


def area_under_curve(found: np.ndarray, confidence: np.ndarray, wanted: int) -> float:
    """Return the area under precision over recall, as outlines are taken by confidence.

    Precision is the highest at that recall or any larger one (PASCAL VOC 2010 and later).

    Args:
        found: Whether each outline has a match, boolean of shape (n,).
        confidence: Shape (n,); of equal ones, the first is taken first.
        wanted: Number of outlines there are to find, at least one.
    """
    ordered = found[np.argsort(-confidence, kind="stable")]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[ordered].sum() / wanted)


def touching(polygons: gpd.GeoSeries, gap_m: float) -> np.ndarray:
    """Return which polygons lie within a distance of another, boolean of shape (n,); metres of the equal-area CRS."""
    metric = polygons.to_crs(EQUAL_AREA).array
    one, other = shapely.STRtree(metric).query(metric, predicate="dwithin", distance=gap_m)
    return np.isin(np.arange(len(metric)), one[one != other])
