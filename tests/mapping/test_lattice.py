"""Whole pixels of the global grid: there and back, and the same from every cut."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.windows import Window

from tests.mapping.masks import masks
from tests.worlds import GRID, PIXEL, WHOLE
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import NODATA
from workflow_scripts.rogi.mapping.lattice import (
    lattice_of,
    pixels_of,
    polygons_of,
    scores_of,
    to_crs,
    to_pixels,
    window_of,
)
from workflow_scripts.rogi.raster import write_raster

UTM = PixelGrid(CRS.from_epsg(32644), 3.7, 1.3, 2.9)


@settings(max_examples=50)
@given(column=st.integers(-(10**6), 10**6), row=st.integers(-(10**6), 10**6), width=st.integers(1, 9999))
def test_a_polygon_has_the_same_bits_whichever_cut_it_came_from(column: int, row: int, width: int) -> None:
    box = shapely.box(column, -row, column + width, 7 - row)
    seen = []
    for shift_x, shift_y in ((0, 0), (12_345, -999), (7, 3)):
        transform = UTM.transform(Window(column - shift_x, row - shift_y, 0, 0))
        grid = lattice_of(UTM.crs, transform)
        corners = [transform @ (x, y) for x, y in ((shift_x, shift_y), (shift_x + width, shift_y - 7))]
        outline = gpd.GeoSeries([shapely.box(*corners[0], *corners[1])], crs=UTM.crs)
        pixels = to_pixels(outline, grid)
        assert shapely.equals(pixels[0], box)
        seen.append(shapely.to_wkb(to_crs(pixels, grid).normalize().iloc[0]))
    assert len(set(seen)) == 1


@given(mask=masks())
def test_pixels_become_polygons_and_pixels_again(mask: np.ndarray) -> None:
    stripes = np.where(mask, 1 + np.indices(mask.shape).sum(0) // 5 % 3, 0)
    names, position = np.unique(stripes, return_inverse=True)
    labels = (position + (names[0] > 0)).astype(np.int32)
    if not labels.any():
        return
    window = Window(-30, 1000, mask.shape[1], mask.shape[0])
    shapes = polygons_of(labels, window)
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).tolist() == np.bincount(labels.ravel())[1:].tolist()
    for number, shape in enumerate(shapes, start=1):
        assert np.array_equal(pixels_of(shape, window), labels == number)


def test_a_window_holds_its_polygon_and_a_margin() -> None:
    window = window_of(shapely.box(5, -20, 9, -8), 2)
    assert window == Window(3, 6, 8, 16)
    assert pixels_of(shapely.box(5, -20, 9, -8), window).sum() == 48


def test_beyond_the_raster_there_is_no_data(tmp_path: Path) -> None:
    scores = np.arange(20, dtype=np.uint8).reshape(4, 5)
    write_raster(tmp_path / "scores.tif", scores, GRID.crs, GRID.transform(WHOLE), nodata=NODATA)
    with rasterio.open(tmp_path / "scores.tif") as dataset:
        grid = lattice_of(dataset.crs, dataset.transform)
        read = scores_of(dataset, grid, Window(WHOLE.col_off - 1, WHOLE.row_off + 2, 4, 4))
        assert (scores_of(dataset, grid, Window(0, 0, 2, 2)) == NODATA).all()
    assert read.tolist() == [[NODATA, 10, 11, 12], [NODATA, 15, 16, 17], [NODATA] * 4, [NODATA] * 4]


def test_pixels_that_are_not_square_are_refused() -> None:
    with pytest.raises(ValueError, match="square pixels"):
        lattice_of(GRID.crs, Affine(PIXEL, 0, 0, 0, -2 * PIXEL, 0))
