"""GeoPackages that open in QGIS with their own symbols and forms, and a project file beside them.

The styles are written as QGIS 3.22 writes them (table `layer_styles`, QML), without QGIS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.packages.forms import Field, form_elements
from workflow_scripts.rogi.packages.looks import Look
from workflow_scripts.rogi.packages.markup import VERSION, document, node

STYLES = "layer_styles"
GEOMETRY = "geom"  # GDAL's name of the column


def layer_id(name: str) -> str:
    """Return the id of a package's layer in a project; QGIS would replace one of ten letters or fewer."""
    return f"package_layer_{name}"


@dataclass(frozen=True)
class Layer:
    """One layer of a package.

    Attributes:
        name: Its name in the GeoPackage.
        frame: Its content; a frame without geometry is a table.
        title: Its name in the project.
        look: How it is drawn; None leaves it without a style of its own.
        fields: Its form, in order; fields not named are not on it.
        geometry_type: Type of its geometries, which also an empty layer has; empty for a table.
        sort: Expression by which its table is sorted; empty for none.
        display: Expression of a feature's name in lists; empty for none.
        actions: Names and Python code of actions in QGIS.
        read_only: Whether the project refuses edits.
        visible: Whether the project shows it from the start.
    """

    name: str
    frame: pd.DataFrame
    title: str
    look: Look | None = None
    fields: tuple[Field, ...] = ()
    geometry_type: str = "MultiPolygon"
    sort: str = ""
    display: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    read_only: bool = True
    visible: bool = True

    def style(self) -> list[ET.Element]:
        """Return the parts of the layer's QGIS style."""
        return [
            *(self.look.elements() if self.look else []),
            *(form_elements(self.fields) if self.fields else []),
            *([node("attributetableconfig", sortExpression=self.sort, sortOrder=0)] if self.sort else []),
            *([node("previewExpression", text=self.display)] if self.display else []),
            *([node("attributeactions", *map(_action, self.actions))] if self.actions else []),
        ]


def write_package(path: str | Path, layers: Sequence[Layer]) -> None:
    """Write a GeoPackage whose layers open in QGIS with their symbols and forms; whole or not at all.

    A reviewer's package, for instance, with one drop-down that a digit answers:

        look = Look((Symbol("to do", "255,221,0,90", "255,221,0,255"),))
        fields = (Field("decision", "Decision", "Decide", choices(("yes", "no"), "undecided"), editable=True),)
        write_package(path, [Layer("sample", frame, "Sample", look, fields, read_only=False)])

    Args:
        path: The target; replaced if it exists.
        layers: Layers from top to bottom.

    Raises:
        OSError: The file could not be written; an older one is left as it was.
    """
    frames = {layer.name: layer.frame for layer in layers}
    kinds = {layer.name: layer.geometry_type for layer in layers if isinstance(layer.frame, gpd.GeoDataFrame)}
    styled = [layer for layer in layers if layer.style()]
    styles = {STYLES: pd.DataFrame([_style_row(layer) for layer in styled])} if styled else {}
    write_layers(path, frames | styles, kinds)


def _style_row(layer: Layer) -> dict[str, Any]:
    """Return the row of `layer_styles` by which QGIS finds a layer's style; it compares with '', not with null."""
    return {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": layer.name,
        "f_geometry_column": GEOMETRY if isinstance(layer.frame, gpd.GeoDataFrame) else "",
        "styleName": layer.name,
        "styleQML": document(node("qgis", *layer.style(), version=VERSION, styleCategories="AllStyleCategories")),
        "styleSLD": "",
        "useAsDefault": True,
        "description": layer.title,
        "owner": "",
        "ui": "",
        "update_time": pd.Timestamp("2024-01-01"),  # the time of a run would change the file
    }


def _action(action: tuple[str, str]) -> ET.Element:
    name, code = action
    scopes = [node("actionScope", id=scope) for scope in ("Layer", "Form", "Canvas", "Feature")]
    python = 1  # QgsAction.GenericPython
    return node("actionsetting", *scopes, type=python, name=name, shortTitle=name, action=code, icon="", capture=False,
                isEnabledOnlyWhenEditable=False, notificationMessage="")  # fmt: skip
