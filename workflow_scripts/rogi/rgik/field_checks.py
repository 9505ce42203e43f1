"""Checks of one layer's fields and values."""

import difflib
from collections.abc import Iterator

import pandas as pd

from workflow_scripts.rogi.rgik.findings import ERROR, WARNING, Check, Finding, texts
from workflow_scripts.rogi.rgik.reading import Part
from workflow_scripts.rogi.rgik.schema import Field, ValueList


def field_findings(part: Part) -> Iterator[Finding]:
    """Yield what is wrong with the fields of a layer. What is not known for certain is a warning."""
    for field in part.layer.fields:
        if field.name not in part.frame:
            others = [str(column) for column in part.frame.columns if column not in part.layer.names]
            near = difflib.get_close_matches(field.name, others, n=1)
            yield _missing(field).of(part.name, f"no such field; {near[0]} comes nearest" if near else "no such field")
            continue
        values = texts(part.frame, field.name)
        empty = values == ""
        if field.filled:
            check = Check("value is there", field.meaning, "fill it in", field.name)
            yield from check.at(values.index[empty], "no value")
        if field.values:
            yield from _values(values[~empty], field, field.values)


def _missing(field: Field) -> Check:
    way_out = "add it, empty where nothing is known"
    return Check("field is there", f"the field {field.name}", way_out, field.name, ERROR if field.required else WARNING)


def _values(values: pd.Series, field: Field, allowed: ValueList) -> Iterator[Finding]:
    """Yield what is not on the list, and what is there in another spelling, where the right one is known."""
    listed = pd.Series([allowed.find(value) for value in values], index=values.index, dtype=object)
    expected = f"one of {', '.join(allowed.values)}"
    strange = listed.isna()
    way_out = (
        "choose one of the list" if allowed.source.verified else "compare with the guidelines; the list is unverified"
    )
    severity = ERROR if allowed.source.verified else WARNING
    check = Check("value is on the list", expected, way_out, field.name, severity)
    yield from check.at(values.index[strange], values[strange])
    if allowed.exact:
        other = ~strange & (values != listed)
        for place, value, right in zip(values.index[other], values[other], listed[other], strict=True):
            yield from Check("spelling of a value", right, "write it so", field.name, WARNING).at([place], [value])
