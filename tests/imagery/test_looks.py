"""Looks: the composite, every mosaic by itself, and single images wherever they lie on the grid."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.windows import Window

from tests.worlds import CLOUD, PIXEL, SCREENING, SIDE, WEB_MERCATOR, WHOLE, World, damage_block, write_quad
from workflow_scripts.rogi.imagery.channels import Channels
from workflow_scripts.rogi.imagery.looks import Looks, looks_beside
from workflow_scripts.rogi.imagery.mosaic import Imagery, Scene
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.raster import RasterError, write_raster

CLOUDY = Window(WHOLE.col_off + CLOUD[1].start, WHOLE.row_off + CLOUD[0].start, 64, 64)


@pytest.fixture(scope="module")
def imagery(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes, 3, None, Screening(**SCREENING)) as imagery:
        yield imagery


def write_image(path: Path, column: int, row: int, height: int, width: int, **more: Any) -> tuple[str, np.ndarray]:
    """Write an image of noise whose top left corner lies so many pixels from the world's; a corner pixel is missing."""
    bands = np.random.default_rng(column).integers(60, 180, (4, height, width), np.uint8)
    bands[3] = 255
    bands[:, 0, 0] = 0
    return write_quad(path, bands, WHOLE.col_off + column, WHOLE.row_off + row, **more), bands[:3]


def test_the_composite_alone(imagery: Imagery, world: World) -> None:
    looks = looks_beside(imagery, world.indexes, [], each=False)
    ((name, scene),) = Looks(imagery, looks).of(CLOUDY)
    assert name == "composite"
    assert same(scene, imagery.read(CLOUDY))


def same(one: Scene, other: Scene) -> bool:
    return np.array_equal(one.image, other.image) and np.array_equal(one.valid, other.valid)


def test_every_mosaic_by_itself(imagery: Imagery, world: World, tmp_path: Path) -> None:
    indexes = [str(tmp_path / name) for name in ("2021q3.gpkg", "2021q4.gpkg")]  # names of looks, read long ago
    scenes = dict(Looks(imagery, looks_beside(imagery, indexes, [], each=True)).of(CLOUDY))
    assert list(scenes) == ["composite", "2021q3", "2021q4"]
    assert (scenes["2021q3"].image == 245).all()
    part = np.s_[:, CLOUD[0].start : CLOUD[0].start + 64, CLOUD[1].start : CLOUD[1].start + 64]
    assert np.array_equal(scenes["2021q4"].image, world.images[1][part])
    assert same(scenes["composite"], scenes["2021q4"])


def test_a_single_mosaic_is_no_second_look(world: World) -> None:
    with Imagery(world.indexes[:1], 3, None, Screening(**SCREENING)) as imagery:
        assert looks_beside(imagery, world.indexes[:1], [], each=True) == {}


def test_single_images_show_what_they_hold(imagery: Imagery, world: World, tmp_path: Path) -> None:
    first, pixels = write_image(tmp_path / "first.tif", 100, 200, 90, 70)
    beyond, _ = write_image(tmp_path / "beyond.tif", SIDE - 10, 0, 50, 400)
    looks = Looks(imagery, looks_beside(imagery, world.indexes, [first, beyond], each=False))
    window = Window(WHOLE.col_off + 140, WHOLE.row_off + 180, 64, 64)
    scenes = dict(looks.of(window))
    assert list(scenes) == ["composite", "first"]
    expected = np.zeros((3, 64, 64), np.uint8)
    expected[:, 20:, :30] = pixels[:, :44, 40:]
    assert np.array_equal(scenes["first"].image, expected)
    assert np.array_equal(scenes["first"].valid, expected.any(axis=0))
    assert [name for name, _ in looks.of(Window(WHOLE.col_off + SIDE, WHOLE.row_off, 64, 64))] == [
        "composite",
        "beyond",
    ]
    assert [name for name, _ in looks.of(window)] == list(scenes)  # files are opened again


def test_read_gives_the_composite_with_the_clear_looks_beside_it(
    imagery: Imagery, world: World, tmp_path: Path
) -> None:
    bright, _ = write_image(tmp_path / "bright.tif", 0, 0, 64, 64)
    dull, pixels = write_image(tmp_path / "dull.tif", 32, 0, 64, 64)
    beside = looks_beside(imagery, world.indexes, [bright, dull], each=False)
    shown: list[Scene] = []

    def clear(scene: Scene) -> bool:
        shown.append(scene)
        return len(shown) == 2

    window = Window(WHOLE.col_off + 32, WHOLE.row_off, 32, 32)
    scene = Looks(imagery, beside, clear).read(window)
    assert same(scene, imagery.read(window))
    (other,) = scene.beside
    assert np.array_equal(other.image, pixels[:, :32, :32])
    assert other.beside == ()


