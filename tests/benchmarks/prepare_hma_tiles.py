"""Tiles of High Mountain Asia as inputs of the study `resources/studies/hma_debris.yaml`.

`python -m tests.benchmarks.prepare_hma_tiles FOLDER_OF_TILES FOLDER_TO_WRITE`. The tiles (Kaushik et al. 2022, Zanskar
and Ladakh) have nine bands of 16 bits: Sentinel-2 B2, B3, B4, B8, B11, thermal, SAR, slope (°), elevation (m); and
labels of supraglacial debris. Three things stand between them and the workflow:

* Their pixels of 10 m lie on six grids that differ by fractions of a pixel, and the imagery of a study lies on one.
  Each tile is moved, image, elevation and labels together, to the nearest whole pixel: by less than 5 m along either
  axis, in exchange for which no value is resampled.
* Imagery has 8 bits: reflectance times 10 000 from 0 to WHITE becomes 1 to 255, linear; 0 is kept for missing pixels.
* Subregions, which are folds: two tiles each.
"""

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from rasterio.crs import CRS

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.raster import open_raster, write_raster

PIXEL_M = 10
WHITE = 4000  # of 10 000: debris and rock reflect 0.1 to 0.3, and snow may saturate
RED_GREEN_BLUE, NIR, THERMAL, ELEVATION = [3, 2, 1], 4, 6, 9
SUBREGIONS = {"North": ("100", "104"), "South": ("113", "114"), "West and east": ("107", "115")}


def main(source: Path, target: Path) -> None:
    """Write image, nir, thermal, dem and label of every tile, and the subregions."""
    parts = [prepare(source, target, tile).assign(NAME=name) for name, tiles in SUBREGIONS.items() for tile in tiles]
    subregions = pd.concat(parts, ignore_index=True)
    write_layers(target / "subregions.gpkg", {"subregions": subregions})
    print(subregions.drop(columns="geometry").to_string(index=False, float_format="{:.2f}".format))


def prepare(source: Path, target: Path, tile: str) -> gpd.GeoDataFrame:
    """Write the files of one tile, and return its outline with how far it was moved east and north, m."""
    with open_raster(source / f"image{tile}.tif") as dataset, open_raster(source / f"label{tile}.tif") as labels:
        place, crs = snapped(dataset.transform), dataset.crs
        write(target, "image", tile, stretched(dataset.read(RED_GREEN_BLUE)), place, crs, 0)
        write(target, "nir", tile, dataset.read(NIR), place, crs, 0)
        write(target, "thermal", tile, dataset.read(THERMAL), place, crs, 0)
        write(target, "dem", tile, dataset.read(ELEVATION).astype(np.float32), place, crs, -9999)
        write(target, "label", tile, labels.read(1), place, crs, None)
        moved = place.c - dataset.transform.c, place.f - dataset.transform.f
        height, width = dataset.shape
    outline = shapely.box(place.c, place.f - height * PIXEL_M, place.c + width * PIXEL_M, place.f)
    return gpd.GeoDataFrame({"tile": tile, "east_m": moved[0], "north_m": moved[1]}, [0], geometry=[outline], crs=crs)


def snapped(transform: Affine) -> Affine:
    """Return the transform with its origin at the nearest whole pixel."""
    x, y = (round(origin / PIXEL_M) * PIXEL_M for origin in (transform.c, transform.f))
    return Affine(PIXEL_M, 0, x, 0, -PIXEL_M, y)


def stretched(reflectance: np.ndarray) -> np.ndarray:
    """Return reflectance times 10 000, 0 to `WHITE`, as 1 to 255."""
    return (1 + 254 * np.clip(reflectance / WHITE, 0, 1)).round().astype(np.uint8)


def write(target: Path, kind: str, tile: str, array: np.ndarray, place: Affine, crs: CRS, nodata: float | None) -> None:
    """Write one raster of a tile."""
    path = target / f"{kind}{tile}.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_raster(path, array, crs, place, nodata=nodata)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="folder with image*.tif and label*.tif")
    parser.add_argument("target", type=Path, help="folder to write")
    main(**vars(parser.parse_args()))
