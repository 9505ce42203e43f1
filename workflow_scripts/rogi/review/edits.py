"""Review edits as people hand them in: any vector format, any CRS, each with its place for messages and the log."""

import datetime
import logging
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from workflow_scripts.rogi.geodesy import WGS84

OPERATIONS = ("remain", "remove", "refine", "retrieve")
FIELDS = ("candidate_id", "operation", "mapper", "date")
COLUMNS = ("file", "layer", "row", *FIELDS, "comment")
_SHORTENED = {"candidate_": "candidate_id"}  # field names of a shapefile end after ten characters


class ReviewError(ValueError):
    """Review files that cannot be applied as they are; the message lists every fault."""


def read_edits(paths: Iterable[str]) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read review files.

    Returns:
        The edits, one row per feature: `COLUMNS` (text, null where empty; `row` is the feature id, `date` is text)
        and geometry in EPSG:4326 or null; and one line per file or layer that cannot be read.
    """
    faults: list[str] = []
    frames = [frame for path in sorted(paths) for frame in _read_file(path, faults)]
    if not frames:
        return gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry=[], crs=WGS84), faults
    return pd.concat(frames, ignore_index=True), faults


def place(edit: Any) -> str:
    """Return where an edit stands, for messages."""
    return f"{edit.file}, layer {edit.layer}, feature {edit.row}"


def _read_file(path: str, faults: list[str]) -> list[gpd.GeoDataFrame]:
    try:
        names = [name for name, _ in pyogrio.list_layers(path) if name != "layer_styles"]
        layers = {name: _read_layer(path, name) for name in names}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        faults.append(f"{path} cannot be read as a vector file ({error}); save it again or take it out of the folder")
        return []
    edited = {name: frame for name, frame in layers.items() if "operation" in frame.columns}
    if not edited:
        found = "; ".join(f"layer {name}: {', '.join(map(str, frame.columns))}" for name, frame in layers.items())
        faults.append(f"{path}: no layer has the field 'operation'; found {found or 'no layer'}; add it, or {_AWAY}")
    for name in layers.keys() - edited.keys():
        logging.getLogger("rogi").warning("%s: layer %s has no field 'operation' and is left out", path, name)
    return [frame for name, layer in edited.items() if (frame := _as_edits(layer, path, name, faults)) is not None]


_AWAY = "take the file out of the folder"


def _read_layer(path: str, layer: str) -> pd.DataFrame:
    frame = pyogrio.read_dataframe(path, layer=layer, fid_as_index=True, on_invalid="ignore")
    lower = {column: str(column).lower() for column in frame.columns if column != "geometry"}
    return frame.rename(columns={column: _SHORTENED.get(name, name) for column, name in lower.items()})


def _as_edits(frame: pd.DataFrame, path: str, layer: str, faults: list[str]) -> gpd.GeoDataFrame | None:
    where = f"{path}, layer {layer}"
    missing = [name for name in FIELDS if name not in frame.columns]
    if missing:
        faults.append(f"{where} lacks the fields {', '.join(missing)}; found {', '.join(frame.columns)}; add them")
        return None
    drawn = isinstance(frame, gpd.GeoDataFrame)
    if drawn and frame.crs is None and any(shape is not None for shape in frame.geometry):
        faults.append(f"{where} states no coordinate reference system; assign the right one and save the file again")
        return None
    empty = pd.Series([None] * len(frame), dtype=object)
    columns = {name: _texts(frame[name]) if name in frame.columns else empty for name in (*FIELDS, "comment")}
    shapes = frame.geometry.force_2d().set_crs(frame.crs or WGS84).to_crs(WGS84).to_numpy() if drawn else None
    edits = gpd.GeoDataFrame(columns, geometry=shapes if drawn else [None] * len(frame), crs=WGS84)
    edits["operation"] = edits["operation"].map(str.lower, na_action="ignore")
    return edits.assign(file=path, layer=layer, row=frame.index.to_numpy()).reindex(columns=[*COLUMNS, "geometry"])


def _texts(values: pd.Series) -> pd.Series:
    return pd.Series([_text(value) for value in values], dtype=object)


def _text(value: Any) -> str | None:
    """Return a cell as text without surrounding blanks, a date as YYYY-MM-DD, nothing as None."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, datetime.datetime):  # also pandas' Timestamp
        return value.date().isoformat()
    return str(value).strip() or None
