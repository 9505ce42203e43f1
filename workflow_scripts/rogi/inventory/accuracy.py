"""The table of accuracy: per subregion and in total, by area and by objects, with intervals."""

from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84
from workflow_scripts.rogi.identity import equal_area_blocks, primary_markers
from workflow_scripts.rogi.inventory.agreement import (
    clipped,
    disjoint_regions,
    ious,
    one_to_one,
    places_of_overlap,
)
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap, Estimates, estimate
from workflow_scripts.rogi.inventory.panoptic import COCO_IOUS, MATCHED_IOU, area_under_curve
from workflow_scripts.rogi.inventory.references import Reference
from workflow_scripts.rogi.inventory.scores import SCORES, score_arrays
from workflow_scripts.rogi.inventory.subregions import first_covering, owner, polygons_only

TOTAL = "total"
_AREA, _OBJECTS = [f"area_{name}" for name in SCORES], [f"objects_{name}" for name in SCORES[:3]]
COLUMNS = (
    *("comparison", "subregion"),
    *("area_tp_km2", "area_fp_km2", "area_fn_km2", *_AREA),
    *("objects_tp", "objects_fp", "objects_fn", *_OBJECTS),
    *("objects_pq", "objects_ap", "objects_ap_50_95"),
    *(f"{name}_{end}" for name in (*_AREA, *_OBJECTS) for end in ("low", "high")),
    *("area_blocks", "objects_blocks"),
)


class Outlines(NamedTuple):
    """A map and a reference: valid polygons in EPSG:4326, and the number of the subregion that each belongs to.

    Attributes:
        mapped: The map.
        reference: The reference.
        place: The subregion of each mapped outline, the nearest where it lies in none; -1 outside the footprint.
        home: The subregion of each reference outline, -1 where its marker lies in none.
        iou: IoU of each pair, shape (mapped, reference).
    """

    mapped: gpd.GeoSeries
    reference: gpd.GeoSeries
    place: np.ndarray
    home: np.ndarray
    iou: coo_array


def compare(
    comparison: str,
    mapped: gpd.GeoSeries,
    reference: Reference,
    subregions: gpd.GeoDataFrame,
    object_iou: float,
    intervals: Bootstrap,
    probability: np.ndarray | None = None,
) -> pd.DataFrame:
    """Compare a map with a reference.

    Areas are those inside the subregions, and inside the reference's footprint where it states one; ground that several
    outlines cover counts once. An object counts where its primary marker lies; reference objects with their marker
    outside all subregions can be matched but are not missed, and mapped ones outside the footprint are not false.
    Panoptic quality and average precision match at IoU > 0.5, as they are defined.

    Args:
        comparison: What is compared, for the first column.
        mapped: Polygons in any CRS.
        reference: Complete within its footprint, which touches a subregion, or within the subregions.
        subregions: Columns NAME, slug and geometry.
        object_iou: IoU above which two outlines show the same object.
        intervals: How the ends of the intervals are drawn.
        probability: Of each mapped polygon, shape (n,), for the average precision; None where it has none.

    Returns:
        Columns `COLUMNS`, a row per subregion in their order, then the total; NaN where a score has no denominator, or
        an interval has too few blocks.
    """
    subregions = reference.subregions(subregions)
    known = ~polygons_only(mapped.to_crs(WGS84)).is_empty.to_numpy()
    outlines = _outlines(mapped[known], reference, subregions)
    areas, objects = (
        estimate(*items, len(subregions), intervals)
        for items in (
            _area_errors(outlines, subregions, intervals.block_m),
            _object_errors(outlines, object_iou, intervals.block_m),
        )
    )
    table = pd.DataFrame({"comparison": comparison, "subregion": [*subregions["NAME"], TOTAL]})
    table = table.join([_columns(areas, "area", _AREA, "_km2"), _columns(objects, "objects", _OBJECTS, "")])
    weights = None if probability is None else np.asarray(probability, float)[known]
    table[["objects_pq", "objects_ap", "objects_ap_50_95"]] = list(_object_scores(outlines, weights, len(subregions)))
    return table[list(COLUMNS)]


def _outlines(mapped: gpd.GeoSeries, reference: Reference, subregions: gpd.GeoDataFrame) -> Outlines:
    one, other = (_sound(shapes) for shapes in (mapped, reference.outlines))
    markers = primary_markers(one)
    place = owner(markers, subregions).map(list(subregions["slug"]).index).to_numpy(int)
    home = first_covering(primary_markers(other), subregions.to_crs(WGS84))
    return Outlines(one, other, np.where(reference.searched(markers), place, -1), home, ious(one, other))


