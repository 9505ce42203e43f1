"""Outlines of rasters: thresholds, tiles and blocks, nodata, order, and memory."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy import ndimage

from tests.mapping.masks import assert_same_objects, by_gdal, masks
from tests.rule_files import ROOT
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.outlines import outlines
from workflow_scripts.rogi.raster import RasterError, geotiff_profile, write_raster, writing_raster

# Pixels of 10 m north of the equator: a column more is 10 m east, a row more 10 m south.
GRID = PixelGrid(rasterio.crs.CRS.from_epsg(6933), 10.0, 0.0, 0.0)
TRANSFORM = GRID.transform(Window(76_000, -42_000, 0, 0))
SMALL_BLOCKS: dict[str, Any] = {"blockxsize": 16, "blockysize": 16}
STRIPS: dict[str, Any] = {"tiled": False, "blockysize": 3, "blockxsize": None}


def write(folder: Path, scores: np.ndarray, **more: Any) -> str:
    path = str(folder / "probability.tif")
    write_raster(path, scores.astype(np.uint8), GRID.crs, TRANSFORM, **({"nodata": NODATA} | more))
    return path


def noise(height: int, width: int, share: float, seed: int = 5) -> np.ndarray:
    """Blotches of probability FULL that cover a share."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((height, width)), 1.2)
    return np.where(field < np.quantile(field, share), FULL, 0)


def in_pixels(path: str, connectivity: int, **more: Any) -> np.ndarray:
    """Return the outlines with x the column and y the row."""
    found = outlines(path, 0.5, connectivity, **more)
    (west, north), pixel = TRANSFORM @ (0, 0), TRANSFORM.a
    shape: np.ndarray = shapely.transform(found.to_numpy(), lambda xy: (xy - (west, north)) / (pixel, -pixel))
    return shape


@pytest.mark.parametrize(
    ("threshold", "lowest"),
    [(0.5, 127), (0.501, 128), (0.25, 64), (1 / 254, 1), (0.0001, 1), (0.0, 1), (253 / 254, 253), (1.0, 254)],
)
def test_a_pixel_at_the_threshold_counts_and_nodata_does_not(tmp_path: Path, threshold: float, lowest: int) -> None:
    path = write(tmp_path, np.tile(np.arange(256), (4, 1)))
    (shape,) = outlines(path, threshold, 4)
    west, south, east, north = shape.bounds
    assert (west, east) == tuple((TRANSFORM @ (column, 0))[0] for column in (lowest, FULL + 1))
    assert (north, south) == tuple((TRANSFORM @ (0, row))[1] for row in (0, 4))


@settings(max_examples=40)
@given(mask=masks(), connectivity=st.sampled_from([4, 8]))
def test_outlines_burn_back_to_the_mask(
    tmp_path_factory: pytest.TempPathFactory, mask: np.ndarray, connectivity: int
) -> None:
    path = write(tmp_path_factory.getbasetemp(), np.where(mask, FULL, 0))
    found = outlines(path, 0.5, connectivity)
    assert found.crs == GRID.crs
    assert found.is_valid.all()
    assert set(found.geom_type) <= {"Polygon", "MultiPolygon"}
    assert found.area.sum() == 100 * mask.sum()
    if mask.any():
        assert np.array_equal(rasterize(found, mask.shape, transform=TRANSFORM) > 0, mask)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("blocks", [SMALL_BLOCKS, STRIPS, {}])
@pytest.mark.parametrize("tile_px", [1, 16, 20, 48, 1000])
def test_the_cut_into_tiles_and_blocks_changes_nothing(
    tmp_path: Path, connectivity: int, blocks: dict[str, Any], tile_px: int
) -> None:
    scores = noise(150, 170, 0.5)
    found = in_pixels(write(tmp_path, scores, **blocks), connectivity, tile_px=tile_px)
    whole = in_pixels(write(tmp_path, scores, blockxsize=256, blockysize=256), connectivity, tile_px=256)
    assert shapely.to_wkb(found).tolist() == shapely.to_wkb(whole).tolist()
    assert_same_objects(found, by_gdal(scores > 0, connectivity))


@pytest.mark.parametrize("tile_px", [16, 64])
def test_objects_come_by_their_topmost_then_leftmost_pixel(tmp_path: Path, tile_px: int) -> None:
    scores = np.zeros((64, 64))
    for row, column in ((3, 50), (3, 2), (40, 1), (17, 30), (60, 60)):
        scores[row : row + 3, column : column + 3] = FULL
    found = in_pixels(write(tmp_path, scores, **SMALL_BLOCKS), 4, tile_px=tile_px)
    assert [shape.bounds[1::-1] for shape in found] == [(3, 2), (3, 50), (17, 30), (40, 1), (60, 60)]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (40, 1), (33, 47)])
def test_an_object_may_touch_all_edges(tmp_path: Path, height: int, width: int) -> None:
    path = write(tmp_path, np.full((height, width), FULL), **SMALL_BLOCKS)
    (shape,) = in_pixels(path, 4, tile_px=16)
    assert shape.equals(shapely.box(0, 0, width, height))
    assert len(shape.exterior.coords) == 5


