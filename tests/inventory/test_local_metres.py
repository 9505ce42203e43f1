"""The fast local metres against the exact local projection."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from workflow_scripts.rogi.geodesy import WGS84, local_projection
from workflow_scripts.rogi.inventory.local_metres import metres_per_degree, to_local_metres


@pytest.mark.parametrize("latitude", [0, 35, 50, -27])
def test_metres_are_those_of_the_local_projection(latitude: float) -> None:
    rng = np.random.default_rng(0)
    back = Transformer.from_crs(local_projection(79, latitude), WGS84, always_xy=True)
    metres = rng.uniform(-2100, 2100, (200, 2))
    places = np.column_stack(back.transform(*metres.T))
    found = shapely.get_coordinates(to_local_metres(shapely.points(places), np.tile([79.0, latitude], (200, 1))))
    assert np.abs(found - metres).max() < 2.1  # 0.1 % of 2.1 km
    steps, true = (np.hypot(*np.diff(values, axis=0).T) for values in (found, metres))
    np.testing.assert_allclose(steps, true, rtol=1e-3, atol=0.01)


def test_degrees_are_as_long_as_on_the_ellipsoid() -> None:
    geod = Geod(ellps="WGS84")
    for latitude in (0.0, 27.0, 40.0, 60.0):
        east = geod.inv(0, latitude, 1e-4, latitude)[2] * 1e4
        north = geod.inv(0, latitude - 5e-5, 0, latitude + 5e-5)[2] * 1e4
        assert metres_per_degree(np.array([latitude]))[0] == pytest.approx([east, north], rel=1e-6)


def test_every_outline_has_its_own_origin() -> None:
    boxes = np.array([shapely.box(79, 35, 79.01, 35.01), shapely.box(100, 28, 100.01, 28.01)])
    found = to_local_metres(boxes, np.array([[79, 35], [100, 28]], float))
    for shape, latitude in zip(found, (35, 28), strict=True):
        assert shapely.bounds(shape)[:2] == pytest.approx([0, 0])
        assert shapely.bounds(shape)[2:] == pytest.approx(0.01 * metres_per_degree(np.array([latitude]))[0])
    assert shapely.bounds(boxes[0])[0] == 79
