from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.validation import explain_validity

from workflow_scripts.rogi.demo.inventories import bow_tied, mapped_shares, redrawn
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import area_m2


def iou(one: shapely.Geometry, other: shapely.Geometry) -> float:
    return one.intersection(other).area / one.union(other).area


@pytest.fixture(scope="module")
def truth(world: dict[str, Any]) -> gpd.GeoDataFrame:
    return read_vector(world["truth"], "rock_glaciers")


@pytest.fixture(scope="module")
def first(world: dict[str, Any]) -> gpd.GeoDataFrame:
    return read_vector(world["inventory_a"])


@pytest.fixture(scope="module")
def second(world: dict[str, Any]) -> gpd.GeoDataFrame:
    return read_vector(world["inventory_b"], "rockglaciers")


def test_the_truth_is_what_was_drawn(scene: Scene, truth: gpd.GeoDataFrame) -> None:
    assert truth.crs.to_epsg() == 4326
    assert list(truth["truth_id"]) == [f"T{k:03d}" for k in range(1, 15)]
    assert truth.is_valid.all()
    assert (truth.geom_type == "Polygon").all()
    assert area_m2(truth.geometry).min() >= 12_000
    for shape, tongue in zip(truth.geometry, scene.landforms.rock_glaciers, strict=True):
        assert iou(scene.frame.to_pixels(shape), tongue.outline) > 0.99999


def test_the_inventories_hold_some_seventy_percent_of_the_truth(
    truth: gpd.GeoDataFrame, first: gpd.GeoDataFrame, second: gpd.GeoDataFrame
) -> None:
    mapped = [*first.to_crs(4326).geometry, *second.geometry.make_valid()]
    found = [max(iou(shape, other) for other in mapped) > 0.5 for shape in truth.geometry]
    assert 0.65 <= np.mean(found) <= 0.8


def test_inventory_a_is_a_shapefile_in_utm(
    world: dict[str, Any], first: gpd.GeoDataFrame, truth: gpd.GeoDataFrame
) -> None:
    assert first.crs.to_epsg() == 32644
    assert first["RG_ID"].is_unique
    assert first.is_valid.all()
    np.testing.assert_allclose(first["AREA_M2"], first.area, rtol=1e-6)
    path = Path(world["inventory_a"])
    assert {part.suffix for part in path.parent.glob("inventory_a.*")} == {".shp", ".dbf", ".shx", ".prj", ".cpg"}
    best = [max(iou(shape, other) for other in truth.geometry) for shape in first.to_crs(4326).geometry]
    assert min(best) > 0.85
    assert max(best) < 0.999


def test_inventory_b_has_its_faults(scene: Scene, first: gpd.GeoDataFrame, second: gpd.GeoDataFrame) -> None:
    assert second["name"].is_unique
    kind = second["name"].str.extract(r"\d+ ?(.*)$")[0]
    assert kind.value_counts().drop("").to_dict() == {"crossed": 3, "again": 3, "beyond": 2, "empty": 1}
    assert list(kind[~second.is_valid]) == ["crossed"] * 3
    assert all("Self-intersection" in explain_validity(shape) for shape in second.geometry[kind == "crossed"])
    assert second.geometry[kind == "empty"].is_empty.all()
    imagery = scene.frame.to_lonlat(shapely.box(0, 0, scene.frame.width, scene.frame.height))
    assert second.geometry[kind == "beyond"].disjoint(imagery).all()
    again = [
        max(iou(shape, other) for other in first.to_crs(4326).geometry) for shape in second.geometry[kind == "again"]
    ]
    assert min(again) > 0.75


def test_negatives_are_of_three_kinds(scene: Scene, world: dict[str, Any], truth: gpd.GeoDataFrame) -> None:
    negatives = read_vector(world["negatives"], "negatives")
    counts = negatives["kind"].value_counts()
    assert counts["lake"] == len(scene.landforms.lakes)
    assert counts["rock avalanche"] == len(scene.landforms.avalanches)
    assert counts["debris-covered glacier tongue"] == len(scene.landforms.debris_tongues)
    assert negatives.is_valid.all()
    assert negatives.disjoint(truth.union_all()).all()


def test_glaciers_have_the_fields_of_the_rgi(world: dict[str, Any]) -> None:
    ice = read_vector(world["glaciers"])
    fields = {"RGIId", "CenLon", "CenLat", "Area", "Zmin", "Zmed", "Zmax", "Slope", "Aspect", "Name"}
    assert fields <= set(ice.columns)
    assert ice["RGIId"].str.fullmatch(r"RGI60-14\.\d{5}").all()
    assert ice["RGIId"].is_unique
    np.testing.assert_allclose(ice["Area"] * 1e6, area_m2(ice.geometry), rtol=1e-4)
    assert (ice["Zmin"] < ice["Zmed"]).all()
    assert (ice["Zmed"] < ice["Zmax"]).all()
    assert ice["Slope"].between(2, 50).all()
    assert ice["Aspect"].between(0, 360).all()
    assert np.cos(np.radians(ice["Aspect"])).mean() > 0  # ice keeps to the shade


def test_debris_cover_is_that_of_the_debris_covered_tongues_and_part_of_the_ice(world: dict[str, Any]) -> None:
    debris, ice = read_vector(world["debris"]), read_vector(world["glaciers"])
    negatives = read_vector(world["negatives"], "negatives")
    tongues = negatives[negatives["kind"] == "debris-covered glacier tongue"]
    assert debris["img_time"].notna().all()
    assert iou(debris.union_all(), tongues.union_all()) > 1 - 1e-9
    assert shapely.area(debris.difference(ice.union_all())).max() < 1e-9


def test_the_survey_holds_part_of_the_truth_on_part_of_the_ground(
    world: dict[str, Any], truth: gpd.GeoDataFrame
) -> None:
    survey, area = read_vector(world["survey"]), read_vector(world["survey_area"])
    there = truth[truth.within(area.union_all())]
    assert 3 < len(there) < len(truth)
    assert len(survey) == round(0.6 * len(there))
    best = [max(iou(shape, other) for other in there.geometry) for shape in survey.geometry]
    assert 0.6 < min(best) < max(best) < 0.99


def test_the_inventories_are_complete_in_the_west_and_in_the_east() -> None:
    eastings = np.random.default_rng(1).permutation(100).astype(float)
    first, second = mapped_shares(eastings)
    assert sorted(eastings[first]) == list(range(42))
    assert sorted(eastings[second]) == list(range(69, 100))
    with pytest.raises(ValueError, match="need at least 8 rock glaciers, got 7"):
        mapped_shares(np.arange(7.0))


def test_another_hand_draws_almost_the_same() -> None:
    outline = shapely.Point(0, 0).buffer(60, quad_segs=32)
    near, far = (redrawn(outline, jitter, np.random.default_rng(3)) for jitter in (0.5, 4.0))
    assert near.is_valid
    assert far.is_valid
    assert 1 > iou(outline, near) > iou(outline, far) > 0.8


def test_bow_ties_cross_themselves_and_hardly_differ() -> None:
    outline = shapely.Point(0, 0).buffer(60, quad_segs=32)
    crossed = bow_tied(outline)
    assert not crossed.is_valid
    assert iou(outline, shapely.make_valid(crossed)) > 0.9