@pytest.mark.parametrize("value", [0, 126, NODATA])
def test_a_raster_without_objects_has_no_outlines(tmp_path: Path, value: int) -> None:
    found = outlines(write(tmp_path, np.full((40, 50), value)), 0.5, 8)
    assert found.empty
    assert found.crs == GRID.crs


def test_nodata_is_a_hole_and_an_edge(tmp_path: Path) -> None:
    scores = np.full((20, 20), FULL)
    scores[5:8, 5:9] = scores[:, 15:] = NODATA
    (shape,) = in_pixels(write(tmp_path, scores), 8)
    assert shape.equals(shapely.box(0, 0, 15, 20) - shapely.box(5, 5, 9, 8))


@pytest.mark.parametrize("tile_px", [16, 32, 512])
@pytest.mark.parametrize(("nodata", "count"), [(NODATA, 3), (None, 3), (0, 3), (200, 1)])
def test_blocks_missing_from_the_file_are_what_the_file_says(
    tmp_path: Path, tile_px: int, nodata: int | None, count: int
) -> None:
    path, block = str(tmp_path / "sparse.tif"), np.full((16, 16), FULL, np.uint8)
    block[0] = block[:, 0] = 0
    profile = geotiff_profile("uint8", GRID.crs, TRANSFORM, 100, 110, nodata=nodata, SPARSE_OK=True, **SMALL_BLOCKS)
    with writing_raster(path, profile) as dataset:
        for row, column in ((0, 0), (48, 32), (80, 80)):
            dataset.write(block, 1, window=Window(column, row, 16, 16))
    with rasterio.open(path) as dataset:
        assert dataset.get_tag_item("BLOCK_OFFSET_1_0", "TIFF", bidx=1) is None
        mask = (dataset.read(1) >= 127) & (dataset.read(1) != NODATA)
    found = in_pixels(path, 8, tile_px=tile_px)
    assert len(found) == count
    assert_same_objects(found, by_gdal(mask, 8))


def test_overviews_change_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, noise(200, 200, 0.1), **SMALL_BLOCKS)
    before = outlines(path, 0.5, 8)
    with rasterio.open(path, "r+") as dataset:
        assert dataset.overviews(1) == []
        dataset.build_overviews([2, 4, 8], Resampling.average)
    assert outlines(path, 0.5, 8).geom_equals_exact(before, 0).all()


def test_objects_that_enclose_too_little_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, noise(150, 170, 0.2), **SMALL_BLOCKS)
    found, large = outlines(path, 0.5, 8), outlines(path, 0.5, 8, min_area_px=12, tile_px=16)
    enclosed = [sum(shapely.Polygon(part.exterior).area for part in shapely.get_parts(shape)) for shape in found]
    expected = found[np.array(enclosed) >= 12 * 100]
    assert 0 < len(large) < len(found)
    assert large.to_wkb().tolist() == expected.to_wkb().tolist()


def test_other_numbers_than_probabilities_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "float.tif")
    write_raster(path, np.zeros((20, 20), np.float32), GRID.crs, TRANSFORM)
    with pytest.raises(RasterError, match=r"float\.tif holds float32; expected uint8, 254 times the probability"):
        outlines(path, 0.5, 8)


def test_a_damaged_block_is_named(tmp_path: Path) -> None:
    path = Path(write(tmp_path, noise(64, 64, 0.5), **SMALL_BLOCKS))
    with rasterio.open(path) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_1_2", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[offset : offset + 20] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(RasterError, match=r"\.tif is damaged in rows 32 to 47, columns 16 to 31: .*delete it"):
        outlines(path, 0.5, 8, tile_px=16)


def test_the_raster_is_only_read(tmp_path: Path) -> None:
    path = Path(write(tmp_path, noise(64, 64, 0.5)))
    before = path.read_bytes()
    outlines(path, 0.5, 4)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


PEAK = """
import sys
from pathlib import Path
from workflow_scripts.rogi.mapping.outlines import outlines
print(len(outlines(sys.argv[1], 0.5, 8)))
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""


def peak_mib(path: Path, side: int) -> tuple[int, float]:
    """Outline a raster of which every block is stored, and a few have objects, in a process of its own."""
    objects = np.kron(np.eye(32), np.ones((10, 10), np.uint8)).astype(np.uint8) * FULL
    profile = geotiff_profile("uint8", GRID.crs, TRANSFORM, side, side, nodata=NODATA, compress="zstd")
    strip = np.zeros((512, side), np.uint8)
    with writing_raster(path, profile) as dataset:
        for row in range(0, side, 512):
            height = min(512, side - row)
            strip[:320, 1000:1320] = objects if row in (0, 512, 4096) else 0
            dataset.write(strip[:height], 1, window=Window(0, row, side, height))
    ran = subprocess.run([sys.executable, "-c", PEAK, path], cwd=ROOT, capture_output=True, text=True, check=True)
    count, kib = map(int, ran.stdout.split())
    return count, kib / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_raster(tmp_path: Path) -> None:
    small, large = (peak_mib(tmp_path / f"{side}.tif", side) for side in (10_000, 20_000))
    assert small[0] == large[0] == 3
    assert large[1] - small[1] < 8, "300 MiB more of pixels; 20 bytes per column are kept"
