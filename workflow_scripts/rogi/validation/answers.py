"""Reviewers' answers as they come back: which files hold what, and what is wrong with single rows."""

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.handed_in import (
    columns_as_texts,
    crs_fault,
    described,
    keys_and_values,
    place,
    read_file,
    shapes_in_degrees,
)

ANSWERS = ("yes", "no", "uncertain", "undefined")
FIELDS = ("reviewer", "answer", "date", "comment")
COLUMNS = ("file", "layer", "row", "item", "number", "version", *FIELDS)
# The field that tells a layer of answers on rock glaciers, on cells, and of outlines drawn in cells from all others.
KEYS = {"rock_glaciers": "id", "cells": "cell_id", "missed": "missed_in"}
PACKAGE = "package"


class ValidationError(ValueError):
    """Answers that cannot be used as they are; the message lists every fault."""


@dataclass
class Returned:
    """What came back.

    Attributes:
        rock_glaciers: Answers on rock glaciers, one row each: `COLUMNS` (text, null where empty; `item` is the ID,
            `version` the fingerprint of the inventory that the file was made from) and the point as geometry.
        cells: Answers on cells; `item` is the cell_id, `number` how many rock glaciers were missed there.
        missed: Outlines of missed rock glaciers; `item` is the cell_id, where it is stated.
        faults: One line per file, layer or row that cannot be used.
    """

    rock_glaciers: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    missed: gpd.GeoDataFrame
    faults: list[str] = field(default_factory=list)

    def require_sound(self, faults: Sequence[str] = ()) -> None:
        """Stop unless neither reading nor what came after found a fault.

        Raises:
            ValidationError: With one line per fault.
        """
        if found := [*self.faults, *faults]:
            head = f"the validation has {len(found)} faults; nothing was estimated:"
            raise ValidationError("\n  - ".join([head, *found]))


def read_answers(paths: Iterable[str], reviewers: Sequence[str]) -> Returned:
    """Read the files of reviewers. Layers are told apart by their fields, whatever they are called.

    Rows without an answer are passed over: nobody has decided yet. A package says whose it is where its rows do not.

    Args:
        paths: Any vector format and CRS.
        reviewers: Everybody whose answers are expected.
    """
    faults: list[str] = []
    parts: dict[str, list[gpd.GeoDataFrame]] = {kind: [] for kind in KEYS}
    for path in sorted(paths):
        if (layers := read_file(path, faults)) is None:
            continue
        found = {name: kind for name, frame in layers.items() if (kind := _kind(frame))}
        if not found:
            faults.append(f"{path}: no layer has the fields id or cell_id, and answer; found {described(layers)}; add "
                          "them, or take the file out of the folder")  # fmt: skip
        told = keys_and_values(layers.values())
        for name, kind in found.items():
            if fault := crs_fault(layers[name]):
                faults.append(f"{path}, layer {name} {fault}")
                continue
            parts[kind].append(_rows(layers[name], KEYS[kind], path, name, told))
    frames = {kind: _sound(_together(found), kind, reviewers, faults) for kind, found in parts.items()}
    return Returned(**frames, faults=faults)


def _kind(frame: pd.DataFrame) -> str | None:
    fields = set(frame.columns)
    if KEYS["missed"] in fields:
        return "missed"
    kinds = [kind for kind in ("rock_glaciers", "cells") if {KEYS[kind], "answer"} <= fields]
    return kinds[0] if kinds else None


def _rows(frame: pd.DataFrame, key: str, path: str, layer: str, told: Mapping[str, str]) -> gpd.GeoDataFrame:
    columns = columns_as_texts(frame, [*FIELDS, key, "missed"], lower=["answer"])
    columns["item"], columns["number"] = columns.pop(key), columns.pop("missed")
    columns["reviewer"] = columns["reviewer"].where(columns["reviewer"].notna(), told.get("reviewer"))
    rows = gpd.GeoDataFrame(columns, geometry=shapes_in_degrees(frame), crs=WGS84)
    rows = rows.assign(file=path, layer=layer, row=frame.index.to_numpy(), version=told.get("fingerprint"))
    return rows.astype(dict.fromkeys(COLUMNS, object))[[*COLUMNS, "geometry"]]


def _together(parts: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [part for part in parts if len(part)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    return gpd.GeoDataFrame({name: pd.Series(dtype=object) for name in COLUMNS}, geometry=[], crs=WGS84)


def _sound(rows: gpd.GeoDataFrame, kind: str, reviewers: Sequence[str], faults: list[str]) -> gpd.GeoDataFrame:
    """Return the rows that say something and can be used; each fault of the others becomes a line."""
    if kind == "missed":
        rows = rows[rows.geometry.notna()]
    else:
        rows = rows[rows["answer"].notna() | (rows["number"].notna() if kind == "cells" else False)]
    known = [unicodedata.normalize("NFC", name) for name in reviewers]
    wrong = {row.Index: list(_row_faults(row, kind, known)) for row in rows.itertuples()}
    faults += [f"{place(row)}: {fault}" for row in rows.itertuples() for fault in wrong[row.Index]]
    return rows.drop(index=[index for index, found in wrong.items() if found])


def _row_faults(row: Any, kind: str, reviewers: Sequence[str]) -> Iterator[str]:
    if kind != "missed" and row.answer not in ANSWERS:
        yield f"answer {_quoted(row.answer)} is none of {', '.join(ANSWERS)}"
    if kind != "missed" and row.item is None:
        yield f"an answer without {KEYS[kind]}; copy it from the package"
    if row.reviewer not in reviewers:
        near = difflib.get_close_matches(row.reviewer or "", reviewers, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"expected {', '.join(reviewers)}"
        yield f"reviewer {_quoted(row.reviewer)} is not in the config (validation.reviewers, adjudicator); {hint}"
    if row.number is not None and not row.number.isdecimal():
        yield f"missed '{row.number}' is no whole number"


def _quoted(text: str | None) -> str:
    return "(empty)" if text is None else f"'{text}'"


def once(rows: gpd.GeoDataFrame, what: str, faults: list[str]) -> gpd.GeoDataFrame:
    """Return one row per reviewer and item, by their index; the same answer given twice counts once.

    Args:
        rows: With the item that each row speaks of.
        what: What the items are, for messages.
        faults: Takes a line for every item on which a reviewer says different things.
    """
    for (reviewer, item), group in rows.groupby(["reviewer", "item"], sort=True):
        if len(group[["answer", "number"]].drop_duplicates()) > 1:
            told = "; ".join(f"{row.answer} ({place(row)})" for row in group.itertuples())
            faults.append(f"{reviewer} answers differently on {what} {item}: {told}; keep one of them")
    return rows.drop_duplicates(["reviewer", "item"])


def table(rows: pd.DataFrame, column: str, items: Iterable[str], reviewers: Sequence[str]) -> pd.DataFrame:
    """Return one column of the answers with a row per item and a column per reviewer; null where there is none."""
    wide = rows.pivot(index="item", columns="reviewer", values=column) if len(rows) else pd.DataFrame()
    return wide.reindex(index=list(items), columns=list(reviewers)).astype(object).where(lambda one: one.notna(), None)
