"""Candidate polygons from a probability raster: systems, their units, smooth outlines, statistics."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from exactextract import exact_extract
from rasterio import DatasetReader
from scipy.ndimage import binary_dilation

from workflow_scripts.rogi.attributes.elevation import Mosaic
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.identity import primary_markers, unique_ids
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.flow import downslope
from workflow_scripts.rogi.mapping.lattice import (
    lattice_of,
    pixels_of,
    polygons_of,
    scores_of,
    to_crs,
    to_pixels,
    window_of,
)
from workflow_scripts.rogi.mapping.rules import CandidateRules
from workflow_scripts.rogi.mapping.smooth import REACH, smoothed
from workflow_scripts.rogi.mapping.systems import find_systems, near_systems
from workflow_scripts.rogi.mapping.units import split
from workflow_scripts.rogi.raster import open_raster

MARGIN_PX = 2  # round a system, in its window


def candidates(
    probability: str | Path,
    source: str | Path,
    names: list[str],
    rules: CandidateRules,
    mosaics: Sequence[Mosaic] = (),
    mapped: shapely.Geometry | None = None,
) -> gpd.GeoDataFrame:
    """Return the candidate rock glaciers of a probability raster; jobs that see one whole make the same of it.

    Args:
        probability: Raster of `FULL` times the probability; a second band is its spread (standard deviation) likewise.
        source: Raster of mosaic numbers on the same grid.
        names: Name of each mosaic, the first for number 1.
        rules: How they are drawn.
        mosaics: DEMs that say where rock glaciers flow; without one, units are told apart by their shape alone.
        mapped: The mapped area in the raster's CRS, nodata outside; None for no edge.

    Returns:
        One row per unit: `system_id` of the connected object it is part of; `probability` and `spread`, means over the
        polygon, 0 to 1 (`spread` NaN without a second band); `area_m2` (ellipsoidal); `source`, names of the mosaics it
        was seen in; `at_edge` and `at_gap`, whether its system reaches the edge of the mapped area, or else missing
        imagery; geometry in the raster's CRS.
    """
    with open_raster(probability) as dataset:
        grid = lattice_of(dataset.crs, dataset.transform)
        systems = find_systems(dataset, grid, rules)
        pixels = to_pixels(systems, grid)
        pixel_m = np.sqrt(area_m2(systems) / shapely.area(pixels))
        reach_px = 2 * REACH * (rules.smoothing_m / pixel_m).max(initial=0)
        each = zip(pixels, pixel_m, near_systems(pixels, reach_px), strict=True)
        drawn = [_drawn(*one, dataset, grid, rules, mosaics) for one in each]
    system = np.repeat(np.arange(len(systems)), [len(units) for units, _ in drawn])
    columns = {
        "system_id": np.array(unique_ids(primary_markers(systems), prefix="SYS")[0], dtype=object)[system],
        "at_edge": _reaches_edge(systems, mapped, (1 + reach_px) * grid.pixel)[system],
    }
    columns["at_gap"] = np.array([at_gap for _, at_gap in drawn], dtype=bool)[system] & ~columns["at_edge"]
    polygons = np.concatenate([np.array([], dtype=object), *(units for units, _ in drawn)])
    return _with_statistics(gpd.GeoDataFrame(columns, geometry=to_crs(polygons, grid)), probability, source, names)


def _drawn(
    system: shapely.Geometry,
    pixel_m: float,
    near: shapely.Geometry | None,
    dataset: DatasetReader,
    grid: PixelGrid,
    rules: CandidateRules,
    mosaics: Sequence[Mosaic],
) -> tuple[np.ndarray, bool]:
    """Return the units of a system, all in pixels, with smooth outlines, and whether imagery is missing beside it."""
    window, least_px = window_of(system, MARGIN_PX), rules.min_area_m2 / pixel_m**2
    inside, scores = pixels_of(system, window), scores_of(dataset, grid, window)
    units = np.array([system])
    if rules.units == "watershed":
        flow = downslope(mosaics, grid, window, rules.unit_flow_smoothing_m / pixel_m)
        likely = np.where(scores == NODATA, 0, scores / FULL)
        labels = split(inside, likely, flow, rules.unit_max_neck, rules.unit_flow_compression, least_px)
        units = polygons_of(labels, window)
    at_gap = bool((scores[binary_dilation(inside)] == NODATA).any())
    return smoothed(units, rules.smoothing_m / pixel_m, near, least_px), at_gap


def _reaches_edge(systems: gpd.GeoSeries, mapped: shapely.Geometry | None, margin: float) -> np.ndarray:
    """Return which systems the edge of the mapped area may have cut, or kept from having a neighbour."""
    if mapped is None:
        return np.zeros(len(systems), bool)
    inner = mapped.buffer(-margin)
    shapely.prepare(inner)
    return ~shapely.covers(inner, systems.array)


def _with_statistics(
    frame: gpd.GeoDataFrame, probability: str | Path, source: str | Path, names: list[str]
) -> gpd.GeoDataFrame:
    """Append area, means of the probability raster and names of mosaics."""
    frame["area_m2"] = area_m2(frame.geometry)
    if frame.empty:
        return frame.assign(probability=np.array([], float), spread=np.array([], float), source=np.array([], str))
    means = exact_extract(probability, frame, ["mean"], output="pandas") / FULL
    seen = exact_extract(source, frame, ["unique"], output="pandas")["unique"]
    frame["probability"] = means.iloc[:, 0]
    frame["spread"] = means.iloc[:, 1] if means.shape[1] > 1 else np.nan
    frame["source"] = ["; ".join(names[int(number) - 1] for number in sorted(found) if number) for found in seen]
    return frame
