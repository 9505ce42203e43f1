"""Scores of outlines one by one: panoptic quality, and average precision."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, shared_and_union
from workflow_scripts.rogi.inventory.agreement import matches

MATCHED_IOU = 0.5  # Kirillov et al. (2019): above it, no outline has a choice


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

    Precision is the highest at that recall or any larger one (PASCAL VOC 2010 and later).

    Args:
        mapped: Polygons in any CRS that do not overlap.
        confidence: One value per polygon, array of shape (n,); of equal ones, the first is taken first.
        reference: Polygons in any CRS that do not overlap, at least one.
    """
    found = (matches(mapped, reference, MATCHED_IOU) >= 0)[np.argsort(-confidence, kind="stable")]
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[found].sum() / len(reference))


def touching(polygons: gpd.GeoSeries, gap_m: float) -> np.ndarray:
    """Return which polygons lie within a distance of another, boolean of shape (n,); metres of the equal-area CRS."""
    metric = polygons.to_crs(EQUAL_AREA).array
    one, other = shapely.STRtree(metric).query(metric, predicate="dwithin", distance=gap_m)
    return np.isin(np.arange(len(metric)), one[one != other])
