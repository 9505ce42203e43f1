"""Agreement of two sets of polygons: by area, exactly, and by objects, one to one."""

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, shared_and_union
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
    one, other = dissolved(mapped), dissolved(reference)
    left, right = shapely.STRtree(one).query(other, predicate="intersects")[::-1] if len(one) else ([], [])
    shared = float(shapely.area(shapely.intersection(one[left], other[right])).sum()) if len(left) else 0.0
    return shared, float(shapely.area(one).sum()) - shared, float(shapely.area(other).sum()) - shared


def matches(mapped: gpd.GeoSeries, reference: gpd.GeoSeries, object_iou: float) -> np.ndarray:
    """Match polygons one to one, as many as possible, those whose IoU is larger than `object_iou`.

    From 0.5 on, and without overlaps within a set, no polygon has a choice and the matching is unique.

    Args:
        mapped: Polygons in any CRS.
        reference: Polygons in any CRS.
        object_iou: 0 to 1.

    Returns:
        Array of shape (len(mapped),): the position of the reference polygon, -1 where there is none.
    """
    if mapped.empty or reference.empty:
        return np.full(len(mapped), -1)
    one, other = (polygons_only(shapes.to_crs(EQUAL_AREA)).array for shapes in (mapped, reference))
    left, right = shapely.STRtree(other).query(one, predicate="intersects")
    shared, union = shared_and_union(one[left], other[right])
    alike = shared > object_iou * union
    pairs = coo_array((np.ones(alike.sum()), (left[alike], right[alike])), shape=(len(one), len(other)))
    return maximum_bipartite_matching(pairs.tocsr(), perm_type="column")


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
