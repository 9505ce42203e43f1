from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.demo.subregions import crossed_rock_glacier, draw_subregions
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.identity import primary_markers

NAMES = ["Demo Range West", "Demo Range East", "Demo Basin"]


@pytest.fixture(scope="module")
def parts(scene: Scene, world: dict[str, Any]) -> gpd.GeoSeries:
    """The written subregions in pixels, by name."""
    frame = read_vector(world["subregions"], "subregions")
    assert frame.crs.to_epsg() == 4326
    return gpd.GeoSeries([scene.frame.to_pixels(shape) for shape in frame.geometry], index=frame["NAME"])


def test_there_are_three_in_order(parts: gpd.GeoSeries) -> None:
    assert list(parts.index) == NAMES
    assert parts.is_valid.all()
    west, east, basin = parts.centroid
    assert west.x < east.x
    assert basin.y > max(west.y, east.y)


def test_they_cover_the_imagery_without_overlap_and_not_more(scene: Scene, parts: gpd.GeoSeries) -> None:
    imagery = shapely.box(0, 0, 4096, 4096).difference(shapely.Polygon([(4096 - 256, 0), (4096, 0), (4096, 256)]))
    whole = parts.union_all()
    assert whole.area == pytest.approx(parts.area.sum(), rel=1e-9)
    assert imagery.contains(whole)
    assert whole.area > 0.96 * imagery.area
    assert len(shapely.get_parts(whole)) == 1
    assert not shapely.get_parts(whole)[0].interiors


def test_all_borders_are_shared_and_irregular(parts: gpd.GeoSeries) -> None:
    for first, second in ((0, 1), (0, 2), (1, 2)):
        border = parts.iloc[first].intersection(parts.iloc[second])
        assert border.length > 500
        bounds = border.bounds
        assert border.length > 1.02 * np.hypot(bounds[2] - bounds[0], bounds[3] - bounds[1])


def test_the_basin_has_no_rock_glacier_and_each_range_some(parts: gpd.GeoSeries, world: dict[str, Any]) -> None:
    truth = read_vector(world["truth"])
    markers = primary_markers(truth.geometry)
    regions = read_vector(world["subregions"]).geometry
    assert [markers.within(region).sum() > 0 for region in regions] == [True, True, False]
    assert sum(markers.within(region).sum() for region in regions) == len(truth)
    assert not truth.intersects(regions.iloc[2]).any()


def test_the_border_runs_through_a_rock_glacier(scene: Scene, parts: gpd.GeoSeries) -> None:
    crossed = crossed_rock_glacier(scene)
    shares = [crossed.intersection(part).area / crossed.area for part in parts.iloc[:2]]
    assert min(shares) > 0.15
    assert sum(shares) == pytest.approx(1)


def test_three_names_are_needed(scene: Scene) -> None:
    with pytest.raises(ValueError, match="the demo world has three subregions, got 2 names: A, B"):
        draw_subregions(scene, ["A", "B"], np.random.default_rng(1))
