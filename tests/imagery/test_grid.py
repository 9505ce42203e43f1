"""The global pixel grid: the same pixel has the same number in every job."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.windows import Window

from tests.worlds import GRID, PIXEL, WEB_MERCATOR, WHOLE, series
from workflow_scripts.rogi.imagery.grid import PixelGrid, aligned, intersection, within

offsets = st.integers(-5_000_000, 5_000_000)
sides = st.integers(1, 5000)
windows = st.builds(Window, offsets, offsets, sides, sides)
ODD = PixelGrid(CRS.from_epsg(32719), 10.0, 3.25, 7.5)


@given(windows, st.sampled_from([GRID, ODD]))
def test_a_window_survives_bounds_transform_and_position(window: Window, grid: PixelGrid) -> None:
    assert grid.window(grid.bounds(window)) == window
    transform = grid.transform(window)
    assert grid.position(transform.c, transform.f) == (window.row_off, window.col_off)
    assert PixelGrid.of(grid.crs, transform).matches(grid)


def test_planets_quads_start_at_whole_multiples_of_their_side() -> None:
    """L15-1474E-1237N: quad 1474 from the west and 1237 from the south, 4096 px each."""
    half = 20037508.342789244
    side = 2 * half / 2048
    transform = Affine(side / 4096, 0, 1474 * side - half, 0, -side / 4096, (1237 + 1) * side - half)
    grid = PixelGrid.of(WEB_MERCATOR, transform)
    assert (grid.phase_x, grid.phase_y) == pytest.approx((0, 0), abs=1e-3)
    assert grid.position(transform.c, transform.f) == ((1024 - 1238) * 4096, (1474 - 1024) * 4096)


def test_phase_is_what_is_left_of_whole_pixels() -> None:
    grid = PixelGrid.of(WEB_MERCATOR, Affine(10, 0, -1234.0, 0, -10, 5678.0))
    assert (grid.phase_x, grid.phase_y) == (6.0, 8.0)


@pytest.mark.parametrize(
    ("transform", "crs", "same"),
    [
        (Affine(10, 0, 40, 0, -10, 80), WEB_MERCATOR, True),
        (Affine(10, 0, 40 - 1e-7, 0, -10, 80 + 1e-7), WEB_MERCATOR, True),
        (Affine(10, 0, 45, 0, -10, 80), WEB_MERCATOR, False),
        (Affine(10, 0, 40, 0, -10, 80.2), WEB_MERCATOR, False),
        (Affine(10.001, 0, 40.004, 0, -10.001, 80.008), WEB_MERCATOR, False),
        (Affine(10, 0, 40, 0, -10, 80), CRS.from_epsg(32644), False),
    ],
)
def test_grids_match_when_pixels_fall_together(transform: Affine, crs: CRS, same: bool) -> None:
    assert PixelGrid(WEB_MERCATOR, 10.0, 0.0, 0.0).matches(PixelGrid.of(crs, transform)) is same


@pytest.mark.parametrize(
    "transform", [Affine(10, 1, 0, 1, -10, 0), Affine(10, 0, 0, 0, 10, 0), Affine(10, 0, 0, 0, -20, 0)]
)
def test_a_raster_that_is_not_north_up_with_square_pixels_is_refused(transform: Affine) -> None:
    with pytest.raises(ValueError, match="not north-up with square pixels"):
        PixelGrid.of(WEB_MERCATOR, transform)


def test_window_takes_every_pixel_that_the_bounds_touch_across_the_origin() -> None:
    grid = PixelGrid(WEB_MERCATOR, 10.0, 0.0, 0.0)
    assert grid.window((-11, -1, 1, 25)) == Window(-2, -3, 3, 4)
    assert grid.window((-20, -10, 10, 30)) == Window(-2, -3, 3, 4)


def test_window_of_a_shape_that_came_through_another_crs() -> None:
    shape = shapely.box(*GRID.bounds(WHOLE)).buffer(-0.4 * PIXEL, join_style="mitre")
    assert GRID.window(tuple(series([shape]).to_crs(4326).to_crs(GRID.crs).total_bounds)) == WHOLE


@given(windows, windows)
def test_intersection_is_what_numpy_and_shapely_say(one: Window, other: Window) -> None:
    shared = intersection(one, other)
    flat = shapely.box(*GRID.bounds(one)).intersection(shapely.box(*GRID.bounds(other)))
    if shared is None:
        assert flat.area == pytest.approx(0, abs=1e-3)
        return
    assert shared.width * shared.height == pytest.approx(flat.area / PIXEL**2, rel=1e-6)
    assert shared == intersection(other, one)


def test_within_cuts_a_window_out_of_an_array() -> None:
    outer, inner = Window(-10, -20, 30, 40), Window(-4, -12, 5, 6)
    rows, columns = np.mgrid[-20:20, -10:20]
    cut = within(inner, outer)
    assert (rows[cut].min(), rows[cut].max(), columns[cut].min(), columns[cut].max()) == (-12, -7, -4, 0)


@given(windows, st.integers(1, 700))
def test_aligned_is_the_smallest_window_on_the_lattice(window: Window, step: int) -> None:
    whole = aligned(window, step)
    assert intersection(window, whole) == window
    for start, length, inner, size in (
        (whole.col_off, whole.width, window.col_off, window.width),
        (whole.row_off, whole.height, window.row_off, window.height),
    ):
        assert start % step == length % step == 0
        assert inner - start < step
        assert start + length - (inner + size) < step
