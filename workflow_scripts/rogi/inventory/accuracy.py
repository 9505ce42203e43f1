"""The table of accuracy: per subregion and in total, by area and by objects."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.agreement import area_overlap, clipped, disjoint_regions, matches
from workflow_scripts.rogi.inventory.scores import scores
from workflow_scripts.rogi.inventory.subregions import first_covering, owner, polygons_only

TOTAL = "total"
COLUMNS = (
    "comparison",
    "subregion",
    *(f"area_{name}" for name in ("tp_km2", "fp_km2", "fn_km2", "precision", "recall", "f1", "iou")),
    *(f"objects_{name}" for name in ("tp", "fp", "fn", "precision", "recall", "f1")),
)


def compare(
    comparison: str,
    mapped: gpd.GeoSeries,
    reference: gpd.GeoSeries,
    subregions: gpd.GeoDataFrame,
    object_iou: float,
) -> pd.DataFrame:
    """Compare a map with a reference.

    Areas are those inside the subregions; ground that several outlines cover counts once. An object counts where its
    primary marker lies; reference objects with their marker outside all subregions can be matched but are not missed.

    Args:
        comparison: What is compared, for the first column.
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS, complete within the subregions.
        subregions: Columns NAME, slug and geometry.
        object_iou: IoU above which two outlines show the same object.

    Returns:
        Columns `COLUMNS`, a row per subregion in their order, then the total; null where a score has no denominator.
    """
    mapped, reference = (_sound(shapes) for shapes in (mapped, reference))
    areas = np.array(list(_areas(mapped, reference, subregions)))
    objects = _objects(mapped, reference, subregions, object_iou)
    rows = [
        (comparison, name, *scores(*area), *scores(*count)[:6])
        for name, area, count in zip(
            [*subregions["NAME"], TOTAL],
            [*areas.tolist(), areas.sum(axis=0).tolist()],
            [*objects.tolist(), objects.sum(axis=0).tolist()],
            strict=True,
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _sound(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    valid = polygons_only(shapes.to_crs(WGS84))
    return valid[~valid.is_empty].reset_index(drop=True)


def _areas(
    mapped: gpd.GeoSeries, reference: gpd.GeoSeries, subregions: gpd.GeoDataFrame
) -> Iterator[tuple[float, ...]]:
    """Yield true positive, false positive and false negative km² of every subregion."""
    for region in disjoint_regions(subregions):
        areas = area_overlap(clipped(mapped, region), clipped(reference, region))
        yield tuple(area / 1e6 for area in areas)


def _objects(
    mapped: gpd.GeoSeries, reference: gpd.GeoSeries, subregions: gpd.GeoDataFrame, object_iou: float
) -> np.ndarray:
    """Return true positives, false positives and false negatives; array of shape (subregions, 3)."""
    match = matches(mapped, reference, object_iou)
    missed = np.ones(len(reference), bool)
    missed[match[match >= 0]] = False
    place = owner(primary_markers(mapped), subregions).map(list(subregions["slug"]).index).to_numpy(int)
    home = first_covering(primary_markers(reference), subregions.to_crs(WGS84))
    groups = (place[match >= 0], place[match < 0], home[missed & (home >= 0)])
    return np.stack([np.bincount(group, minlength=len(subregions)) for group in groups], axis=1)
