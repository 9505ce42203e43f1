"""Pixels in metres, against closed forms of the projections."""

import numpy as np
import pytest
from rasterio.crs import CRS

from tests.worlds import GRID, PIXEL, WEB_MERCATOR
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.training.ground import ground_metres, pixel_sizes_m

UTM_19S = PixelGrid(CRS.from_epsg(32719), 10.0, 0.0, 0.0)
A, E2 = 6378137.0, 0.00669437999014


def at_latitude(degrees: float) -> float:
    """Northing of EPSG:3857."""
    return A * np.log(np.tan(np.pi / 4 + np.radians(degrees) / 2))


@pytest.mark.parametrize("latitude", [-60.0, 0.0, 35.0])
def test_web_mercator_metres_shrink_with_latitude(latitude: float) -> None:
    """A degree of the parallel is the ellipsoid's, radius a cos φ / √(1 - e² sin² φ)."""
    place = np.array([[8_800_000.0, at_latitude(latitude)]])
    phi = np.radians(latitude)
    wanted = PIXEL * np.cos(phi) / np.sqrt(1 - E2 * np.sin(phi) ** 2)
    assert pixel_sizes_m(place, GRID) == pytest.approx([wanted], rel=1e-6)
    east, north = ground_metres(place, np.array([[3.0, 0.0]]), GRID)[0]
    assert (east, north) == (pytest.approx(3 * wanted, rel=1e-6), pytest.approx(0, abs=1e-4))
    assert GRID.crs == WEB_MERCATOR


def test_on_the_central_meridian_utm_is_short_by_its_scale() -> None:
    place = np.array([[500_000.0, 6_860_000.0]])
    assert pixel_sizes_m(place, UTM_19S) == pytest.approx([10 / 0.9996], rel=1e-6)


def test_north_is_true_north() -> None:
    """UTM's grid north is turned from true north by Δλ sin φ (to first order)."""
    place = np.array([[700_000.0, 6_860_000.0]])
    (east, north), (still_east, still_north) = ground_metres(
        place.repeat(2, axis=0), np.array([[0.0, -100.0], [0.0, 0.0]]), UTM_19S
    )
    # 2.038° west to east of the meridian at 28.37° S: grid north points 0.97° to the west there.
    assert np.degrees(np.arctan2(east, north)) == pytest.approx(-0.97, abs=0.01)
    assert np.hypot(east, north) == pytest.approx(1000, rel=1e-3)
    assert (still_east, still_north) == (0, 0)


def test_unknown_moves_stay_unknown() -> None:
    assert np.isnan(ground_metres(np.array([[0.0, 0.0]]), np.full((1, 2), np.nan), GRID)).all()
