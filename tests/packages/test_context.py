"""Glaciers round a subregion."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from tests.packages.scene import region
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.packages.context import ice


def test_glaciers_near_the_subregion_are_taken_from_every_file(tmp_path: Path) -> None:
    near, far, rock = (
        shapely.box(79.39, 35.1, 79.5, 35.15),
        shapely.box(80, 35, 80.1, 35.1),
        shapely.box(79, 35, 79.1, 35.1),
    )
    frame = gpd.GeoDataFrame({"primeclass": [0, 0, 9]}, geometry=[near, far, rock], crs=4326)
    write_layers(tmp_path / "one.gpkg", {"glaciers": frame.to_crs(3857)})
    frame.iloc[[0]].to_file(tmp_path / "two.shp")
    entries: list[dict[str, Any]] = [
        {"name": "RGI", "path": str(tmp_path / "one.gpkg"), "layer": "glaciers", "leave_out": {"primeclass": [9]}},
        {"name": "Own", "path": str(tmp_path / "two.shp"), "layer": None},
    ]
    found = ice(entries, region())
    assert list(found["name"]) == ["RGI", "Own"]
    assert all(shape.symmetric_difference(near).area < 1e-12 for shape in found.geometry)
    assert found.crs == "EPSG:4326"


def test_a_study_without_glaciers_has_none() -> None:
    found = ice([], region())
    assert (len(found), list(found.columns), found.crs) == (0, ["name", "geometry"], "EPSG:4326")
