"""Terrain, shape and insolation of polygons, block by block so that any number of them fits in memory."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from rasterio.features import rasterize
from rasterio.windows import Window

from workflow_scripts.rogi.attributes.elevation import Mosaic
from workflow_scripts.rogi.attributes.landform import LANDFORM, landforms, reach_m
from workflow_scripts.rogi.attributes.terrain import angles, curvature, gradient, pixel_shape, ruggedness, to_wgs84
from workflow_scripts.rogi.attributes.zonal import circular_mean, zonal
from workflow_scripts.rogi.geodesy import METRES_PER_DEGREE, WGS84, area_m2
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.imagery.grid import grown, within
from workflow_scripts.rogi.insolation.annual import COLUMNS as RADIATION
from workflow_scripts.rogi.insolation.annual import Insolation, insolation
from workflow_scripts.rogi.progress import progress

BLOCK_DEG = 0.1  # cells of a block share one shape in metres, good to 0.1 % of their width below 50°
BLOCK_PX = 1000  # a block's side at most, which is less than BLOCK_DEG where cells are below 11 m
NEIGHBOURHOOD_DEG = 1  # blocks are taken tile by tile of a DEM in degrees, so that each is decoded about once
RIM_PX = 4  # whole neighbourhoods of 5 x 5 cells for every cell touched
HALO_MAX_PX = 2500  # keeps a block's heights to some 300 MiB; below 8 m the horizon ends earlier, and HORIZON says so
SPAN_MAX_DEG = 1  # the longest glaciers of Asia span 0.7°, and one shape of cells has to serve for an outline
COMPLETE = 1 - 1e-6

STATISTICS = ("mean", "median", "min", "max")
RELIEF = (
    *(f"{what}_{statistic.upper()}" for what in ("ELE", "SLO") for statistic in STATISTICS),
    *("ELE_RANGE", "ASPECT", "ASPECT_R", "CURV_MEAN", "ROUGHNESS", "WIDTH", "ELONGATION", *LANDFORM),
    *("DEM_SHARE", "SLO_SHARE", "ASP_SHARE", "CURV_SHARE", *RADIATION),
)


@dataclass(frozen=True)
class Settings:
    """How terrain is described.

    Attributes:
        flow_smoothing_m: See `landform.landforms`.
        headwall_distance_m: See `landform.landforms`.
        insolation: The settings of the insolation.
    """

    flow_smoothing_m: float
    headwall_distance_m: float
    insolation: Insolation

    @property
    def halo_m(self) -> float:
        """How far beyond an outline the DEM counts, true metres."""
        return max(reach_m(self.flow_smoothing_m, self.headwall_distance_m), self.insolation.search_radius_m)


@dataclass(frozen=True)
class Block:
    """A part of a DEM round some polygons.

    Attributes:
        heights: Array of shape (height, width), m; NaN in voids.
        transform: Its pixels to the CRS.
        own: The part of it that holds the polygons and a rim.
        own_transform: The pixels of that part to the CRS.
        shape: Ground vectors of a pixel, as from `terrain.pixel_shape`.
    """

    heights: np.ndarray
    transform: Affine
    own: tuple[slice, slice]
    own_transform: Affine
    shape: np.ndarray


def relief(polygons: gpd.GeoDataFrame, mosaics: Sequence[Mosaic], settings: Settings, threads: int = 1) -> pd.DataFrame:
    """Return the terrain attributes of polygons.

    Where several mosaics (grids) cover a polygon, the one that covers most of it is used, at a tie the first.

    Args:
        polygons: In any CRS, with a unique index.
        mosaics: DEMs.
        settings: How terrain is described.
        threads: Of the insolation.

    Returns:
        One row per polygon with the columns RELIEF, defined in `columns`. DEM_SHARE is the share of the polygon on
        valid cells: where it is 0, all else is NaN; where it is below 1, the rest describes the covered part. It is 0
        for empty polygons and for those that span more than SPAN_MAX_DEG, as one that is cut at 180° does.
    """
    table = pd.DataFrame(np.nan, index=polygons.index, columns=list(RELIEF))
    table["DEM_SHARE"] = 0.0
    placed = _placed(polygons)
    work = [(mosaic, block) for mosaic in mosaics for block in blocks(placed, mosaic)]
    with progress("terrain", sum(len(block) for _, block in work), "polygons") as shown:
        for mosaic, block in work:
            _fill(table, block, mosaic, settings, threads)
            shown.advance(len(block))
    covered_m2 = area_m2(placed.geometry) * table.loc[placed.index, "DEM_SHARE"]
    table["WIDTH"] = covered_m2 / table["LENGTH"]
    table["ELONGATION"] = table["LENGTH"] / table["WIDTH"]
    return table


def _placed(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the polygons that lie somewhere; count and name the others."""
    west, south, east, north = polygons.to_crs(WGS84).bounds.to_numpy().T
    wide = np.fmax(east - west, north - south) > SPAN_MAX_DEG
    somewhere = ~(polygons.geometry.is_empty | polygons.geometry.isna() | wide)
    if not somewhere.all():
        nowhere = ", ".join(str(name) for name in polygons.index[~somewhere])
        logging.getLogger("rogi").warning(
            "%d outlines get no terrain, because they are empty or span more than %g°, as one on both sides of 180° "
            "longitude does: rows %s",
            *((~somewhere).sum(), SPAN_MAX_DEG, nowhere),
        )
    return polygons[somewhere]


