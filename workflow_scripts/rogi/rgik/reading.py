"""Anybody's file as layers of the schema: names of layers and fields recognised, and told where they are others."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyogrio
from pyproj.exceptions import ProjError

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.rgik.findings import WARNING, Check, Finding
from workflow_scripts.rogi.rgik.schema import BY_CODE, LAYERS, Layer, plain

SUFFIXES = (".gpkg", ".shp", ".geojson", ".json", ".fgb")
NO_DATA = ("layer_styles",)  # QGIS keeps its styles there
# The last is a shapefile whose .cpg names another encoding than that of its .dbf.
DAMAGED = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    UnicodeDecodeError,
)
UNREADABLE = Check("file or layer can be read", "a vector file", "open it in QGIS and save it anew, as UTF-8")
UNKNOWN_LAYER = Check(
    "layer is recognised", "AOI, PM, MA or GO in the name, or fields of theirs", "rename it if it is one of them", "",
    WARNING,
)  # fmt: skip
GUESSED = Check("layer is named", "AOI, PM, MA or GO in the name", "rename it", "", WARNING)
OTHER_CRS = Check("CRS", "EPSG:4326", "reproject it (in QGIS: Export > Save Features As)", "", WARNING)
NO_CRS = Check("CRS", "EPSG:4326", "assign the right one (in QGIS: Layer > Set CRS, then export)")


class Part(NamedTuple):
    """One layer of a file.

    Attributes:
        layer: What it is.
        name: What it is called.
        frame: Its features in EPSG:4326, with the fields' names of the schema; indexed by layer and feature number.
    """

    layer: Layer
    name: str
    frame: gpd.GeoDataFrame


def read_parts(path: str | Path) -> tuple[list[Part], list[Finding]]:
    """Read a file of any vector format, or a folder of such files.

    Returns:
        The layers that were recognised, and what was found on the way.

    Raises:
        FileNotFoundError: There is no such file, or none that is read in the folder.
    """
    parts: list[Part] = []
    findings: list[Finding] = []
    for file in _files(Path(path)):
        try:
            listed = [(str(name), kind) for name, kind in pyogrio.list_layers(file) if name not in NO_DATA]
        except DAMAGED as error:
            findings.append(UNREADABLE.of(file.name, error))
            continue
        for name, kind in listed:
            part, told = _read(file, name, str(kind))
            parts += [part] if part else []
            findings += told
    return parts, findings


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    found = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    if not found:
        raise FileNotFoundError(f"{path} holds no vector file; looked for {', '.join(SUFFIXES)}")
    return found


def _read(file: Path, name: str, kind: str) -> tuple[Part | None, list[Finding]]:
    try:
        frame = pyogrio.read_dataframe(file, layer=name, fid_as_index=True, on_invalid="ignore")
    except DAMAGED as error:
        return None, [UNREADABLE.of(name, error)]
    layer = layer_of_name(name) or (layer_of_name(file.stem) if file.stem != name else None)
    guess = layer or _layer_of_fields(frame.columns, kind)
    if guess is None or not isinstance(frame, gpd.GeoDataFrame):
        return None, [UNKNOWN_LAYER.of(name, f"a layer with the fields {', '.join(map(str, frame.columns)) or 'none'}")]
    findings = [] if layer else [GUESSED.of(name, f"fields of {guess.code}")]
    names = field_names(frame.columns, guess)
    findings += _renamed(names, name)
    frame = frame.rename(columns=names)
    frame.index = pd.MultiIndex.from_arrays([[name] * len(frame), list(frame.index)])
    if frame.crs is None:
        findings.append(NO_CRS.of(name, "none stated"))
    elif frame.crs != WGS84:
        findings.append(OTHER_CRS.of(name, frame.crs.name))
    try:
        frame = frame.set_crs(WGS84) if frame.crs is None else frame.to_crs(WGS84)
    except ProjError:  # a drawing's own metres
        return None, [*findings, NO_CRS.of(name, f"{frame.crs.name}, which has no place on the globe")]
    return Part(guess, name, frame), findings


def layer_of_name(name: str) -> Layer | None:
    """Return the layer that a name speaks of: the code as a word of its own, or its words; None for none or several."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    said = re.sub(r"[^a-z]+", " ", name.lower())
    found = [layer for layer in LAYERS if layer.code.lower() in words or any(word in said for word in layer.words)]
    return found[0] if len(found) == 1 else None


def _layer_of_fields(columns: Iterable[object], kind: str) -> Layer | None:
    there = {plain(str(column)) for column in columns}
    if "primaryid" in there and "Point" in kind:
        return BY_CODE["PM"]
    marks = (("outtype", "GO"), ("velclass", "MA"))
    return next((BY_CODE[code] for mark, code in marks if mark in there and "Polygon" in kind), None)


def field_names(columns: Iterable[object], layer: Layer) -> dict[str, str]:
    """Return the schema's name of every column that is one of its fields, spelled in whatever way.

    `Upsl.Con.`, `upsl_con` and `UPSLCON` are `UpslCon`. A column of the very name goes before others.
    """
    there = [str(column) for column in columns]
    spelled = {plain(name): name for name in layer.names}
    found: dict[str, str] = {name: name for name in there if name in layer.names}
    for column in there:
        name = spelled.get(plain(column))
        if name and name not in found.values() and column != "geometry":
            found[column] = name
    return found


def _renamed(names: dict[str, str], layer: str) -> Iterator[Finding]:
    for column, name in names.items():
        if column != name:
            form = "the dotted name of PyRogi and the QGIS templates" if "." in column else "another spelling"
            yield Check("name of a field", name, f"rename it; it is taken for {name}", column, WARNING).of(
                layer, f"{column}, {form}"
            )
