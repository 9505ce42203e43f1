"""The sides of the attribute benchmark: each takes a DEM and outlines and returns its seconds."""

import time
import warnings
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import richdem
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterstats import zonal_stats
from scipy import ndimage

from tests.benchmarks.settings import CONFIG
from workflow_scripts.rogi.attributes import terrain
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.attributes.relief import STATISTICS, Settings, blocks, relief
from workflow_scripts.rogi.attributes.zonal import zonal
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.insolation.annual import Insolation
from workflow_scripts.rogi.raster import write_raster

WEST, NORTH, SECOND = 79.0, 36.0, 1 / 3600
MEDIAN_M2, SPREAD, ELONGATION = 1e5, 0.8, 2.5
METRES_PER_DEGREE = 111_000
CELLS = 1000  # along a side of the window on which terrain is derived

warnings.filterwarnings("ignore", "Use .@. matmul", PendingDeprecationWarning)


def prepare(dem: str, outlines: str, side: int, count: int, seed: int) -> None:
    """Write a mountainous DEM of one arc second, and outlines as large and as many per area as rock glaciers are."""
    rng = np.random.default_rng(seed)
    heights = np.full((side, side), 4800.0, dtype=np.float32)
    for size, rise in ((600, 700), (150, 250), (40, 60), (8, 8)):
        coarse = rng.normal(0, rise, (side // size + 3,) * 2).astype(np.float32)
        heights += ndimage.zoom(coarse, size, order=1)[:side, :side]
    write_raster(dem, heights.astype("int16"), CRS.from_epsg(4326), Affine(SECOND, 0, WEST, 0, -SECOND, NORTH))
    _ellipses(side * SECOND, count, rng).to_file(outlines)


def _ellipses(degrees: float, count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    area, azimuth = np.exp(rng.normal(np.log(MEDIAN_M2), SPREAD, count)), rng.uniform(0, np.pi, count)
    centres = rng.uniform(0.02, degrees - 0.02, (count, 2)) * [1, -1] + [WEST, NORTH]
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    along = np.sqrt(area * ELONGATION / np.pi)[:, None] * np.cos(angles)
    across = np.sqrt(area / ELONGATION / np.pi)[:, None] * np.sin(angles)
    sine, cosine = np.sin(azimuth)[:, None], np.cos(azimuth)[:, None]
    east, north = along * sine + across * cosine, along * cosine - across * sine
    x = centres[:, :1] + east / METRES_PER_DEGREE / np.cos(np.radians(centres[:, 1:]))
    y = centres[:, 1:] + north / METRES_PER_DEGREE
    return gpd.GeoDataFrame(geometry=shapely.polygons(np.stack([x, y], axis=2)), crs=4326)


def ours(dem: str, outlines: str, layers: int) -> dict[str, float]:
    """Time exact statistics of as many layers of the DEM's grid, block by block as the workflow takes them."""
    polygons = gpd.read_file(outlines)
    start = time.perf_counter()
    mean = 0.0
    (mosaic,) = open_mosaics([dem])
    for block in blocks(polygons, mosaic):
        window = mosaic.window(tuple(block.total_bounds), 0)
        heights = mosaic.read(window)
        rasters = {f"layer{number}": heights for number in range(layers)}
        mean += zonal(block, rasters, mosaic.transform_of(window), list(STATISTICS))["layer0_mean"].sum()
    return {"seconds": time.perf_counter() - start, "mean": mean / len(polygons)}


def by_rasterstats(dem: str, outlines: str) -> dict[str, float]:
    """Time the same statistics of one layer, of the cells whose centres lie inside."""
    polygons = gpd.read_file(outlines)
    start = time.perf_counter()
    table = zonal_stats(polygons, dem, stats=list(STATISTICS))
    return {"seconds": time.perf_counter() - start, "mean": float(np.nanmean([row["mean"] for row in table]))}


def everything(dem: str, outlines: str, count: int) -> dict[str, float]:
    """Time all terrain columns of the first outlines from the west with the settings of config.yaml, one thread."""
    polygons = gpd.read_file(outlines)
    nearest = polygons.iloc[np.argsort(polygons.bounds["minx"], kind="stable")[:count]]
    elevation = CONFIG["elevation"]
    settings = Settings(
        elevation["flow_smoothing_m"], elevation["headwall_distance_m"], Insolation(**CONFIG["insolation"])
    )
    mosaics = open_mosaics([dem])
    relief(nearest.iloc[:1], mosaics, settings)  # numba compiles
    start = time.perf_counter()
    relief(nearest, mosaics, settings)
    return {"seconds": time.perf_counter() - start}


def derivation(dem: str, repeats: int) -> dict[str, float]:
    """Time what is derived from a million cells, and richdem's two passes of it alone; seconds by step."""
    (mosaic,) = open_mosaics([dem])
    window = mosaic.window((WEST + 0.1, NORTH - 0.1 - CELLS * SECOND, WEST + 0.1 + CELLS * SECOND, NORTH - 0.1), 0)
    heights, transform = mosaic.read(window), mosaic.transform_of(window)
    shape = terrain.pixel_shape(transform, WGS84, heights.shape)
    east, north = terrain.gradient(heights, shape)
    given = terrain.as_richdem(heights)

    def passes() -> None:
        with terrain.quiet():
            richdem.TerrainAttribute(given, attrib="slope_riserun")
            richdem.TerrainAttribute(given, attrib="aspect")

    steps: dict[str, Callable[[], Any]] = {
        "richdem's slope and aspect alone": passes,
        "slope and aspect": lambda: terrain.slope_aspect(heights, transform, WGS84),
        "curvature, from the gradient": lambda: terrain.curvature(east, north, shape),
        "ruggedness, from the gradient": lambda: terrain.ruggedness(east, north),
    }
    return {name: _best(step, repeats) / heights.size for name, step in steps.items()}


def _best(run: Callable[[], Any], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
