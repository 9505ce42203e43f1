"""Rasters that channels on top of the imagery are read from: can they be read, and where the study has none."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.config import FROM_ELEVATION
from workflow_scripts.rogi.doctor.covers import Area, Cover, box_of, cover, coverage
from workflow_scripts.rogi.doctor.presence import matching
from workflow_scripts.rogi.doctor.verdicts import Check, Verdict, listed
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.raster import RasterError, open_raster


def examine_channels(config: Mapping[str, Any], area: Area | None) -> tuple[list[Verdict], list[Cover]]:
    """Look at the files of every channel that has some; arguments and results as for the other examinations."""
    verdicts: list[Verdict] = []
    covers: list[Cover] = []
    for channel in config["imagery"]["channels"]:
        paths = [] if channel["source"] == FROM_ELEVATION else matching(channel["source"])
        if paths:
            judged, footprints = _headers(f"imagery.channels: {channel['name']}", paths)
            verdicts.append(judged)
            if area is not None and footprints:
                found = cover(channel["name"], pd.concat(footprints, ignore_index=True), area)
                verdicts.append(_extent(judged.input, found, area))
                covers.append(found)
    return verdicts, covers


def _headers(key: str, paths: list[str]) -> tuple[Verdict, list[gpd.GeoSeries]]:
    """Return what is said of the files of a channel, and the footprints of those that can be read."""
    check = Check("format", key, "rasters with a CRS", "fetch or repair the named files, or take the channel out")
    footprints, faults = [], []
    for path in paths:
        try:
            with open_raster(path) as dataset:
                footprints.append(box_of(dataset.bounds, dataset.crs).to_crs(WGS84))
        except RasterError as error:
            faults.append(str(error))
    if faults:
        return check.failed(f"{len(faults)} of {len(paths)} files cannot be used: {listed(faults)}"), footprints
    return check.ok(f"{len(paths)} files"), footprints


def _extent(key: str, found: Cover, area: Area) -> Verdict:
    to_do = "fetch files for the rest; where there are none, the network sees the mean of the channel"
    return coverage(Check("extent", key, "rasters under every subregion", to_do), found, area, is_tolerated=True)
