"""Shapefiles, each whole or not at all although it is several files."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyogrio

from workflow_scripts.rogi.files import temporary_beside

TEXT_BYTES = 254  # the longest text that a shapefile holds


def write_shapefile(path: str | Path, frame: gpd.GeoDataFrame) -> None:
    """Write a shapefile with UTF-8 text.

    It is written into a folder beside its place and its lengths are checked; then its parts are renamed one by one,
    the .shp last.
    Texts of more than 254 bytes are cut, and counted in the log; the GeoPackage has them whole.

    Raises:
        OSError: The files could not be written, for instance on a full disk; older ones are left as they were.
    """
    path = Path(path)
    with _folder_beside(path) as folder:
        try:
            pyogrio.write_dataframe(_cut(frame, path), folder / path.name, encoding="UTF-8", layer_options=_options())
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
            raise OSError(f"could not write {path}: {error}; is the disk full?") from error
        if not is_whole(folder / path.name, len(frame)):
            raise OSError(f"could not write {path}: its files end too early; is the disk full?")
        _replace(path, folder)


def is_whole(path: Path, rows: int) -> bool:
    """Tell whether the parts of a shapefile are as long as their headers say, for a number of rows.

    GDAL may leave out the last rows of a shapefile on a full disk without saying so. The places of the lengths are
    those of the ESRI Shapefile Technical Description (1998) and of dBASE III.
    """
    shapes, index, table = (path.with_suffix(suffix) for suffix in (".shp", ".shx", ".dbf"))
    words = [int.from_bytes(_head(part)[24:28], "big") for part in (shapes, index)]
    head = _head(table)
    count, start, width = (int.from_bytes(head[at:end], "little") for at, end in ((4, 8), (8, 10), (10, 12)))
    return (
        [2 * length for length in words] == [shapes.stat().st_size, index.stat().st_size]
        and index.stat().st_size == 100 + 8 * rows
        and count == rows
        and table.stat().st_size >= start + width * rows
    )


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(100)


def _options() -> dict[str, str]:
    """Give the table the date of every other product, so that the same inventory gives the same bytes."""
    date = os.environ.get("OGR_CURRENT_DATE", "")[:10]
    return {"DBF_DATE_LAST_UPDATE": date} if date else {}


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    folder = temporary_beside(path).with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)  # a dead process may have had the number of this one
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _cut(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    texts = frame.select_dtypes(include=["str", "object"]).columns.drop(frame.geometry.name, errors="ignore")
    long = frame[texts].map(lambda text: isinstance(text, str) and len(text.encode()) > TEXT_BYTES)
    if long.to_numpy().any():
        logging.getLogger("rogi").warning("%s: %d texts cut after %d bytes", path, long.to_numpy().sum(), TEXT_BYTES)
    shorter = frame[texts].map(lambda text: text.encode()[:TEXT_BYTES].decode(errors="ignore"), na_action="ignore")
    return frame.assign(**{name: shorter[name] for name in texts})


def _replace(path: Path, folder: Path) -> None:
    written = sorted(folder.iterdir(), key=lambda part: part.suffix == ".shp")
    kept = {part.suffix for part in written}
    for part in written:
        os.replace(part, path.with_suffix(part.suffix))
    for old in path.parent.glob(f"{path.stem}.*"):
        if old.suffix in (".qix", ".sbn", ".sbx", ".idm", ".ind") and old.suffix not in kept:
            old.unlink()  # an index of the older shapefile would find wrong features in the new one
