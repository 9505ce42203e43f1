"""What people see of a layer's fields in QGIS: widgets, defaults, rules, and the order on the form."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from workflow_scripts.rogi.packages.markup import node, option

NULL = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"  # how QGIS writes null in a value map


@dataclass(frozen=True)
class Widget:
    """An editor of QGIS: its type and its settings."""

    kind: str
    settings: dict[str, Any] = field(default_factory=dict)


TEXT = Widget("TextEdit", {"IsMultiline": False})
HIDDEN = Widget("Hidden")
MOMENT = Widget("DateTime", {"field_format": "yyyy-MM-dd HH:mm", "display_format": "yyyy-MM-dd HH:mm",
                             "allow_null": True, "calendar_popup": True})  # fmt: skip


def choices(values: Iterable[str], nothing: str, first: int = 1) -> Widget:
    """Return a drop-down of values whose labels are numbered, so that one keystroke chooses: "1 remain", "2 remove".

    Args:
        values: What is stored, in the order of the list.
        nothing: Label of null, which takes a decision back; it is numbered 0.
        first: Number of the first value.
    """
    labelled = [{f"0 {nothing}": NULL}, *({f"{number} {value}": value} for number, value in enumerate(values, first))]
    return Widget("ValueMap", {"map": labelled})


def number(largest: float, step: float = 1.0) -> Widget:
    """Return an editor for a number from 0 up, which may be empty."""
    return Widget("Range", {"Min": 0.0, "Max": largest, "Step": step, "AllowNull": True, "Style": "SpinBox"})


@dataclass(frozen=True)
class Field:
    """One field on a form.

    Attributes:
        name: Column of the layer.
        label: What people read.
        group: Section of the form; sections and fields stand in the order given.
        widget: Its editor.
        editable: Whether people fill it in.
        default: QGIS expression of its value in a new feature; empty for none.
        on_update: Whether the default is taken at every change too.
        rule: QGIS expression that must hold before QGIS saves; empty for none.
        explanation: What QGIS says when it does not hold.
    """

    name: str
    label: str
    group: str
    widget: Widget = TEXT
    editable: bool = False
    default: str = ""
    on_update: bool = False
    rule: str = ""
    explanation: str = ""


def form_elements(fields: tuple[Field, ...]) -> list[ET.Element]:
    """Return the parts of a QGIS style that make the form; fields not named (fid) are not on it."""
    return [
        node("fieldConfiguration", *map(_configuration, fields)),
        node("aliases", *(node("alias", field=one.name, name=one.label) for one in fields)),
        node("defaults", *(_default(one) for one in fields if one.default)),
        node("constraints", *(_constraint(one) for one in fields if one.rule)),
        node("constraintExpressions", *(_expression(one) for one in fields if one.rule)),
        node("editorlayout", text="tablayout"),
        node("attributeEditorForm", *_sections(fields)),
        node("editable", *(node("field", name=one.name, editable=one.editable) for one in fields)),
    ]


def _configuration(one: Field) -> ET.Element:
    widget = node("editWidget", node("config", option(one.widget.settings)), type=one.widget.kind)
    return node("field", widget, name=one.name, configurationFlags="None")


def _default(one: Field) -> ET.Element:
    return node("default", field=one.name, expression=one.default, applyOnUpdate=one.on_update)


def _constraint(one: Field) -> ET.Element:
    by_expression = 4  # QgsFieldConstraints.ConstraintExpression; strength 1 is hard: QGIS does not save
    return node("constraint", field=one.name, constraints=by_expression, exp_strength=1, notnull_strength=0,
                unique_strength=0)  # fmt: skip


def _expression(one: Field) -> ET.Element:
    return node("constraint", field=one.name, exp=one.rule, desc=one.explanation)


def _sections(fields: tuple[Field, ...]) -> list[ET.Element]:
    visible = [one for one in fields if one.widget is not HIDDEN]
    return [
        node(
            "attributeEditorContainer",
            *(node("attributeEditorField", name=one.name, showLabel=True) for one in visible if one.group == group),
            name=group, columnCount=1, groupBox=True, showLabel=True, visibilityExpressionEnabled=False,
        )
        for group in dict.fromkeys(one.group for one in visible)
    ]  # fmt: skip
