"""Systems: connected objects of a probability raster that are large and certain enough, whole or in several units."""

import math

import geopandas as gpd
import numpy as np
import shapely
from exactextract import exact_extract
from rasterio import DatasetReader

from workflow_scripts.rogi.geodesy import EQUAL_AREA, area_m2
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.mapping.lattice import to_crs, to_pixels
from workflow_scripts.rogi.mapping.outlines import outlines
from workflow_scripts.rogi.mapping.rules import CandidateRules

HALF_COVERED = "max(min_coverage_frac=0.5)"  # a pixel that is merely touched is none of the polygon's


def find_systems(dataset: DatasetReader, grid: PixelGrid, rules: CandidateRules) -> gpd.GeoSeries:
    """Return the outlines along pixel edges of the objects that count.

    Args:
        dataset: Raster of `FULL` times the probability.
        grid: The grid that it lies on.
        rules: Which objects count: at the threshold, with holes filled, of at least the least area, and with a pixel at
            the seed threshold if there is one.

    Returns:
        Polygons in the CRS of the grid, their coordinates the same to the last bit in every job that sees them.
    """
    least_px = rules.min_area_m2 / _largest_pixel_m2(dataset)
    found = outlines(dataset.name, rules.threshold, rules.connectivity, least_px)
    found = to_crs(to_pixels(_outermost(fill_holes(found, rules.max_hole_m2)), grid), grid)
    found = found[area_m2(found) >= rules.min_area_m2].reset_index(drop=True)
    if rules.seed_threshold is None or found.empty:
        return found
    highest = exact_extract(dataset.name, found.to_frame("geometry"), [HALF_COVERED], output="pandas").iloc[:, 0]
    return found[highest.to_numpy() >= math.ceil(rules.seed_threshold * FULL - 1e-9)].reset_index(drop=True)


def fill_holes(polygons: gpd.GeoSeries, max_hole_m2: float) -> gpd.GeoSeries:
    """Fill the holes of at most `max_hole_m2` true m²; larger ones stay."""
    return gpd.GeoSeries(
        [_filled(polygon, polygons.crs, max_hole_m2) for polygon in polygons], index=polygons.index, crs=polygons.crs
    )


def _filled(shape: shapely.Geometry, crs: object, max_hole_m2: float) -> shapely.Geometry:
    if isinstance(shape, shapely.MultiPolygon):
        return shapely.MultiPolygon([_filled(part, crs, max_hole_m2) for part in shape.geoms])
    if not shape.interiors:
        return shape
    areas = gpd.GeoSeries([shapely.Polygon(ring) for ring in shape.interiors], crs=crs).to_crs(EQUAL_AREA).area
    return shapely.Polygon(
        shape.exterior, [ring for ring, area in zip(shape.interiors, areas, strict=True) if area > max_hole_m2]
    )


def _outermost(polygons: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the polygons that lie in no other: an island in a filled hole is part of what surrounds it."""
    inner, outer = polygons.sindex.query(polygons, predicate="covered_by")
    return polygons.drop(polygons.index[inner[inner != outer]]).reset_index(drop=True)


def _largest_pixel_m2(dataset: DatasetReader) -> float:
    """Return a little more than the true area of the largest pixel."""
    rows, columns = (np.array([0, size // 2, size - 1]) for size in (dataset.height, dataset.width))
    corners = [(dataset.transform @ (c, r), dataset.transform @ (c + 1, r + 1)) for r in rows for c in columns]
    boxes = [shapely.box(*one, *other) for one, other in corners]
    return 1.01 * float(area_m2(gpd.GeoSeries(boxes, crs=dataset.crs)).max())


def near_systems(pixels: np.ndarray, distance_px: float) -> list[shapely.Geometry | None]:
    """Return, for every system, the others within a distance as one geometry, None where there are none."""
    tree = shapely.STRtree(pixels)
    one, other = tree.query(pixels, predicate="dwithin", distance=distance_px)
    others = [other[(one == number) & (other != number)] for number in range(len(pixels))]
    return [shapely.geometrycollections(pixels[found]) if len(found) else None for found in others]
