"""The name of a state of the candidates: what a review package was made from."""

import hashlib

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import WGS84

LENGTH = 16  # hexadecimal digits; 64 bits tell apart any number of runs that somebody can make


def candidates_fingerprint(candidates: gpd.GeoDataFrame) -> str:
    """Return a name that changes with any id and any outline, and with nothing else.

    The order of rows, the start of a ring, a third coordinate, and Polygon or MultiPolygon make no difference, so that
    what a package hands out has the fingerprint of the candidates that it was made from.

    Args:
        candidates: Columns candidate_id and geometry, any CRS.

    Returns:
        The first `LENGTH` hexadecimal digits of a SHA-256 over the sorted ids, each with its normalised WKB.
    """
    order = np.argsort(candidates["candidate_id"].to_numpy(dtype=str), kind="stable")
    shapes = normal_shapes(candidates.geometry.to_crs(WGS84).iloc[order].array)
    digest = hashlib.sha256()
    for name, shape in zip(candidates["candidate_id"].iloc[order], shapely.to_wkb(shapes), strict=True):
        digest.update(f"{name}\0{len(shape)}\0".encode() + shape)
    return digest.hexdigest()[:LENGTH]


def normal_shapes(shapes: np.ndarray) -> np.ndarray:
    """Return polygons as two-dimensional multipolygons in one spelling, whatever file they went through."""
    flat = shapely.force_2d(np.asarray(shapes, dtype=object))
    single = shapely.get_type_id(flat) == shapely.GeometryType.POLYGON
    flat[single] = [shapely.MultiPolygon([shape]) for shape in flat[single]]
    return shapely.normalize(flat)
