"""Tile indexes: every quad is checked, and GDAL reads the index as a mosaic."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
import shapely.affinity
from geopandas.testing import assert_geodataframe_equal
from rasterio.crs import CRS

from tests.worlds import BANDS, GRID, HOLE, PIXEL, QUAD, SIDE, WHOLE, World, square, texture, write_mosaic, write_quad
from workflow_scripts import index_imagery
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.index import (
    PLANET_PIXEL,
    index_quads,
    is_regular,
    missing_quads,
    planet_name,
    read_index,
    uncovered,
    write_index,
)
from workflow_scripts.rogi.imagery.mosaic import Mosaic
from workflow_scripts.rogi.raster import RasterError

GREY = np.full((4, 32, 32), 100, np.uint8)


def test_index_says_where_each_quad_lies(world: World) -> None:
    index = read_index(world.indexes[0])
    assert index["row"].tolist() == [WHOLE.row_off] * 2 + [WHOLE.row_off + QUAD] * 2
    assert index["column"].tolist() == [WHOLE.col_off, WHOLE.col_off + QUAD] * 2
    assert set(index["height"]) == set(index["width"]) == {QUAD}
    assert all(Path(path).stat().st_size == size for path, size in zip(index["location"], index["size"], strict=True))
    bounds = np.array(GRID.bounds(WHOLE))
    assert index.total_bounds == pytest.approx(bounds, abs=1e-6)


def test_the_grid_survives_writing(tmp_path: Path) -> None:
    path = write_quad(tmp_path / "quad.tif", GREY, crs=CRS.from_epsg(32719), pixel=10.0)
    index = index_quads([path], 3, None, 1)
    write_index(tmp_path / "index.gpkg", index, 3)
    assert read_index(tmp_path / "index.gpkg").attrs["grid"].matches(PixelGrid(CRS.from_epsg(32719), 10.0, 0.0, 0.0))


def faulty(folder: Path) -> dict[str, tuple[str, str]]:
    """Return path and expected complaint of quads that cannot be used beside a good one."""
    truncated = write_quad(folder / "truncated.tif", texture(3))
    with open(truncated, "r+b") as file:
        file.truncate(Path(truncated).stat().st_size // 2)
    text = folder / "text.tif"
    text.write_text("not a raster")
    opaque: dict[str, Any] = {"alpha": False, "count": 3}
    return {
        "no crs": (write_quad(folder / "nocrs.tif", GREY, crs=None), "no coordinate reference system"),
        "other crs": (write_quad(folder / "crs.tif", GREY, crs=CRS.from_epsg(32644)), "has EPSG:32644"),
        "coarser": (write_quad(folder / "coarse.tif", GREY, pixel=2 * PIXEL), f"{2 * PIXEL:g} per pixel"),
        "shifted": (write_quad(folder / "shift.tif", GREY, column=0.5), "phase (2.389, 0.000)"),  # type: ignore[arg-type]
        "truncated": (truncated, "is truncated"),
        "unreadable": (str(text), "cannot be read as a raster"),
        "few bands": (write_quad(folder / "bands.tif", GREY[:3]), "has 2 image bands and the config names 3"),
        "16 bit": (write_quad(folder / "deep.tif", GREY.astype(np.uint16)), "holds uint16"),
        "no validity": (write_quad(folder / "opaque.tif", GREY[:3], **opaque), "has no alpha band, mask or nodata"),
        "absent": (str(folder / "absent.tif"), "absent.tif"),
    }


def test_all_faults_are_listed_in_one_error(tmp_path: Path) -> None:
    good = write_quad(tmp_path / "a_good.tif", GREY)
    faults = faulty(tmp_path)
    with pytest.raises(RasterError) as caught:
        index_quads([good, *(path for path, _ in faults.values())], 3, None, 2)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{len(faults)} of {len(faults) + 1} quads cannot be used:"
    for path, complaint in faults.values():
        assert sum(path in line and complaint in line for line in lines) == 1, (path, complaint, lines)
    assert not any(line.startswith(f"  - {good}") for line in lines)


def test_a_misfit_names_the_quad_that_it_should_fit(tmp_path: Path) -> None:
    good, odd = write_quad(tmp_path / "good.tif", GREY), write_quad(tmp_path / "odd.tif", GREY, pixel=3.0)
    with pytest.raises(RasterError, match=r"odd\.tif has EPSG:3857, 3 per pixel.*good\.tif has.*gdalwarp -tap"):
        index_quads([good, odd], 3, None, 1)


@pytest.mark.parametrize("stated", [True, False])
def test_nodata_may_be_stated_in_the_file_or_in_the_config(tmp_path: Path, stated: bool) -> None:
    path = write_quad(tmp_path / "quad.tif", GREY[:3], alpha=False, **({"nodata": 0} if stated else {}))
    assert len(index_quads([path], 3, None if stated else 0, 1)) == 1


def test_the_number_of_threads_changes_nothing(world: World) -> None:
    paths = read_index(world.indexes[0])["location"].tolist()
    one, four = (index_quads(paths, 3, None, threads) for threads in (1, 4))
    assert_geodataframe_equal(one, four)


def test_gdal_opens_the_index_as_a_mosaic(in_folder: Path) -> None:
    image, valid = texture(4), np.ones((SIDE, SIDE), bool)
    write_mosaic(Path("quads"), image, valid, missing=[(1, 0)])
    with rasterio.open("GTI:quads/index.gpkg") as dataset:
        assert (dataset.count, dataset.crs, dataset.shape) == (3, GRID.crs, (SIDE, SIDE))
        read = dataset.read()
        position = GRID.position(dataset.bounds.left, dataset.bounds.top)
    scene = Mosaic("quads/index.gpkg", 3, None).read(WHOLE)
    assert position == (WHOLE.row_off, WHOLE.col_off)
    assert scene.valid.sum() == SIDE * SIDE * 3 // 4
    assert np.array_equal(read[:, scene.valid], scene.image[:, scene.valid])


def cells(boxes: list[shapely.Polygon]) -> set[tuple[int, int]]:
    """Return (row, column) of quads, counted from the top left of the world."""
    places = [GRID.position(box.bounds[0], box.bounds[3]) for box in boxes]
    assert all(box.area == pytest.approx((QUAD * PIXEL) ** 2) for box in boxes)
    return {((row - WHOLE.row_off) // QUAD, (column - WHOLE.col_off) // QUAD) for row, column in places}


def mosaic_without(folder: Path, missing: list[tuple[int, int]]) -> gpd.GeoDataFrame:
    path = write_mosaic(folder, texture(5), np.ones((SIDE, SIDE), bool), missing)
    return read_index(path)


def test_missing_quads_are_the_cells_of_the_lattice_that_nothing_covers(tmp_path: Path) -> None:
    index = mosaic_without(tmp_path, [(0, 1)])
    assert cells(missing_quads(index, square(0, 0, SIDE))) == {(0, 1)}
    assert missing_quads(index, square(0, 0, 100)) == []
    # A pixel more on two sides touches the column beside and the row below.
    assert cells(missing_quads(index, square(0, 0, SIDE + 1))) == {(0, 1), (0, 2), (1, 2), (2, 0), (2, 1), (2, 2)}
    # This line's bounds reach into cell (1, 1) too, which is there, and it passes by (0, 1), which is not.
    diagonal = shapely.LineString([square(10, 300, 1).centroid, square(300, 600, 1).centroid])
    assert cells(missing_quads(index, diagonal)) == {(2, 0), (2, 1)}


def test_a_whole_mosaic_misses_nothing(world: World) -> None:
    assert missing_quads(read_index(world.indexes[0]), square(0, 0, SIDE)) == []


@pytest.mark.parametrize("change", ["size", "offset"])
def test_irregular_tiles_miss_the_bare_ground(tmp_path: Path, change: str) -> None:
    index = mosaic_without(tmp_path, [(0, 1)])
    assert is_regular(index)
    index.loc[0, "width" if change == "size" else "column"] += 1
    assert not is_regular(index)
    assert missing_quads(index, square(0, 0, QUAD)) == []
    (bare,) = missing_quads(index, square(200, 100, 200, 100))
    assert bare.symmetric_difference(square(QUAD, 100, 144, 100)).area < 1e-3


def test_uncovered_ground_is_what_no_mosaic_has_and_no_sliver(tmp_path: Path) -> None:
    one, other = mosaic_without(tmp_path / "1", [(0, 1), (1, 0)]), mosaic_without(tmp_path / "2", [(0, 1)])
    area = square(-0.001, 10, SIDE, 400)  # reaches a thousandth of a pixel beyond the west
    bare = uncovered([one, other], area)
    assert len(bare.geoms) == 1
    assert bare.area == pytest.approx((QUAD - 0.001) * (QUAD - 10) * PIXEL**2, rel=1e-6)
    assert uncovered([other], square(0, 0, QUAD)).is_empty


def test_quads_of_planets_grid_have_its_names() -> None:
    """Rows are counted from the south: the south-west corner of the world is 0, 0, the equator starts row 1024."""
    grid, side, half = PixelGrid(CRS.from_epsg(3857), PLANET_PIXEL, 0.0, 0.0), 4096 * PLANET_PIXEL, 20037508.342789244
    for column, row in ((1474, 1226), (0, 0), (2047, 1024)):
        west, south = column * side - half, row * side - half
        cell = shapely.box(west, south, west + side, south + side)
        assert planet_name(grid, cell) == f"L15-{column:04d}E-{row:04d}N.tif"
        assert planet_name(grid, shapely.affinity.translate(cell, PLANET_PIXEL)) is None
        assert planet_name(PixelGrid(CRS.from_epsg(32644), PLANET_PIXEL, 0.0, 0.0), cell) is None
    assert planet_name(GRID, square(0, 0, QUAD)) is None


def test_script_sorts_indexes_and_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture, world: World) -> None:
    paths = read_index(world.indexes[0])["location"].tolist()
    with caplog.at_level(logging.INFO, "rogi"):
        index_imagery.main(paths[::-1], str(tmp_path / "index.gpkg"), BANDS, None, 1)
    assert read_index(tmp_path / "index.gpkg")["location"].tolist() == paths
    assert caplog.messages == ["4 quads, 0.3 Mpx"]


def test_an_alpha_band_is_no_image_band(world: World, tmp_path: Path) -> None:
    paths = read_index(world.indexes[0])["location"].tolist()
    with pytest.raises(RasterError, match="has 3 image bands and the config names 4"):
        index_imagery.main(paths, str(tmp_path / "index.gpkg"), [*BANDS, "nir"], None, 1)
    assert not (tmp_path / "index.gpkg").exists()


def test_the_world_has_the_hole_it_states(world: World) -> None:
    """The fixture itself: other tests rely on it."""
    for valid in world.valids:
        assert not valid[HOLE].any()
        assert valid.sum() == SIDE**2 - 40 * 70
