"""Whose a pixel is, against brute force over all pixels and polygons."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from tests.worlds import GRID, PIXEL, WHOLE, series, square
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.ground import pixel_sizes_m
from workflow_scripts.rogi.training.own_ground import NOBODY, OwnGround, nearest_to_centre

AROUND_M = 40.0
VIEW = Window(WHOLE.col_off + 10, WHOLE.row_off + 5, 70, 60)
SHAPES = [square(20, 20, 16), square(45, 24, 10), square(30, 30, 30, 12), square(81, 30, 9), square(24, 24, 4)]
KINDS = ["rock_glacier", "rock_glacier", "lake", "rock_glacier", "rock_glacier"]


def ground(shapes: list[shapely.Geometry] = SHAPES, kinds: list[str] = KINDS) -> OwnGround:
    frame = gpd.GeoDataFrame({"kind": kinds}, geometry=series(shapes)).to_crs(WGS84)
    return OwnGround(frame, GRID, AROUND_M)


def centres(window: Window) -> tuple[np.ndarray, np.ndarray]:
    west, _, _, north = GRID.bounds(window)
    x, y = west + (np.arange(window.width) + 0.5) * PIXEL, north - (np.arange(window.height) + 0.5) * PIXEL
    return np.meshgrid(x, y)


def test_rock_glaciers_own_what_lies_in_them_and_near_them() -> None:
    (owner, inside), (other, in_other) = ground().owners(VIEW)
    x, y = centres(VIEW)
    pixel_m = pixel_sizes_m(np.array([[x.mean(), y.mean()]]), GRID)[0]
    contains = np.stack([shapely.contains_xy(shape, x, y) for shape in SHAPES])
    rock_glacier = np.array([kind == "rock_glacier" for kind in KINDS])
    by_area = [4, 3, 1, 0]  # the smaller one has the pixel
    wanted = np.select([contains[number] for number in by_area], by_area, NOBODY)
    assert np.array_equal(inside, contains[rock_glacier].any(axis=0))
    assert np.array_equal(owner[inside], wanted[inside])
    assert np.array_equal(in_other, contains[2] & ~inside)
    assert np.array_equal(other, np.where(in_other, 2, NOBODY))
    # Outside: to the nearest pixel inside, beyond the window too, where that is near enough.
    wide_x, wide_y = centres(Window(VIEW.col_off - 20, VIEW.row_off - 20, 120, 120))
    apart = []
    for number in by_area:
        holds = shapely.contains_xy(SHAPES[number], wide_x, wide_y)
        points = shapely.STRtree(shapely.points(wide_x[holds], wide_y[holds]))
        apart.append(points.query_nearest(shapely.points(x, y).ravel(), return_distance=True, all_matches=False)[1])
    distance = np.array(apart).reshape(len(by_area), *x.shape) / PIXEL * pixel_m
    near = ~inside & (distance.min(axis=0) <= AROUND_M)
    assert np.array_equal(owner != NOBODY, inside | near)
    clear = near & (np.sort(distance, axis=0)[1] - distance.min(axis=0) > 1e-6)
    assert np.array_equal(owner[clear], np.array(by_area)[distance.argmin(axis=0)][clear])
    assert set(owner[clear]) == {0, 1, 3, NOBODY} - {NOBODY}


def test_ground_without_polygons_is_nobodys() -> None:
    far = Window(WHOLE.col_off + 3000, WHOLE.row_off, 20, 20)
    for owner, inside in ground().owners(far):
        assert (owner == NOBODY).all()
        assert not inside.any()


def test_zones_are_rock_glaciers_with_their_surroundings_and_other_ground_as_it_is() -> None:
    zones = ground().zones
    sizes = np.sqrt(shapely.area(shapely.envelope(zones)))
    pixel_m = pixel_sizes_m(np.array([SHAPES[0].centroid.coords[0]]), GRID)[0]
    assert np.isclose(sizes[0], 16 * PIXEL + 2 * AROUND_M / pixel_m * PIXEL, rtol=1e-3)
    assert np.isclose(shapely.area(zones[2]), SHAPES[2].area, rtol=1e-6)


@given(st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), min_size=1, max_size=7), st.integers(2, 24))
def test_every_pixel_counts_once_in_the_window_that_sees_most_round_it(
    places: list[tuple[int, int]], size: int
) -> None:
    corners = np.array(places)
    times = np.zeros((100, 100), int)
    best = np.full((100, 100), np.inf)
    for number, (row, column) in enumerate(places):
        part = np.s_[row + 30 : row + 30 + size, column + 30 : column + 30 + size]
        times[part] += nearest_to_centre(corners, number, size)
        offset = np.abs(np.arange(size) - (size - 1) / 2)
        best[part] = np.minimum(best[part], np.maximum(offset[:, np.newaxis], offset))
    assert np.array_equal(times, np.isfinite(best).astype(int))
    for number, (row, column) in enumerate(places):
        offset = np.abs(np.arange(size) - (size - 1) / 2)
        own = np.maximum(offset[:, np.newaxis], offset)
        chosen = nearest_to_centre(corners, number, size)
        assert np.array_equal(own[chosen], best[row + 30 : row + 30 + size, column + 30 : column + 30 + size][chosen])
