"""The package of one mapper: the candidates to decide on, what was handed out, and what lies around."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.packages.forms import HIDDEN, MOMENT, Field, Widget, choices, number
from workflow_scripts.rogi.packages.gain import with_rank
from workflow_scripts.rogi.packages.geopackage import Layer, layer_id
from workflow_scripts.rogi.packages.looks import Look, Symbol
from workflow_scripts.rogi.review.edits import CANDIDATES, CONFIDENCES, FORMAT, HANDED_OUT, OPERATIONS, PACKAGE, REASONS

NOTICE = "Copy this file to {folder}/ and edit the copy: files under results/ are made anew."
TO_DECIDE = ("operation", "reason", "merge_into", "confidence", "comment")
COLORS = {
    "": "255,221,0",
    "remain": "60,180,75",
    "remove": "230,25,75",
    "refine": "0,130,255",
    "split": "170,80,255",
    "merge": "245,130,48",
    "retrieve": "0,220,220",
}
DECIMALS = {"probability": 3, "spread": 3, "area_m2": 0, "gain": 0}  # as people read them
TITLES = {"glaciers": "Glaciers", "debris": "Debris-covered ice"}
NEAR_DEG = 0.01  # about 1 km, where candidates to merge with are offered; choosing them does not depend on it


def package_layers(
    candidates: gpd.GeoDataFrame, others: gpd.GeoDataFrame, region: gpd.GeoDataFrame, mapper: str,
    context: Mapping[str, gpd.GeoDataFrame], told: Mapping[str, object], code: str,
) -> list[Layer]:  # fmt: skip
    """Return the layers of a mapper's package, from top to bottom.

    Args:
        candidates: The mapper's candidates, EPSG:4326.
        others: Candidates of the same subregion in other packages, with the column `mapper`.
        region: The subregion.
        mapper: The mapper's name.
        context: Glaciers and debris-covered ice by layer name ("glaciers", "debris").
        told: What the package says of itself, as `facts` returns it.
        code: Python code of the project's keys.
    """
    ranked = with_rank(candidates)
    handed_out = ranked[["candidate_id", "geometry"]]
    # Not called candidate_id: by that field the outlines as handed out are found again.
    markers = gpd.GeoDataFrame(
        {"candidate": others["candidate_id"], "mapper": others["mapper"]}, geometry=primary_markers(others.geometry)
    )
    table = pd.DataFrame({"key": list(told), "value": [str(value) for value in told.values()]})
    return [
        Layer(
            CANDIDATES, _editable(ranked, mapper), "Candidates", _look(), decision_fields(mapper), sort='"rank"',
            display="coalesce(lpad(\"rank\", 5, '0'), 'new') || ' ' || coalesce(\"operation\", 'undecided')",
            actions=(("Next undecided candidate", f"{code}\n\nnext_candidate()\n"),), read_only=False,
        ),
        Layer("markers", markers, "Candidates of other packages", _dots(), geometry_type="Point"),
        Layer(HANDED_OUT, handed_out, "Candidates as handed out", _outline("as handed out", "255,255,255,255", "dot")),
        *(Layer(name, frame, TITLES[name], _ice(name)) for name, frame in context.items()),
        Layer("subregion", region, "Subregion", _outline("subregion", "255,255,255,200", "dash")),
        Layer(PACKAGE, table, "About this package"),
    ]  # fmt: skip


def facts(subregion: str, mapper: str, fingerprint: str, created_from: str, folder: str) -> dict[str, object]:
    """Return what a package says of itself, by key."""
    return {
        "format": FORMAT,
        "notice": NOTICE.format(folder=folder),
        "subregion": subregion,
        "mapper": mapper,
        "fingerprint": fingerprint,
        "created_from": created_from,
    }


def _editable(ranked: gpd.GeoDataFrame, mapper: str) -> gpd.GeoDataFrame:
    """Return the layer that people edit: fields to fill in first, all of the type that QGIS needs for its widgets."""
    empty = pd.Series([None] * len(ranked), dtype="str")
    told = dict.fromkeys(TO_DECIDE, empty) | {
        "mapper": pd.Series([mapper] * len(ranked), dtype="str"),
        "date": pd.Series([pd.NaT] * len(ranked), dtype="datetime64[ms]"),
        "minutes": pd.Series([float("nan")] * len(ranked), dtype=float),
    }
    shown = ranked[["rank", *DECIMALS, "system_id"]].round(DECIMALS)
    return gpd.GeoDataFrame({"candidate_id": ranked["candidate_id"], **told, **shown}, geometry=ranked.geometry)


def decision_fields(mapper: str) -> tuple[Field, ...]:
    """Return the form of the candidates."""
    decision, who, known = "Decision", "Who and when", "Candidate"
    removed = "coalesce(\"operation\", '') = 'remove'"
    return (
        Field("operation", "Operation", decision, choices(OPERATIONS, "undecided"), True,
              default="CASE WHEN \"candidate_id\" IS NULL THEN 'retrieve' END"),
        Field("reason", "Reason", decision, choices(REASONS, "none"), True,
              rule=f"({removed}) = (\"reason\" IS NOT NULL)",
              explanation="A removed candidate needs a reason, any other has none."),
        Field("merge_into", "Merge into", decision, _NEIGHBOURS, True,
              rule="\"merge_into\" IS NULL OR coalesce(\"operation\", '') = 'merge'",
              explanation="Only with operation merge: the candidate_id that all merged rows name."),
        Field("confidence", "Confidence", decision, choices(CONFIDENCES, "not stated"), True),
        Field("comment", "Comment", decision, editable=True),
        Field("minutes", "Minutes", decision, number(999, 0.5), True),
        Field("mapper", "Mapper", who, editable=True, default=_quoted(mapper), on_update=True),
        Field("date", "Date", who, MOMENT, default="now()", on_update=True),
        Field("rank", "Rank", known),
        Field("candidate_id", "Candidate", known),
        Field("system_id", "System", known),
        Field("probability", "Mean probability", known),
        Field("spread", "Spread", known),
        Field("area_m2", "Area (m²)", known),
        Field("gain", "Expected gain (m²)", known, HIDDEN),
    )  # fmt: skip


_NEIGHBOURS = Widget(
    "ValueRelation",
    {
        "Layer": layer_id(CANDIDATES),
        "LayerName": "Candidates",
        "Key": "candidate_id",
        "Value": "candidate_id",
        "AllowNull": True,
        "OrderByValue": True,
        "FilterExpression": f"intersects($geometry, buffer(@current_geometry, {NEAR_DEG}))",
    },
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _look() -> Look:
    """Return the candidates' symbols: what is still to be decided is yellow and drawn boldest."""
    symbols = (
        Symbol(
            value or "undecided",
            f"{color},{90 if not value else 45}",
            f"{color},255",
            0.4 if value else 0.9,
            value=value,
        )
        for value, color in COLORS.items()
    )
    return Look(tuple(symbols), by="operation", label='"rank"')


def _outline(label: str, color: str, line: str) -> Look:
    return Look((Symbol(label, "0,0,0,0", color, 0.35, line),))


def _dots() -> Look:
    return Look((Symbol("in another package", "255,221,0,255", "0,0,0,255", 0.2, dot_mm=1.6),), label='"mapper"')


def _ice(name: str) -> Look:
    color = {"glaciers": "120,200,255", "debris": "150,110,70"}[name]
    return Look((Symbol(name, f"{color},60", f"{color},255", 0.3),))
