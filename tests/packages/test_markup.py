"""XML as QGIS writes it."""

import xml.etree.ElementTree as ET

from workflow_scripts.rogi.packages.markup import document, node, option


def test_an_option_keeps_the_type_of_a_value() -> None:
    found = option({"flag": True, "count": 3, "share": 0.5, "name": "a<b", "list": [{"1 é": "x"}]})
    types = {part.get("name"): (part.get("type"), part.get("value")) for part in found}
    assert types == {
        "flag": ("bool", "true"),
        "count": ("int", "3"),
        "share": ("double", "0.5"),
        "name": ("QString", "a<b"),
        "list": ("List", None),
    }
    entry = found.find("Option[@name='list']/Option[@type='Map']/Option")
    assert entry is not None
    assert (entry.get("name"), entry.get("value")) == ("1 é", "x")


def test_a_document_is_read_back_as_it_was_made() -> None:
    made = node("qgis", node("layer", text="5 < 6 & é", class_="SimpleFill", enabled=True), version="3.22.0")
    text = document(made)
    assert text.startswith("<!DOCTYPE qgis")
    layer = ET.fromstring(text).find("layer")
    assert layer is not None
    assert (layer.attrib, layer.text) == ({"class": "SimpleFill", "enabled": "1"}, "5 < 6 & é")
