"""Areas and distances against closed forms on the ellipsoid."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from workflow_scripts.rogi.geodesy import (
    EQUAL_AREA,
    WGS84,
    area_m2,
    astride_180,
    buffer_true_m,
    length_m,
    local_projection,
    shared_and_union,
)

A, F = 6378137.0, 1 / 298.257223563  # WGS84
E = math.sqrt(F * (2 - F))
GEOD = Geod(ellps="WGS84")


def zone_m2(south: float, north: float) -> float:
    """Area of an ellipsoidal zone, all the way round (Snyder 1987, eq. 3-12 and 2-15)."""

    def q(latitude: float) -> float:
        s = math.sin(math.radians(latitude))
        return (1 - E**2) * (s / (1 - (E * s) ** 2) - math.log((1 - E * s) / (1 + E * s)) / (2 * E))

    return math.pi * A**2 * (q(north) - q(south))


def box(west: float, south: float, east: float, north: float, step: float = 1e-3) -> gpd.GeoSeries:
    """A box along parallels: vertices so close that geodesics between them follow the parallel."""
    return gpd.GeoSeries([shapely.box(west, south, east, north).segmentize(step)], crs=4326)


@pytest.mark.parametrize("south", [-60.0, -28.3, 0.0, 35.0, 70.0])
def test_area_equals_that_of_the_ellipsoidal_zone(south: float) -> None:
    found = area_m2(box(10, south, 10.1, south + 0.1))
    assert found[0] == pytest.approx(zone_m2(south, south + 0.1) * 0.1 / 360, rel=1e-7)


@pytest.mark.parametrize("crs", [3857, 32644, EQUAL_AREA, 3395])
def test_area_does_not_depend_on_the_projection(crs: object) -> None:
    shape = box(79, 35, 79.02, 35.02, 1e-4)
    assert area_m2(shape.to_crs(crs))[0] == pytest.approx(area_m2(shape)[0], rel=1e-6)


def test_holes_are_left_out_and_orientation_does_not_matter() -> None:
    outer, inner = shapely.box(79, 35, 79.1, 35.1), shapely.box(79.02, 35.02, 79.04, 35.04)
    holed = gpd.GeoSeries([outer.difference(inner), outer, inner, outer.reverse()], crs=4326)
    with_hole, whole, hole, reversed_ = area_m2(holed)
    assert with_hole == pytest.approx(whole - hole)
    assert reversed_ == pytest.approx(whole)


def test_parts_add_up_and_nothing_has_no_area() -> None:
    parts = [shapely.box(79, 35, 79.1, 35.1), shapely.box(80, 35, 80.1, 35.1)]
    shapes = gpd.GeoSeries([shapely.MultiPolygon(parts), *parts, shapely.Polygon()], crs=4326)
    both, one, other, none = area_m2(shapes)
    assert both == pytest.approx(one + other)
    assert none == 0
    assert area_m2(gpd.GeoSeries([], crs=4326)).shape == (0,)


def test_web_mercator_areas_would_be_half_too_large_at_35_degrees() -> None:
    shape = box(79, 35, 79.01, 35.01)
    inflation = shape.to_crs(3857).area[0] / area_m2(shape)[0]
    assert inflation == pytest.approx(1.49, abs=0.01)


@given(st.floats(-180, 180), st.floats(-60, 60))
def test_the_local_projection_is_true_at_its_centre(longitude: float, latitude: float) -> None:
    ends = [GEOD.fwd(longitude, latitude, azimuth, 1000)[:2] for azimuth in (0, 90)]
    points = gpd.GeoSeries.from_xy(*np.array([(longitude, latitude), *ends]).T, crs=4326)
    (x0, y0), north, east = shapely.get_coordinates(points.to_crs(local_projection(longitude, latitude)).array)
    assert north - (x0, y0) == pytest.approx((0, 1000), abs=0.2)
    assert east - (x0, y0) == pytest.approx((1000, 0), abs=0.2)


@pytest.mark.parametrize("crs", [4326, 3857, 32644])
@pytest.mark.parametrize("latitude", [0.0, 35.0, 60.0])
def test_buffers_have_true_ground_width_in_every_direction(crs: int, latitude: float) -> None:
    point = gpd.GeoSeries.from_xy([79.0], [latitude], crs=WGS84, index=[5])
    ring = buffer_true_m(point.to_crs(crs), 1500)
    assert (ring.crs, ring.index.tolist()) == (crs, [5])
    x, y = shapely.get_coordinates(ring.to_crs(4326).iloc[0].exterior).T
    distance = GEOD.inv(np.full(len(x), 79.0), np.full(len(x), latitude), x, y)[2]
    np.testing.assert_allclose(distance, 1500, rtol=1e-4)


def test_every_shape_gets_the_buffer_of_its_own_place() -> None:
    both = buffer_true_m(gpd.GeoSeries.from_xy([79.0, 0.0], [60.0, 0.0], crs=4326).to_crs(3857), 1000)
    # GEOS draws a circle with 16 segments per quarter: its area is 32 sin(π/32) r²
    expected = 32 * math.sin(math.pi / 32) * 1000**2
    np.testing.assert_allclose(area_m2(both), expected, rtol=2e-4)


@pytest.mark.parametrize("crs", [4326, 3857, 32644])
def test_buffers_are_those_drawn_in_the_local_projection(crs: int) -> None:
    """PROJ's slow way from CRS to CRS gives the same to a micrometre; a hole that stays is buffered inwards."""
    shape = gpd.GeoSeries([shapely.box(79, 35, 79.3, 35.1).difference(shapely.box(79.1, 35.02, 79.2, 35.08))], crs=4326)
    local = shape.to_crs(crs).to_crs(local_projection(79.15, 35.05))
    found = buffer_true_m(shape.to_crs(crs), 1500).to_crs(local.crs)
    assert shapely.hausdorff_distance(found.item(), local.buffer(1500).item()) < 1e-6
    assert len(found.item().interiors) == 1