def test_what_is_no_other_look_is_not_read_beside(world: World, tmp_path: Path) -> None:
    """A mosaic that is the composite there, a look without a valid pixel there, and windows beyond the imagery."""
    image, _ = write_image(tmp_path / "image.tif", 0, 0, 64, 64)
    indexes = [str(tmp_path / name) for name in ("2021q3.gpkg", "2021q4.gpkg")]
    with Imagery(world.indexes, 3, None, Screening(**SCREENING)) as imagery:
        looks = Looks(imagery, looks_beside(imagery, indexes, [image], each=True))
        assert [scene.image[0, 0, 0] for scene in looks.read(CLOUDY).beside] == [245]
        assert len(looks.read(Window(WHOLE.col_off, WHOLE.row_off, 1, 1)).beside) == 1
        assert looks.read(Window(WHOLE.col_off - 5000, WHOLE.row_off, 64, 64)).beside == ()


def test_damaged_blocks_of_a_look_that_is_passed_over_are_known(imagery: Imagery, world: World, tmp_path: Path) -> None:
    image, _ = write_image(
        tmp_path / "image.tif", 0, 0, 64, 64, tiled=True, blockxsize=64, blockysize=64, compress="deflate"
    )
    damage_block(image, 0, 0)
    looks = looks_beside(imagery, world.indexes, [image], each=False)
    looks["image"].damaged = "nodata"
    scene = Looks(imagery, looks).read(Window(WHOLE.col_off, WHOLE.row_off, 64, 64))
    assert scene.beside == ()
    assert {block.location for block in scene.damaged} == {image}


def test_looks_share_the_channels(world: World, tmp_path: Path) -> None:
    image, _ = write_image(tmp_path / "image.tif", 0, 0, 64, 64)
    heights = np.arange(SIDE**2, dtype=np.float32).reshape(SIDE, SIDE)
    with Imagery(world.indexes, 3, None, Screening(**SCREENING)) as imagery:
        write_raster(tmp_path / "height.tif", heights, WEB_MERCATOR, imagery.grid.transform(WHOLE))
        declared = [{"name": "height", "source": str(tmp_path / "height.tif"), "relative": True}]
        imagery.channels = Channels(declared, imagery.grid, [], [str(tmp_path / "height.tif")])
        looks = Looks(imagery, looks_beside(imagery, world.indexes, [image], each=False))
        scenes = dict(looks.of(Window(WHOLE.col_off + 8, WHOLE.row_off + 8, 32, 32)))
    for name in ("composite", "image"):
        assert scenes[name].channels == pytest.approx(heights[np.newaxis, 8:40, 8:40], abs=0.05)


def test_images_of_one_name_are_told_apart_by_their_paths(imagery: Imagery, world: World, tmp_path: Path) -> None:
    places = [("a", "image.tif"), ("b", "image.tif"), ("b", "composite.tif"), ("b", "other.tif")]
    paths = [write_image(tmp_path / folder / name, 0, 0, 64, 64)[0] for folder, name in places]
    assert list(looks_beside(imagery, world.indexes, paths, each=False)) == [*paths[:3], "other"]


def test_images_off_the_grid_are_listed_with_how_far(imagery: Imagery, world: World, tmp_path: Path) -> None:
    bands = np.full((4, 64, 64), 255, np.uint8)
    good = write_quad(tmp_path / "good.tif", bands, WHOLE.col_off, WHOLE.row_off)
    shifted = write_quad(tmp_path / "shifted.tif", bands, WHOLE.col_off + 0.25, WHOLE.row_off + 0.1)
    coarse = write_quad(tmp_path / "coarse.tif", bands, 0, 0, pixel=10.0)
    other = write_quad(tmp_path / "other.tif", bands, 0, 0, crs=CRS.from_epsg(32644), pixel=10.0)
    mute = write_quad(tmp_path / "mute.tif", bands[:3], WHOLE.col_off, WHOLE.row_off, alpha=False)
    with pytest.raises(RasterError) as caught:
        looks_beside(imagery, world.indexes, [good, shifted, coarse, other, mute], each=False)
    first, *lines = str(caught.value).splitlines()
    assert first == "4 of 5 further looks cannot be used:"
    for line, path, said in zip(
        lines,
        (shifted, coarse, other, mute),
        (
            "lies +0.25 px east and -0.10 px north of the imagery's pixels; warp it onto the imagery's grid",
            f"has pixels of 10, the imagery of {PIXEL:g}",
            "has EPSG:32644, the imagery EPSG:3857",
            "has no alpha band, mask or nodata value",
        ),
        strict=True,
    ):
        assert line.startswith(f"  - {path} ")
        assert said in line
