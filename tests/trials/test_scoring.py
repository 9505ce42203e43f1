"""Errors of a map per rock glacier: pixels and objects counted by hand, true areas, nothing counted twice."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.raster import open_raster, write_raster
from workflow_scripts.rogi.trials.scoring import (
    LEVELS,
    Reference,
    errors_by_area,
    errors_by_object,
    ground_by_level,
    level_table,
    score_table,
)

UTM = CRS.from_epsg(32719)
SIDE, PIXEL = 40, 10.0
WEST, NORTH = 430000.0, 6860000.0


def box(left: float, top: float, right: float, bottom: float) -> shapely.Polygon:
    """Return a rectangle given in pixels from the top left corner."""
    return shapely.box(WEST + left * PIXEL, NORTH - bottom * PIXEL, WEST + right * PIXEL, NORTH - top * PIXEL)


WHOLE = box(0, 0, SIDE, SIDE)
A, B = box(2, 2, 12, 12), box(25, 25, 35, 35)


def reference(shapes: list[shapely.Polygon], ground: shapely.Geometry = WHOLE, crs: CRS = UTM) -> Reference:
    uids = [f"rg {number}" for number in range(len(shapes))]
    return Reference.of(ground, gpd.GeoDataFrame({"uid": uids}, geometry=shapes, crs=crs))


def counted(folder: Path, scores: np.ndarray, known: Reference) -> np.ndarray:
    """Return ground by level in pixels of 100 m²."""
    write_raster(folder / "p.tif", scores, UTM, Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH), nodata=NODATA)
    with open_raster(folder / "p.tif") as dataset:
        levels = ground_by_level(dataset, known)
    pixel = area_m2(gpd.GeoSeries([box(20, 20, 21, 21)], crs=UTM))[0]
    assert pixel == pytest.approx(100, rel=1e-3)  # UTM's scale, squared
    return levels / pixel


def test_every_pixel_is_counted_where_it_belongs(tmp_path: Path) -> None:
    scores = np.zeros((SIDE, SIDE), np.uint8)
    scores[2:12, 2:7] = 200  # half of A
    scores[25:35, 25:35] = 254  # all of B
    scores[14:16, 2:12] = 150  # false, near A
    scores[20:24, 28:30] = 130  # false, near B
    scores[0, :] = NODATA
    levels = counted(tmp_path, scores, reference([A, B]))
    assert levels.shape == (2, LEVELS, 2)
    assert levels.sum() == pytest.approx(SIDE * (SIDE - 1), rel=1e-6)
    expected = {(0, 200, 0): 50, (0, 0, 0): 50, (1, 254, 0): 100, (0, 150, 1): 20, (1, 130, 1): 8}
    for place, pixels in expected.items():
        assert levels[place] == pytest.approx(pixels, rel=1e-6)
    np.testing.assert_allclose(errors_by_area(levels, 0.5), [[50, 20, 50], [100, 8, 0]], rtol=1e-6)
    np.testing.assert_allclose(errors_by_area(levels, 0.6), [[50, 0, 50], [100, 0, 0]], rtol=1e-6)
    np.testing.assert_allclose(errors_by_area(levels, 200 / FULL)[0], [50, 0, 50], rtol=1e-6)


def test_ground_beyond_the_held_out_polygon_does_not_count(tmp_path: Path) -> None:
    scores = np.full((SIDE, SIDE), FULL, np.uint8)
    left = box(0, 0, 20, SIDE)
    levels = counted(tmp_path, scores, reference([A, B], left))
    assert levels.shape[0] == 1  # B does not reach it
    np.testing.assert_allclose(errors_by_area(levels, 0.5), [[100, 20 * SIDE - 100, 0]], rtol=1e-6)


def test_ground_under_two_outlines_counts_once(tmp_path: Path) -> None:
    scores = np.full((SIDE, SIDE), FULL, np.uint8)
    levels = counted(tmp_path, scores, reference([A, box(7, 2, 17, 12)]))
    assert levels[..., 0].sum() == pytest.approx(150, rel=1e-6)
    assert levels.sum() == pytest.approx(SIDE**2, rel=1e-6)


def test_without_rock_glaciers_all_that_is_mapped_is_false(tmp_path: Path) -> None:
    scores = np.zeros((SIDE, SIDE), np.uint8)
    scores[:3] = 220
    empty = reference([])
    levels = counted(tmp_path, scores, empty)
    assert empty.uids == [""]
    np.testing.assert_allclose(errors_by_area(levels, 0.5), [[0, 3 * SIDE, 0]], rtol=1e-6)
    mapped = gpd.GeoSeries([A, B], crs=UTM)
    assert errors_by_object(mapped, empty, np.array([False]), 0.5).tolist() == [[0, 2, 0]]


def test_areas_are_true_in_web_mercator(tmp_path: Path) -> None:
    """At 60° a pixel of Web Mercator covers a quarter of what it seems to, less towards the pole."""
    crs = CRS.from_epsg(3857)
    north = 8_500_000.0
    scores = np.full((64, 8), FULL, np.uint8)
    write_raster(tmp_path / "p.tif", scores, crs, Affine(500, 0, 0, 0, -500, north), nodata=NODATA)
    shape = shapely.box(0, north - 64 * 500, 8 * 500, north)
    with open_raster(tmp_path / "p.tif") as dataset:
        found = ground_by_level(dataset, reference([], shape, crs)).sum()
    assert found == pytest.approx(area_m2(gpd.GeoSeries([shape], crs=crs))[0], rel=1e-6)
    assert found < 0.3 * shape.area


def test_objects_are_matched_one_to_one_and_false_ones_go_to_the_nearest() -> None:
    known = reference([A, B])
    mapped = gpd.GeoSeries([box(2, 2, 12, 11), box(26, 18, 30, 22), box(31, 18, 35, 22)], crs=UTM)
    seen = np.array([True, True])
    assert errors_by_object(mapped, known, seen, 0.5).tolist() == [[1, 0, 0], [0, 2, 1]]
    assert errors_by_object(mapped, known, seen, 0.95).tolist() == [[0, 1, 1], [0, 2, 1]]
    none = gpd.GeoSeries([], crs=UTM)
    assert errors_by_object(none, known, seen, 0.5).tolist() == [[0, 0, 1], [0, 0, 1]]


def test_what_nobody_could_see_or_lies_outside_is_not_missed() -> None:
    none = gpd.GeoSeries([], crs=UTM)
    assert errors_by_object(none, reference([A, B]), np.array([True, False]), 0.5).tolist() == [[0, 0, 1], [0, 0, 0]]
    partly = reference([A, B], box(0, 0, 27, SIDE))  # B's marker lies outside
    assert errors_by_object(none, partly, np.array([True, True]), 0.5).tolist() == [[0, 0, 1], [0, 0, 0]]


def test_the_tables_hold_what_was_counted() -> None:
    levels = np.zeros((2, LEVELS, 2))
    levels[0, 7], levels[1, 254] = [1.5, 0], [2, 3]
    table = level_table(["one", "two"], levels)
    assert table.to_dict("list") == {
        "uid": ["one", "two"], "level": [7, 254], "rock_glacier_m2": [1.5, 2], "other_m2": [0, 3],
    }  # fmt: skip
    scores = score_table(["one", "two"], errors_by_area(levels, 0.5), np.array([[0, 0, 1], [1, 2, 0]]))
    assert scores.iloc[1].tolist() == ["two", 2, 3, 0, 1, 2, 0]
    assert scores["objects_fp"].dtype.kind == "i"
