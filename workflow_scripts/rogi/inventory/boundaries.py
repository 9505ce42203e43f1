"""How far outlines of the same rock glacier lie apart, in front, along the sides and at the root."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.attributes.elevation import Mosaic
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.agreement import matches
from workflow_scripts.rogi.inventory.flow_axes import flow_axes, heights_at
from workflow_scripts.rogi.inventory.local_metres import metres_per_degree, to_local_metres
from workflow_scripts.rogi.inventory.references import Reference
from workflow_scripts.rogi.inventory.subregions import owner, polygons_only

EITHER = "front or root"
ZONES = ("front", "sides", "root", EITHER)
ALL = "all"
COLUMNS = ("comparison", "subregion", "zone", "outlines", "boundary_km", "median_m", "p95_m")


def boundary_points(
    mapped: gpd.GeoSeries, reference: gpd.GeoSeries, mosaics: Sequence[Mosaic], step_m: float
) -> pd.DataFrame:
    """Measure, point by point, how far matched outlines lie apart, from each outline to the other.

    Points lie evenly along the outer boundaries; holes are left out. Both outlines of a pair share one axis, see
    `flow_axes`, and each has its zones by its own extent: with a length a along the axis and a width b across it, the
    front is the boundary within b / 2 of the lower end, but no more than a third of the length, the root zone likewise
    at the upper end, the sides lie between. Of a tongue with semicircular ends these are the semicircles and the
    straight lines. The definition is our own. Without a downslope direction both ends are "front or root".

    Args:
        mapped: Polygons in EPSG:4326.
        reference: The match of each, EPSG:4326.
        mosaics: DEMs; may be none.
        step_m: Distance from point to point, true metres.

    Returns:
        Columns pair (the position in `mapped`), of_mapped (whether the point is on the mapped outline), zone (of
        `ZONES`), distance_m, step_m (the boundary that the point stands for), and east and north in metres of the
        pair's own origin.
    """
    both = [np.asarray(shapes.array) for shapes in (mapped, reference)]
    origins = np.mean([shapely.get_coordinates(shapely.centroid(shapes)) for shapes in both], axis=0)
    local = [to_local_metres(shapes, origins) for shapes in both]
    rims = [_rims(shapes) for shapes in local]
    parts = [_points(rims[k], rims[1 - k], step_m).assign(of_mapped=k == 0) for k in (0, 1)]
    points = pd.concat(parts, ignore_index=True).sort_values("pair", kind="stable", ignore_index=True)
    there, pair = points[["east", "north"]].to_numpy(), points["pair"].to_numpy()
    places = origins[pair] + there / metres_per_degree(origins[:, 1])[pair]
    axes = flow_axes(there, pair, heights_at(mosaics, places), shapely.union(*map(shapely.convex_hull, local)))
    zones = _zones(there, 2 * pair + points["of_mapped"], axes.direction[pair], axes.downslope[pair])
    return points.assign(zone=pd.Categorical(zones, categories=ZONES))


def _rims(shapes: np.ndarray) -> np.ndarray:
    """Return the outer boundary of each polygon, as multilines of shape (n,)."""
    parts, number = shapely.get_parts(shapes, return_index=True)
    return shapely.multilinestrings(shapely.get_exterior_ring(parts), indices=number)


def _points(rims: np.ndarray, others: np.ndarray, step_m: float) -> pd.DataFrame:
    """Return points along rims and their distances from the others."""
    rings, pair = shapely.get_parts(rims, return_index=True)
    lengths = shapely.length(rings)
    numbers = np.ceil(lengths / step_m).astype(int)
    ring = np.repeat(np.arange(len(rings)), numbers)
    within = np.arange(len(ring)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    steps = (lengths / numbers)[ring]
    points = shapely.line_interpolate_point(rings[ring], (within + 0.5) * steps)
    shapely.prepare(others)
    columns = {"pair": pair[ring], "distance_m": shapely.distance(others[pair[ring]], points), "step_m": steps}
    return pd.DataFrame(columns | {"east": shapely.get_x(points), "north": shapely.get_y(points)})


def _zones(points: np.ndarray, outline: np.ndarray, axis: np.ndarray, downslope: np.ndarray) -> np.ndarray:
    """Return the zone of every point by its place along the axis of its outline.

    Args:
        points: East and north, m, shape (k, 2).
        outline: Number of the outline of each point, shape (k,).
        axis: Unit vector of each point's outline, shape (k, 2).
        downslope: Whether it points downslope, shape (k,).
    """
    along, across = (points * axis).sum(axis=1), points[:, 1] * axis[:, 0] - points[:, 0] * axis[:, 1]
    ranges = pd.DataFrame({"along": along, "across": across}).groupby(np.asarray(outline)).transform
    lowest, highest = ranges("max"), ranges("min")  # the axis points downslope
    extent = lowest - highest
    reach = np.minimum(extent["across"] / 2, extent["along"] / 3).to_numpy()
    front, root = lowest["along"].to_numpy() - along <= reach, along - highest["along"].to_numpy() <= reach
    return np.select([(front | root) & ~downslope, front, root], [EITHER, "front", "root"], "sides")


def compare_boundaries(
    comparison: str,
    mapped: gpd.GeoSeries,
    reference: Reference,
    subregions: gpd.GeoDataFrame,
    object_iou: float,
    mosaics: Sequence[Mosaic],
    step_m: float,
) -> pd.DataFrame:
    """Summarise the distances between matched outlines, per subregion and in total.

    Args:
        comparison: What is compared, for the first column.
        mapped: Polygons in any CRS.
        reference: Mapped outlines with the marker outside its footprint are left out.
        subregions: Columns NAME, slug and geometry; the marker of the mapped outline says which one counts.
        object_iou: IoU above which two outlines are matched, one to one.
        mosaics: DEMs; may be none.
        step_m: Distance from point to point along the outlines, true metres.

    Returns:
        Columns `COLUMNS`, a row per subregion and zone that has a matched outline, then those of all.
    """
    one, other = (polygons_only(shapes.to_crs(WGS84)).reset_index(drop=True) for shapes in (mapped, reference.outlines))
    match, markers = matches(one, other, object_iou), primary_markers(one)
    found = np.flatnonzero((match >= 0) & reference.searched(markers))
    slugs = owner(markers.iloc[found], subregions).to_numpy()
    parts = {}
    for name, slug in zip(subregions["NAME"], subregions["slug"], strict=True):
        here = found[slugs == slug]
        points = boundary_points(one.iloc[here], other.iloc[match[here]], mosaics, step_m)
        parts[name] = points.assign(pair=here[points["pair"]])[["pair", "zone", "distance_m", "step_m"]]
    parts[TOTAL] = pd.concat(parts.values())
    return pd.concat([summary(points, comparison, name) for name, points in parts.items()], ignore_index=True)


def summary(points: pd.DataFrame, comparison: str, subregion: str) -> pd.DataFrame:
    """Return the median and the 95th percentile of the distances per zone, then over all of them.

    Every metre of boundary counts alike, whichever outline it belongs to.

    Args:
        points: As `boundary_points` returns them, or some of its rows.
        comparison: For the first column.
        subregion: For the second.

    Returns:
        Columns `COLUMNS`; zones without a point are left out.
    """
    groups = [(zone, points[points["zone"] == zone]) for zone in ZONES] + [(ALL, points)]
    rows = [
        (comparison, subregion, zone, part["pair"].nunique(), part["step_m"].sum() / 1e3, *_quantiles(part))
        for zone, part in groups
        if len(part)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _quantiles(points: pd.DataFrame) -> tuple[float, float]:
    median, p95 = np.quantile(points["distance_m"], [0.5, 0.95], weights=points["step_m"], method="inverted_cdf")
    return round(float(median), 3), round(float(p95), 3)  # rounding alone moves equal outlines 1e-14 m apart