def _fill(table: pd.DataFrame, block: gpd.GeoDataFrame, mosaic: Mosaic, settings: Settings, threads: int) -> None:
    """Put in the values of those polygons that this mosaic covers better than those before it."""
    waiting = block[table.loc[block.index, "DEM_SHARE"] < COMPLETE].to_crs(mosaic.crs)
    if waiting.empty:
        return
    window = mosaic.window(tuple(waiting.total_bounds), RIM_PX)
    found = _of_block(waiting, _read(mosaic, window, _pixel_shape(mosaic, block), settings.halo_m), settings, threads)
    better = found.index[found["DEM_SHARE"] > table.loc[found.index, "DEM_SHARE"]]
    table.loc[better, found.columns] = found.loc[better]


def _pixel_shape(mosaic: Mosaic, block: gpd.GeoDataFrame) -> np.ndarray:
    """Return the shape of a pixel in the middle of the BLOCK_DEG of a block, whichever polygons lie there."""
    marker = primary_markers(block.geometry.iloc[:1]).iloc[0]
    longitude, latitude = ((np.floor(axis / BLOCK_DEG) + 0.5) * BLOCK_DEG for axis in (marker.x, marker.y))
    x, y = to_wgs84(mosaic.crs).transform(longitude, latitude, direction="INVERSE")
    grid = mosaic.transform
    return pixel_shape(Affine(grid.a, grid.b, x, grid.d, grid.e, y), mosaic.crs, (0, 0))


def _read(mosaic: Mosaic, window: Window, shape: np.ndarray, halo_m: float) -> Block:
    wide = grown(window, min(int(np.ceil(halo_m / np.hypot(*shape).min())), HALO_MAX_PX))
    own = within(window, wide)
    return Block(mosaic.read(wide), mosaic.transform_of(wide), own, mosaic.transform_of(window), shape)


def _of_block(polygons: gpd.GeoDataFrame, block: Block, settings: Settings, threads: int) -> pd.DataFrame:
    heights = block.heights[block.own]
    east, north = gradient(heights, block.shape)
    slope, aspect = angles(east, north)
    sums = zonal(polygons, {"ELE": heights, "SLO": slope}, block.own_transform, list(STATISTICS))
    bend = curvature(east, north, block.shape) * 1000  # per km
    layers = {
        "SINE": np.sin(np.radians(aspect)),
        "COSINE": np.cos(np.radians(aspect)),
        "CURV_MEAN": bend,
        "ROUGHNESS": ruggedness(east, north),
        "DEM_SHARE": np.isfinite(heights),
        "SLO_SHARE": np.isfinite(slope),
        "ASP_SHARE": np.isfinite(aspect),
        "CURV_SHARE": np.isfinite(bend),
        **_radiation(polygons, block, slope, aspect, settings.insolation, threads),
    }
    means = zonal(polygons, layers, block.own_transform, ["mean"])
    lines = landforms(
        polygons, block.heights, block.transform, block.shape, settings.flow_smoothing_m, settings.headwall_distance_m
    )
    table = sums.rename(columns=str.upper).join(means.rename(columns=lambda name: name.removesuffix("_mean")))
    table["ASPECT"], table["ASPECT_R"] = circular_mean(table.pop("SINE").to_numpy(), table.pop("COSINE").to_numpy())
    table["ELE_RANGE"] = table["ELE_MAX"] - table["ELE_MIN"]
    return table.join(lines)


def _radiation(
    polygons: gpd.GeoDataFrame, block: Block, slope: np.ndarray, aspect: np.ndarray, settings: Insolation, threads: int
) -> dict[str, np.ndarray]:
    """Return the annual insolation of the cells that polygons touch; NaN elsewhere."""
    touched = rasterize(polygons.geometry, out_shape=slope.shape, transform=block.own_transform, all_touched=True) == 1
    rows, columns = np.nonzero(touched & np.isfinite(slope))
    top, left = (part.start for part in block.own)
    found = insolation(
        block.heights,
        block.transform,
        polygons.crs,
        rows + top,
        columns + left,
        slope[rows, columns],
        aspect[rows, columns],
        settings,
        threads,
    )
    layers = {name: np.full(slope.shape, np.nan) for name in RADIATION}
    for name, layer in layers.items():
        layer[rows, columns] = found[name]
    return layers


def blocks(polygons: gpd.GeoDataFrame, mosaic: Mosaic) -> Iterator[gpd.GeoDataFrame]:
    """Group polygons on a mosaic by the cell of a longitude-latitude grid that holds their marker, degree by degree."""
    touching = polygons[mosaic.touched(polygons.geometry.to_crs(mosaic.crs).bounds.to_numpy())]
    markers = primary_markers(touching.geometry)
    pixel_m = np.hypot(*pixel_shape(mosaic.transform, mosaic.crs, (1, 1))).min()
    parts = np.ceil(BLOCK_DEG * METRES_PER_DEGREE / (BLOCK_PX * pixel_m))
    block_deg = BLOCK_DEG / parts
    cells = [np.floor(axis / size) for size in (NEIGHBOURHOOD_DEG, block_deg) for axis in (markers.x, markers.y)]
    for _, block in touching.groupby(cells):
        yield block
