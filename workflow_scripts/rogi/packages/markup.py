"""XML as QGIS writes it: elements, and its typed options."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
VERSION = "3.22.0"  # of QGIS, whose format is written; later ones read it
_TYPES = {bool: "bool", int: "int", float: "double", str: "QString"}


def node(tag: str, *children: ET.Element, text: str | None = None, **attributes: object) -> ET.Element:
    """Return an element; truth values become 1 and 0, a name that ends in _ stands for a Python keyword."""
    texts = {
        name.rstrip("_"): str(int(value) if isinstance(value, bool) else value) for name, value in attributes.items()
    }
    element = ET.Element(tag, texts)
    element.extend(children)
    element.text = text
    return element


def option(value: Any, name: str | None = None) -> ET.Element:
    """Return a value as QGIS's `Option` element: a number, a text, or a list or mapping of such."""
    named = {} if name is None else {"name": name}
    if isinstance(value, Mapping):
        return node("Option", *(option(part, key) for key, part in value.items()), type="Map", **named)
    if isinstance(value, list):
        return node("Option", *(option(part) for part in value), type="List", **named)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return node("Option", type=_TYPES[type(value)], value=text, **named)


def document(root: ET.Element) -> str:
    """Return a file's text."""
    ET.indent(root)
    return DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"
