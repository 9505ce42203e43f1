"""The elevation model: every tile's header, a sample of heights, and where tiles are missing."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.windows import Window

from workflow_scripts.rogi.attributes.elevation import Mosaic, Tile, open_mosaics
from workflow_scripts.rogi.doctor.covers import Area, Cover, box_of, cover, coverage
from workflow_scripts.rogi.doctor.presence import matching
from workflow_scripts.rogi.doctor.sampling import evenly
from workflow_scripts.rogi.doctor.verdicts import Check, Verdict, answered, listed
from workflow_scripts.rogi.geodesy import METRES_PER_DEGREE, WGS84

KEY = "elevation.tiles"
LOOK_PX = 512
HEIGHT_RANGE_M = (-500.0, 9000.0)  # of land
MAX_POSTING_M = 100.0  # our own choice: a rock glacier of 0.01 km² is one cell of it


Placed = tuple[Mosaic, Tile]


def examine_elevation(config: Mapping[str, Any], area: Area | None, threads: int) -> tuple[list[Verdict], list[Cover]]:
    """Look at the DEM tiles; arguments and results as for the other examinations."""
    paths = matching(config["elevation"]["tiles"])
    if not paths:
        return [], []
    with ThreadPoolExecutor(threads) as pool:
        opened = list(pool.map(_open, paths))
    tiles = [placed for item in opened if isinstance(item, list) for placed in item]
    verdicts = [_headers(tiles, [item for item in opened if isinstance(item, str)], len(paths))]
    if not tiles:
        return verdicts, []
    footprints = gpd.GeoSeries(pd.concat([_footprint(*tile) for tile in tiles], ignore_index=True), crs=WGS84)
    places = footprints if area is None else footprints.intersection(area.halos.union_all())
    looked_at = [(*tile, place) for tile, place in zip(tiles, places, strict=True) if not place.is_empty]
    verdicts += [*([_heights(evenly(looked_at))] if looked_at else []), _posting(tiles)]
    if area is None:
        return verdicts, []
    found = cover("Elevation", footprints, area)
    check = Check("extent", KEY, "tiles under every subregion and its halo", "fetch the tiles where the map shows none")
    return [*verdicts, coverage(check, found, area, is_tolerated=False)], [found]


def _open(path: str) -> list[Placed] | str:
    try:
        return [(mosaic, tile) for mosaic in open_mosaics([path]) for tile in mosaic.tiles]
    except ValueError as error:
        return str(error)


def _footprint(mosaic: Mosaic, tile: Tile) -> gpd.GeoSeries:
    west, north = mosaic.transform @ (tile.column, tile.row)
    east, south = mosaic.transform @ (tile.column + tile.width, tile.row + tile.height)
    return box_of((west, south, east, north), mosaic.crs).to_crs(WGS84)


def _headers(tiles: list[Placed], faults: list[str], files: int) -> Verdict:
    check = Check("format", KEY, "north-up rasters with a CRS, heights in metres", "fetch or repair the named files")
    if faults:
        return check.failed(f"{len(faults)} of {files} files cannot be used: {listed(faults)}")
    return check.ok(f"{len(tiles)} tiles, {', '.join(sorted({mosaic.crs.to_string() for mosaic, _ in tiles}))}")


def _posting(tiles: list[Placed]) -> Verdict:
    check = Check(
        *("resolution", KEY, f"cells of at most {MAX_POSTING_M:g} m"),
        "take a finer DEM, for instance NASADEM of 1 arc second, or read slopes of small rock glaciers with care",
    )
    metres = max(abs(mosaic.transform.e) * _metres_per_unit(mosaic) for mosaic, _ in tiles)
    return (check.ok if metres <= MAX_POSTING_M else check.warning)(f"cells of up to {metres:.0f} m")


def _metres_per_unit(mosaic: Mosaic) -> float:
    return METRES_PER_DEGREE if mosaic.crs.is_geographic else float(mosaic.crs.linear_units_factor[1])


def _heights(places: list[tuple[Mosaic, Tile, shapely.Geometry]]) -> Verdict:
    check = Check(
        *("values", KEY, f"heights of {HEIGHT_RANGE_M[0]:g} to {HEIGHT_RANGE_M[1]:g} m in a sample of tiles"),
        "look at the units of the tiles: metres are expected, and voids of -32768 or a stated nodata",
    )

    def look() -> Verdict:
        heights = np.concatenate([_around(*place) for place in places])
        valid = heights[np.isfinite(heights)]
        if not len(valid):
            return check.failed(f"no height where {len(places)} tiles lie in the study area")
        low, high = valid.min(), valid.max()
        voids = 100 * (1 - len(valid) / len(heights))
        inside = HEIGHT_RANGE_M[0] <= low and high <= HEIGHT_RANGE_M[1]
        return check.either(bool(inside), f"{low:.0f} to {high:.0f} m, {voids:.1f} % voids")

    return answered(check, look)


def _around(mosaic: Mosaic, tile: Tile, place: shapely.Geometry) -> np.ndarray:
    """Return heights round a point of a tile that lies in a place given in EPSG:4326."""
    point = gpd.GeoSeries([place.representative_point()], crs=WGS84).to_crs(mosaic.crs).iloc[0]
    column, row = (int(at) - LOOK_PX // 2 for at in ~mosaic.transform @ (point.x, point.y))
    height, width = min(tile.height, LOOK_PX), min(tile.width, LOOK_PX)
    left = int(np.clip(column, tile.column, tile.column + tile.width - width))
    top = int(np.clip(row, tile.row, tile.row + tile.height - height))
    return mosaic.read(Window(left, top, width, height)).ravel()
