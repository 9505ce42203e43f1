"""Review edits as people hand them in: any vector format, any CRS, each with its place for messages and the log."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.handed_in import (
    columns_as_texts,
    crs_fault,
    described,
    keys_and_values,
    read_file,
    shapes_in_degrees,
)

OPERATIONS = ("remain", "remove", "refine", "split", "merge", "retrieve")
REASONS = ("debris-covered glacier", "rock avalanche", "debris flow", "water", "shadow", "other")
CONFIDENCES = ("low", "medium", "high")
FIELDS = ("candidate_id", "operation", "mapper", "date")
OPTIONAL = ("reason", "merge_into", "minutes", "confidence", "comment")
COLUMNS = ("file", "layer", "row", *FIELDS, *OPTIONAL)
# Layers of a review package: what is edited, what was handed out, and a table of keys and values.
CANDIDATES, HANDED_OUT, PACKAGE = "candidates", "handed_out", "package"
FORMAT = 1  # of the packages; raised when an older reader would misread a newer package
_SHORTENED = {"candidate_": "candidate_id"}  # field names of a shapefile end after ten characters
_LISTED = ("operation", "reason", "confidence")  # answers from a list, in any case
_SLASHES = re.compile(r"^(\d{4})/(\d\d)/(\d\d)")  # QGIS writes a moment so into a shapefile, which has no such type
_AWAY = "take the file out of the folder"


class ReviewError(ValueError):
    """Review files that cannot be applied as they are; the message lists every fault."""


@dataclass
class Returned:
    """What came back from the mappers.

    Attributes:
        edits: One row per feature, then one per feature that was handed out and is gone: `COLUMNS` (text, null where
            empty; `row` is the feature id, times are ISO text), `asks_reason` (whether the file has the field reason),
            `is_deleted`, and geometry in EPSG:4326 or null.
        handed_out: The outlines that each package was made with, by candidate_id, EPSG:4326; by file.
        packages: Keys and values of each package's table; by file.
        faults: One line per file or layer that cannot be read.
    """

    edits: gpd.GeoDataFrame
    handed_out: dict[str, dict[str, shapely.Geometry]] = field(default_factory=dict)
    packages: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_edits(paths: Iterable[str]) -> Returned:
    """Read review files, which are told from other layers by their fields, whatever the layers are called."""
    told = Returned(_as_edits(pd.DataFrame({name: [] for name in FIELDS}), "", ""))
    frames = [frame for path in sorted(paths) for frame in _read_file(path, told)]
    if filled := [frame for frame in frames if len(frame)]:
        told.edits = pd.concat(filled, ignore_index=True)
    return told


def _read_file(path: str, told: Returned) -> list[gpd.GeoDataFrame]:
    if (read := read_file(path, told.faults)) is None:
        return []
    layers = {name: frame.rename(columns=_SHORTENED) for name, frame in read.items()}
    edited = {name: frame for name, frame in layers.items() if "operation" in frame.columns}
    if not edited:
        told.faults.append(f"{path}: no layer has the field 'operation'; found {described(layers)}; add it, or {_AWAY}")
        return []
    frames = [sound for name, frame in edited.items() if (sound := _sound(frame, path, name, told.faults)) is not None]
    others = {name: frame for name, frame in layers.items() if name not in edited}
    told.packages[path] = keys_and_values(others.values())
    handed = _handed_out(others)
    if handed:
        frames.append(
            _deleted(_as_edits(others[handed][["candidate_id", "geometry"]], path, handed), frames, told, path)
        )
    for name in sorted(others.keys() - {handed}) if not told.packages[path] else ():
        logging.getLogger("rogi").warning("%s: layer %s has no field 'operation' and is left out", path, name)
    whose = told.packages[path].get("mapper")
    return [frame.assign(mapper=frame["mapper"].where(frame["mapper"].notna(), whose)) for frame in frames]


def _handed_out(layers: Mapping[str, pd.DataFrame]) -> str | None:
    """Return the layer of outlines as handed out, also where somebody has renamed it; None where there is none."""
    able = [name for name, frame in layers.items() if {"candidate_id", "geometry"} <= set(frame.columns)]
    return HANDED_OUT if HANDED_OUT in able else able[0] if len(able) == 1 else None


def _sound(frame: pd.DataFrame, path: str, layer: str, faults: list[str]) -> gpd.GeoDataFrame | None:
    """Return a layer of edits, None after noting why it cannot be used."""
    where = f"{path}, layer {layer}"
    missing = [name for name in FIELDS if name not in frame.columns]
    if missing:
        faults.append(f"{where} lacks the fields {', '.join(missing)}; found {', '.join(frame.columns)}; add them")
        return None
    if fault := crs_fault(frame):
        faults.append(f"{where} {fault}")
        return None
    return _as_edits(frame, path, layer)


def _as_edits(frame: pd.DataFrame, path: str, layer: str) -> gpd.GeoDataFrame:
    columns = columns_as_texts(frame, COLUMNS[3:], lower=_LISTED)
    columns["date"] = pd.Series([said and _SLASHES.sub(r"\1-\2-\3", said) for said in columns["date"]], dtype=object)
    edits = gpd.GeoDataFrame(columns, geometry=shapes_in_degrees(frame), crs=WGS84).astype(
        dict.fromkeys(columns, object)
    )
    edits = edits.assign(file=path, layer=layer, row=frame.index.to_numpy())
    edits = edits.assign(asks_reason="reason" in frame.columns, is_deleted=False)
    return edits.reindex(columns=[*COLUMNS, "asks_reason", "is_deleted", "geometry"])


def _deleted(
    handed: gpd.GeoDataFrame, frames: Iterable[gpd.GeoDataFrame], told: Returned, path: str
) -> gpd.GeoDataFrame:
    """Note what was handed out, and return a row for every feature of it that the file no longer holds."""
    told.handed_out[path] = dict(zip(handed["candidate_id"], handed.geometry, strict=True))
    there = {name for frame in frames for name in frame["candidate_id"]}
    return handed[~handed["candidate_id"].isin(there)].assign(is_deleted=True)
