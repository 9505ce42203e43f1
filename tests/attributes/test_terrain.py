"""Slope and aspect of planes and cones that are exact in true metres, on DEMs in any CRS."""

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Transformer

from tests.attributes.surfaces import Surface, around, cone, dome, gaussian_hill, plane, surface_on_grid, tongue
from workflow_scripts.rogi.attributes.terrain import (
    complete,
    curvature,
    gradient,
    pixel_gradient,
    pixel_shape,
    ruggedness,
    slope_aspect,
)
from workflow_scripts.rogi.geodesy import WGS84

SINUSOIDAL = CRS("+proj=sinu +lon_0=40 +datum=WGS84")  # its meridians are strongly skewed against its parallels
ALBERS = CRS("+proj=aea +lat_1=27.5 +lat_2=37.5 +lon_0=90 +datum=WGS84")
SIZE = 300


def projected(crs: object, centre: tuple[float, float]) -> Affine:
    x, y = Transformer.from_crs(WGS84, CRS(crs), always_xy=True).transform(*centre)
    return Affine(30, 0, x - SIZE * 15, 0, -30, y + SIZE * 15)


@pytest.mark.parametrize("latitude", [27.0, 40.0, -28.4])
@pytest.mark.parametrize(("slope", "aspect"), [(17.7, 315), (5, 0), (35, 120), (25, 233)])
def test_a_plane_on_a_dem_in_degrees(latitude: float, slope: float, aspect: float) -> None:
    centre, transform = (79.5, latitude), around((79.5, latitude), SIZE)
    heights = surface_on_grid(plane(slope, aspect), centre, transform, (SIZE, SIZE), WGS84)
    found, direction = slope_aspect(heights, transform, WGS84)
    inner = (slice(1, -1), slice(1, -1))
    assert np.abs(found[inner] - slope).max() < 0.1
    assert np.abs((direction[inner] - aspect + 180) % 360 - 180).max() < 0.5


def turn(one: np.ndarray, other: np.ndarray | float) -> np.ndarray:
    """Return the angle between directions, degrees."""
    return np.abs((one - other + 180) % 360 - 180)


