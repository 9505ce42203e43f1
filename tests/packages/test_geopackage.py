"""Styles inside the GeoPackage: found by QGIS's query, well-formed, complete."""

import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyogrio
import pytest

from tests.packages.scene import candidates
from workflow_scripts.rogi.packages.forms import HIDDEN, Field, choices
from workflow_scripts.rogi.packages.geopackage import Layer, write_package
from workflow_scripts.rogi.packages.looks import Look, Symbol

LOOK = Look(
    (Symbol("open", "255,0,0,40", "255,0,0,255"), Symbol("yes", "0,255,0,40", "0,255,0,255", value="yes")), by="said"
)
FIELDS = (
    Field("said", "Answer", "Answer", choices(("yes", "no"), "open"), True, rule="\"said\" <> 'x'", explanation="no x"),
    Field("gone", "Gone", "Answer", HIDDEN),
    Field("rank", "Rank", "About"),
)
# As QGIS 3.22 asks (QgsOgrProvider, loadStoredStyle).
QUERY = "SELECT styleQML FROM layer_styles WHERE f_table_schema='' AND f_table_name=? AND f_geometry_column=?"


@pytest.fixture
def styled(tmp_path: Path) -> Path:
    path = tmp_path / "package.gpkg"
    table = pd.DataFrame({"key": ["a"], "value": ["b"]})
    frame = candidates(3).assign(said=pd.Series([None] * 3, dtype="str"))
    write_package(path, [Layer("sample", frame, "Sample", LOOK, FIELDS, sort='"rank"'), Layer("facts", table, "Facts")])
    return path


def style(path: Path) -> ET.Element:
    with closing(sqlite3.connect(path)) as database:
        ((text,),) = database.execute(QUERY, ("sample", "geom"))
    return ET.fromstring(text)


def test_layers_tables_and_styles_are_there(styled: Path) -> None:
    kinds = dict(pyogrio.list_layers(styled).tolist())
    assert kinds == {"sample": "MultiPolygon", "facts": None, "layer_styles": None}


def test_a_style_says_what_is_editable_and_what_must_hold(styled: Path) -> None:
    root = style(styled)
    assert {one.get("name"): one.get("editable") for one in root.findall("editable/field")} == {
        "said": "1", "gone": "0", "rank": "0"}  # fmt: skip
    rule = root.find("constraintExpressions/constraint")
    assert rule is not None
    assert (rule.get("field"), rule.get("exp"), rule.get("desc")) == ("said", "\"said\" <> 'x'", "no x")


def test_the_form_has_its_sections_in_order_without_hidden_fields(styled: Path) -> None:
    sections = style(styled).findall("attributeEditorForm/attributeEditorContainer")
    told = {section.get("name"): [field.get("name") for field in section] for section in sections}
    assert told == {"Answer": ["said"], "About": ["rank"]}


def test_each_value_has_its_symbol(styled: Path) -> None:
    renderer = style(styled).find("renderer-v2")
    assert renderer is not None
    assert (renderer.get("type"), renderer.get("attr")) == ("categorizedSymbol", "said")
    colors = {}
    for category in renderer.findall("categories/category"):
        symbol = renderer.find(f"symbols/symbol[@name='{category.get('symbol')}']")
        assert symbol is not None
        option = symbol.find("layer/Option/Option[@name='color']")
        assert option is not None
        colors[category.get("value")] = option.get("value")
    assert colors == {"": "255,0,0,40", "yes": "0,255,0,40"}


def test_a_digit_chooses_and_0_takes_back() -> None:
    labels = [next(iter(entry)) for entry in choices(("yes", "no"), "open").settings["map"]]
    assert labels == ["0 open", "1 yes", "2 no"]


def test_a_package_of_plain_layers_has_no_styles(tmp_path: Path) -> None:
    write_package(tmp_path / "plain.gpkg", [Layer("facts", pd.DataFrame({"key": ["a"]}), "Facts")])
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "plain.gpkg")] == ["facts"]


def test_an_empty_layer_keeps_the_type_of_its_geometries(tmp_path: Path) -> None:
    write_package(tmp_path / "none.gpkg", [Layer("sample", candidates(0), "Sample", LOOK)])
    assert pyogrio.read_info(tmp_path / "none.gpkg", layer="sample")["geometry_type"] == "MultiPolygon"


def test_the_same_package_is_the_same_file(styled: Path, tmp_path: Path) -> None:
    first = style(styled)
    write_package(tmp_path / "again.gpkg", [Layer("sample", candidates(3), "Sample", LOOK, FIELDS, sort='"rank"')])
    assert ET.tostring(style(tmp_path / "again.gpkg")) == ET.tostring(first)
