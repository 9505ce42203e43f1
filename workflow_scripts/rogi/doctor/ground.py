"""The map of ground temperature: format, values where the study is, and what is missing."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.windows import Window

from workflow_scripts.rogi.attributes.sampling import ABSOLUTE_ZERO_C
from workflow_scripts.rogi.doctor.covers import Area, Cover, box_of, cover, coverage
from workflow_scripts.rogi.doctor.presence import matching
from workflow_scripts.rogi.doctor.verdicts import OK, Check, Verdict, answered
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.raster import open_raster

KEY = "climate.ground_temperature"
RANGE_C = (-40.0, 40.0)  # of a mean annual ground temperature on land; our own wide limits
LOOK_PX = 1024


def examine_ground(config: Mapping[str, Any], area: Area | None) -> tuple[list[Verdict], list[Cover]]:
    """Look at the map of ground temperature; arguments and results as for the other examinations."""
    paths = matching(config["climate"]["ground_temperature"]["path"])
    if not paths:
        return [], []
    values = _values(paths[0], area)
    if area is None or values.verdict != OK:
        return [values], []
    with open_raster(paths[0]) as dataset:
        found = cover("Ground temperature", _footprint(dataset, area), area)
    check = Check("extent", KEY, "a map that holds every subregion", "fetch the whole map; without it MAGT stays empty")
    return [values, coverage(check, found, area, is_tolerated=False)], [found]


def _footprint(dataset: rasterio.DatasetReader, area: Area) -> gpd.GeoSeries:
    """Return what a map holds round the study: the border of a whole hemisphere is no polygon in degrees."""
    west, south, east, north = area.halos.total_bounds
    frame = shapely.box(west, south, east, north).buffer(0.1 * (east - west), join_style="mitre")
    around = box_of(frame.intersection(shapely.box(-180, -90, 180, 90)).bounds, WGS84).to_crs(dataset.crs)
    return around.intersection(box_of(dataset.bounds, dataset.crs).iloc[0])


def _values(path: str, area: Area | None) -> Verdict:
    check = Check(
        *("format and values", KEY, f"a raster with a CRS and {RANGE_C[0]:g} to {RANGE_C[1]:g} °C where the study is"),
        "fetch the map for where the study is; look at its units (°C are expected) and its nodata value",
    )

    def look() -> Verdict:
        with open_raster(path) as dataset:
            crs, values = dataset.crs.to_string(), _thumbnail(dataset, area)
        valid = values[values >= ABSOLUTE_ZERO_C]
        if not len(valid):
            return check.failed(f"{crs}; no value where the study is")
        inside = RANGE_C[0] <= valid.min() and valid.max() <= RANGE_C[1]
        share = 100 * len(valid) / values.size
        return check.either(
            bool(inside), f"{crs}; {valid.min():.1f} to {valid.max():.1f} °C, {share:.0f} % of cells valid"
        )

    return answered(check, look)


def _thumbnail(dataset: rasterio.DatasetReader, area: Area | None) -> np.ndarray:
    """Return values of the study area, NaN without one, at most LOOK_PX along a side."""
    window = Window(0, 0, dataset.width, dataset.height)
    if area is not None:
        west, south, east, north = area.halos.to_crs(dataset.crs).total_bounds
        if not np.isfinite([west, south, east, north]).all():
            return np.full(1, np.nan)
        left, top = (int(pixel) for pixel in ~dataset.transform @ (west, north))
        right, bottom = (int(pixel) + 1 for pixel in ~dataset.transform @ (east, south))
        left, right = (int(np.clip(at, 0, dataset.width)) for at in (left, right))
        top, bottom = (int(np.clip(at, 0, dataset.height)) for at in (top, bottom))
        window = Window(left, top, right - left, bottom - top)
    if not window.width or not window.height:
        return np.full(1, np.nan)
    shape = min(window.height, LOOK_PX), min(window.width, LOOK_PX)
    return dataset.read(1, window=window, out_shape=shape, masked=True).astype(float).filled(np.nan)
