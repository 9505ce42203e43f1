"""Primary markers and primary IDs: where a rock glacier is, and what it is called."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np

from workflow_scripts.rogi.geodesy import WGS84


def primary_markers(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return one point inside every polygon.

    The point is GEOS's point-on-surface, which lies inside also where the centroid of a curved tongue does not.
    It depends on the polygon alone, so the same outline has the same marker whichever job made it.

    Returns:
        Points in EPSG:4326, in the order of `shapes`.
    """
    return shapes.representative_point().to_crs(WGS84)


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


def unique_ids(markers: gpd.GeoSeries, prefix: str = "RGU") -> tuple[list[str], list[int]]:
    """Return one ID per marker, no two alike.

    Markers that share an ID are told apart by stepping the last digit of the longitude eastwards, about 10 m, until the
    ID is free. Points are taken from west to east, then south to north, so the result does not depend on their order.

    Returns:
        The IDs in the order of `markers`, and the positions of those that had to be stepped.
    """
    points = markers.to_crs(WGS84)
    x, y = points.x.to_numpy(), points.y.to_numpy()
    taken: set[str] = set()
    ids = [""] * len(points)
    stepped: list[int] = []
    for position in _in_order(x, y):
        name, step = primary_id(x[position], y[position], prefix), 0
        while name in taken:
            step += 1
            name = primary_id((x[position] + step * 1e-4 + 180) % 360 - 180, y[position], prefix)
        if step:
            stepped.append(position)
        taken.add(name)
        ids[position] = name
    return ids, stepped


def _in_order(x: np.ndarray, y: np.ndarray) -> Iterable[int]:
    return (int(position) for position in np.lexsort((y, x)))
