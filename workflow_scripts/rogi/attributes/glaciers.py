"""What lies on and beside rock glaciers according to other people's maps: glaciers and debris-covered ice."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, astride_180, local_projection
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.subregions import polygons_only

BLOCK_DEG = 1  # where a block's own projection is true to 1e-4 of a distance


def read_outlines(sources: Sequence[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Return the outlines of several files.

    Args:
        sources: Each with `name`, `path` and `layer`, and with `leave_out`, the values of fields whose features are
            left out, where the file holds more than glaciers (RGI 7.0: rock glaciers, primeclass 9).

    Returns:
        Columns name (of the source) and geometry, valid polygons in EPSG:4326.

    Raises:
        ValueError: A field to leave out by is not in a file, or the file cannot be read.
    """
    parts = [gpd.GeoDataFrame(geometry=_read(source)).assign(name=source["name"]) for source in sources]
    return pd.concat(parts, ignore_index=True)


def _read(source: Mapping[str, Any]) -> gpd.GeoSeries:
    frame = read_vector(source["path"], source["layer"])
    for field, values in source.get("leave_out", {}).items():
        if field not in frame:
            fields = ", ".join(name for name in frame.columns if name != frame.geometry.name)
            raise ValueError(
                f"{source['path']} has no field '{field}' to leave features out by; it has {fields}; "
                "correct the config (glaciers.outlines[].leave_out)"
            )
        # Whole numbers beside nulls arrive as 9.0
        left_out = frame[field].convert_dtypes().astype(str).isin([str(value) for value in values])
        logging.getLogger("rogi").info(
            "%s: %d of %d outlines left out by '%s'", source["path"], left_out.sum(), len(frame), field
        )
        frame = frame[~left_out]
    shapes = polygons_only(frame.geometry.to_crs(WGS84))
    return shapes[~shapes.is_empty].reset_index(drop=True)


def shares_covered(polygons: gpd.GeoSeries, outlines: gpd.GeoSeries) -> np.ndarray:
    """Return the share of every polygon's area that outlines cover, 0 to 1; ground under several counts once."""
    own = polygons.to_crs(EQUAL_AREA).array
    others = outlines.to_crs(EQUAL_AREA).array
    shared = np.zeros(len(own))
    pairs = pd.DataFrame(dict(zip(("own", "other"), shapely.STRtree(others).query(own, "intersects"), strict=True)))
    for position, found in pairs.groupby("own")["other"]:
        covering = shapely.union_all(others[found.to_numpy()])
        shared[position] = shapely.area(shapely.intersection(own[position], covering))
    area = shapely.area(own)
    return np.clip(np.divide(shared, area, out=np.zeros(len(own)), where=area > 0), 0, 1)


def distances_m(polygons: gpd.GeoSeries, outlines: gpd.GeoSeries, radius_m: float) -> np.ndarray:
    """Return the distance of every polygon to the nearest outline, true metres; 0 where they touch.

    Args:
        polygons: In EPSG:4326.
        outlines: In EPSG:4326.
        radius_m: How far is looked.

    Returns:
        Array of shape (n,), NaN where there is none within the radius, and for empty polygons.
    """
    result = np.full(len(polygons), np.nan)
    if outlines.empty:
        return result
    tree = shapely.STRtree(outlines.array)
    for positions, projection in _blocks(polygons):
        block = polygons.iloc[positions].to_crs(projection)
        west, south, east, north = block.total_bounds
        around = shapely.box(west - radius_m, south - radius_m, east + radius_m, north + radius_m)
        reach = gpd.GeoSeries([around], crs=projection).segmentize(10_000).to_crs(WGS84)
        west, south, east, north = reach.total_bounds
        if astride_180(reach)[0]:
            west, east = -180, 180
        near = outlines.iloc[np.sort(tree.query(shapely.box(west, south, east, north)))].to_crs(projection).array
        found, metres = shapely.STRtree(near).query_nearest(
            block.array, max_distance=radius_m, return_distance=True, all_matches=False
        )
        result[positions[found[0]]] = metres
    return result


def _blocks(polygons: gpd.GeoSeries) -> Iterator[tuple[np.ndarray, CRS]]:
    """Group polygons by the degree that holds their marker; give their positions and a projection centred on them."""
    markers = primary_markers(polygons)
    cells = [np.floor(axis.to_numpy() / BLOCK_DEG) for axis in (markers.x, markers.y)]
    places = pd.DataFrame({"position": np.arange(len(polygons)), "x": markers.x.array, "y": markers.y.array})
    for _, block in places.groupby(cells):
        yield block["position"].to_numpy(), local_projection(block["x"].mean(), block["y"].mean())


def glacier_attributes(polygons: gpd.GeoDataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return GLAC_SHARE, DEB_SHARE and GLAC_DIST of polygons in EPSG:4326.

    Args:
        polygons: Rock glaciers.
        settings: The section `glaciers` of the config.

    Returns:
        One row per polygon; NaN in all rows of what no outlines are configured for, and for polygons on both sides of
        180°.
    """
    table = pd.DataFrame(np.nan, index=polygons.index, columns=["GLAC_SHARE", "DEB_SHARE", "GLAC_DIST"])
    shapes = polygons.geometry
    if settings["outlines"]:
        glaciers = read_outlines(settings["outlines"]).geometry
        table["GLAC_SHARE"] = shares_covered(shapes, glaciers)
        table["GLAC_DIST"] = distances_m(shapes, glaciers, settings["search_radius_m"])
    if settings["debris"]:
        table["DEB_SHARE"] = shares_covered(shapes, read_outlines(settings["debris"]).geometry)
    table[astride_180(shapes)] = np.nan
    return table
