"""Agreement of two sets of polygons: by area, exactly, and by objects, one to one."""

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.inventory.subregions import polygons_only


def clipped(shapes: gpd.GeoSeries, region: shapely.Geometry) -> gpd.GeoSeries:
    """Return the parts of polygons inside a region, as they are where a polygon lies wholly inside.

    Args:
        shapes: Polygons in EPSG:4326.
        region: Polygon in EPSG:4326.
    """
    near = shapes.iloc[shapely.STRtree(shapes.array).query(region, predicate="intersects")]
    shapely.prepare(region)
    across = ~shapely.covers(region, near.array)
    parts = near.copy()
    parts[across] = near[across].intersection(region)
    return polygons_only(parts)


def dissolved(shapes: gpd.GeoSeries) -> np.ndarray:
    """Return disjoint polygons in the equal-area CRS that cover the same ground once; array of shape (n,)."""
    metric = polygons_only(shapes.to_crs(EQUAL_AREA))
    parts = shapely.get_parts(shapely.disjoint_subset_union_all(metric.array))
    return parts[shapely.area(parts) > 0]


def area_overlap(mapped: gpd.GeoSeries, reference: gpd.GeoSeries) -> tuple[float, float, float]:
    """Return true positive, false positive and false negative area in m², ground that is covered twice counted once.

    Args:
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS.
    """
    return tuple(places_of_overlap(mapped, reference)[0].sum(axis=0).tolist())


def places_of_overlap(mapped: gpd.GeoSeries, reference: gpd.GeoSeries) -> tuple[np.ndarray, gpd.GeoSeries]:
    """Return the errors by area, place by place: outlines of both sets that meet, directly or through others.

    Args:
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS.

    Returns:
        True positive, false positive and false negative area of every place in m², array of shape (n, 3), ground that
        is covered twice counted once; and the largest outline of each, in the equal-area CRS.
    """
    one, other = dissolved(mapped), dissolved(reference)
    left, right = shapely.STRtree(other).query(one, predicate="intersects")
    shared = shapely.area(shapely.intersection(one[left], other[right]))
    both, ours = np.concatenate([one, other]), np.arange(len(one) + len(other)) < len(one)
    areas = shapely.area(both)
    links = coo_array((np.ones(len(left)), (left, len(one) + right)), shape=(len(both), len(both)))
    count, place = connected_components(links, directed=False)
    tp = np.bincount(place[left], shared, minlength=count)
    covered = [np.bincount(place[of], areas[of], minlength=count) for of in (ours, ~ours)]
    by_area = np.lexsort((-areas, place))
    largest = by_area[np.unique(place[by_area], return_index=True)[1]]
    return np.stack([tp, *(area - tp for area in covered)], axis=1), gpd.GeoSeries(both[largest], crs=EQUAL_AREA)


def ious(mapped: gpd.GeoSeries, reference: gpd.GeoSeries) -> coo_array:
    """Return the IoU of every pair of polygons that overlap; sparse array of shape (len(mapped), len(reference)).

    Args:
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS.
    """
    one, other = (polygons_only(shapes.to_crs(EQUAL_AREA)) for shapes in (mapped, reference))
    pairs = overlaps_between(one, other)
    return coo_array((pairs["iou"], (pairs["one"], pairs["other"])), shape=(len(one), len(other)))


def one_to_one(iou: coo_array, least: float) -> np.ndarray:
    """Match polygons one to one, as many as possible, those whose IoU is larger than `least`.

    The matching is of maximum size (Hopcroft and Karp 1973), not greedy. From 0.5 on, and without overlaps within a
    set, no polygon has a choice and the matching is unique (Kirillov et al. 2019).

    Args:
        iou: As `ious` returns it.
        least: 0 to 1.

    Returns:
        Array of shape (rows of `iou`,): the position of the reference polygon, -1 where there is none.
    """
    if 0 in iou.shape:
        return np.full(iou.shape[0], -1)
    alike = iou.data > least
    pairs = coo_array((np.ones(alike.sum()), (iou.row[alike], iou.col[alike])), shape=iou.shape)
    return maximum_bipartite_matching(pairs.tocsr(), perm_type="column")


def matches(mapped: gpd.GeoSeries, reference: gpd.GeoSeries, object_iou: float) -> np.ndarray:
    """Match polygons one to one, see `one_to_one`.

    Args:
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS.
        object_iou: IoU that a match exceeds, 0 to 1.

    Returns:
        Array of shape (len(mapped),): the position of the reference polygon, -1 where there is none.
    """
    return one_to_one(ious(mapped, reference), object_iou)


def disjoint_regions(regions: gpd.GeoDataFrame) -> list[shapely.Geometry]:
    """Return the ground of every region that no earlier one holds, so that areas add up; EPSG:4326."""
    shapes = list(regions.to_crs(WGS84).geometry)
    tree = shapely.STRtree(shapes)
    return [_without(shapes, position, tree) for position in range(len(shapes))]


def _without(shapes: list[shapely.Geometry], position: int, tree: shapely.STRtree) -> shapely.Geometry:
    shape = shapes[position]
    for earlier in sorted(tree.query(shape, predicate="intersects")):
        if earlier < position:
            shape = shape.difference(shapes[earlier])
    return polygons_only(gpd.GeoSeries([shape])).iloc[0]
