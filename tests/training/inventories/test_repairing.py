"""Shapes made valid polygons: what becomes of every kind of them."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from tests.training.inventories.entries import BOW_TIE, BOX, compiled, entry, said, used, written
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.training.inventories.repairing import polygons_of, repair

RING = shapely.LineString(BOX.exterior.coords)
OPEN = shapely.LineString([(79.1, 35.1), (79.11, 35.1), (79.11, 35.11)])
POINT = shapely.Point(79.1, 35.1)
INNER = shapely.box(79.052, 35.052, 79.054, 35.054)
HALVES = shapely.MultiLineString([list(BOX.exterior.coords)[:3], list(BOX.exterior.coords)[2:]])
DOUGHNUT = BOX.difference(INNER)
BEYOND = "coordinates are no longitudes and latitudes; is the CRS of the file right?"
FIGURE_8 = shapely.LineString(BOW_TIE.exterior.coords)


def repaired(*shapes: Any) -> gpd.GeoDataFrame:
    columns = {"outcome": "kept", "reason": ""}
    rows = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326, index=range(len(shapes)))
    repair(rows)
    return rows


@pytest.mark.parametrize(
    ("shape", "outcome", "reason", "left"),
    [
        (BOX, "kept", "", BOX),
        (DOUGHNUT, "kept", "", DOUGHNUT),
        (shapely.MultiPolygon([BOX, translate(BOX, 0.05)]), "kept", "", BOX | translate(BOX, 0.05)),
        (BOW_TIE, "repaired", "was invalid: Self-intersection[79.085 35.085]", shapely.make_valid(BOW_TIE)),
        (RING, "repaired", "1 × closed line made a polygon", BOX),
        (shapely.LinearRing(RING), "repaired", "1 × closed line made a polygon", BOX),
        (HALVES, "repaired", "1 × closed line made a polygon", BOX),
        (shapely.MultiLineString([RING, INNER.exterior]), "repaired", "2 × closed line made a polygon", DOUGHNUT),
        (shapely.MultiLineString([RING, OPEN]), "repaired",
         "1 × closed line made a polygon; left out: 1 × open line", BOX),
        (FIGURE_8, "repaired", "1 × closed line made a polygon", shapely.make_valid(BOW_TIE)),
        (shapely.GeometryCollection([BOX, POINT, POINT, OPEN]), "repaired",
         "left out: 1 × open line, 2 × point", BOX),
        (shapely.GeometryCollection([shapely.GeometryCollection([BOX]), shapely.MultiPolygon([INNER])]), "repaired",
         "GeometryCollection", BOX),
        (OPEN, "dropped", "left out: 1 × open line", None),
        (POINT, "dropped", "left out: 1 × point", None),
        (shapely.MultiPoint([POINT, (79.2, 35)]), "dropped", "left out: 2 × point", None),
        (shapely.LineString([(79, 35), (79.1, 35), (79, 35)]), "dropped", "1 × closed line made a polygon", None),
        (shapely.Polygon([(79, 35), (79.1, 35), (79, 35)]), "dropped",
         "was invalid: Too few points in geometry component[79 35]; without area", None),
        (None, "dropped", "empty geometry", None),
        (shapely.Polygon(), "dropped", "empty geometry", None),
        (translate(BOX, 400_000), "dropped", BEYOND,
         None),
        (shapely.Polygon([(79, 35), (79.1, float("inf")), (79.1, 35.1)]), "dropped",
         BEYOND, None),
    ],
)  # fmt: skip
def test_what_becomes_of_a_shape(shape: Any, outcome: str, reason: str, left: shapely.Geometry | None) -> None:
    rows = repaired(INNER, shape, BOX)
    assert said(rows) == [("kept", ""), (outcome, reason), ("kept", "")]
    found = rows.geometry.iloc[1]
    assert found.is_valid
    assert found.geom_type in ("Polygon", "MultiPolygon")
    if left is not None:
        assert found.equals(left)


def test_nothing_is_no_trouble() -> None:
    assert len(repaired()) == 0


def test_a_bow_tie_keeps_the_area_of_its_two_halves() -> None:
    halves = shapely.MultiPolygon(
        [
            shapely.Polygon([(79.08, 35.08), (79.085, 35.085), (79.08, 35.09)]),
            shapely.Polygon([(79.09, 35.08), (79.085, 35.085), (79.09, 35.09)]),
        ]
    )
    rows = repaired(BOW_TIE)
    assert area_m2(rows.geometry)[0] == pytest.approx(area_m2(gpd.GeoSeries([halves], crs=4326))[0], rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=12))
def test_whatever_was_drawn_is_valid_and_within_its_hull(corners: list[tuple[int, int]]) -> None:
    """Holds for a polygon and for the closed line round it, however they cross themselves."""
    ring = [(79 + x / 1000, 35 + y / 1000) for x, y in (*corners, corners[0])]
    rows = repaired(shapely.Polygon(ring), shapely.LineString(ring))
    assert rows.is_valid.all()
    assert rows.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    hull = shapely.MultiPoint(ring).convex_hull.buffer(1e-9)
    assert rows.within(hull)[~rows.is_empty].all()
    assert (rows["outcome"].eq("dropped") == rows.is_empty).all()
    assert rows["reason"][rows["outcome"] != "kept"].ne("").all()


def test_parts_of_a_collection_are_found_however_deep() -> None:
    deep = shapely.GeometryCollection([shapely.GeometryCollection([shapely.GeometryCollection([BOX]), HALVES]), POINT])
    shape, why = polygons_of(deep)
    assert shape.equals(BOX)
    assert why == "1 × closed line made a polygon; left out: 1 × point"


def test_a_line_that_closes_becomes_a_rock_glacier_whatever_its_crs(tmp_path: Path) -> None:
    found = compiled(written(tmp_path, "A", [RING, OPEN], crs=32644)).rock_glaciers
    assert found["outcome"].tolist() == ["repaired", "dropped"]
    assert used(found).geometry.iloc[0].normalize().equals_exact(BOX.normalize(), 1e-7)


@pytest.mark.filterwarnings("ignore:Non closed ring detected:RuntimeWarning")
def test_an_unclosed_ring_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    rings = [[[79.05, 35.05], [79.06, 35.05], [79.06, 35.06], [79.05, 35.06]], list(map(list, BOX.exterior.coords))]
    features = [
        {"type": "Feature", "properties": {"RG_ID": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for name, ring in zip("ab", rings, strict=True)
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    rows = compiled(entry(tmp_path / "a.geojson", id_field="RG_ID")).rock_glaciers
    assert said(rows) == [("dropped", "empty geometry"), ("kept", "")]
    assert rows["original_id"].tolist() == ["a", "b"]
