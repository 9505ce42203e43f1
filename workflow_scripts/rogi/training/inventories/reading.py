"""Training inventories as their authors share them: any vector format, or rasters of labels."""

import codecs
import logging
import re
from collections.abc import Iterator, Mapping
from glob import glob
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.config import file_name, unknown_name
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.handed_in import texts
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.training.inventories.labels import SUFFIXES, label_polygons
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, KEPT, LEFT_OUT

ABOUT = ("mapper", "year", "footprint", "region", "kind")  # what a file may say of single outlines
FOOTPRINTS = ("extended", "restricted", "unknown")
_YEAR = re.compile(r"(?:18|19|20)\d\d")


def read_inventory(entry: Mapping[str, Any], grid: PixelGrid | None) -> gpd.GeoDataFrame:
    """Read one inventory, or negatives, without changing a shape.

    Args:
        entry: Of the config (`inventories` or `negatives`).
        grid: Of the imagery, on which rasters of labels must lie; None does not ask.

    Returns:
        One row per feature of the files: `uid`, `inventory`, `original_id`, those of `ABOUT` that the entry has,
        `outcome` and `reason` (dropped and why, where the config leaves it out), geometry in EPSG:4326 or null.

    Raises:
        ValueError: No file, or one that lacks a CRS, the named layer or a named field, or is in another encoding.
    """
    paths = sorted(glob(entry["path"]))
    if not paths:
        raise ValueError(f"inventory {entry['name']}: there is no file {entry['path']}")
    frames = [_rows(_read_file(path, entry, grid), entry, _prefix(entry, path)) for path in paths]
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=WGS84)


def _prefix(entry: Mapping[str, Any], path: str) -> str:
    """Return what uid's of a file start with: of several files, the part of the path that tells it from the others."""
    name = file_name(entry["name"])
    if path == entry["path"]:
        return f"{name}-"
    stated = re.split(r"[*?[]", entry["path"])[0]
    return f"{name}-{file_name(path.removeprefix(stated))}-"


def _read_file(path: str, entry: Mapping[str, Any], grid: PixelGrid | None) -> gpd.GeoDataFrame:
    frame = label_polygons(path, grid) if path.lower().endswith(SUFFIXES) else _read_vector(path, entry)
    fields = [str(name) for name in frame.columns if name != frame.geometry.name]
    for key, field in _named_fields(entry):
        if field not in fields:
            raise ValueError(f"{path}: {unknown_name(field, fields, f'field ({key})')}")
    return frame


def _read_vector(path: str, entry: Mapping[str, Any]) -> gpd.GeoDataFrame:
    encoding = entry["encoding"]
    try:
        if encoding is not None:
            codecs.lookup(encoding)
        return read_vector(path, entry["layer"], encoding)
    except LookupError as error:
        raise ValueError(f"{path}: {error}; name a known one in the config (`encoding`), such as GBK") from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: its texts are not in {encoding or 'the encoding that the file states'} ({error}); "
            "name the right one in the config (`encoding`), such as GBK or latin-1"
        ) from error


def _named_fields(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if entry["id_field"] is not None:
        yield "id_field", entry["id_field"]
    yield from ((f"fields.{name}", field) for name, field in entry["fields"].items())
    yield from (("leave_out", field) for field in entry["leave_out"])


def _rows(raw: gpd.GeoDataFrame, entry: Mapping[str, Any], prefix: str) -> pd.DataFrame:
    numbers = pd.Series([str(number) for number in range(len(raw))], dtype=object)
    ids = numbers if entry["id_field"] is None else texts(raw[entry["id_field"]])
    left_out = _left_out(raw, entry["leave_out"])
    columns = {
        "uid": prefix + numbers,
        "inventory": entry["name"],
        "original_id": ids.where(ids.notna(), numbers),
        **{name: _about(raw, entry, name) for name in ABOUT if name in entry},
        "outcome": left_out.where(left_out == "", DROPPED).replace("", KEPT),
        "reason": left_out,
        "geometry": shapely.force_2d(raw.geometry.to_crs(WGS84).array),
    }
    return pd.DataFrame(columns)


def _left_out(raw: gpd.GeoDataFrame, leave_out: Mapping[str, list[Any]]) -> pd.Series:
    """Return why each feature is left out by the config, an empty text where it is not."""
    reasons = pd.Series([""] * len(raw), dtype=object)
    for field, values in leave_out.items():
        found = texts(raw[field])
        hit = found.isin([str(value) for value in values])
        reasons = reasons.where(~hit, f"{LEFT_OUT}: {field} is " + found.astype(str))
    return reasons


def _about(raw: gpd.GeoDataFrame, entry: Mapping[str, Any], name: str) -> pd.Series:
    """Return what the file says of each outline, and what the config says where the file says nothing."""
    stated, field = entry[name], entry["fields"].get(name)
    told = pd.Series([None] * len(raw), dtype=object) if field is None else texts(raw[field])
    values = pd.Series([_understood(name, text) for text in told], dtype=object)
    odd = told[told.notna() & values.isna()]
    if len(odd):
        logging.getLogger("rogi").warning(
            "inventory %s: %d values of field '%s' are no %s, such as '%s'; taken as %s",
            *(entry["name"], len(odd), field, name, odd.iloc[0], stated or "unknown"),
        )
    values = values.where(values.notna(), stated)
    return values.astype("Int64") if name == "year" else values.astype("str")


def _understood(name: str, text: str | None) -> str | int | None:
    if text is None:
        return None
    if name == "year":
        return int(found[0]) if (found := _YEAR.search(text)) else None
    if name == "footprint":
        return text.lower() if text.lower() in FOOTPRINTS else None
    return text