def _sound(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    valid = polygons_only(shapes.to_crs(WGS84))
    return valid[~valid.is_empty].reset_index(drop=True)


Errors = tuple[np.ndarray, np.ndarray, np.ndarray]


def _area_errors(outlines: Outlines, subregions: gpd.GeoDataFrame, block_m: float) -> Errors:
    """Return the errors of every place in km², its subregion and its block."""
    regions = disjoint_regions(subregions)
    parts = [places_of_overlap(*(clipped(shapes, region) for shapes in outlines[:2])) for region in regions]
    areas = np.concatenate([area for area, _ in parts]) / 1e6
    places = gpd.GeoSeries(np.concatenate([shapes.array for _, shapes in parts]), crs=EQUAL_AREA)
    return areas, np.repeat(np.arange(len(parts)), [len(area) for area, _ in parts]), _blocks(places, block_m)


def _object_errors(outlines: Outlines, object_iou: float, block_m: float) -> Errors:
    """Return the errors of every mapped and every missed object, one of them 1, its subregion and its block."""
    found, missed = _found_and_missed(outlines, object_iou)
    errors = np.repeat(np.eye(3), [found.sum(), (~found).sum(), missed.sum()], axis=0)
    shapes = [outlines.mapped[found], outlines.mapped[~found], outlines.reference[missed]]
    strata = np.concatenate([outlines.place[found], outlines.place[~found], outlines.home[missed]])
    return errors, strata, _blocks(pd.concat(shapes, ignore_index=True), block_m)


def _blocks(shapes: gpd.GeoSeries, block_m: float) -> np.ndarray:
    return equal_area_blocks(shapes, block_m) if len(shapes) else np.empty(0, int)


def _found_and_missed(outlines: Outlines, least_iou: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which mapped objects have a match, and which of the reference in a subregion have none."""
    match = one_to_one(outlines.iou, least_iou)
    matched = np.isin(np.arange(len(outlines.reference)), match)
    return match >= 0, ~matched & (outlines.home >= 0)


def _columns(estimates: Estimates, prefix: str, names: list[str], unit: str) -> pd.DataFrame:
    values = {f"{prefix}_{error}{unit}": estimates.errors[:, k] for k, error in enumerate(("tp", "fp", "fn"))}
    for k, name in enumerate(names):
        values[name] = score_arrays(estimates.errors)[:, k]
        values[f"{name}_low"], values[f"{name}_high"] = estimates.low[:, k], estimates.high[:, k]
    values[f"{prefix}_blocks"] = estimates.blocks
    frame = pd.DataFrame(values)
    return frame if unit else frame.astype(dict.fromkeys([f"{prefix}_{error}" for error in ("tp", "fp", "fn")], int))


def _object_scores(outlines: Outlines, probability: np.ndarray | None, count: int) -> Iterator[tuple[float, ...]]:
    """Yield panoptic quality, and average precision at IoU 0.5 and over `COCO_IOUS`, per subregion, then in all."""
    tries = [_found_and_missed(outlines, least) for least in COCO_IOUS]
    best = _iou_of_match(outlines.iou)
    for subregion in (*range(count), None):
        here, there = (of >= 0 if subregion is None else of == subregion for of in outlines[2:4])
        cases = [(found[here], int(found[here].sum() + missed[there].sum())) for found, missed in tries]
        half = (here.sum() + cases[0][1]) / 2  # tp + (fp + fn) / 2
        weights = None if probability is None else probability[here]
        curves = [_curve(found, weights, wanted) for found, wanted in cases]
        yield best[here].sum() / half if half else np.nan, curves[0], float(np.mean(curves))


def _iou_of_match(iou: coo_array) -> np.ndarray:
    """Return the IoU of every mapped object with its match at `MATCHED_IOU`, 0 where there is none."""
    chosen = one_to_one(iou, MATCHED_IOU)[iou.row] == iou.col
    return np.bincount(iou.row[chosen], iou.data[chosen], minlength=iou.shape[0])


def _curve(found: np.ndarray, probability: np.ndarray | None, wanted: int) -> float:
    return np.nan if probability is None or not wanted else area_under_curve(found, probability, wanted)