def test_shared_and_union_of_rectangles() -> None:
    box = shapely.box(0, 0, 2, 1)
    assert shared_and_union(box, shapely.box(1, 0, 3, 1)) == (1, 3)
    assert shared_and_union(shapely.Polygon(), shapely.Polygon()) == (0, 0)
    shared, union = shared_and_union(np.array([box, box]), np.array([box, shapely.box(5, 5, 6, 6)]))
    assert (shared.tolist(), union.tolist()) == ([2, 0], [2, 3])


def test_shapes_on_both_sides_of_180_degrees_are_told_from_wide_ones() -> None:
    east, west = shapely.box(179.9, 10, 180, 11), shapely.box(-180, 10, -179.9, 11)
    shapes = [shapely.union(east, west), east, shapely.box(-80, 0, 80, 1), shapely.Polygon(), None]
    assert astride_180(gpd.GeoSeries(shapes, crs=4326)).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("crs", [4326, 3857, 8857])
def test_lengths_are_those_of_the_ellipsoid(crs: int) -> None:
    """A degree along the equator is 2πa/360; one from 45° N northwards is 111 141.5 m (Vincenty); none is 0."""
    pairs = [[(10, 0), (11, 0)], [(80, 45), (80, 46)], [(80, 35), (80, 35)]]
    lines = gpd.GeoSeries([shapely.LineString(pair) for pair in pairs], crs=4326).to_crs(crs)
    np.testing.assert_allclose(length_m(lines), [6378137 * np.pi / 180, 111141.5, 0], rtol=1e-5, atol=1e-6)


def test_polygons_that_are_alike_have_an_iou_of_one_whatever_is_rounded() -> None:
    rng = np.random.default_rng(3)
    circles = shapely.buffer(shapely.points(rng.uniform(-1e7, 1e7, (200, 2))), rng.uniform(50, 900, 200))
    shared, union = shared_and_union(circles, shapely.reverse(circles))
    assert (shared <= union).all()
    np.testing.assert_allclose(shared, union)
