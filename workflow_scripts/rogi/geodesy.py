"""True areas and distances: nothing here depends on the projection that the data came in."""

from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Geod, Proj

WGS84 = CRS.from_epsg(4326)
# EPSG:8857, Equal Earth Greenwich: equal-area over the whole globe, so one CRS serves any study.
EQUAL_AREA = CRS.from_epsg(8857)
HALF_GLOBE_DEG = 180
METRES_PER_DEGREE = 111_320.0  # along the equator
_GEOD = Geod(ellps="WGS84")


def area_m2(shapes: gpd.GeoSeries) -> np.ndarray:
    """Return ellipsoidal areas.

    Args:
        shapes: Polygons in any CRS.

    Returns:
        Array of shape (n,), m² on the WGS84 ellipsoid (Karney 2013, via PROJ); 0 for empty geometries.
    """
    oriented = shapely.orient_polygons(shapes.to_crs(WGS84).array)
    return np.array([abs(_GEOD.geometry_area_perimeter(shape)[0]) for shape in oriented])


def length_m(lines: gpd.GeoSeries) -> np.ndarray:
    """Return lengths on the WGS84 ellipsoid, m, of lines in any CRS; array of shape (n,)."""
    return np.array([_GEOD.geometry_length(line) for line in lines.to_crs(WGS84)])


def astride_180(shapes: gpd.GeoSeries) -> np.ndarray:
    """Tell which shapes span more than half the globe in degrees, as one that lies on both sides of 180° does.

    Args:
        shapes: In any CRS.

    Returns:
        Boolean array of shape (n,); False for empty shapes.
    """
    bounds = shapes.to_crs(WGS84).bounds
    return (bounds["maxx"] - bounds["minx"] > HALF_GLOBE_DEG).to_numpy()


def shared_and_union(one: Any, other: Any) -> tuple[Any, Any]:
    """Return the shared area of polygons, pair by pair, and that of their union; IoU is the first by the second.

    Rounding never makes the union the smaller of both.

    Args:
        one: A polygon or an array of them, in an equal-area CRS.
        other: As many others, in the same CRS.
    """
    shared = shapely.area(shapely.intersection(one, other))
    return shared, np.maximum(shapely.area(one) + shapely.area(other) - shared, shared)


def local_projection(longitude: float, latitude: float) -> CRS:
    """Return a transverse Mercator projection, metric and north-true at the given point (degrees, WGS84).

    Within 10 km of the point its scale is within 2e-6 of 1 and its grid north within 0.1° of true north below 60°.
    """
    return CRS.from_proj4(f"+proj=tmerc +lat_0={latitude:.6f} +lon_0={longitude:.6f} +k=1 +datum=WGS84 +units=m")


def buffer_true_m(shapes: gpd.GeoSeries, distance_m: float) -> gpd.GeoSeries:
    """Buffer every shape by true ground metres.

    A buffer of 1500 m drawn in EPSG:3857 is 1230 m on the ground at 35° N; this one is 1500 m anywhere.

    Args:
        shapes: Geometries in any CRS.
        distance_m: Width on the ground.

    Returns:
        The buffers in the CRS of `shapes`.
    """
    buffered = [_buffered(shape, distance_m) for shape in shapes.to_crs(WGS84)]
    return gpd.GeoSeries(buffered, index=shapes.index, crs=WGS84).to_crs(shapes.crs)


def _buffered(shape: shapely.Geometry, distance_m: float) -> shapely.Geometry:
    """Buffer a shape, given and returned in degrees, in the local projection of its own centre."""
    centre = shape.envelope.centroid
    # The projection alone: between two CRS, PROJ searches for ways from datum to datum, which takes 100 times longer.
    local = Proj(local_projection(centre.x, centre.y))
    buffered = shapely.transform(shape, local, interleaved=False).buffer(distance_m)
    return shapely.transform(buffered, partial(local, inverse=True), interleaved=False)
