"""What a reviewer gets: markers to judge and empty cells to search, nobody's answers, and no mapper's name."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.packages.forms import HIDDEN, MOMENT, Field, choices, number
from workflow_scripts.rogi.packages.geopackage import Layer
from workflow_scripts.rogi.packages.looks import Look, Symbol
from workflow_scripts.rogi.validation.answers import ANSWERS, FIELDS, PACKAGE
from workflow_scripts.rogi.validation.permanent import permanent_numbers

FORMAT = "1"
NOTICE = "Copy this file to {folder}/ and work in the copy: files under results/ are made anew."
TO_DO = "255,221,0"
COLORS = dict(zip(ANSWERS, ("60,180,75", "230,25,75", "0,130,255", "150,150,150"), strict=True))


def package_layers(
    sample: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, told: Mapping[str, str], seed: int
) -> list[Layer]:
    """Return the layers of a package, from top to bottom.

    Markers and cells come in an order of chance that is the reviewer's own, with their `rank` in it.

    Args:
        sample: Markers: ID and geometry; for the adjudicator also `told`, what the reviewers answered.
        cells: Cells: cell_id and geometry; likewise.
        outlines: The inventory: ID and geometry.
        told: What the package says of itself, as `facts` returns it.
        seed: The study's seed.
    """
    reviewer = told["reviewer"]
    markers, searched = _in_order(sample, "ID", reviewer, seed), _in_order(cells, "cell_id", reviewer, seed)
    nothing = gpd.GeoDataFrame(_empty(0, ("missed_in", "reviewer", "comment")), geometry=[], crs=WGS84)
    return [
        _layer("rock_glaciers", markers, "Rock glaciers to judge", "ID", "Point", reviewer),
        _layer("cells", searched, "Empty cells to search", "cell_id", "MultiPolygon", reviewer),
        Layer("missed", nothing, "Missed rock glaciers, drawn by you", _line("missed", "255,0,255,255", 0.8),
              (Field("comment", "Comment", "Missed", editable=True), Field("missed_in", "Cell", "Missed", HIDDEN, True),
               _by(reviewer)), read_only=False),
        Layer("outlines", outlines[["ID", "geometry"]], "The inventory", _line("outline", "0,0,0,255", 0.3)),
        Layer(PACKAGE, package_table(told), "About this package"),
    ]  # fmt: skip


def facts(reviewer: str, fingerprint: str, folder: str) -> dict[str, str]:
    """Return what a package says of itself, by key."""
    return {"format": FORMAT, "notice": NOTICE.format(folder=folder), "reviewer": reviewer, "fingerprint": fingerprint}


def package_table(told: Mapping[str, str]) -> pd.DataFrame:
    """Return facts as the table of keys and values that a package holds."""
    return pd.DataFrame({"key": list(told), "value": list(told.values())})


def _in_order(items: gpd.GeoDataFrame, key: str, reviewer: str, seed: int) -> gpd.GeoDataFrame:
    """Return items in the reviewer's order, with all fields to fill in."""
    ordered = items.iloc[np.argsort(permanent_numbers(items[key], seed, f"order of {reviewer}"), kind="stable")]
    ordered = ordered.reset_index(drop=True)
    blank = _empty(len(ordered), FIELDS) | {"date": pd.Series([pd.NaT] * len(ordered), dtype="datetime64[ms]")}
    blank |= {"missed": pd.Series([np.nan] * len(ordered), dtype="Int32")} if key == "cell_id" else {}
    shown = {name: ordered[name] for name in (key, "told") if name in ordered}
    columns = {"rank": np.arange(1, len(ordered) + 1), **shown, **blank, "reviewer": reviewer}
    return gpd.GeoDataFrame(columns, geometry=ordered.geometry)


def _empty(rows: int, names: tuple[str, ...]) -> dict[str, pd.Series]:
    return {name: pd.Series([None] * rows, dtype="str") for name in names}


def _layer(name: str, frame: gpd.GeoDataFrame, title: str, key: str, kind: str, reviewer: str) -> Layer:
    group, known = "Answer", "Known"
    count = (
        [Field("missed", "How many are missed (if not drawn)", group, number(99), True)] if "missed" in frame else []
    )
    told = [Field("told", "Answers of the reviewers", known)] if "told" in frame else []
    fields = (
        Field("answer", _QUESTIONS[key], group, choices(ANSWERS, "not looked at"), True),
        *count,
        Field("comment", "Comment", group, editable=True),
        Field("date", "Date", group, MOMENT, default="now()", on_update=True),
        _by(reviewer),
        *told,
        Field("rank", "Number", known),
        Field(key, "Name", known),
    )
    display = "lpad(\"rank\", 5, '0') || ' ' || coalesce(\"answer\", 'not looked at')"
    return Layer(name, frame, title, _look(kind), fields, kind, sort='"rank"', display=display, read_only=False)


_QUESTIONS = {"ID": "Is it a rock glacier?", "cell_id": "Is a rock glacier missed here?"}


def _by(reviewer: str) -> Field:
    quoted = "'" + reviewer.replace("'", "''") + "'"
    return Field("reviewer", "Reviewer", "Answer", HIDDEN, True, default=quoted, on_update=True)


def _look(kind: str) -> Look:
    """Return symbols by answer; what is still to be done is yellow."""
    dot = 3.0 if kind == "Point" else None
    fill = 255 if kind == "Point" else 0
    edge = ("0,0,0,255" if kind == "Point" else "{},255").format
    symbols = [Symbol("not looked at", f"{TO_DO},{fill}", edge(TO_DO), 0.5, dot_mm=dot)]
    symbols += [
        Symbol(one, f"{color},{fill}", edge(color), 0.5, value=one, dot_mm=dot) for one, color in COLORS.items()
    ]
    return Look(tuple(symbols), by="answer", label='"rank"')


def _line(label: str, color: str, width_mm: float) -> Look:
    return Look((Symbol(label, "0,0,0,0", color, width_mm),))
