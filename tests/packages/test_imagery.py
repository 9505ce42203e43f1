"""A virtual raster of a mosaic shows what the mosaic reads."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from tests.worlds import GRID, QUAD, WHOLE, World
from workflow_scripts.rogi.imagery.grid import grown
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.packages.imagery import write_vrt
from workflow_scripts.rogi.raster import open_raster


def test_a_virtual_raster_shows_the_pixels_and_the_validity_of_the_quads(world: World, tmp_path: Path) -> None:
    path = tmp_path / "review" / "mosaic.vrt"
    assert write_vrt(path, read_index(world.indexes[0]), GRID.bounds(grown(WHOLE, -2)), bands=3) == 4
    with open_raster(path) as raster:
        assert (raster.width, raster.height) == (WHOLE.width, WHOLE.height)
        assert raster.transform.almost_equals(GRID.transform(WHOLE))
        assert raster.colorinterp == (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
        pixels = raster.read()
    valid = world.valids[0]
    np.testing.assert_array_equal(pixels[3] > 0, valid)
    np.testing.assert_array_equal(pixels[:3, valid], world.images[0][:, valid])


def test_only_quads_that_touch_the_area_are_named(world: World, tmp_path: Path) -> None:
    index = read_index(world.indexes[0])
    corner = grown(WHOLE, 0)
    first = type(corner)(corner.col_off + 5, corner.row_off + 5, QUAD - 10, QUAD - 10)
    path = tmp_path / "corner.vrt"
    assert write_vrt(path, index, GRID.bounds(first), bands=3) == 1
    with open_raster(path) as raster:
        assert (raster.width, raster.height) == (QUAD, QUAD)


def test_a_copy_in_another_branch_finds_the_same_quads(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's imagery lies under results/, where the package does, and the mapper's copy under resources/."""
    (tmp_path / "results").mkdir()
    shutil.copytree(world.folder, tmp_path / "results" / "world")
    monkeypatch.chdir(tmp_path)
    index = read_index(world.indexes[0])
    index["location"] = [str(Path("results/world") / Path(one).relative_to(world.folder)) for one in index["location"]]
    made, copy = (Path(branch) / "review" / "west" / "mosaic.vrt" for branch in ("results", "resources"))
    write_vrt(made, index, GRID.bounds(grown(WHOLE, -2)), bands=3)
    copy.parent.mkdir(parents=True)
    shutil.copy(made, copy)
    with open_raster(copy) as raster:
        np.testing.assert_array_equal(raster.read(4) > 0, world.valids[0])


def test_where_there_is_no_quad_the_image_is_empty(world: World, tmp_path: Path) -> None:
    path = tmp_path / "nothing.vrt"
    beside = type(WHOLE)(WHOLE.col_off - 100, WHOLE.row_off, 50, 40)
    assert write_vrt(path, read_index(world.indexes[0]), GRID.bounds(beside), bands=1) == 0
    with open_raster(path) as raster:
        assert raster.read().shape == (4, 40, 50)
        assert not raster.read().any()
