"""The guard between training and validation: true metres anywhere, from the ground of patches to outlines."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from tests.training.layout import Spot, footprints
from tests.worlds import GRID, series, square
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.guard import ground_of, shown_elsewhere, too_near, touching

GUARD_M = 800.0
GEOD = Geod(ellps="WGS84")


def moved(point: tuple[float, float], azimuth: float, metres: float) -> tuple[float, float]:
    longitude, latitude, _ = GEOD.fwd(*point, azimuth, metres)
    return longitude, latitude


def ground_at(latitude: float) -> tuple[gpd.GeoSeries, shapely.Geometry]:
    """Return the ground of one polygon as rectangles in web-Mercator, and its shape in degrees."""
    west, north = gpd.GeoSeries.from_xy([79.0], [latitude], crs=WGS84).to_crs(3857).item().coords[0]
    rectangle = shapely.box(west, north - 30_000, west + 12_000, north)
    frame = gpd.GeoDataFrame({"uid": ["v"], "used": [True]}, geometry=[rectangle], crs=3857)
    return ground_of(frame), gpd.GeoSeries([rectangle], crs=3857).to_crs(WGS84).item()


@pytest.mark.parametrize("latitude", [27.0, 60.0, -33.0])
def test_the_guard_is_true_metres(latitude: float) -> None:
    """Outlines 1 % nearer than the guard distance are kept out, and those 1 % farther train; on all sides."""
    ground, shape = ground_at(latitude)
    west, south, east, north = shape.bounds
    middle = (west + east) / 2, (south + north) / 2
    edges = {0: (middle[0], north), 90: (east, middle[1]), 180: (middle[0], south), 270: (west, middle[1])}
    edges |= {45: (east, north), 225: (west, south)}
    for share, kept_out in ((0.99, [0, 1, 2, 3, 4, 5]), (1.01, [])):
        ends = [(moved(edge, azimuth, share * GUARD_M), azimuth) for azimuth, edge in edges.items()]
        outlines = [shapely.LineString([end, moved(end, azimuth, 300)]).buffer(1e-7) for end, azimuth in ends]
        columns = {"uid": [f"t{number}" for number in range(6)] + ["v"], "kind": "rock_glacier"}
        polygons = gpd.GeoDataFrame(columns, geometry=[*outlines, shapely.Point(middle).buffer(0.001)], crs=WGS84)
        who, beside = too_near(polygons, ground, GUARD_M)
        assert set(who) == {6}
        assert sorted(beside) == [*kept_out, 6]


def test_a_guard_of_web_mercator_metres_would_be_too_narrow() -> None:
    """At 60° N, 800 m of the map are 400 m on the ground, where the outline at 600 m would train."""
    ground, shape = ground_at(60.0)
    edge = shape.bounds[2], (shape.bounds[1] + shape.bounds[3]) / 2
    outline = shapely.Point(moved(edge, 90, 600)).buffer(1e-6)
    polygons = gpd.GeoDataFrame({"uid": ["t", "v"], "kind": "rock_glacier"}, geometry=[outline, shape], crs=WGS84)
    assert polygons.to_crs(3857).distance(ground.item())[0] > GUARD_M
    assert [1, 0] in too_near(polygons, ground, GUARD_M).T.tolist()


def test_without_a_distance_only_outlines_that_touch_are_near() -> None:
    shapes = [square(0, 0, 10), square(10, 0, 10), square(12, 5, 10), square(30, 0, 10), square(0, 0, 60)]
    kinds = ["rock_glacier", "water", "rock_glacier", "rock_glacier", "random terrain"]
    columns = {"uid": [f"p{number}" for number in range(5)], "kind": kinds}
    polygons = gpd.GeoDataFrame(columns, geometry=series(shapes)).to_crs(WGS84)
    expected = [(0, 1), (1, 0), (1, 2), (2, 1)]
    assert sorted(map(tuple, touching(polygons).T.tolist())) == expected
    ground = ground_of(footprints([Spot("p0", 0, 0)]))
    assert sorted(map(tuple, too_near(polygons, ground, 0.0).T.tolist())) == expected
    assert {(0, 2), (0, 4)} <= set(map(tuple, too_near(polygons, ground, 5.0).T.tolist()))


def test_nobody_trains_on_the_part_of_a_validation_outline_that_is_not_blanked() -> None:
    """`v` reaches 4 px beyond its patch: `t` shows that part; `far`, and `b` within the patch of `v`, do not."""
    shapes = [square(2, 2, 18, 10), square(24, 2, 4), square(40, 0, 4), square(2, 30, 4)]
    columns = {"uid": ["v", "t", "far", "b"], "kind": "rock_glacier"}
    polygons = gpd.GeoDataFrame(columns, geometry=series(shapes)).to_crs(WGS84)
    places = [Spot("v", 0, 0), Spot("t", 0, 16), Spot("far", 0, 32), Spot("b", 8, 0)]
    shown = shown_elsewhere(polygons, ground_of(footprints(places)))
    assert sorted(map(tuple, shown.T.tolist())) == [(0, 1)]
    assert [0, 1] in too_near(polygons, ground_of(footprints(places)), 0.0).T.tolist()
    assert shown_elsewhere(polygons, ground_of(footprints(places[:1]))).shape == (2, 0)


def test_ground_is_that_of_used_patches_of_all_looks() -> None:
    frame = footprints(
        [Spot("b", 0, 0), Spot("a", 20, 0), Spot("b", 0, 8, "q3"), Spot("b", 0, 0, "q3"), Spot("c", 50, 0)]
    )
    frame.loc[frame["uid"] == "c", "used"] = False
    ground = ground_of(frame)
    assert ground.index.tolist() == ["a", "b"]
    assert ground.area.to_numpy() / GRID.pixel**2 == pytest.approx([16 * 16, 24 * 16])
    assert ground.crs == GRID.crs


def test_polygons_without_ground_keep_nobody_away() -> None:
    columns = {"uid": ["a", "b"], "kind": "rock_glacier"}
    polygons = gpd.GeoDataFrame(columns, geometry=series([square(0, 0, 10), square(20, 0, 10)])).to_crs(WGS84)
    ground = ground_of(footprints([Spot("b", 0, 20)]))
    pairs = too_near(polygons, ground, 5000.0)
    assert np.unique(pairs[0]).tolist() == [1]
    assert too_near(polygons, ground.iloc[:0], 5000.0).shape == (2, 0)
