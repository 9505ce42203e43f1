"""Where patches are cut: round polygons, everywhere on mapped ground, and at random beside rock glaciers."""

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from rasterio.windows import Window

from tests.worlds import GRID, PIXEL, SIDE, series, square
from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.training.placing import (
    RANDOM_TERRAIN,
    Place,
    around_polygons,
    as_polygons,
    everywhere,
    random_terrain,
    windows_around,
)

SIZE, STRIDE = 64, 40
lengths = st.integers(1, 1000)
boxes = st.tuples(st.integers(0, SIDE), st.integers(0, SIDE), st.integers(2, 90), st.integers(2, 90))


def polygons(shapes: list[shapely.Geometry], kinds: str = "rock_glacier") -> gpd.GeoDataFrame:
    uids = [f"rg-{number}" for number in range(len(shapes))]
    columns: dict[str, Any] = {"uid": uids, "kind": kinds, "inventory": "Alps"}
    return gpd.GeoDataFrame(columns, geometry=series(shapes)).to_crs(4326)


def box(place: Place) -> shapely.Polygon:
    return shapely.box(*GRID.bounds(place.window))


@given(st.integers(-9000, 9000), st.integers(-9000, 9000), lengths, lengths, st.integers(16, 480), st.integers(8, 480))
def test_windows_cover_the_rectangle_and_are_centred(
    left: int, top: int, width: int, height: int, size: int, stride: int
) -> None:
    stride = min(stride, size)
    rectangle = Window(left, top, width, height)
    windows = windows_around(rectangle, size, stride)
    covered = np.zeros((height, width), bool)
    for window in windows:
        if shared := intersection(window, rectangle):
            covered[within(shared, rectangle)] = True
    assert covered.all()
    assert len({(window.row_off, window.col_off) for window in windows}) == len(windows)
    for starts, start, length in (
        ({window.col_off for window in windows}, left, width),
        ({window.row_off for window in windows}, top, height),
    ):
        before, after = start - min(starts), max(starts) + size - (start + length)
        assert -1 <= after - before <= 1
        assert max(before, after) < max(stride, size)
        # One window fewer would not do.
        assert len(starts) == 1 or size + (len(starts) - 2) * stride < length


def test_the_papers_patches() -> None:
    """A rectangle of 800 px takes 2 × 2 windows of 480 px at stride 320, and 3 × 3 at stride 160."""
    assert len(windows_around(Window(0, 0, 800, 800), 480, 320)) == 4
    assert len(windows_around(Window(0, 0, 800, 800), 480, 160)) == 9
    assert windows_around(Window(10, 20, 480, 480), 480, 320) == [Window(10, 20, 480, 480)]


def test_the_buffer_is_true_ground() -> None:
    """The rectangle round the buffer is 800 m longer than the polygon by the geodesic, not by web-Mercator metres."""
    shape = square(0, 0, 10)
    windows = [place.window for place in around_polygons(polygons([shape]), GRID, 400.0, 1, 1)]
    west = min(window.col_off for window in windows) * PIXEL
    east = (max(window.col_off for window in windows) + 1) * PIXEL
    middle = shape.centroid.y
    line = series([shapely.LineString([(west, middle), (east, middle)])]).to_crs(4326).item()
    length = Geod(ellps="WGS84").geometry_length(line)
    own = series([shapely.LineString([(shape.bounds[0], middle), (shape.bounds[2], middle)])]).to_crs(4326).item()
    assert length - Geod(ellps="WGS84").geometry_length(own) == pytest.approx(800, abs=2 * PIXEL)
    assert east - west > 960  # in web-Mercator metres at 35° N


def test_places_belong_to_their_polygon() -> None:
    shapes = [square(100, 100, 30), square(300, 300, 100)]
    frame = polygons(shapes)
    frame.loc[1, ["kind", "inventory"]] = "water", "Lakes"
    for place in around_polygons(frame, GRID, 50.0, SIZE, STRIDE):
        number = int(place.uid[-1])
        assert (place.kind, place.inventory) == (("rock_glacier", "Alps"), ("water", "Lakes"))[number]
        assert shapes[number].buffer(100).intersects(box(place))


@given(boxes, st.lists(boxes, min_size=1, max_size=5))
def test_a_lattice_covers_the_ground_once(area: tuple[int, ...], numbers: list[tuple[int, ...]]) -> None:
    ground = square(*area)
    shapes = [square(column + 0.5, row + 0.5, *size) for column, row, *size in numbers]
    places = everywhere(series([ground]), polygons(shapes), GRID, SIZE, STRIDE)
    assert len({(place.window.row_off, place.window.col_off) for place in places}) == len(places)
    assert shapely.union_all([box(place) for place in places]).buffer(0.01).contains(ground)
    own = [shape for shape in shapes if shape.intersects(ground)] or shapes
    for place in places:
        assert box(place).intersects(ground)
        shape, centre = shapes[int(place.uid[-1])], box(place).centroid
        assert shape.distance(centre) == pytest.approx(min(each.distance(centre) for each in own), abs=0.01)
        assert (place.kind == RANDOM_TERRAIN) == (not shape.intersects(box(place)))


def test_ground_belongs_to_a_polygon_of_its_own_area() -> None:
    """The polygon of the other area is nearer to the edge between both, and is for another fold."""
    ground = series([square(0, 0, 200), square(200, 0, 200)])
    shapes = [square(5, 90, 10), square(205, 90, 10)]
    places = everywhere(ground, polygons(shapes), GRID, 20, 20)
    assert len(places) == 200
    for place in places:
        assert place.uid == f"rg-{int(box(place).centroid.x > ground[1].bounds[0])}"


def test_random_places_hold_no_rock_glacier() -> None:
    ground, shapes = series([square(0, 0, SIDE)]), series([square(150, 150, 200, 30), square(30, 300, 60)])
    places = random_terrain(40, ground, shapes, GRID, SIZE, np.random.default_rng(1))
    assert len(places) == 40
    assert len({(place.window.row_off, place.window.col_off) for place in places}) == 40
    assert [place.uid for place in places] == [f"random-terrain-{number}" for number in range(40)]
    assert {(place.kind, place.inventory) for place in places} == {(RANDOM_TERRAIN, "")}
    for place in places:
        assert not shapes.intersects(box(place)).any()
        assert ground.buffer(PIXEL).contains(box(place).centroid).all()
    frame = as_polygons(places, GRID)
    assert frame["uid"].tolist() == [place.uid for place in places]
    assert frame.area.tolist() == pytest.approx([(SIZE * PIXEL) ** 2] * 40)


def test_random_places_are_even_and_those_of_the_seed() -> None:
    """Of two areas, one three times the other, one place in four lies in the smaller."""
    ground, nothing = series([square(0, 0, 300, 400), square(400, 0, 100, 400)]), series([])
    one, same, other = (
        random_terrain(400, ground, nothing, GRID, SIZE, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other
    small = sum(ground[1].buffer(PIXEL).contains(box(place).centroid) for place in one)
    assert small == pytest.approx(100, abs=4 * np.sqrt(400 * 0.25 * 0.75))


def test_full_ground_has_no_random_places() -> None:
    ground = series([square(0, 0, 100)])
    assert random_terrain(5, ground, series([square(-9, -9, 118)]), GRID, SIZE, np.random.default_rng(1)) == []
    assert random_terrain(5, ground[:0], series([]), GRID, SIZE, np.random.default_rng(1)) == []
