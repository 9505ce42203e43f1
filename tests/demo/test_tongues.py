import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.demo.tongues import STEP_M, Flow, along_and_across, largest, outline, trace

CELL_M, PIXEL_M = 30.0, 4.0


def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def slope_to_the_south(tangent: float) -> Flow:
    height = 5000 - tangent * CELL_M * np.arange(120.0)[:, None] * np.ones(60)
    return Flow(height, CELL_M, 1.0)


def test_tongues_run_straight_down_a_plane() -> None:
    path = trace(slope_to_the_south(0.3), (30.0, 20.5), 600, 0.05, CELL_M)
    assert len(path) == 61
    np.testing.assert_allclose(path[:, 1], 20.5, atol=1e-9)
    assert (np.diff(path[:, 0]) > 0).all()
    np.testing.assert_allclose(np.diff(path[:, 0])[15:-15], STEP_M / CELL_M, rtol=1e-6)


def test_tongues_stop_where_it_is_flat_and_at_the_edge() -> None:
    assert len(trace(slope_to_the_south(0.04), (30.0, 20.5), 600, 0.05, CELL_M)) == 1
    assert trace(slope_to_the_south(0.3), (110.0, 20.5), 6000, 0.05, CELL_M)[:, 0].max() < 119


def test_tongues_turn_into_a_valley() -> None:
    rows, columns = np.mgrid[0:120, 0:120].astype(float)
    flow = Flow(5000 - 4.0 * rows + 9.0 * np.abs(columns - 60), CELL_M, 2.0)
    path = trace(flow, (20.0, 35.0), 2500, 0.05, CELL_M)
    assert abs(path[-1, 1] - 60) < 4
    assert path[-1, 0] > path[0, 0] + 30


@pytest.fixture(scope="module")
def straight() -> tuple[np.ndarray, shapely.Polygon]:
    line = np.column_stack([np.full(81, 300.0), 100 + STEP_M / PIXEL_M * np.arange(81)])  # 800 m to the south
    return line, outline(line, 100.0, PIXEL_M, 0.2, rng())


def test_outlines_are_as_long_and_wide_as_asked(straight: tuple[np.ndarray, shapely.Polygon]) -> None:
    line, shape = straight
    west, north, east, south = shape.bounds
    assert shape.is_valid
    assert not shape.interiors
    assert (south - north) * PIXEL_M == pytest.approx(800, abs=60)
    assert 180 < (east - west) * PIXEL_M < 300
    assert shape.contains(shapely.LineString(line[6:-6]))


def test_the_front_is_rounded_and_wider_than_the_root(straight: tuple[np.ndarray, shapely.Polygon]) -> None:
    _, shape = straight

    def width(row: float) -> float:
        return shape.intersection(shapely.LineString([(0, row), (600, row)])).length * PIXEL_M

    south = shape.bounds[3]
    root, body, tip = width(130), width(south - 30), width(south - 2)
    assert root < 0.95 * body
    assert tip < 0.75 * body


def test_coordinates_along_and_across_a_straight_line(straight: tuple[np.ndarray, shapely.Polygon]) -> None:
    line, _ = straight
    along, across = along_and_across(line, (110, 280, 100, 41), PIXEL_M)
    rows, columns = np.arange(110, 210) + 0.5, np.arange(280, 321) + 0.5
    np.testing.assert_allclose(along, ((rows - 100) * PIXEL_M)[:, None] * np.ones(41), atol=3)
    np.testing.assert_allclose(across, ((300 - columns) * PIXEL_M)[None, :] * np.ones((100, 1)), atol=3)


def test_the_largest_part_is_kept_without_its_holes() -> None:
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    both = shapely.MultiPolygon([ring, shapely.box(20, 0, 25, 5)])
    assert largest(both).equals(shapely.box(0, 0, 10, 10))
    assert largest(shapely.LineString([(0, 0), (1, 1)])).is_empty
