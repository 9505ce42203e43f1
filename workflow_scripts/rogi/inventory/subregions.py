"""Subregions: chosen from boundary layers by name, and the owner of every point."""

import difflib
from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from workflow_scripts.rogi.config import slug
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84

LAYER = "subregions"


def read_boundaries(path: str, name_field: str) -> gpd.GeoDataFrame:
    """Read a boundary layer as valid polygons with their names.

    Returns:
        Columns NAME and geometry in EPSG:4326, one row per polygon of the file; rows without name or area are left out.

    Raises:
        ValueError: The layer has no such field.
    """
    frame = read_vector(path)
    fields = [column for column in frame.columns if column != frame.geometry.name]
    if name_field not in fields:
        raise ValueError(
            f"{path} has no field '{name_field}' for the names of subregions; it has {', '.join(fields)}; "
            "state the right one in the config (`subregions.layers[].name_field`)"
        )
    names = frame[name_field].map(lambda name: str(name).strip(), na_action="ignore")
    shapes = polygons_only(frame.geometry.to_crs(WGS84))
    kept = names.notna() & ~shapes.is_empty
    return gpd.GeoDataFrame({"NAME": names[kept], "geometry": shapes[kept]}, crs=WGS84)


def polygons_only(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return valid polygons: repaired where needed, without the lines and points that a repair leaves over."""
    flat = shapes.force_2d()
    good = (flat.is_valid & flat.geom_type.isin(["Polygon", "MultiPolygon"])).to_numpy(bool)
    flat[~good] = [_polygonal_part(shape) for shape in flat[~good]]
    return flat


def _polygonal_part(shape: shapely.Geometry | None) -> shapely.Geometry:
    if shape is None:
        return shapely.Polygon()
    shape = shapely.make_valid(shape)
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    return shapely.union_all([part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2])


def choose(boundaries: Sequence[gpd.GeoDataFrame], names: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the subregions of a study, in the order of their names.

    Args:
        boundaries: Frames of `read_boundaries`; where two hold a name, the first counts.
        names: The configured names.

    Returns:
        Columns NAME, slug and geometry (valid, EPSG:4326), one row per name, its parts dissolved.

    Raises:
        ValueError: Names that no layer holds, each with those that come near; or a study without subregions.
    """
    if not names:
        raise ValueError("the study names no subregion; list them in the config (`subregions.names`)")
    known = list(dict.fromkeys(name for frame in boundaries for name in frame["NAME"]))
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError("\n".join(_not_found(name, known) for name in missing))
    shapes = [_dissolved(boundaries, name) for name in names]
    columns = {"NAME": list(names), "slug": [slug(name) for name in names]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=WGS84)


def _not_found(name: str, known: Sequence[str]) -> str:
    same_slug = [other for other in known if slug(other) == slug(name)]
    near = same_slug or difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(repr(other) for other in near)}? " if near else ""
    return (
        f"no boundary layer holds a subregion named '{name}'; {hint}"
        f"they hold {', '.join(sorted(known)) or 'none'}; names stand in the config (`subregions.names`)"
    )


def _dissolved(boundaries: Iterable[gpd.GeoDataFrame], name: str) -> shapely.Geometry:
    for frame in boundaries:
        parts = frame.geometry[frame["NAME"] == name]
        if len(parts):
            return parts.union_all()
    raise KeyError(name)


def owner(markers: gpd.GeoSeries, subregions: gpd.GeoDataFrame) -> pd.Series:
    """Return the one subregion that every point belongs to.

    The first subregion that covers the point (a border belongs to both sides, so the order decides), else the nearest
    on the ground: no point is left over, also in a gap between two boundaries.

    Args:
        markers: Points in any CRS.
        subregions: Columns slug and geometry, in the order of the study.

    Returns:
        Slugs with the index of `markers`.
    """
    points = markers.to_crs(WGS84)
    regions = subregions.to_crs(WGS84)
    position = first_covering(points, regions)
    for row in np.flatnonzero(position < 0):
        position[row] = _nearest(points.iloc[row], regions.geometry)
    return pd.Series(regions["slug"].to_numpy()[position], index=markers.index, name="owner", dtype=object)


def first_covering(points: gpd.GeoSeries, regions: gpd.GeoDataFrame) -> np.ndarray:
    """Return the position of the first region that covers each point, -1 where there is none; array of shape (n,)."""
    position = np.full(len(points), len(regions))
    pairs = shapely.STRtree(regions.geometry.array).query(points.array, predicate="intersects")
    np.minimum.at(position, pairs[0], pairs[1])
    return np.where(position == len(regions), -1, position)


def _nearest(point: shapely.Point, regions: gpd.GeoSeries) -> int:
    """Return the position of the region nearest to a point on the ground."""
    degrees = shapely.distance(regions.array, point)
    # A degree of longitude is at most 1/cos(latitude) shorter than one of latitude, so what is farther cannot win;
    # 2 % for the flattening of the ellipsoid.
    latitude = min(abs(point.y) + degrees.min(), 89.0)
    near = np.flatnonzero(degrees <= 1.02 * degrees.min() / np.cos(np.radians(latitude)))
    if len(near) == 1:
        return int(near[0])
    # Distances from the centre of this projection are true.
    projection = CRS.from_proj4(f"+proj=aeqd +lat_0={point.y} +lon_0={point.x} +datum=WGS84 +units=m")
    projected = regions.iloc[near].to_crs(projection)
    return int(near[np.argmin(shapely.distance(projected.array, shapely.Point(0, 0)))])


def read_subregion(path: str, name: str) -> gpd.GeoSeries:
    """Return the polygon of one subregion, by its slug, in EPSG:4326.

    Raises:
        ValueError: The file does not hold it.
    """
    frame = read_vector(path, LAYER)
    found = frame.geometry[frame["slug"] == name]
    if found.empty:
        raise ValueError(f"{path} holds no subregion '{name}'; it holds {', '.join(frame['slug'])}")
    return found.to_crs(WGS84)
