"""Shares and distances of outlines whose geometry is known on the ground."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from workflow_scripts.rogi.attributes.glaciers import distances_m, glacier_attributes, read_outlines, shares_covered
from workflow_scripts.rogi.geodesy import local_projection

CENTRE = (79.5, 35.0)
GEOD = Geod(ellps="WGS84")


def on_ground(*shapes: shapely.Geometry, centre: tuple[float, float] = CENTRE) -> gpd.GeoSeries:
    """Return shapes given in true metres east and north of a point, in degrees."""
    return gpd.GeoSeries(list(shapes), crs=local_projection(*centre)).segmentize(200).to_crs(4326)


def source(path: Path, **more: Any) -> dict[str, Any]:
    return {"name": path.stem, "path": str(path), "layer": None, **more}


def write(path: Path, shapes: gpd.GeoSeries, **fields: list[Any]) -> dict[str, Any]:
    gpd.GeoDataFrame(fields, geometry=shapes).to_file(path)
    return source(path)


def test_the_share_is_that_of_the_ground_and_overlaps_count_once() -> None:
    rock_glaciers = on_ground(shapely.box(0, 0, 400, 200), shapely.box(1000, 0, 1100, 100), shapely.box(0, 0, 400, 200))
    ice = on_ground(shapely.box(300, -500, 600, 500), shapely.box(350, -500, 600, 500), shapely.box(-50, 0, 0, 200))
    assert shares_covered(rock_glaciers, ice).tolist() == pytest.approx([0.25, 0, 0.25], abs=1e-4)
    assert shares_covered(rock_glaciers, ice.iloc[:0]).tolist() == [0, 0, 0]
    assert shares_covered(gpd.GeoSeries([shapely.Polygon()], crs=4326), ice).tolist() == [0]


@pytest.mark.parametrize("latitude", [-33.0, 0.0, 35.0, 60.0])
def test_distances_are_those_of_the_geodesic(latitude: float) -> None:
    point = shapely.Point(79.5, latitude).buffer(1e-6)
    rng = np.random.default_rng(7)
    places = np.c_[79.5 + rng.uniform(-0.15, 0.15, 30), latitude + rng.uniform(-0.15, 0.15, 30)]
    ice = gpd.GeoSeries(shapely.buffer(shapely.points(places), 1e-7), crs=4326)
    expected = GEOD.inv(np.full(30, 79.5), np.full(30, latitude), *places.T)[2].min()
    found = distances_m(gpd.GeoSeries([point], crs=4326), ice, 30_000)
    assert found[0] == pytest.approx(expected, abs=0.5)


def test_touching_is_no_distance_and_beyond_the_radius_is_none() -> None:
    rock_glaciers = on_ground(
        shapely.box(0, 0, 100, 100), shapely.box(100, 400, 200, 500), shapely.box(0, 9000, 9, 9009)
    )
    ice = on_ground(shapely.box(50, 50, 300, 100))
    found = distances_m(rock_glaciers, ice, 1000)
    assert found[:2].tolist() == pytest.approx([0, 300], abs=0.01)
    assert np.isnan(found[2])
    assert np.isnan(distances_m(rock_glaciers, ice.iloc[:0], 1000)).all()


def test_ice_in_the_next_degree_is_found() -> None:
    rock_glaciers, ice = (on_ground(shapely.box(x, 0, x + 100, 100), centre=(80.0, 35.0)) for x in (-2000, 1000))
    assert distances_m(rock_glaciers, ice, 5000)[0] == pytest.approx(2900, abs=0.1)


def test_ice_on_either_side_of_180_degrees_is_found() -> None:
    rock_glaciers = gpd.GeoSeries([shapely.box(x, 65, x + 0.01, 65.01) for x in (179.95, -179.99)], crs=4326)
    ice = gpd.GeoSeries([shapely.box(x, 65, x + 0.01, 65.01) for x in (-179.97, 20, -60, 90)], crs=4326)
    degree = GEOD.inv(0, 65.01, 1, 65.01)[2]
    assert distances_m(rock_glaciers, ice, 20_000).tolist() == pytest.approx([0.07 * degree, 0.01 * degree], rel=1e-3)


def test_outlines_come_from_several_files_valid_and_without_what_is_left_out(tmp_path: Path) -> None:
    square, far = shapely.box(0, 0, 500, 500), shapely.box(2000, 0, 2500, 500)
    bow_tie = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    first = write(tmp_path / "rgi.gpkg", on_ground(square, far), primeclass=[0, 9]) | {"leave_out": {"primeclass": [9]}}
    second = write(tmp_path / "more.geojson", gpd.GeoSeries([bow_tie], crs=32644).to_crs(4326), name=["x"])
    outlines = read_outlines([first, second])
    assert len(outlines) == 2
    assert outlines.is_valid.all()
    assert outlines.crs.to_epsg() == 4326
    assert outlines["name"].tolist() == ["rgi", "more"]
    assert outlines.geometry[0].equals(on_ground(square).iloc[0])


def test_what_is_left_out_is_found_among_nulls_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shapes = on_ground(*(shapely.box(east, 0, east + 9, 9) for east in (0, 20, 40)))
    listed = write(tmp_path / "rgi.gpkg", shapes, primeclass=pd.array([0, 9, None], "Int64"))
    with caplog.at_level(logging.INFO):
        assert len(read_outlines([listed | {"leave_out": {"primeclass": [9]}}])) == 2
    assert "rgi.gpkg: 1 of 3 outlines left out by 'primeclass'" in caplog.text


def test_a_field_that_is_not_there_cannot_leave_anything_out(tmp_path: Path) -> None:
    listed = write(tmp_path / "rgi.gpkg", on_ground(shapely.box(0, 0, 9, 9)), RGIId=["a"])
    with pytest.raises(ValueError, match=r"rgi.gpkg has no field 'primeclass' .*it has RGIId; .*leave_out"):
        read_outlines([listed | {"leave_out": {"primeclass": [9]}}])


def test_a_file_without_crs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rgi.shp"
    on_ground(shapely.box(0, 0, 9, 9)).to_file(path)
    path.with_suffix(".prj").unlink()
    with pytest.raises(ValueError, match=r"rgi.shp states no coordinate reference system"):
        read_outlines([source(path)])


def test_attributes_are_empty_for_what_is_not_configured_and_across_180_degrees(tmp_path: Path) -> None:
    shapes = on_ground(shapely.box(0, 0, 200, 100)).to_list()
    shapes.append(shapely.box(-179.9, 35, 179.9, 35.1))
    rock_glaciers = gpd.GeoDataFrame(geometry=shapes, crs=4326, index=[5, 7])
    ice = write(tmp_path / "ice.gpkg", on_ground(shapely.box(150, 0, 300, 100)), id=[1])
    debris = write(tmp_path / "debris.gpkg", on_ground(shapely.box(180, 0, 300, 100)), id=[1])
    settings = {"outlines": [ice], "debris": [debris], "search_radius_m": 500, "conflict_share": 0.5}
    table = glacier_attributes(rock_glaciers, settings)
    assert table.loc[5].to_dict() == pytest.approx({"GLAC_SHARE": 0.25, "DEB_SHARE": 0.1, "GLAC_DIST": 0}, abs=1e-4)
    assert table.loc[7].isna().all()
    bare = glacier_attributes(rock_glaciers, settings | {"outlines": [], "debris": []})
    assert bare.isna().all().all()
    assert glacier_attributes(rock_glaciers.iloc[:0], settings).empty