def ground(transform: Affine, centre: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return metres east and north of the centre, of the cells of a grid."""
    east, north = (
        surface_on_grid(axis, centre, transform, (SIZE, SIZE), WGS84).astype(float)
        for axis in (lambda east, north: east, lambda east, north: north)
    )
    return east, north


@pytest.mark.parametrize("longitude", [70.0, 104.0])
@pytest.mark.parametrize("latitude", [27.0, 40.0])
def test_a_gaussian_hill_on_the_ellipsoid(latitude: float, longitude: float) -> None:
    centre, transform = (longitude, latitude), around((longitude, latitude), SIZE)
    hill = surface_on_grid(gaussian_hill(), centre, transform, (SIZE, SIZE), WGS84)
    found, direction = slope_aspect(hill, transform, WGS84)
    east, north = ground(transform, centre)
    rise = (hill - 4000) * np.hypot(east, north) / 1500**2
    away = np.degrees(np.arctan2(east, north)) % 360
    inner = (slice(1, -1), slice(1, -1))
    steep = (rise > np.tan(np.radians(2)))[inner]
    assert np.abs(found - np.degrees(np.arctan(rise)))[inner].max() < 0.1
    assert turn(direction, away)[inner][steep].max() < 0.5


@pytest.mark.parametrize("longitude", [70.0, 104.0])
@pytest.mark.parametrize("latitude", [27.0, 40.0])
def test_planes_and_cones_on_the_ellipsoid(latitude: float, longitude: float) -> None:
    centre, transform = (longitude, latitude), around((longitude, latitude), SIZE)
    inner = (slice(1, -1), slice(1, -1))
    flat = surface_on_grid(plane(28, 200), centre, transform, (SIZE, SIZE), WGS84)
    found, direction = slope_aspect(flat, transform, WGS84)
    assert np.abs(found - 28)[inner].max() < 0.1
    assert turn(direction, 200)[inner].max() < 0.5
    found, direction = slope_aspect(surface_on_grid(cone(28), centre, transform, (SIZE, SIZE), WGS84), transform, WGS84)
    east, north = ground(transform, centre)
    far = np.hypot(east, north)[inner] > 700  # Horn's window turns the corner at the summit
    assert np.abs(found - 28)[inner][far].max() < 0.1
    assert turn(direction, np.degrees(np.arctan2(east, north)))[inner][far].max() < 0.5


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", ALBERS])
@pytest.mark.parametrize(
    ("surface", "expected"), [(dome(8000.0), 1 / 8000), (plane(25, 70), 0), (gaussian_hill(400, 1500), 400 / 1500**2)]
)
def test_the_curvature_at_a_summit_is_one_over_the_radius(crs: object, surface: Surface, expected: float) -> None:
    centre = (78.2, 36.0)
    transform = around(centre, SIZE) if crs == "EPSG:4326" else projected(crs, centre)
    heights = surface_on_grid(surface, centre, transform, (SIZE, SIZE), crs).astype(float)
    shape = pixel_shape(transform, CRS(crs), heights.shape)
    east, north = gradient(heights, shape)
    assert curvature(east, north, shape)[148:152, 148:152].mean() == pytest.approx(expected, rel=0.02, abs=1e-6)


def test_a_sphere_has_one_curvature_also_where_it_is_steep_and_a_trough_a_negative_one() -> None:
    centre, transform = (79.5, 35.0), around((79.5, 35.0), 101)
    shape = pixel_shape(transform, WGS84, (101, 101))
    sphere, trough = (
        curvature(*gradient(surface_on_grid(surface, centre, transform, (101, 101), WGS84), shape), shape)
        for surface in (dome(4000.0), tongue(30, -5))
    )
    assert np.nanmin(sphere) == pytest.approx(1 / 4000, rel=0.02)
    assert np.nanmax(sphere) == pytest.approx(1 / 4000, rel=0.02)
    # A cylinder, tilted: half of 2 · 5 / 100², over √(1 + rise²) for the length of a tilted metre
    assert trough[50, 50] == pytest.approx(-5e-4 * np.cos(np.radians(15)), rel=0.02)


def test_a_plane_is_not_rugged_and_a_sphere_as_much_as_its_normals_turn() -> None:
    centre, transform = (79.5, 35.0), around((79.5, 35.0), 61)
    shape = pixel_shape(transform, WGS84, (61, 61))
    flat, sphere = (
        ruggedness(*gradient(surface_on_grid(surface, centre, transform, (61, 61), WGS84), shape))
        for surface in (plane(35, 120), dome(3000.0))
    )
    assert np.nanmax(flat) < 1e-7
    # To second order, half the variance of the normals' angles: 2/3 of a squared step along each axis.
    expected = (shape**2).sum() / 3 / 3000**2
    assert sphere[30, 30] == pytest.approx(expected, rel=0.02)


def test_curvature_and_ruggedness_need_whole_neighbourhoods() -> None:
    heights = np.add.outer(3.0 * np.arange(15), -4.0 * np.arange(15))
    heights[7, 7] = np.nan
    unknown = np.zeros((15, 15), bool)
    unknown[[0, 1, -2, -1]] = unknown[:, [0, 1, -2, -1]] = unknown[5:10, 5:10] = True
    shape = np.array([[30.0, 0], [0, -30]])
    east, north = gradient(heights, shape)
    assert (np.isnan(curvature(east, north, shape)) == unknown).all()
    assert (np.isnan(ruggedness(east, north)) == unknown).all()


def test_a_cell_is_complete_when_its_eight_neighbours_are_known() -> None:
    values = np.zeros((5, 6))
    values[0, 0] = np.inf
    assert np.argwhere(complete(values)).tolist() == [
        [row, column] for row in (1, 2, 3) for column in (1, 2, 3, 4) if (row, column) != (1, 1)
    ]


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:32644", ALBERS, SINUSOIDAL, "EPSG:3995"])
def test_a_plane_on_a_projected_dem_is_measured_in_true_metres_and_against_true_north(crs: object) -> None:
    centre = (78.2, 36.0)  # 7° west of the Albers meridian's grid north
    transform = projected(crs, centre)
    heights = surface_on_grid(plane(20, 315), centre, transform, (SIZE, SIZE), crs)
    found, direction = slope_aspect(heights, transform, CRS(crs))
    assert np.nanmedian(found) == pytest.approx(20, abs=0.02)
    assert np.nanmedian(direction) == pytest.approx(315, abs=0.1)
    assert np.nanmax(np.abs(found - 20)) < 0.1


def test_a_cone_has_one_slope_and_falls_away_from_its_summit() -> None:
    transform = around((79.5, 35.0), SIZE)
    found, direction = slope_aspect(
        surface_on_grid(cone(30), (79.5, 35.0), transform, (SIZE, SIZE), WGS84), transform, WGS84
    )
    east, north = np.meshgrid(np.arange(SIZE) - SIZE / 2 + 0.5, SIZE / 2 - np.arange(SIZE) - 0.5)
    away = np.degrees(np.arctan2(east * np.cos(np.radians(35)), north)) % 360
    far = np.hypot(east, north) > 20
    assert np.nanmedian(found[far]) == pytest.approx(30, abs=0.05)
    assert np.nanmax(np.abs((direction - away + 180) % 360 - 180)[far]) < 0.6


def test_gradients_are_those_of_horn() -> None:
    heights = np.random.default_rng(3).normal(4000, 30, (6, 7))
    per_column, per_row = pixel_gradient(heights)
    kernel = np.outer([1, 2, 1], [-1, 0, 1]) / 8
    block = heights[2:5, 3:6]
    assert per_column[3, 4] == pytest.approx((block * kernel).sum(), rel=1e-4)
    assert per_row[3, 4] == pytest.approx((block * kernel.T).sum(), rel=1e-4)


def test_cells_next_to_voids_and_edges_are_unknown_and_all_others_exact() -> None:
    heights = np.add.outer(3.0 * np.arange(12), -4.0 * np.arange(12))
    heights[5, 5] = np.nan
    per_column, per_row = pixel_gradient(heights)
    unknown = np.zeros((12, 12), bool)
    unknown[[0, -1]] = unknown[:, [0, -1]] = unknown[4:7, 4:7] = True
    assert (np.isnan(per_column) == unknown).all()
    np.testing.assert_allclose(per_column[~unknown], -4, rtol=1e-5)
    np.testing.assert_allclose(per_row[~unknown], 3, rtol=1e-5)


def test_flat_cells_have_a_slope_and_no_aspect() -> None:
    found, direction = slope_aspect(np.full((5, 5), 4000.0), around((79.5, 35.0), 5), WGS84)
    assert (found[1:-1, 1:-1] == 0).all()
    assert np.isnan(direction).all()


def test_fortran_order_is_read_right() -> None:
    heights = np.asfortranarray(np.add.outer(3.0 * np.arange(9), -4.0 * np.arange(9)))
    assert pixel_gradient(heights)[0][4, 4] == pytest.approx(-4)


def test_a_pixel_of_one_second_has_the_length_of_the_ellipsoid() -> None:
    shape = pixel_shape(around((79.5, 35.0), 10), WGS84, (10, 10))
    # Meridian and parallel radii of WGS84 at 35°, metres per radian
    wave = 1 - 0.00669437999 * np.sin(np.radians(35)) ** 2
    second = np.radians(1 / 3600)
    expected = 6378137 / wave**0.5 * np.cos(np.radians(35)) * second, 6378137 * (1 - 0.00669437999) / wave**1.5 * second
    np.testing.assert_allclose(shape, [[expected[0], 0], [0, -expected[1]]], atol=2e-4)


def test_richdem_keeps_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    pixel_gradient(np.zeros((8, 8)))
    assert capfd.readouterr() == ("", "")
