"""Vector files that people hand in: any format, any CRS, changed field types, each row with its place for messages."""

import datetime
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from workflow_scripts.rogi.geodesy import WGS84

STYLES = "layer_styles"  # of QGIS


def read_file(path: str, faults: list[str]) -> dict[str, pd.DataFrame] | None:
    """Return the layers of a file, their field names in lower case, their rows by feature id; the styles left out.

    None, with a line in `faults`, for what is no vector file, and where two fields of a layer differ by case alone.
    """
    try:
        names = [name for name, _ in pyogrio.list_layers(path) if name != STYLES]
        layers = {name: _read_layer(path, name) for name in names}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as error:
        faults.append(f"{path} cannot be read as a vector file ({error}); save it again or take it out of the folder")
        return None
    doubled = [
        f"{path}, layer {name} has the field {field} twice, in capital and small letters; keep one of them"
        for name, frame in layers.items()
        for field in frame.columns[frame.columns.duplicated()]
    ]
    faults += doubled
    return None if doubled else layers


def _read_layer(path: str, layer: str) -> pd.DataFrame:
    frame = pyogrio.read_dataframe(path, layer=layer, fid_as_index=True, on_invalid="ignore")
    return frame.rename(columns={name: str(name).lower() for name in frame.columns if name != "geometry"})


def crs_fault(frame: pd.DataFrame) -> str | None:
    """Return what is wrong with a layer whose shapes could lie anywhere, else None."""
    if isinstance(frame, gpd.GeoDataFrame) and frame.crs is None and frame.geometry.notna().any():
        return "states no coordinate reference system; assign the right one and save the file again"
    return None


def shapes_in_degrees(frame: pd.DataFrame) -> list[shapely.Geometry | None]:
    """Return the shapes of a layer in EPSG:4326 without a third coordinate; None for rows of a table."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return [None] * len(frame)
    return list(frame.geometry.force_2d().set_crs(frame.crs or WGS84).to_crs(WGS84))


def keys_and_values(layers: Iterable[pd.DataFrame]) -> dict[str, str]:
    """Return what the table of a package says of it; nothing for a plain file."""
    tables = [frame for frame in layers if {"key", "value"} <= set(frame.columns)]
    pairs = (pair for frame in tables for pair in zip(texts(frame["key"]), texts(frame["value"]), strict=True))
    return {key: value for key, value in pairs if key and value}


def columns_as_texts(frame: pd.DataFrame, names: Iterable[str], lower: Collection[str] = ()) -> dict[str, pd.Series]:
    """Return columns as texts, some of them in lower case; empty ones where the frame has none of that name."""
    empty = pd.Series([None] * len(frame), dtype=object)
    return {name: texts(frame[name], name in lower) if name in frame.columns else empty for name in names}


def texts(values: pd.Series, lower: bool = False) -> pd.Series:
    """Return every value as `text` does, in lower case if asked for; null where it is empty."""
    found = [text(value) for value in values]
    return pd.Series([one.lower() if one and lower else one for one in found], dtype=object)


def text(value: Any) -> str | None:
    """Return a cell as text without surrounding blanks, a day as YYYY-MM-DD, a moment with its time, nothing as None.

    Letters with accents come in two spellings, by the system that somebody typed on; NFC makes them one. A field of
    whole numbers with an empty cell becomes one of floats, which is undone.
    """
    if np.ndim(value) == 0 and pd.isna(value):  # a cell of GeoJSON may hold a list
        return None
    if isinstance(value, datetime.datetime):  # also pandas' Timestamp
        at_midnight = value.time() == datetime.time()
        return value.date().isoformat() if at_midnight else value.isoformat(timespec="seconds")
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip() or None


def place(row: Any) -> str:
    """Return where a row stands (its file, layer and feature), for messages."""
    return f"{row.file}, layer {row.layer}, feature {row.row}"


def described(layers: Mapping[str, pd.DataFrame]) -> str:
    """Return the layers of a file with their fields, for messages."""
    return (
        "; ".join(f"layer {name}: {', '.join(map(str, frame.columns))}" for name, frame in layers.items()) or "no layer"
    )
