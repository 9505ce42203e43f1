"""The imagery: every header, a sample of pixels, the season, and what is missing."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from workflow_scripts.rogi.config import slug
from workflow_scripts.rogi.doctor.covers import NOTHING, Area, Cover, cover, coverage
from workflow_scripts.rogi.doctor.presence import matching
from workflow_scripts.rogi.doctor.sampling import evenly
from workflow_scripts.rogi.doctor.verdicts import Check, Verdict, answered, listed
from workflow_scripts.rogi.imagery.index import missing_quads, planet_name, read_index, survey_quads
from workflow_scripts.rogi.raster import has_stated_validity, open_raster, stated_validity

THUMBNAIL_PX = 256
NAMED = 50  # missing quads that the report names
MIN_SPREAD_DN = 2.0  # standard deviation below which a quad shows nothing
_QUARTER = re.compile(r"(20\d\d)[ _-]?q([1-4])", re.IGNORECASE)


def examine_imagery(
    config: Mapping[str, Any], area: Area | None, indexes: Path, threads: int
) -> tuple[list[Verdict], list[Cover], list[gpd.GeoDataFrame]]:
    """Look at every mosaic.

    Args:
        config: The resolved config.
        area: Where the study looks; None leaves out what is missing there.
        indexes: Folder with the tile indexes of an earlier run, which save opening the quads again.
        threads: Files opened at the same time.

    Returns:
        Verdicts, what each mosaic and all together cover, and the tile indexes.
    """
    settings, verdicts, covers, found = config["imagery"], [], [], []
    for mosaic in settings["mosaics"]:
        paths = matching(mosaic["quads"])
        if not paths:
            continue
        index, faults = _indexed(paths, indexes / f"{slug(mosaic['name'])}.gpkg", settings, threads)
        verdicts += [_headers(mosaic, index, faults, len(paths)), _season(mosaic), _pixels(mosaic, paths, settings)]
        if index is not None:
            found.append(index)
            if area is not None:
                covers.append(cover(mosaic["name"], index.geometry, area))
    verdicts += _together(found)
    if area is not None and found:
        everything = gpd.GeoSeries([item.covered for item in covers], crs=area.halos.crs)
        covers.append(cover("All imagery", everything, area))
        verdicts.append(_missing(settings, covers[-1], found[0], area))
    return verdicts, covers, found


def _indexed(
    paths: list[str], stored: Path, settings: Mapping[str, Any], threads: int
) -> tuple[gpd.GeoDataFrame | None, list[str]]:
    """Return the index of an earlier run if it is newer than every quad and lists the same ones, else a new one."""
    if stored.exists() and all(_is_older(path, stored) for path in paths):
        index = read_index(stored)
        if sorted(index["location"]) == paths:
            return index, []
    return survey_quads(paths, len(settings["bands"]), settings["nodata"], threads)


def _is_older(path: str, stored: Path) -> bool:
    return os.path.exists(path) and os.path.getmtime(path) <= stored.stat().st_mtime


def _headers(mosaic: Mapping[str, str], index: gpd.GeoDataFrame | None, faults: list[str], quads: int) -> Verdict:
    check = Check(
        *("format", f"imagery.mosaics: {mosaic['name']}", "whole 8-bit files with the configured bands on one grid"),
        "fetch damaged quads again, warp or scale odd ones, or correct imagery.bands and imagery.nodata",
    )
    if faults or index is None:
        return check.failed(f"{len(faults)} of {quads} quads cannot be used: {listed(faults)}")
    grid = index.attrs["grid"]
    return check.ok(f"{quads} quads, {grid.crs.to_string()}, {grid.pixel:g} per pixel")


def _season(mosaic: Mapping[str, str]) -> Verdict:
    """Compare the quarter in the name of a mosaic with that in its path; both may be silent."""
    check = Check(
        *("dates", f"imagery.mosaics: {mosaic['name']}", "the same quarter in name and path, where both state one"),
        "correct imagery.mosaics; the name is published in SOUR_DATA",
    )
    quarters = [match.groups() if (match := _QUARTER.search(mosaic[key])) else None for key in ("name", "quads")]
    stated = dict.fromkeys(f"{quarter[0]} Q{quarter[1]}" for quarter in quarters if quarter)
    return check.either(len(stated) < 2, " and ".join(stated) or "no quarter is stated")


def _pixels(mosaic: Mapping[str, str], paths: list[str], settings: Mapping[str, Any]) -> Verdict:
    check = Check(
        *("pixels", f"imagery.mosaics: {mosaic['name']}", "pictures with data and contrast in a sample of quads"),
        "open the named quads; fetch those that are blank, or leave them out",
    )

    def look() -> Verdict:
        chosen = evenly(paths)
        blank = [fault for path in chosen if (fault := _blank(path, settings))]
        return check.warning(listed(blank)) if blank else check.ok(f"{len(chosen)} quads sampled")

    return answered(check, look)


def _blank(path: str, settings: Mapping[str, Any]) -> str | None:
    bands = list(range(1, len(settings["bands"]) + 1))
    with open_raster(path) as dataset:
        height, width = (min(size, THUMBNAIL_PX) for size in dataset.shape)
        try:
            image = dataset.read(bands, out_shape=(len(bands), height, width))
        except OSError as error:
            raise ValueError(f"{path} is damaged: {error.__cause__ or error}; fetch it again") from error
        stated = has_stated_validity(dataset)
        shape = height, width
        valid = stated_validity(dataset, out_shape=shape) if stated else (image != settings["nodata"]).any(0)
    if not valid.any():
        return f"{path} holds no data"
    spread = float(np.std(image[:, valid]))
    return f"{path} has a standard deviation of {spread:.1f}" if spread < MIN_SPREAD_DN else None


def _together(indexes: list[gpd.GeoDataFrame]) -> list[Verdict]:
    if len(indexes) < 2:
        return []
    check = Check(
        *("grid", "imagery.mosaics", "all mosaics on one pixel grid"),
        "warp the others to the grid of the first with gdalwarp -tap",
    )
    grids = [index.attrs["grid"] for index in indexes]
    return [check.either(all(grid.matches(grids[0]) for grid in grids), f"{len(grids)} mosaics, first {grids[0].crs}")]


def _missing(settings: Mapping[str, Any], found: Cover, index: gpd.GeoDataFrame, area: Area) -> Verdict:
    """Judge what no mosaic covers, and name the quads to fetch."""
    is_tolerated = settings["missing_quads"] == "nodata"
    rest = "the rest is mapped" if is_tolerated else "or set imagery.missing_quads: nodata to map the rest"
    check = Check(
        *("extent", "imagery.mosaics", "imagery of every subregion and its halo"),
        f"fetch {listed(_missing_names(found, index), NAMED) or 'what is missing'}; {rest}",
    )
    return coverage(check, found, area, is_tolerated)


def _missing_names(found: Cover, index: gpd.GeoDataFrame) -> list[str]:
    """Return the names of the quads of Planet's grid that are missing; none for imagery of other grids."""
    missing = found.missing[found.halo_share > NOTHING]
    if missing.empty:
        return []
    cells = missing_quads(index, missing.to_crs(index.crs).union_all())
    return [name for cell in cells if (name := planet_name(index.attrs["grid"], cell))]
