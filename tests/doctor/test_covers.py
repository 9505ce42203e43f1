"""Shares of the study area that an input does not cover, and when that fails."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.doctor.covers import Area, box_of, cover, coverage
from workflow_scripts.rogi.doctor.verdicts import FAILED, OK, WARNING, Check
from workflow_scripts.rogi.geodesy import WGS84

CHECK = Check("extent", "dem", "everything", "fetch")


@pytest.fixture
def area() -> Area:
    """Two squares of 1° on the equator, with halos of 0.1°."""
    squares = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)], crs=WGS84)
    names = {"NAME": ["West", "East"], "slug": ["west", "east"]}
    halos = gpd.GeoSeries([shapely.box(-0.1, -0.1, 1.1, 1.1), shapely.box(1.9, -0.1, 3.1, 1.1)], crs=WGS84)
    return Area(gpd.GeoDataFrame(names, geometry=squares, crs=WGS84), halos)


def test_shares_are_true_areas(area: Area) -> None:
    found = cover("DEM", box_of((-1, -1, 2.5, 2), WGS84), area)
    np.testing.assert_allclose(found.own_share, [0, 0.5], atol=1e-4)  # edges are geodesics
    np.testing.assert_allclose(found.halo_share, [0, 0.5], atol=1e-4)
    assert found.missing.iloc[0].is_empty
    assert found.missing.iloc[1].equals(shapely.box(2.5, -0.1, 3.1, 1.1))


@pytest.mark.parametrize(
    ("bounds", "is_tolerated", "verdict", "text"),
    [
        ((-1, -1, 4, 2), False, OK, "all subregions with their halos"),
        ((-1, -1, 3.05, 2), False, WARNING, "East: 0.00 % missing (4.17 % with its halo)"),
        ((-1, -1, 2.995, 2), False, WARNING, "East: 0.50 % missing (8.75 % with its halo)"),
        ((-1, -1, 2.5, 2), False, FAILED, "East: 50.00 % missing (50.00 % with its halo)"),
        ((-1, -1, 2.5, 2), True, WARNING, "East: 50.00 % missing (50.00 % with its halo)"),
    ],
)
def test_what_is_missing_warns_or_fails(
    area: Area, bounds: tuple[float, float, float, float], is_tolerated: bool, verdict: str, text: str
) -> None:
    answer = coverage(CHECK, cover("DEM", box_of(bounds, WGS84), area), area, is_tolerated)
    assert (answer.verdict, answer.found) == (verdict, text)


def test_tiles_that_touch_leave_no_gap(area: Area) -> None:
    edges = np.linspace(-1, 4, 38)
    tiles = gpd.GeoSeries([shapely.box(w, -1, e, 2) for w, e in pairwise(edges)], crs=WGS84)
    assert coverage(CHECK, cover("DEM", tiles.to_crs(3857), area), area, False).verdict == OK


def test_edges_of_polar_maps_stay_true_in_degrees() -> None:
    """A straight edge of 4000 km in a polar projection is an arc in longitude and latitude."""
    box = box_of((-2e6, -3e6, 2e6, -2e6), "EPSG:3995").to_crs(WGS84).iloc[0]
    assert box.contains(shapely.Point(0, 68))
    assert not box.contains(shapely.Point(0, 72.5))
