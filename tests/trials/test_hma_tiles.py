"""Tiles of High Mountain Asia prepared as a study: one grid, honest bytes, terrain channels that align."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.benchmarks.prepare_hma_tiles import SUBREGIONS, main, snapped, stretched
from workflow_scripts.rogi.imagery.channels import Channels
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.index import index_quads
from workflow_scripts.rogi.training.inventories.labels import label_polygons

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ROGI_REALDATA", ROOT.parent / "shared" / "realdata")) / "hma_s2_dem_tiles"
needs_tiles = pytest.mark.skipif(not DATA.is_dir(), reason=f"no tiles in {DATA}")
TERRAIN = [{"name": name, "source": "terrain", "relative": False} for name in ("elevation", "slope")]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hma")
    main(DATA, folder)
    return folder


def test_an_origin_moves_to_the_nearest_whole_pixel() -> None:
    place = snapped(Affine(10.00000000000186, 0, 633251.65, 0, -10.0000000001, 3756885.1))
    assert tuple(place)[:6] == (10, 0, 633250, 0, -10, 3756890)


def test_the_stretch_is_linear_and_keeps_0_for_missing_pixels() -> None:
    found = stretched(np.array([0, 2000, 4000, 9000]))
    assert found.tolist() == [1, 128, 255, 255]
    assert found.dtype == np.uint8


@needs_tiles
def test_all_tiles_lie_on_one_grid_moved_by_less_than_half_a_pixel(prepared: Path) -> None:
    index = index_quads(sorted(map(str, prepared.glob("image*.tif"))), 3, None, 1)  # refuses files of different grids
    assert len(index) == 6
    regions = gpd.read_file(prepared / "subregions.gpkg")
    assert regions[["east_m", "north_m"]].abs().max().max() < 5
    assert sorted(regions["tile"]) == sorted(tile for tiles in SUBREGIONS.values() for tile in tiles)
    assert not regions.geometry.overlaps(regions.union_all()).any()


@needs_tiles
def test_the_slope_channel_is_the_one_of_the_data_set_pixel_by_pixel(prepared: Path) -> None:
    """Theirs is in whole degrees; moved by one pixel either way, ours fits worse."""
    with rasterio.open(prepared / "image104.tif") as dataset:
        grid = PixelGrid.of(dataset.crs, dataset.transform)
        window = grid.window(dataset.bounds)
    channels = Channels(TERRAIN, grid, sorted(map(str, prepared.glob("dem*.tif"))), [])
    elevation, slope = channels.read(window)
    with rasterio.open(DATA / "image104.tif") as dataset:
        their_slope, their_elevation = dataset.read([8, 9]).astype(float)
    inner = np.s_[3:-3, 3:-3]
    np.testing.assert_array_equal(elevation[inner], their_elevation[inner])
    apart = np.abs(slope - their_slope)[inner]
    assert apart.mean() < 0.5
    for step, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        assert np.abs(np.roll(slope, step, axis) - their_slope)[inner].mean() > 2 * apart.mean()


@needs_tiles
def test_labels_become_the_outlines_of_the_data_set(prepared: Path) -> None:
    with rasterio.open(prepared / "label107.tif") as dataset:
        grid = PixelGrid.of(dataset.crs, dataset.transform)
        pixels = int((dataset.read(1) == 1).sum())
    found = label_polygons(str(prepared / "label107.tif"), grid)
    assert found.area.sum() == pytest.approx(100 * pixels)
