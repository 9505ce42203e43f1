"""Reading imagery: quads joined to one image, and a second mosaic where the first is cloudy or missing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.windows import Window
from scipy.ndimage import maximum_filter

from tests.worlds import (
    CLEAR,
    CLOUD,
    HOLE,
    QUAD,
    SCREENING,
    SIDE,
    WHOLE,
    World,
    damage_block,
    make_world,
    texture,
    write_mosaic,
    write_quad,
)
from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.imagery.index import index_quads, read_index, write_index
from workflow_scripts.rogi.imagery.mosaic import OPEN_QUADS, Imagery, Mosaic, Scene
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.raster import RasterError

RULES = Screening(**SCREENING)
starts, sides = st.integers(-100, SIDE + 50), st.integers(1, 300)
cuts = st.builds(lambda x, y, w, h: Window(WHOLE.col_off + x, WHOLE.row_off + y, w, h), starts, starts, sides, sides)


def cut_of(array: np.ndarray, window: Window) -> np.ndarray:
    """Cut a global window out of an array (…, SIDE, SIDE) that covers the world; 0 outside."""
    result = np.zeros((*array.shape[:-2], window.height, window.width), array.dtype)
    if shared := intersection(window, WHOLE):
        result[..., *within(shared, window)] = array[..., *within(shared, WHOLE)]
    return result


@pytest.fixture(scope="module")
def mosaic(world: World) -> Iterator[Mosaic]:
    mosaic = Mosaic(world.indexes[0], 3, None)
    yield mosaic
    mosaic.close()


@pytest.fixture(scope="module")
def imagery(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes, 3, None, RULES) as imagery:
        yield imagery


@given(window=cuts)
def test_windows_across_seams_equal_the_whole(world: World, mosaic: Mosaic, window: Window) -> None:
    scene = mosaic.read(window)
    image, valid = scene.image, scene.valid
    assert np.array_equal(valid, cut_of(world.valids[0], window))
    assert np.array_equal(image * valid, cut_of(world.images[0], window) * valid)


def test_nothing_lies_outside(world: World) -> None:
    scene = Mosaic(world.indexes[0], 3, None).read(Window(0, 0, 40, 30))
    assert scene.image.shape == (3, 30, 40)
    assert not scene.image.any()
    assert not scene.valid.any()


def test_a_missing_quad_is_not_valid(tmp_path: Path) -> None:
    index = write_mosaic(tmp_path, texture(6), np.ones((SIDE, SIDE), bool), missing=[(0, 1)])
    mosaic = Mosaic(index, 3, None)
    valid = mosaic.read(WHOLE).valid
    mosaic.close()
    assert not valid[:QUAD, QUAD:].any()
    assert valid.sum() == SIDE**2 * 3 // 4


def test_fewer_bands_are_the_first_ones(world: World) -> None:
    two = Mosaic(world.indexes[0], 2, None)
    image = two.read(WHOLE).image
    two.close()
    assert np.array_equal(image, world.images[0][:2])


def test_nodata_from_the_config_marks_pixels_where_all_bands_have_it(tmp_path: Path) -> None:
    bands = np.full((3, 4, 4), 7, np.uint8)
    bands[:, 0, 0] = 0
    bands[0, 1, 1] = 0
    path = write_quad(tmp_path / "quad.tif", bands, alpha=False)
    write_index(tmp_path / "index.gpkg", index_quads([path], 3, 0, 1), 3)
    valid = Mosaic(tmp_path / "index.gpkg", 3, 0).read(Window(0, 0, 4, 4)).valid
    assert np.argwhere(~valid).tolist() == [[0, 0]]


def test_overlapping_tiles_fill_each_other(tmp_path: Path) -> None:
    """Of two tiles over a pixel the first valid one counts, in the order of their paths."""
    first, second = np.full((4, 10, 10), 255, np.uint8), np.full((4, 10, 10), 255, np.uint8)
    first[:3], second[:3] = 10, 20
    first[3, :, 8:] = 0
    paths = [write_quad(tmp_path / "a.tif", first, 0, 0), write_quad(tmp_path / "b.tif", second, 5, 0)]
    write_index(tmp_path / "index.gpkg", index_quads(paths, 3, None, 1), 3)
    scene = Mosaic(tmp_path / "index.gpkg", 3, None).read(Window(0, 0, 15, 10))
    assert scene.valid.all()
    assert scene.image[0, 0].tolist() == [10] * 8 + [20] * 7


def test_more_quads_than_may_be_open_read_alike(tmp_path: Path) -> None:
    count = 2 * OPEN_QUADS
    paths = [
        write_quad(tmp_path / f"{number:02}.tif", np.full((4, 8, 8), 255 - number, np.uint8), 8 * number, 0)
        for number in range(count)
    ]
    write_index(tmp_path / "index.gpkg", index_quads(paths, 3, None, 2), 3)
    mosaic = Mosaic(tmp_path / "index.gpkg", 3, None)
    for _ in range(2):
        image = mosaic.read(Window(0, 0, 8 * count, 8)).image
        assert image[0, 0].tolist() == [255 - number for number in range(count) for _ in range(8)]
    assert len(mosaic._handles) == OPEN_QUADS
    mosaic.close()


def damage(path: str) -> None:
    """Overwrite what lies in the middle of a file; its end and its index of blocks stay whole."""
    size = Path(path).stat().st_size
    with open(path, "r+b") as file:
        file.seek(size // 3)
        file.write(b"\xff" * (size // 3))


def test_a_damaged_block_names_the_quad(tmp_path: Path) -> None:
    index = write_mosaic(tmp_path, texture(7), np.ones((SIDE, SIDE), bool))
    paths = read_index(index)["location"].tolist()
    damage(paths[1])
    index_quads(paths, 3, None, 1)  # the damage is not seen from the headers
    mosaic = Mosaic(index, 3, None)
    with pytest.raises(RasterError, match=r"quad_0_1\.tif cannot be read at .*fetch .*damaged_blocks: nodata"):
        mosaic.read(WHOLE)
    mosaic.close()


@pytest.mark.parametrize("window", [WHOLE, Window(WHOLE.col_off + 200, WHOLE.row_off + 30, 300, 111)])
def test_damaged_blocks_are_named_and_taken_as_missing(
    tmp_path: Path, window: Window, caplog: pytest.LogCaptureFixture
) -> None:
    image = texture(7)
    index = write_mosaic(tmp_path, image, np.ones((SIDE, SIDE), bool))
    path = read_index(index)["location"][1]
    damage_block(path, 1, 2)
    damage_block(path, 2, 0)
    mosaic = Mosaic(index, 3, None, "nodata")
    scene = mosaic.read(window)
    again = mosaic.read(window)
    mosaic.close()
    lost = np.zeros((SIDE, SIDE), bool)
    lost[64:128, QUAD + 128 : QUAD + 192] = True
    lost[128:192, QUAD : QUAD + 64] = True
    assert scene.damaged == again.damaged == ((path, 64, 128), (path, 128, 0))
    assert np.array_equal(scene.valid, ~lost[within(window, WHOLE)])
    assert np.array_equal(scene.image, (image * ~lost)[:, *within(window, WHOLE)])
    assert caplog.text.count("quad_0_1.tif: the block at row 64, column 128 cannot be read and is taken as") == 1


def test_damaged_blocks_come_from_the_second_mosaic(tmp_path: Path) -> None:
    images, whole = [texture(7), texture(8)], np.ones((SIDE, SIDE), bool)
    indexes = [write_mosaic(tmp_path / str(number), image, whole) for number, image in enumerate(images)]
    damage_block(read_index(indexes[0])["location"][1], 1, 1)
    with Imagery(indexes, 3, None, CLEAR, "nodata") as imagery:
        scene = imagery.read(WHOLE)
    assert scene.valid.all()
    assert len(scene.damaged) == 1
    second = scene.source == 2
    assert second[64:128, QUAD + 64 : QUAD + 128].all()
    assert second.sum() == 64**2
    assert np.array_equal(scene.image, np.where(second, images[1], images[0]))


def test_a_quad_that_has_gone_names_itself(tmp_path: Path) -> None:
    index = write_mosaic(tmp_path, texture(7), np.ones((SIDE, SIDE), bool))
    Path(read_index(index)["location"][2]).unlink()
    with pytest.raises(RasterError, match=r"quad_1_0\.tif cannot be read"):
        Mosaic(index, 3, None).read(WHOLE)


# ---- the fallback


def read(world: World, window: Window, rules: Screening = RULES) -> Scene:
    with Imagery(world.indexes, 3, None, rules) as imagery:
        return imagery.read(window)


@pytest.fixture(scope="module")
def scene(imagery: Imagery) -> Scene:
    return imagery.read(WHOLE)


def test_cloudy_blocks_come_from_the_second_mosaic(world: World, scene: Scene) -> None:
    second = scene.source == 2
    cloudy = np.zeros((SIDE, SIDE), bool)
    cloudy[CLOUD] = True
    share = cloudy.reshape(16, 32, 16, 32).mean(axis=(1, 3))  # the world starts at a multiple of 32 px
    with_neighbours = maximum_filter(share > RULES.max_poor_share, size=3)
    expected = with_neighbours.repeat(32, 0).repeat(32, 1)
    assert np.array_equal(second, expected)
    assert np.array_equal(scene.image, np.where(expected, world.images[1], world.images[0]))


def test_what_neither_mosaic_has_stays_without_source(world: World, scene: Scene) -> None:
    assert np.array_equal(scene.valid, world.valids[0])
    assert np.array_equal(scene.source == 0, ~scene.valid)
    assert not scene.image[:, *HOLE].any()


@settings(max_examples=40)
@given(window=cuts)
def test_the_choice_does_not_depend_on_how_the_image_is_cut(imagery: Imagery, scene: Scene, window: Window) -> None:
    part = imagery.read(window)
    for name in ("image", "valid", "source"):
        assert np.array_equal(getattr(part, name), cut_of(getattr(scene, name), window)), name


def test_single_missing_pixels_are_filled(tmp_path: Path) -> None:
    images, valids = [texture(8), texture(9)], [np.ones((SIDE, SIDE), bool), np.ones((SIDE, SIDE), bool)]
    valids[0][200:203, 200:203] = False  # far below max_poor_share
    valids[1][202, 202] = False
    indexes = [
        write_mosaic(tmp_path / str(n), image, valid)
        for n, (image, valid) in enumerate(zip(images, valids, strict=True))
    ]
    with Imagery(indexes, 3, None, RULES) as imagery:
        scene = imagery.read(WHOLE)
    assert (scene.source == 2).sum() == 8
    assert np.argwhere(scene.source == 0).tolist() == [[202, 202]]
    assert np.array_equal(scene.image[:, 200, 200], images[1][:, 200, 200])


def test_a_cloud_is_kept_where_the_second_mosaic_is_no_better(tmp_path: Path) -> None:
    world = make_world(tmp_path, texture(10), np.full((3, SIDE, SIDE), 250, np.uint8))
    assert set(np.unique(read(world, WHOLE).source)) == {0, 1}


def test_a_missing_quad_comes_whole_from_the_second_mosaic(tmp_path: Path) -> None:
    everywhere = np.ones((SIDE, SIDE), bool)
    first = write_mosaic(tmp_path / "1", texture(11), everywhere, missing=[(1, 1)])
    second = write_mosaic(tmp_path / "2", texture(12), everywhere)
    with Imagery([first, second], 3, None, RULES) as imagery:
        scene = imagery.read(WHOLE)
    assert scene.valid.all()
    assert (scene.source[QUAD:, QUAD:] == 2).all()
    assert (scene.source == 2).sum() == QUAD**2


def test_the_third_mosaic_is_judged_against_what_the_first_two_give(tmp_path: Path) -> None:
    """The second fills the left half that the first lacks; the third, a third of it cloud, would be worse than both."""
    left, right = np.zeros((SIDE, SIDE), bool), np.ones((SIDE, SIDE), bool)
    left[:, np.arange(SIDE) % 32 < 16] = True
    third = texture(15)
    third[:, :, np.arange(SIDE) % 32 < 10] = 250
    indexes = [
        write_mosaic(tmp_path / "1", texture(13), ~left),
        write_mosaic(tmp_path / "2", texture(14), left),
        write_mosaic(tmp_path / "3", third, right),
    ]
    with Imagery(indexes, 3, None, RULES) as imagery:
        scene = imagery.read(WHOLE)
    assert np.array_equal(scene.source, np.where(left, 2, 1))


def test_screening_can_be_switched_off(world: World) -> None:
    scene = read(world, WHOLE, CLEAR)
    assert set(np.unique(scene.source)) == {0, 1}
    assert np.array_equal(scene.image, world.images[0])


def test_mosaics_on_two_grids_are_refused(world: World, tmp_path: Path) -> None:
    path = write_quad(tmp_path / "quad.tif", np.full((4, 8, 8), 255, np.uint8), pixel=3.0)
    write_index(tmp_path / "other.gpkg", index_quads([path], 3, None, 1), 3)
    with pytest.raises(RasterError, match=r"other\.gpkg is not on the pixel grid of .*gdalwarp -tap"):
        Imagery([world.indexes[0], str(tmp_path / "other.gpkg")], 3, None, RULES)
