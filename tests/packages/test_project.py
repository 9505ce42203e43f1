"""The project file: paths relative, the view where the work is, the same bytes every time."""

import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from pyproj import CRS

from tests.packages.scene import REGION, candidates, region
from workflow_scripts.rogi.packages.geopackage import Layer
from workflow_scripts.rogi.packages.project import Project, Raster, view, write_project

CRS_MAP = CRS.from_epsg(3857)


def write(path: Path) -> ET.Element:
    layers = [
        Layer("candidates", candidates(2), "Candidates", read_only=False),
        Layer("markers", region(), "Dots", visible=False),
    ]
    rasters = [Raster("./q3.vrt", "Q3", CRS_MAP, 4), Raster("./q4.vrt", "Q4", CRS_MAP)]
    write_project(path, "ann.gpkg", layers, rasters, Project("Review by Ann", CRS_MAP, (1, 2, 30, 40), "pass # macro"))
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{path.stem}.qgs"]
        return ET.fromstring(archive.read(f"{path.stem}.qgs"))


def test_every_path_is_relative_to_the_project(tmp_path: Path) -> None:
    root = write(tmp_path / "ann.qgz")
    sources = [layer.findtext("datasource") for layer in root.findall("projectlayers/maplayer")]
    assert sources == ["./ann.gpkg|layername=candidates", "./ann.gpkg|layername=markers", "./q3.vrt", "./q4.vrt"]
    assert root.findtext("properties/Paths/Absolute") == "false"


def test_the_tree_lists_the_layers_from_top_to_bottom_and_names_those_that_exist(tmp_path: Path) -> None:
    root = write(tmp_path / "ann.qgz")
    tree = root.findall("layer-tree-group/layer-tree-layer")
    assert [line.get("id") for line in tree] == [
        layer.findtext("id") for layer in root.findall("projectlayers/maplayer")
    ]
    assert [line.get("checked") for line in tree] == ["Qt::Checked", "Qt::Unchecked", "Qt::Checked", "Qt::Checked"]
    assert all(len(line.get("id", "")) > 10 for line in tree), "QGIS replaces shorter ids"


def test_only_what_is_to_be_edited_can_be(tmp_path: Path) -> None:
    layers = write(tmp_path / "ann.qgz").findall("projectlayers/maplayer[@type='vector']")
    assert [layer.get("readOnly") for layer in layers] == ["0", "1"]


def test_the_same_project_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "ann.qgz")
    assert (tmp_path / "one/ann.qgz").read_bytes() == (tmp_path / "two/ann.qgz").read_bytes()


def test_the_view_is_the_box_of_the_work_with_a_margin() -> None:
    west, south, east, north = REGION.bounds
    x, y = (east - west) / 20, (north - south) / 20
    assert view(region()) == pytest.approx((west - x, south - y, east + x, north + y))
