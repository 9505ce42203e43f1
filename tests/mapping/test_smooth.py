"""Smooth outlines: areas, borders and neighbours are as they were."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.windows import Window
from scipy import ndimage

from tests.mapping.masks import masks, traced
from tests.mapping.tongues import ellipse, pair
from workflow_scripts.rogi.mapping.lattice import polygons_of
from workflow_scripts.rogi.mapping.smooth import AREA_CHANGE, REACH, smoothed

WHOLE = Window(0, 0, 100, 100)
SIGMAS = st.sampled_from([0.4, 1.0, 1.6, 3.0])


def polygons(labels: np.ndarray) -> np.ndarray:
    return polygons_of(labels.astype(np.int32), Window(0, 0, labels.shape[1], labels.shape[0]))


def nearest(units: np.ndarray, position: int, sigma: float) -> shapely.Geometry | None:
    others = np.delete(units, position)
    near = others[shapely.dwithin(others, units[position], 2 * REACH * sigma)]
    return shapely.geometrycollections(near) if len(near) else None


def test_a_disc_becomes_round_and_keeps_its_area() -> None:
    (disc,) = polygons(ellipse((100, 100), 50, 50, 30, 30))
    (round_disc,) = smoothed(np.array([disc]), 1.5, None, 0)
    assert round_disc.area == pytest.approx(disc.area, rel=1e-3)
    assert round_disc.length == pytest.approx(2 * np.pi * 30, rel=0.01)
    assert disc.length == pytest.approx(8 * 30, rel=0.01)
    assert shapely.get_num_coordinates(round_disc) < shapely.get_num_coordinates(disc) / 2
    circle = shapely.Point(50, -50).buffer(30, quad_segs=64)
    assert round_disc.symmetric_difference(circle).area < 0.5 * disc.symmetric_difference(circle).area


def test_no_smoothing_leaves_the_corners_of_the_pixels() -> None:
    (disc,) = polygons(ellipse((100, 100), 50, 50, 30, 20))
    (same,) = smoothed(np.array([disc]), 0, None, 0)
    assert same.normalize().equals_exact(disc.normalize(), 0)


@settings(max_examples=60)
@given(mask=masks(), sigma=SIGMAS, connectivity=st.sampled_from([4, 8]))
def test_neighbours_never_meet_and_areas_stay(mask: np.ndarray, sigma: float, connectivity: int) -> None:
    """Noise holds corner touches, islands in holes and gaps of one pixel."""
    systems = traced(mask, connectivity)
    drawn = np.array([smoothed(systems[[n]], sigma, nearest(systems, n, sigma), 0)[0] for n in range(len(systems))])
    assert shapely.is_valid(drawn).all()
    before, after = shapely.area(systems), shapely.area(drawn)
    assert (np.abs(after - before) <= AREA_CHANGE * before * (1 + 1e-9)).all()
    assert shapely.union_all(drawn).area == pytest.approx(after.sum(), rel=1e-12)
    for old, new in zip(systems, drawn, strict=True):
        assert shapely.hausdorff_distance(old, new) <= REACH * sigma


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), sigma=SIGMAS, count=st.integers(2, 6))
def test_units_keep_their_borders_in_common(seed: int, sigma: float, count: int) -> None:
    """The cells of a Voronoi diagram, on pixels, make up a system without gaps."""
    rng = np.random.default_rng(seed)
    inside = np.pad(ndimage.binary_opening(rng.random((24, 24)) < 0.8), 1)
    seeds = rng.integers(0, 26, (count, 2))
    places = np.argwhere(np.ones_like(inside)).reshape(*inside.shape, 1, 2)
    nearest_seed = ((places - seeds) ** 2).sum(-1).argmin(-1) + 1
    names, labels = np.unique(np.where(inside, nearest_seed, 0), return_inverse=True)
    if len(names) < 3:
        return
    units = polygons(labels)
    drawn = smoothed(units, sigma, None, 0)
    assert shapely.coverage_is_valid(drawn)
    assert shapely.is_valid(drawn).all()
    assert (np.abs(shapely.area(drawn) / shapely.area(units) - 1) <= AREA_CHANGE + 1e-9).all()
    assert shapely.union_all(drawn).area == pytest.approx(shapely.area(drawn).sum(), rel=1e-12)
    order = rng.permutation(len(units))
    again = smoothed(units[order], sigma, None, 0)
    assert all(one.normalize() == other.normalize() for one, other in zip(drawn[order], again, strict=True))


def test_a_border_of_two_units_is_smooth_and_its_ends_lie_on_the_outline() -> None:
    units = polygons(pair())
    west, east = smoothed(units, 1.5, None, 0)
    border = shapely.intersection(west, east)
    assert border.length == pytest.approx(shapely.intersection(*units).length, rel=0.02)
    assert west.relate(east)[0] == "F"


def test_what_lies_near_another_system_stays_as_it_is() -> None:
    left, right = ellipse((100, 100), 50, 25, 24, 24), ellipse((100, 100), 50, 75, 24, 24)
    one, other = polygons(np.where(left, 1, np.where(right, 2, 0)))
    sigma = 2.0
    (drawn,) = smoothed(np.array([one]), sigma, other, 0)
    near = shapely.buffer(other, 2 * REACH * sigma - 1)  # a pixel less, for its corners decide
    assert shapely.hausdorff_distance(drawn.intersection(near), one.intersection(near)) < 1e-9
    assert drawn.length < 0.95 * one.length


def test_what_would_lose_too_much_is_smoothed_less_or_not_at_all() -> None:
    thin = np.zeros((40, 40), bool)
    thin[20, 5:30] = True
    (line,) = polygons(thin)
    (drawn,) = smoothed(np.array([line]), 4.0, None, 0)
    assert drawn.is_valid
    assert drawn.area == pytest.approx(line.area, rel=AREA_CHANGE)


def test_nothing_falls_below_the_least_area() -> None:
    (shape,) = polygons(ellipse((100, 100), 50, 50, 30, 8))
    (free,) = smoothed(np.array([shape]), 3.0, None, 0)
    assert free.area < shape.area
    (bound,) = smoothed(np.array([shape]), 3.0, None, shape.area)
    assert bound.area >= shape.area
