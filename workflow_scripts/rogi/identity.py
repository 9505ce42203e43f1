"""Primary markers and primary IDs: where a rock glacier is, and what it is called."""

import math
import re
from collections.abc import Iterable

import geopandas as gpd
import numpy as np

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84

ID_FORM = re.compile(r"([A-Z]{3})(\d{6})([NS])(\d{7})([EW])")
LAST_DIGIT = 1e-4  # degrees
MOST_STEPS = 10  # of an ID, each about 10 m; more markers than that in a row are a mistake


def primary_markers(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return one point inside every polygon.

    The point is GEOS's point-on-surface, which lies inside also where the centroid of a curved tongue does not.
    It depends on the polygon alone, so the same outline has the same marker whichever job made it.

    Returns:
        Points in EPSG:4326, in the order of `shapes`.
    """
    return shapes.representative_point().to_crs(WGS84)


def equal_area_blocks(shapes: gpd.GeoSeries, block_m: float) -> np.ndarray:
    """Return the square of an equal-area grid that each polygon's marker lies in.

    Args:
        shapes: Polygons in any CRS.
        block_m: Side of the squares.

    Returns:
        Numbers of shape (n,), counted from 0 by easting, then northing; empty squares are not counted.
    """
    points = primary_markers(shapes).to_crs(EQUAL_AREA)
    cells = np.floor(np.column_stack([points.x, points.y]) / block_m).astype(int)
    return np.unique(cells, axis=0, return_inverse=True)[1].ravel()


def primary_id(longitude: float, latitude: float, prefix: str = "RGU") -> str:
    """Return the RGIK primary ID of a marker, for instance `RGU281527N0972426E` for 28.1527° N, 97.2426° E.

    Prefix, latitude with 2 + 4 digits and hemisphere, longitude with 3 + 4 digits and hemisphere (RGIK 2023;
    Sun et al. 2024, Table 2). Four decimals are about 11 m on the ground.

    Raises:
        ValueError: The point is not on the globe.
    """
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError(f"({longitude}, {latitude}) is not a longitude and latitude in degrees")
    north = f"{round(abs(latitude) * 1e4):06d}{'S' if round(latitude * 1e4) < 0 else 'N'}"
    east = f"{round(abs(longitude) * 1e4):07d}{'W' if round(longitude * 1e4) < 0 else 'E'}"
    return f"{prefix}{north}{east}"


def coordinates_of(name: str) -> tuple[float, float]:
    """Return the longitude and latitude (degrees) that an ID spells; NaN where it is no ID."""
    found = ID_FORM.fullmatch(name)
    if found is None:
        return math.nan, math.nan
    _, latitude, north, longitude, east = found.groups()
    signs = (-1 if east == "W" else 1), (-1 if north == "S" else 1)
    return signs[0] * int(longitude) / 1e4, signs[1] * int(latitude) / 1e4


def unique_ids(
    markers: gpd.GeoSeries, prefix: str = "RGU", reserved: Iterable[str] = ()
) -> tuple[list[str], list[int]]:
    """Return one ID per marker, no two alike.

    Markers that share an ID are told apart by stepping the last digit of the longitude eastwards, about 10 m, until the
    ID is free. Points are taken from west to east, then south to north, so the result does not depend on their order.

    Args:
        markers: Points in any CRS.
        prefix: Three letters.
        reserved: IDs that are not given, because they are in use or were.

    Returns:
        The IDs in the order of `markers`, and the positions of those that had to be stepped.
    """
    points = markers.to_crs(WGS84)
    x, y = points.x.to_numpy(), points.y.to_numpy()
    taken = set(reserved)
    ids = [""] * len(points)
    stepped: list[int] = []
    for position in _in_order(x, y):
        name, step = primary_id(x[position], y[position], prefix), 0
        while name in taken:
            step += 1
            name = primary_id((x[position] + step * LAST_DIGIT + 180) % 360 - 180, y[position], prefix)
        if step:
            stepped.append(position)
        taken.add(name)
        ids[position] = name
    return ids, stepped


def _in_order(x: np.ndarray, y: np.ndarray) -> Iterable[int]:
    return (int(position) for position in np.lexsort((y, x)))
