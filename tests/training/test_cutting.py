"""Patches: where they are cut, what is labelled, and that training never sees a validation pixel."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from rasterio.windows import Window

from tests.worlds import CLEAR, GRID, HOLE, PIXEL, SIDE, WHOLE, World, series, square
from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.training.cutting import LeftOut, Place, burn, cut, places, windows_around
from workflow_scripts.rogi.training.patches import Patch

SIZE, STRIDE = 64, 40
lengths = st.integers(1, 1000)


@pytest.fixture(scope="module")
def imagery(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes[:1], 3, None, CLEAR) as imagery:
        yield imagery


def polygons(shapes: list[shapely.Geometry], validation: list[bool]) -> gpd.GeoDataFrame:
    uids = [f"rg-{number}" for number in range(len(shapes))]
    columns: dict[str, Any] = {"uid": uids, "validation": validation}
    return gpd.GeoDataFrame(columns, geometry=series(shapes)).to_crs(4326)


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
    frame = polygons([shape], [False])
    windows = [place.window for place in places(frame, GRID, 400.0, 1, 1)]
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
    found = places(polygons(shapes, [True, False]), GRID, 50.0, SIZE, STRIDE)
    assert found[0].uid == "rg-0"
    assert {place.validation for place in found if place.uid == "rg-0"} == {True}
    assert {place.validation for place in found if place.uid == "rg-1"} == {False}
    for place in found:
        shape = shapes[int(place.uid[-1])].buffer(100)
        assert shape.intersects(shapely.box(*GRID.bounds(place.window)))


def place(row: int, column: int, validation: bool = False) -> Place:
    return Place(Window(WHOLE.col_off + column, WHOLE.row_off + row, SIZE, SIZE), "rg", validation)


def test_every_rock_glacier_in_view_is_labelled(world: World, imagery: Imagery) -> None:
    shapes = [square(20, 20, 10, 12), square(45, 30, 40, 5), square(300, 300, 20)]
    ((_, patch),) = cut([place(10, 10)], imagery, series(shapes).to_crs(4326), 0.0)
    assert isinstance(patch, Patch)
    expected = np.zeros((SIZE, SIZE), bool)
    expected[10:22, 10:20] = True
    expected[20:25, 35:] = True
    assert np.array_equal(patch.label, expected)
    assert np.array_equal(patch.image, world.images[0][:, 10 : 10 + SIZE, 10 : 10 + SIZE])
    assert patch.valid.all()
    assert not patch.validation


def test_a_pixel_is_labelled_by_its_centre() -> None:
    shape = square(2.4, 3.6, 2.2, 1.0)  # columns 2.4 to 4.6, rows 3.6 to 4.6
    label = burn(np.array([shape], dtype=object), GRID, Window(WHOLE.col_off, WHOLE.row_off, 8, 8))
    assert np.argwhere(label).tolist() == [[4, 2], [4, 3], [4, 4]]


def test_nothing_is_labelled_where_nothing_is() -> None:
    assert not burn(np.array([], dtype=object), GRID, WHOLE).any()


def test_ground_without_imagery_is_neither_valid_nor_labelled(world: World, imagery: Imagery) -> None:
    shape = square(0, 280, 120, 100)  # over the hole
    ((_, patch),) = cut([place(290, 60)], imagery, series([shape]), 0.0)
    assert isinstance(patch, Patch)
    valid = world.valids[0][290 : 290 + SIZE, 60 : 60 + SIZE]
    assert np.array_equal(patch.valid, valid)
    assert np.array_equal(patch.label, valid & (np.arange(60, 60 + SIZE) < 120))
    assert not patch.image[:, ~valid].any()


def test_patches_with_too_little_imagery_are_left_out(imagery: Imagery) -> None:
    """Half of a patch that starts 32 px above the world is sky."""
    half = place(-32, 100)
    for share, used in ((0.5, True), (0.51, False)):
        ((where, patch),) = cut([half], imagery, series([square(100, 0, 20)]), share)
        assert where is half
        assert isinstance(patch, Patch) if used else patch is LeftOut.IMAGERY


def test_a_patch_blanked_by_validation_is_left_out(imagery: Imagery) -> None:
    outcome = list(cut([place(100, 100), place(110, 100, True)], imagery, series([square(100, 100, 20)]), 0.5))
    assert outcome[0][1] is LeftOut.VALIDATION
    assert isinstance(outcome[1][1], Patch)


boxes = st.tuples(st.integers(-20, SIDE), st.integers(-20, SIDE), st.integers(2, 90), st.integers(2, 90), st.booleans())


@settings(max_examples=25)
@given(chosen=st.lists(boxes, min_size=1, max_size=6))
def test_training_never_sees_a_validation_pixel(
    world: World, imagery: Imagery, chosen: list[tuple[int, int, int, int, bool]]
) -> None:
    shapes = [square(*numbers) for *numbers, _ in chosen]
    frame = polygons(shapes, [validation for *_, validation in chosen])
    found = places(frame, GRID, 30.0, SIZE, STRIDE)
    forbidden, seen, shown = (np.zeros((SIDE, SIDE), bool) for _ in range(3))
    for where in found:
        if where.validation and (shared := intersection(where.window, WHOLE)):
            forbidden[within(shared, WHOLE)] = True
    for where, patch in cut(found, imagery, frame.geometry, 0.0):
        assert isinstance(patch, Patch)
        assert patch.validation == where.validation
        assert not (patch.label & ~patch.valid).any()
        assert not patch.image[:, ~patch.valid].any()
        if shared := intersection(where.window, WHOLE):
            target = shown if patch.validation else seen
            target[within(shared, WHOLE)] |= patch.valid[within(shared, where.window)]
    assert not (seen & forbidden).any()
    assert np.array_equal(shown, forbidden & world.valids[0])
    assert not seen[HOLE].any()
