"""Flow lines on surfaces whose fall lines are known."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_scripts.rogi.attributes.flowline import FlowLine, flow_line

CELL = np.array([[25.0, 0.0], [0.0, -31.0]])  # of an arc second at 35°, metres east and north per column and row
SIDE = 80


def surface(azimuth: float, bend: float = 0) -> np.ndarray:
    """Return a slope of 0.25 falling to an azimuth, with a ridge (bend > 0) or a trough along its middle."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
    east, north = columns * CELL[0, 0], rows * CELL[1, 1]
    sine, cosine = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    along, across = east * sine + north * cosine, east * cosine - north * sine
    return 4000 - 0.25 * along - bend * (across / 100) ** 2


def rectangle(azimuth: float, length_m: float, width_m: float) -> shapely.Polygon:
    """Return a rectangle in pixels round the middle, its long side along an azimuth."""
    half = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * [length_m / 2, width_m / 2]
    sine, cosine = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    metres = half @ np.array([[sine, cosine], [cosine, -sine]])
    return shapely.Polygon(metres @ np.linalg.inv(CELL).T + SIDE / 2)


def cells_of(outline: shapely.Geometry) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    return shapely.contains_xy(outline, columns, rows)


def line_of(heights: np.ndarray, outline: shapely.Geometry) -> FlowLine:
    line = flow_line(heights, outline, cells_of(outline), CELL)
    assert line is not None
    return line


@settings(max_examples=15, deadline=None)
@given(azimuth=st.integers(0, 359), length=st.integers(200, 1200))
def test_on_a_plane_the_line_is_as_long_as_the_outline_whichever_way_it_falls(azimuth: int, length: int) -> None:
    line = line_of(surface(azimuth), rectangle(azimuth, length, 150))
    assert line.length_m == pytest.approx(length, rel=1e-3)
    assert abs((line.azimuth_deg - azimuth + 180) % 360 - 180) < 0.1


@pytest.mark.parametrize("bend", [8.0, -8.0])
def test_neither_a_bulging_nor_a_hollow_tongue_shortens_it(bend: float) -> None:
    line = line_of(surface(40, bend), rectangle(40, 1000, 220))
    assert line.length_m == pytest.approx(1000, rel=0.03)
    assert line.azimuth_deg == pytest.approx(40, abs=3)


def test_it_runs_from_head_to_foot_inside_the_outline() -> None:
    outline = rectangle(200, 700, 200)
    line = line_of(surface(200), outline)
    assert outline.buffer(1e-6).covers(shapely.LineString(line.points))
    heights = surface(200)[line.points[:, 1].astype(int), line.points[:, 0].astype(int)]
    assert heights[0] - heights[-1] == pytest.approx(0.25 * 700, abs=10)


def test_an_outline_smaller_than_a_cell_has_a_line() -> None:
    outline = shapely.box(40.6, 40.6, 40.9, 40.9)
    cells = np.zeros((SIDE, SIDE), bool)
    cells[40, 40] = True
    line = flow_line(surface(90), outline, cells, CELL)
    assert line is not None
    assert line.length_m == pytest.approx(0.3 * 25, rel=1e-3)


def test_level_and_unknown_ground_have_none() -> None:
    outline = rectangle(0, 300, 200)
    for heights in (np.full((SIDE, SIDE), 4000.0), np.full((SIDE, SIDE), np.nan)):
        assert flow_line(heights, outline, cells_of(outline), CELL) is None


def test_a_line_ends_at_a_void() -> None:
    heights = surface(180)
    heights[45:] = np.nan
    line = line_of(heights, rectangle(180, 600, 200))
    assert 300 < line.length_m < 300 + 5.5 * 31


def test_a_line_ends_in_a_pit_and_at_a_summit() -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
    hill = 4000 + 200 * np.exp(-((columns * 25) ** 2 + (rows * 31) ** 2) / (2 * 300**2))
    disc = shapely.Polygon(shapely.get_coordinates(shapely.Point(0, 0).buffer(400)) / [25, 31] + SIDE / 2)
    for heights, outwards in ((hill, True), (8000 - hill, False)):
        line = line_of(heights, disc)
        assert line.length_m == pytest.approx(400, abs=25)
        head_farther = np.hypot(*(line.points[0] - SIDE / 2)) > np.hypot(*(line.points[-1] - SIDE / 2))
        assert head_farther != outwards
