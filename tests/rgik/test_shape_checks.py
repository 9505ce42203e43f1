"""Geometries: each fault is found, and only that."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.inventory.study import EAST, WEST
from tests.rgik.sound import ALONE, UNIT, findings, layers, put, told
from workflow_scripts.rogi.rgik.shape_checks import usable

NOTCHED = shapely.Polygon([*shapely.box(*WEST).exterior.coords[:-1], (79.012, 35.015), (79.02, 35.0151)])
TINY = shapely.box(79.1546, 35.0546, 79.1555, 35.0555)
PIECES = shapely.MultiPolygon([shapely.box(*EAST), shapely.box(79.17, 35.05, 79.18, 35.06)])


@pytest.mark.parametrize(
    ("code", "row", "shape", "severity", "check", "found"),
    [
        ("AOI", 0, None, "error", "geometry is there", "none"),
        ("AOI", 1, shapely.MultiPolygon(), "error", "geometry is there", "none"),
        ("PM", 0, shapely.LineString([(79, 35), (79.1, 35)]), "error", "kind of geometry", "LineString"),
        ("GO", 0, shapely.Point(79.015, 35.015), "error", "kind of geometry", "Point"),
        ("GO", 0, NOTCHED, "error", "geometry is valid", r"Self-intersection\[79.0"),
        (
            "AOI",
            2,
            shapely.box(500, 400, 501, 401),
            "error",
            "coordinates are degrees",
            r"\[500.0, 400.0, 501.0, 401.0\]",
        ),
        ("GO", 2, PIECES, "warning", "geometry is one piece", "2 parts"),
        ("PM", 0, shapely.MultiPoint([(79.015, 35.015), (79.016, 35.015)]), "error", "marker is one point", "2 points"),
        ("GO", 2, TINY, "warning", "outline is large enough", r"8\d\d\d m²"),
        (
            "AOI",
            0,
            shapely.force_3d(shapely.box(79, 35, 79.1, 35.1), 4000),
            "warning",
            "coordinates are flat",
            "Z in 1 of 3",
        ),
    ],
)
def test_a_shape_is_found(code: str, row: int, shape: shapely.Geometry, severity: str, check: str, found: str) -> None:
    (told_of,) = findings(put(code, row, "geometry", shape))
    assert (told_of.severity, told_of.check) == (severity, check)
    assert told_of.feature == ("" if check == "coordinates are flat" else str(row + 1))
    with pytest.raises(ValueError, match=found):
        raise ValueError(told_of.found)


def test_a_point_in_a_multipoint_is_one_point() -> None:
    assert findings(put("PM", 0, "geometry", shapely.MultiPoint([(79.015, 35.015)]))) == []


def test_what_is_usable() -> None:
    shapes = [shapely.box(*WEST), None, shapely.Polygon(), NOTCHED, shapely.box(179, 0, 181, 1), shapely.Point(79, 35)]
    series = gpd.GeoSeries(shapes, crs=4326)
    np.testing.assert_array_equal(usable(series, "Polygon"), [True, False, False, False, False, False])
    np.testing.assert_array_equal(usable(series, "Point"), [False] * 5 + [True])


def test_the_same_fault_twice_is_told_twice() -> None:
    there = layers()
    for row in (0, 2):
        put("GO", row, "geometry", shapely.MultiPolygon())(there)
    found = findings(lambda frames: frames.update(there))
    assert told(found) == [("error", "geometry is there", "1", ""), ("error", "geometry is there", "3", "")]
    assert {UNIT, ALONE} <= set(there["GO"]["PrimaryID"])
