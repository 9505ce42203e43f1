"""Terrain as channels of real Sentinel-2 imagery of High Mountain Asia: it lies where it belongs."""

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.warp import Resampling, calculate_default_transform, reproject
from rasterio.windows import Window

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.imagery.channels import Channels
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.raster import open_raster, write_raster

ROOT = Path(__file__).resolve().parents[2]
TILES = Path(os.environ.get("ROGI_REALDATA", ROOT.parent / "shared" / "realdata")) / "hma_s2_dem_tiles"
SLOPE, ELEVATION = 8, 9  # bands

pytestmark = [
    pytest.mark.skipif(not TILES.is_dir(), reason=f"no {TILES}; set ROGI_REALDATA to the folder that holds it"),
    pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning"),
]


def tile(number: int) -> tuple[np.ndarray, np.ndarray, rasterio.DatasetReader]:
    """Return the slope (whole degrees) and the elevation of a tile, and the tile."""
    with open_raster(TILES / f"image{number}.tif") as dataset:
        slope, elevation = dataset.read([SLOPE, ELEVATION]).astype(np.float32)
        return slope, elevation, dataset


def channel(name: str, dem: Path, dataset: rasterio.DatasetReader) -> np.ndarray:
    """Return one channel, derived from a DEM, on the pixels of a tile."""
    grid = PixelGrid.of(dataset.crs, dataset.transform)
    row, column = grid.position(dataset.transform.c, dataset.transform.f)
    declared = [{"name": name, "source": "terrain", "relative": False}]
    return Channels(declared, grid, [str(dem)], []).read(Window(column, row, dataset.width, dataset.height))[0]


@pytest.mark.parametrize("number", [100, 115])
def test_slope_is_that_in_the_data_set(number: int, tmp_path: Path) -> None:
    slope, elevation, dataset = tile(number)
    write_raster(tmp_path / "dem.tif", elevation, dataset.crs, dataset.transform)
    found = channel("slope", tmp_path / "dem.tif", dataset)[2:-2, 2:-2]
    assert (np.round(found) == slope[2:-2, 2:-2]).mean() > 0.99


@pytest.mark.parametrize("number", [100, 115])
def test_a_dem_in_degrees_comes_back_to_its_pixels(number: int, tmp_path: Path) -> None:
    """The tile's own elevation, warped to 1"; a shift by one pixel of 10 m would show."""
    _, elevation, dataset = tile(number)
    place = dataset.crs, dataset.transform
    there, width, height = calculate_default_transform(
        dataset.crs, WGS84, dataset.width, dataset.height, *dataset.bounds, resolution=1 / 3600
    )
    warped = np.full((height, width), np.nan, np.float32)
    reproject(
        elevation, warped, src_crs=place[0], src_transform=place[1], dst_crs=WGS84, dst_transform=there,
        src_nodata=np.nan, dst_nodata=np.nan, resampling=Resampling.average,
    )  # fmt: skip
    write_raster(tmp_path / "dem.tif", warped, rasterio.crs.CRS.from_epsg(4326), there, nodata=np.nan)
    found = channel("elevation", tmp_path / "dem.tif", dataset)

    def error(rows: int, columns: int) -> float:
        moved = np.roll(elevation, (rows, columns), (0, 1))
        return float(np.nanstd((found - moved)[20:-20, 20:-20]))

    shifts = {(rows, columns): error(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)}
    assert min(shifts, key=lambda shift: shifts[shift]) == (0, 0)
    assert shifts[0, 0] < 3
