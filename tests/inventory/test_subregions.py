from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from tests.inventory.study import subregions
from workflow_scripts import prepare_subregions
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.subregions import choose, first_covering, owner, polygons_only, read_boundaries

BOW_TIE = shapely.Polygon([(81, 35), (82, 36), (82, 35), (81, 36)])


def write_boundaries(folder: Path) -> list[str]:
    """Write a layer in web Mercator with a region of two parts and an invalid one, and a layer with another field."""
    shapes = [shapely.box(79, 35, 80, 36), shapely.box(80, 35, 81, 36), BOW_TIE, None]
    names = ["Western Kunlun Shan", "Western Kunlun Shan", "Karakoram", "Nowhere"]
    first = gpd.GeoDataFrame({"Primary_ID": names}, geometry=shapes, crs=4326).to_crs(3857)
    second = gpd.GeoDataFrame(
        {"name": ["Qaidam", "Karakoram"]}, geometry=[shapely.box(90, 36, 92, 38), shapely.box(0, 0, 1, 1)], crs=4326
    )
    first.to_file(folder / "first.shp")
    second.to_file(folder / "second.gpkg")
    return [str(folder / "first.shp"), str(folder / "second.gpkg")]


def test_subregions_come_in_configured_order_dissolved_and_valid(tmp_path: Path) -> None:
    layers, out = write_boundaries(tmp_path), tmp_path / "out" / "subregions.gpkg"
    names = ["Qaidam", "Western Kunlun Shan", "Karakoram"]
    prepare_subregions.main(layers, [], str(out), ["Primary_ID", "name"], names)
    found = read_vector(out, "subregions")
    assert found.columns.tolist() == ["NAME", "slug", "geometry"]
    assert found["NAME"].tolist() == names
    assert found["slug"].tolist() == ["qaidam", "western_kunlun_shan", "karakoram"]
    assert found.crs == WGS84
    assert found.is_valid.all()
    np.testing.assert_allclose(found.total_bounds, [79, 35, 92, 38])
    assert shapely.area(found.geometry[1]) == pytest.approx(2)  # both parts
    assert shapely.area(found.geometry[2]) == pytest.approx(
        0.5, rel=0.02
    )  # both wings of the bow tie, and the first layer's Karakoram


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Western Kunlun", "did you mean 'Western Kunlun Shan'"),
        ("qaidam", "did you mean 'Qaidam'"),
        ("Zanskar", "they hold Karakoram, Qaidam, Western Kunlun Shan"),
    ],
)
def test_an_unknown_name_is_told_with_those_that_exist(tmp_path: Path, name: str, hint: str) -> None:
    layers = write_boundaries(tmp_path)
    with pytest.raises(ValueError, match=f"no boundary layer holds a subregion named '{name}'; .*{hint}"):
        prepare_subregions.main(layers, [], str(tmp_path / "out.gpkg"), ["Primary_ID", "name"], ["Qaidam", name])
    assert not (tmp_path / "out.gpkg").exists()


def test_a_missing_field_is_told_with_those_that_exist(tmp_path: Path) -> None:
    first, _ = write_boundaries(tmp_path)
    with pytest.raises(ValueError, match=r"has no field 'NAME' .*; it has Primary_ID; state the right one"):
        read_boundaries(first, "NAME")


def test_a_study_needs_a_subregion() -> None:
    with pytest.raises(ValueError, match="names no subregion"):
        choose([], [])


def test_what_a_repair_leaves_of_lines_is_dropped() -> None:
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 2), (0.5, 1), (0, 1)])
    line = shapely.LineString([(0, 0), (1, 1)])
    found = polygons_only(gpd.GeoSeries([spike, line, None, shapely.box(0, 0, 1, 1)], crs=4326))
    assert shapely.area(found.array).tolist() == [1, 0, 0, 1]
    assert found.is_empty.tolist() == [False, True, True, False]


def test_points_belong_to_the_subregion_that_covers_them() -> None:
    points = gpd.GeoSeries.from_xy([79.05, 79.15, 79.25], [35.05] * 3, index=[7, 3, 5], crs=4326)
    found = owner(points, subregions())
    assert found.to_dict() == {7: "west", 3: "east", 5: "basin"}


def test_a_point_on_a_border_belongs_to_the_first() -> None:
    points = gpd.GeoSeries.from_xy([79.1, 79.2], [35.05] * 2, crs=4326)
    assert owner(points, subregions()).tolist() == ["west", "east"]
    assert owner(points, subregions().iloc[::-1]).tolist() == ["east", "basin"]


def test_a_point_in_a_gap_belongs_to_the_nearest_on_the_ground() -> None:
    # at 60° N a degree of longitude is half as long as one of latitude
    boxes = [shapely.box(10, 61, 11, 62), shapely.box(11.5, 59, 12, 60.5)]
    regions = gpd.GeoDataFrame({"slug": ["north", "east"]}, geometry=boxes, crs=4326)
    point = gpd.GeoSeries.from_xy([10.5], [60.3], crs=4326)
    geod = Geod(ellps="WGS84")
    north_m = geod.inv(10.5, 60.3, 10.5, 61)[2]
    east_m = geod.inv(10.5, 60.3, 11.5, 60.3)[2]
    assert east_m < north_m  # though 1.0° > 0.7°
    assert owner(point, regions).tolist() == ["east"]


def test_every_point_has_one_owner_whatever_its_projection(rng: np.random.Generator) -> None:
    points = gpd.GeoSeries.from_xy(rng.uniform(78.9, 79.4, 100), rng.uniform(34.9, 35.2, 100), crs=4326)
    found = owner(points, subregions())
    assert found.isin(["west", "east", "basin"]).all()
    assert found.tolist() == owner(points.to_crs(3857), subregions()).tolist()
    inside = first_covering(points, subregions()) >= 0
    expected = np.array(["west", "east", "basin"])[((points.x[inside] - 79) // 0.1).astype(int)]
    assert found[inside].tolist() == expected.tolist()


def test_no_points_have_no_owners() -> None:
    assert len(owner(gpd.GeoSeries([], crs=4326), subregions())) == 0
