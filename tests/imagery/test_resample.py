"""Places in other rasters, and values between their pixels: closed forms, an oracle, and any cut alike."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.windows import Window
from scipy.ndimage import map_coordinates

from tests.worlds import GRID, WHOLE
from workflow_scripts.rogi.imagery.grid import PixelGrid, within
from workflow_scripts.rogi.imagery.resample import NODE_PX, bilinear, positions

SECOND = 1 / 3600
UTM = PixelGrid(CRS.from_epsg(32719), 10.0, 3.0, 7.0)
HUASCO = Window(40000, -681000, 300, 200)
DEGREES = CRS.from_epsg(4326), Affine(SECOND, 0, 79.0, 0, -SECOND, 36.0)
SOUTH = CRS.from_epsg(4326), Affine(SECOND, 0, -71.0, 0, -SECOND, -28.0)
windows = st.builds(
    Window,
    *(st.integers(start - 100, start + 100) for start in (WHOLE.col_off, WHOLE.row_off)),
    *(st.integers(1, 90),) * 2,
)


@pytest.mark.parametrize(
    ("window", "grid", "other"),
    [(WHOLE, GRID, DEGREES), (HUASCO, UTM, SOUTH), (HUASCO, UTM, (CRS.from_epsg(3857), Affine(5, 0, 0, 0, -5, 0)))],
)
def test_places_are_good_to_a_thousandth_of_a_pixel(window: Window, grid: PixelGrid, other: tuple[CRS, Affine]) -> None:
    crs, transform = other
    rows, columns = np.mgrid[: window.height, : window.width] + 0.5
    x, y = grid.transform(window) @ (columns, rows)
    across, down = ~transform @ np.array(Transformer.from_crs(grid.crs, crs, always_xy=True).transform(x, y))
    found = positions(window, grid, crs, transform)
    assert np.abs(found[0] - (down - 0.5)).max() < 1e-3
    assert np.abs(found[1] - (across - 0.5)).max() < 1e-3


def test_a_raster_on_the_same_grid_has_whole_places() -> None:
    rows, columns = positions(WHOLE, GRID, GRID.crs, GRID.transform(WHOLE))
    expected = np.mgrid[: WHOLE.height, : WHOLE.width]
    assert np.array_equal(rows, expected[0])
    assert np.array_equal(columns, expected[1])


@given(window=windows)
def test_a_pixel_has_its_place_whatever_the_window(window: Window) -> None:
    around = Window(window.col_off - 5, window.row_off - NODE_PX, window.width + 70, window.height + 2 * NODE_PX)
    for alone, together in zip(*(positions(each, GRID, *DEGREES) for each in (window, around)), strict=True):
        assert np.array_equal(alone, together[within(window, around)])


def test_what_a_crs_does_not_reach_has_no_place() -> None:
    polar = PixelGrid(CRS.from_epsg(3031), 1000.0, 0.0, 0.0)
    ortho = CRS.from_proj4("+proj=ortho +lat_0=60 +lon_0=0")
    rows, columns = positions(Window(0, 0, 40, 40), polar, ortho, Affine(1000, 0, 0, 0, -1000, 0))
    assert np.isnan(rows).all()
    assert np.isnan(bilinear(np.zeros((1, 5, 5)), rows, columns)).all()


def test_values_between_pixels_are_those_of_scipy(rng: np.random.Generator) -> None:
    layers = rng.normal(size=(3, 20, 30))
    rows, columns = rng.uniform(0, 19, (40, 50)), rng.uniform(0, 29, (40, 50))
    found = bilinear(layers, rows, columns)
    assert found.dtype == np.float32
    for layer, values in zip(layers, found, strict=True):
        assert values == pytest.approx(map_coordinates(layer, [rows, columns], order=1), abs=1e-5)


def test_whole_places_are_read_as_they_are_next_to_gaps_and_edges(rng: np.random.Generator) -> None:
    layer = rng.normal(size=(1, 6, 7)).astype(np.float32)
    layer[0, 2:4, 3] = np.nan
    rows, columns = np.mgrid[:6, :7].astype(float)
    assert np.array_equal(bilinear(layer, rows, columns), layer, equal_nan=True)


def test_places_near_gaps_and_beyond_edges_have_no_value() -> None:
    layer = np.ones((1, 4, 4))
    layer[0, 1, 1] = np.nan
    places = np.array([[0.5, 1.5, 2.5, 3.5, -0.5, 3.0, -7.0, 1e9, np.nan]])
    found = bilinear(layer, places, places)[0, 0]
    assert np.isnan(found).tolist() == [True, True, False, True, True, False, True, True, True]
