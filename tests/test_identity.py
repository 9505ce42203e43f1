"""Markers inside their polygons, and IDs as RGIK writes them."""

import random
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import coordinates_of, primary_id, primary_markers, unique_ids

CURVED = shapely.LineString([(79, 35), (79.01, 35), (79.01, 35.01), (79, 35.01)]).buffer(
    1e-3
)  # its centroid is outside


def points(*pairs: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.Point(pair) for pair in pairs], crs=4326)


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),
    [
        (97.2426, 28.1527, "RGU281527N0972426E"),  # of the published inventory
        (-109.2526, 38.4455, "RGU384455N1092526W"),
        (-70.0215, -28.3, "RGU283000S0700215W"),
        (0.0, 0.0, "RGU000000N0000000E"),
        (-0.00004, -0.00004, "RGU000000N0000000E"),  # rounds to zero: no minus sign is left
        (9.99996, 9.99996, "RGU100000N0100000E"),
        (180.0, 90.0, "RGU900000N1800000E"),
    ],
)
def test_ids_by_hand(longitude: float, latitude: float, expected: str) -> None:
    assert primary_id(longitude, latitude) == expected


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_ids_have_eighteen_characters_and_tell_the_place(longitude: float, latitude: float) -> None:
    found = re.fullmatch(r"RGU(\d{6})([NS])(\d{7})([EW])", primary_id(longitude, latitude))
    assert found
    assert int(found[1]) / 1e4 * (-1 if found[2] == "S" else 1) == pytest.approx(latitude, abs=0.500001e-4)
    assert int(found[3]) / 1e4 * (-1 if found[4] == "W" else 1) == pytest.approx(longitude, abs=0.500001e-4)


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(181, 0), (0, -91), (float("nan"), 0), (0, float("nan")), (8e6, 4e6)]
)
def test_a_place_off_the_globe_is_refused(longitude: float, latitude: float) -> None:
    with pytest.raises(ValueError, match="is not a longitude and latitude in degrees"):
        primary_id(longitude, latitude)


def test_markers_lie_inside_also_where_the_centroid_does_not() -> None:
    assert not CURVED.contains(CURVED.centroid)
    two = shapely.MultiPolygon([shapely.box(79, 35, 79.01, 35.01), shapely.box(79.05, 35, 79.06, 35.01)])
    shapes = gpd.GeoSeries([CURVED, two, shapely.box(1, 1, 2, 2)], index=[4, 2, 9], crs=4326)
    markers = primary_markers(shapes)
    assert markers.index.tolist() == [4, 2, 9]
    assert shapely.contains(shapes.array, markers.array).all()


def test_markers_are_in_degrees_whatever_the_projection() -> None:
    shapes = gpd.GeoSeries([CURVED], crs=4326).to_crs(3857)
    markers = primary_markers(shapes)
    assert markers.crs == WGS84
    assert CURVED.contains(markers.iloc[0])


def test_ids_keep_the_order_and_the_prefix() -> None:
    ids, stepped = unique_ids(points((79.5, 35), (79.1, 35)), prefix="CAN")
    assert ids == ["CAN350000N0795000E", "CAN350000N0791000E"]
    assert stepped == []


def test_collisions_step_eastwards_and_are_told() -> None:
    near = points((79.10001, 35), (79.1, 35), (79.10002, 35), (79.1002, 35))
    ids, stepped = unique_ids(near)
    assert ids == [
        "RGU350000N0791001E",
        "RGU350000N0791000E",
        "RGU350000N0791002E",
        "RGU350000N0791003E",  # its own had been taken by a neighbour that was stepped
    ]
    assert stepped == [0, 2, 3]


def test_steps_go_on_across_the_date_line() -> None:
    ids, _ = unique_ids(points((179.99999, 0), (179.999991, 0), (179.999992, 0)))
    assert ids[0] == "RGU000000N1800000E"
    assert len(set(ids)) == 3
    assert ids[2].endswith("W")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25, unique=True), st.randoms())
def test_ids_are_unique_and_independent_of_the_order(cells: list[tuple[int, int]], draw: random.Random) -> None:
    places = [(79 + 3e-5 * x, 35 + 3e-5 * y) for x, y in cells]
    ids, stepped = unique_ids(points(*places))
    assert len(set(ids)) == len(ids)
    bases = [primary_id(x, y) for x, y in places]
    assert sorted(stepped) == [n for n, (name, base) in enumerate(zip(ids, bases, strict=True)) if name != base]
    order = list(range(len(places)))
    draw.shuffle(order)
    shuffled, _ = unique_ids(points(*(places[position] for position in order)))
    assert shuffled == [ids[position] for position in order]


def test_ids_of_projected_markers_are_those_of_their_coordinates() -> None:
    near = points((79.12345, 35.6789), (80, 36))
    assert unique_ids(near.to_crs(32644))[0] == unique_ids(near)[0]
    assert np.unique(unique_ids(near)[0]).size == 2


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_ids_are_read_back(longitude: float, latitude: float) -> None:
    assert coordinates_of(primary_id(longitude, latitude)) == pytest.approx((longitude, latitude), abs=0.500001e-4)


@pytest.mark.parametrize("name", ["", "RGU350150N0790150", "rgu350150N0790150E", "RGU35015N0790150E"])
def test_what_is_no_id_has_no_place(name: str) -> None:
    assert np.isnan(coordinates_of(name)).all()


def test_reserved_ids_are_stepped_past() -> None:
    taken = ["RGU350000N0791000E", "RGU350000N0791001E"]
    ids, stepped = unique_ids(points((79.1, 35), (79.2, 35)), reserved=taken)
    assert ids == ["RGU350000N0791002E", "RGU350000N0792000E"]
    assert stepped == [0]
