"""Files that are either whole or absent: every product is written beside its target and renamed into place."""

import errno
import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

GPKG_VERSION = "1.3"  # QGIS 3.22 warns of 1.4
HOST = re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `target` that takes its place when the block ends well.

    The temporary file keeps the suffix, by which GDAL drivers know the format. When the block fails (a full disk, an
    interrupt), it is removed and an older `target` stays as it was. What a killed process of this host left beside the
    target is cleared away first; a process that still runs, here or elsewhere, keeps its own temporary file.

    Raises:
        OSError: There was no room for the file; the message names `target`.
    """
    target = Path(target)
    temporary = temporary_beside(target)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, target)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        what = f"could not write {target}: {error.strerror}; make room and run again, an older file is as it was"
        raise OSError(error.errno, what) from error
    finally:
        for left in target.parent.glob(f"{temporary.name}*"):  # SQLite leaves -journal and -wal beside it
            left.unlink()


def temporary_beside(target: Path) -> Path:
    """Return a name beside `target` for this process of this host, after clearing what dead ones left there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(target)
    return target.with_name(f".{target.stem}.partial-{HOST}-{os.getpid()}{target.suffix}")


def _clear_leftovers(target: Path) -> None:
    for left in target.parent.glob(f".{target.stem}.partial-{HOST}-*"):
        owner = re.search(rf"partial-{HOST}-(\d+)", left.name)  # also in a.gpkg-journal and a.tif.ovr.tmp
        if not owner or _is_running(int(owner[1])):
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_vector(path: str | Path, layer: str | None = None, encoding: str | None = None) -> gpd.GeoDataFrame:
    """Read one layer of any vector format; what is no geometry at all (an unclosed ring) becomes None.

    Args:
        path: The file.
        layer: Its layer; None takes the only one.
        encoding: Of its texts, where the file states none or a wrong one; None trusts the file.

    Raises:
        ValueError: The file holds several layers and none was named, or the layer has no geometry or no CRS.
        UnicodeDecodeError: The texts are in another encoding.
    """
    layers = [name for name, _ in pyogrio.list_layers(path)]
    if layer is None and len([name for name in layers if name != "layer_styles"]) > 1:
        raise ValueError(f"{path} holds the layers {', '.join(layers)}; name the one to read")
    if layer is not None and layer not in layers:
        raise ValueError(f"{path} has no layer '{layer}'; it holds {', '.join(layers)}")
    frame = gpd.read_file(path, layer=layer or layers[0], engine="pyogrio", on_invalid="ignore", encoding=encoding)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise ValueError(f"{path} is a table without geometry; expected a layer of outlines")
    if frame.crs is None:
        raise ValueError(
            f"{path} states no coordinate reference system, so its polygons could lie anywhere; "
            "assign the right one (in QGIS: Layer > Set CRS, then export; a shapefile needs its .prj)"
        )
    return frame


def write_layers(
    path: str | Path, layers: Mapping[str, pd.DataFrame], geometry_type: str | Mapping[str, str] | None = None
) -> None:
    """Write a GeoPackage of several layers, whole or not at all.

    Args:
        path: The target; replaced if it exists.
        layers: Frames by layer name; one without geometry becomes an attribute table.
        geometry_type: Type of every layer ("MultiPolygon"), or that of some by name; None, or a name left out, derives
            it from the geometries, polygons as multipolygons.

    Raises:
        OSError: The file could not be written, for instance on a full disk; an older one is left as it was.
    """
    with replacing(path) as temporary:
        for name, frame in layers.items():
            kind = geometry_type.get(name) if isinstance(geometry_type, Mapping) else geometry_type
            _write_layer(frame, temporary, name, kind, path)
        _check_layers(temporary, layers, path)


def _write_layer(
    frame: pd.DataFrame, temporary: Path, layer: str, geometry_type: str | None, target: str | Path
) -> None:
    spatial = isinstance(frame, gpd.GeoDataFrame)
    kind = geometry_type or (None if len(frame) else "Unknown") if spatial else None
    polygons = spatial and bool(frame.geom_type.isin(["Polygon", "MultiPolygon"]).any())
    try:
        pyogrio.write_dataframe(
            frame,
            temporary,
            layer=layer,
            driver="GPKG",
            geometry_type=kind,
            promote_to_multi=polygons if kind is None else kind.startswith("Multi"),
            dataset_options={"VERSION": GPKG_VERSION},
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
        raise OSError(f"could not write {target}: {error}; is the disk full?") from error


def _check_layers(temporary: Path, layers: Mapping[str, pd.DataFrame], target: str | Path) -> None:
    """Check that every row arrived, every spatial index, and every layer's last trigger, which GDAL writes at the end.

    GDAL only logs that the disk had no room for them.
    """
    with closing(sqlite3.connect(temporary)) as database:
        parts = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        for name, frame in layers.items():
            rows = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            wanted = {f"trigger_delete_feature_count_{name}"}
            wanted |= {f"rtree_{name}_geom"} if isinstance(frame, gpd.GeoDataFrame) else set()
            if rows != len(frame) or not wanted <= parts:
                missing = ", ".join(sorted(wanted - parts)) or "nothing else"
                raise OSError(
                    f"could not write {target}: layer '{name}' has {rows} of {len(frame)} rows and lacks {missing}; "
                    "is the disk full?"
                )


def write_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a CSV table, whole or not at all; missing values are empty cells."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
