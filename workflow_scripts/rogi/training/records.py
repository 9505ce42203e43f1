"""How patches are stored: an HDF5 file in which one record is all of one patch, so that a patch is one sequential read.

Dataset `patches`: compound records of `image` uint8 (bands, size, size), `channels` float32 (channels, size, size; NaN
where missing; only where the study has channels), `label` and `valid` uint8 0/1 (size, size); a chunk is one record.
Attributes `bands` and `channels`, their names, and `min_valid_share`. Group `table`: a dataset per column of COLUMNS.
No time, name or path of a machine is stored, and numbers are little-endian, so the same patches are the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from workflow_scripts.rogi.files import replacing

DATASET, TABLE, TEXT = "patches", "table", "text"
# What is known of a patch: whose it is, what it shows, where it lies (global pixels), and how good its imagery is.
COLUMNS = {
    "uid": TEXT,
    "kind": TEXT,
    "inventory": TEXT,
    "look": TEXT,
    "row_off": "<i8",
    "col_off": "<i8",
    "valid_share": "<f8",
    "rock_glacier_share": "<f8",
    "cloud_share": "<f8",
    "shadow_share": "<f8",
    "snow_share": "<f8",
    "quality": "<f8",
}


@dataclass(frozen=True)
class Patch:
    """One look at one place.

    Attributes:
        image: uint8 (bands, size, size); 0 where not valid.
        channels: float32 (channels, size, size); NaN where missing.
        label: bool (size, size), True on rock glaciers.
        valid: bool (size, size), False where there is no imagery.
    """

    image: np.ndarray
    channels: np.ndarray
    label: np.ndarray
    valid: np.ndarray


def record_type(bands: int, channels: int, size_px: int) -> np.dtype[np.void]:
    """Return the type of one record, which is free of padding."""
    plane = (size_px, size_px)
    fields: list[Any] = [("image", "u1", (bands, *plane))]
    if channels:  # HDF5 knows no arrays of length 0
        fields.append(("channels", "<f4", (channels, *plane)))
    return np.dtype([*fields, ("label", "u1", plane), ("valid", "u1", plane)])


def write_patches(
    path: str | Path,
    patches: Iterable[tuple[Patch, Mapping[str, Any]]],
    bands: Sequence[str],
    channels: Sequence[str],
    size_px: int,
    min_valid_share: float = 0.0,
) -> None:
    """Write patches one by one, whole file or none; one patch is in memory at a time.

    Args:
        path: The target.
        patches: Patches with their row of the table, which holds COLUMNS at least.
        bands: Names of the image's bands.
        channels: Names of the further channels.
        size_px: Side of a patch.
        min_valid_share: Least share of valid pixels of a patch, also of what a split leaves of a training patch.
    """
    record = np.zeros(1, record_type(len(bands), len(channels), size_px))
    rows: list[Mapping[str, Any]] = []
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["bands"], file.attrs["channels"] = _texts(bands), _texts(channels)
        file.attrs["min_valid_share"] = min_valid_share
        store = file.create_dataset(DATASET, (0,), record.dtype, maxshape=(None,), chunks=(1,))
        for number, (patch, row) in enumerate(patches):
            for name in record.dtype.names or ():
                record[name][0] = getattr(patch, name)
            store.resize(number + 1, axis=0)
            store[number] = record[0]
            rows.append(row)
        table = file.create_group(TABLE)
        for name, kind in COLUMNS.items():
            values = [row[name] for row in rows]
            table.create_dataset(name, data=_texts(values) if kind == TEXT else np.array(values, kind))


def _texts(values: Sequence[str]) -> np.ndarray:
    return np.array(list(values), h5py.string_dtype())


def read_table(file: h5py.File) -> pd.DataFrame:
    """Return the table of an open file, one row per patch, in their order."""
    table = file[TABLE]
    columns = {name: table[name].asstr()[:] if kind == TEXT else table[name][:] for name, kind in COLUMNS.items()}
    return pd.DataFrame(columns)
