"""The one door for rasters: no CRS, ambiguous nodata and truncated files are refused; products are whole or absent."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.shutil import copy
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

from tests.disk import files_up_to
from workflow_scripts.rogi.raster import (
    BLOCK_PX,
    RasterError,
    blocks,
    check_whole,
    geotiff_profile,
    has_stated_validity,
    open_raster,
    read_valid,
    stated_validity,
    write_raster,
    writing_cog,
    writing_raster,
)

MERCATOR = CRS.from_epsg(3857)
TRANSFORM = Affine(2, 0, 100, 0, -2, 900)
WHOLE = Window(0, 0, 40, 30)


def write(path: Path, bands: np.ndarray, **more: Any) -> Path:
    count, height, width = bands.shape
    profile = {"driver": "GTiff", "dtype": bands.dtype, "crs": MERCATOR, "transform": TRANSFORM}
    size = {"count": count, "height": height, "width": width}
    with rasterio.open(path, "w", **(profile | size | more)) as dataset:
        dataset.write(bands)
    return path


def noise(count: int = 3, height: int = 30, width: int = 40, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(1).integers(1, 255, (count, height, width)).astype(dtype)


# ---- opening


def test_a_raster_without_crs_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(), crs=None)
    with (
        pytest.raises(RasterError, match=r"a\.tif states no coordinate reference system; .*gdal_edit"),
        open_raster(path),
    ):
        pass


def test_a_file_that_is_no_raster_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("<html>404</html>")
    with pytest.raises(RasterError, match=r"a\.tif cannot be read as a raster"), open_raster(tmp_path / "a.tif"):
        pass


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RasterError, match=r"gone\.tif cannot be read"), open_raster(tmp_path / "gone.tif"):
        pass


# ---- validity


def test_nodata_states_validity(tmp_path: Path) -> None:
    bands = noise(1)
    bands[0, 5:10, 7:9] = 0
    path = write(tmp_path / "a.tif", bands, nodata=0)
    with open_raster(path) as dataset:
        assert has_stated_validity(dataset)
        np.testing.assert_array_equal(read_valid(dataset, WHOLE, None), bands[0] != 0)
        np.testing.assert_array_equal(read_valid(dataset, Window(6, 4, 5, 3), None), bands[0, 4:7, 6:11] != 0)


@pytest.mark.parametrize("images", [1, 3, 4])
def test_alpha_states_validity_and_black_is_data(tmp_path: Path, images: int) -> None:
    """Also beside near infrared, where GDAL takes no mask from it."""
    bands = noise(images + 1)
    bands[:images, :10] = 0
    bands[images] = 255
    bands[images, 20:] = 0
    path = tmp_path / "a.tif"
    colours = {1: [ColorInterp.gray]}.get(images, [ColorInterp.red, ColorInterp.green, ColorInterp.blue])
    more = {} if images == 1 else {"photometric": "rgb"}
    with rasterio.open(write(path, bands, **more), "r+") as dataset:
        dataset.colorinterp = [*colours, *[ColorInterp.undefined] * (images - len(colours)), ColorInterp.alpha]
    with open_raster(path) as dataset:
        assert has_stated_validity(dataset)
        valid = read_valid(dataset, WHOLE, None)
        np.testing.assert_array_equal(valid, stated_validity(dataset))
    assert valid[:20].all()
    assert not valid[20:].any()


def test_a_mask_states_validity(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), bool)
    mask[3:9, 2:30] = True
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(tmp_path / "a.tif", noise(1))
        with rasterio.open(path, "r+") as dataset:
            dataset.write_mask(mask)
    with open_raster(path) as dataset:
        np.testing.assert_array_equal(read_valid(dataset, WHOLE, None), mask)


def test_ambiguous_nodata_is_refused_and_can_be_stated(tmp_path: Path) -> None:
    bands = noise()
    bands[:, :4] = 0
    bands[0, 10] = 0  # one black band is still data
    with open_raster(write(tmp_path / "a.tif", bands)) as dataset:
        assert not has_stated_validity(dataset)
        with pytest.raises(RasterError, match=r"a\.tif has no alpha band, no mask and no nodata value.*`nodata`"):
            read_valid(dataset, WHOLE, None)
        valid = read_valid(dataset, WHOLE, 0)
    assert not valid[:4].any()
    assert valid[4:].all()


# ---- whole files

LAYOUTS = [
    {},
    {"tiled": True, "blockxsize": 256, "blockysize": 256},
    {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"},
    {"interleave": "band", "compress": "lzw"},
    {"interleave": "pixel", "compress": "deflate", "predictor": 2},
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whole_files_pass_and_truncated_ones_do_not(tmp_path: Path, layout: dict[str, Any]) -> None:
    path = write(tmp_path / "a.tif", noise(3, 600, 500), **layout)
    check_whole(path)
    content = path.read_bytes()
    for kept in (0.999, 0.7, 0.3):
        path.write_bytes(content[: int(kept * len(content))])
        with pytest.raises(
            RasterError, match=r"a\.tif (is truncated: it should have at least \d+ bytes|cannot be read)"
        ):
            check_whole(path)


def test_a_cut_download_is_told_with_its_size(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 600, 500))
    content = path.read_bytes()
    path.write_bytes(content[:100_000])
    with pytest.raises(RasterError, match=r"it should have at least 3.* bytes and has 100000; fetch it again"):
        check_whole(path)


def test_sparse_files_are_whole(tmp_path: Path) -> None:
    profile = geotiff_profile("uint8", MERCATOR, TRANSFORM, 2048, 2048, SPARSE_OK=True, nodata=0)
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(np.full((1, 100, 100), 7, np.uint8), window=Window(1500, 1500, 100, 100))
    assert path.stat().st_size < 100_000
    check_whole(path)


def test_cloud_optimized_files_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_raster(path, noise(1, 600, 700), MERCATOR, TRANSFORM, driver="GTiff")
    cog = tmp_path / "cog.tif"
    copy(path, cog, driver="COG")
    check_whole(cog)


def test_other_formats_are_left_to_their_drivers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.img", noise(1), driver="HFA")
    check_whole(path)


# ---- writing


@pytest.mark.parametrize("shape", [(30, 40), (1, 30, 40), (3, 30, 40)])
def test_what_is_written_is_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(2).normal(size=shape).astype("float32")
    write_raster(tmp_path / "new" / "a.tif", array, MERCATOR, TRANSFORM, nodata=-1)
    with open_raster(tmp_path / "new" / "a.tif") as dataset:
        np.testing.assert_array_equal(dataset.read(), array.reshape(-1, 30, 40))
        assert (dataset.crs, dataset.transform, dataset.nodata) == (MERCATOR, TRANSFORM, -1)
        assert dataset.profile["tiled"]
        assert dataset.block_shapes[0] == (BLOCK_PX, BLOCK_PX)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_full_disk_leaves_the_older_raster(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.tif"
    write_raster(path, noise(1, 900, 900), MERCATOR, TRANSFORM)
    size = path.stat().st_size
    write_raster(path, noise(1), MERCATOR, TRANSFORM)
    before = path.read_bytes()
    with files_up_to(int(share * size)), pytest.raises(OSError, match=r"could not write .*a\.tif: .*is the disk full"):
        write_raster(path, noise(1, 900, 900), MERCATOR, TRANSFORM)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def _interrupted(dataset: rasterio.io.DatasetWriter) -> None:
    dataset.write(noise(1, 100, 100), window=Window(0, 0, 100, 100))
    raise KeyboardInterrupt


def test_an_interrupt_leaves_the_older_raster(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_raster(path, noise(1), MERCATOR, TRANSFORM)
    before = path.read_bytes()
    profile = geotiff_profile("uint8", MERCATOR, TRANSFORM, 900, 900)
    with pytest.raises(KeyboardInterrupt), writing_raster(path, profile) as dataset:
        _interrupted(dataset)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def test_a_fault_of_an_input_is_not_called_a_full_disk(tmp_path: Path) -> None:
    profile = geotiff_profile("uint8", MERCATOR, TRANSFORM, 30, 40)
    with pytest.raises(RasterError, match="input"), writing_raster(tmp_path / "a.tif", profile):
        raise RasterError("input has no CRS")
    assert list(tmp_path.iterdir()) == []


# ---- cloud-optimised GeoTIFFs


def cog_of(path: Path, blocks: dict[tuple[int, int], np.ndarray], side: int = 1536) -> None:
    profile = geotiff_profile("uint8", MERCATOR, TRANSFORM, side, side, nodata=255)
    with writing_cog(path, profile, "average") as dataset:
        dataset.update_tags(units="hand-made")
        for (row, column), block in blocks.items():
            dataset.write(block, 1, window=Window(column, row, BLOCK_PX, BLOCK_PX))


def test_a_cog_is_valid_and_holds_what_was_written(tmp_path: Path, rng: np.random.Generator) -> None:
    block = rng.integers(0, 255, (BLOCK_PX, BLOCK_PX), np.uint8)
    cog_of(tmp_path / "a.tif", {(512, 1024): block})
    assert cog_validate(tmp_path / "a.tif") == (True, [], [])
    expected = np.full((1536, 1536), 255, np.uint8)
    expected[512:1024, 1024:] = block
    with rasterio.open(tmp_path / "a.tif") as dataset:
        assert np.array_equal(dataset.read(1), expected)
        assert (dataset.crs, dataset.transform, dataset.nodata) == (MERCATOR, TRANSFORM, 255)
        assert dataset.overviews(1) == [2, 4]
        assert dataset.tags()["units"] == "hand-made"
    # Blocks that were never written take no room.
    check_whole(tmp_path / "a.tif")
    assert (tmp_path / "a.tif").stat().st_size < 1.8 * BLOCK_PX**2
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_the_order_of_blocks_changes_no_byte(tmp_path: Path, rng: np.random.Generator) -> None:
    places = [(row, column) for row in (0, 512, 1024) for column in (0, 512, 1024)]
    blocks = {place: rng.integers(0, 255, (BLOCK_PX, BLOCK_PX), np.uint8) for place in places}
    cog_of(tmp_path / "a.tif", blocks)
    cog_of(tmp_path / "b.tif", dict(reversed(blocks.items())))
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


def test_a_cog_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    cog_of(tmp_path / "a.tif", {})
    before = (tmp_path / "a.tif").read_bytes()
    profile = geotiff_profile("uint8", MERCATOR, TRANSFORM, 600, 600, nodata=255)
    with pytest.raises(KeyboardInterrupt), writing_cog(tmp_path / "a.tif", profile, "average"):
        raise KeyboardInterrupt
    assert (tmp_path / "a.tif").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_a_disk_that_fills_up_leaves_the_older_cog(tmp_path: Path, rng: np.random.Generator) -> None:
    cog_of(tmp_path / "a.tif", {})
    before = (tmp_path / "a.tif").read_bytes()
    noise = {(0, column): rng.integers(0, 255, (BLOCK_PX, BLOCK_PX), np.uint8) for column in (0, 512, 1024)}
    with files_up_to(400_000), pytest.raises(OSError, match="could not write"):
        cog_of(tmp_path / "a.tif", noise)
    assert (tmp_path / "a.tif").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_blocks_cover_a_window_and_end_at_the_edge(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.zeros((1, 100, 150), np.uint8), tiled=True, blockxsize=64, blockysize=32)
    with open_raster(path) as dataset:
        assert blocks(dataset, Window(60, 40, 10, 30)) == [
            Window(0, 32, 64, 32), Window(64, 32, 64, 32), Window(0, 64, 64, 32), Window(64, 64, 64, 32)
        ]  # fmt: skip
        assert blocks(dataset, Window(140, 99, 1, 1)) == [Window(128, 96, 22, 4)]
