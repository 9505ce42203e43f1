"""Slope and aspect of planes and cones that are exact in true metres, on DEMs in any CRS."""

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Transformer

from tests.attributes.surfaces import around, cone, plane, surface_on_grid
from workflow_scripts.rogi.attributes.terrain import pixel_gradient, pixel_shape, slope_aspect
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
