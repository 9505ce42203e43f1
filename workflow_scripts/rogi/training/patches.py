"""Reading patches; `records.py` writes them."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
import torch

from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.records import DATASET, read_table


class PatchFile:
    """A patch file. Every process reads through a handle of its own, so that workers may be forked or spawned.

    Attributes:
        bands: Names of the image's bands.
        channels: Names of the further channels.
        size_px: Side of a patch.
        min_valid_share: Least share of valid pixels that a patch may have, also after a split has blanked part of it.
        table: One row per patch, with the columns of `records.COLUMNS`.
    """

    def __init__(self, path: str | Path) -> None:
        """Read names and table; patches are read when asked for.

        Raises:
            ValueError: The file holds no patches of the form that is written here.
        """
        self.path = path
        self._handle: tuple[int, h5py.File] | None = None
        with h5py.File(path, "r") as file:
            if DATASET not in file or "min_valid_share" not in file.attrs:
                raise ValueError(f"{path} has no dataset '{DATASET}' of records; make it anew with rule cut_patches")
            self.bands, self.channels = ([str(name) for name in file.attrs[key]] for key in ("bands", "channels"))
            self.size_px = int(file[DATASET].dtype["label"].shape[0])
            self.min_valid_share = float(file.attrs["min_valid_share"])
            self.table = read_table(file)

    def __len__(self) -> int:
        """Return the number of patches."""
        return len(self.table)

    def read(self, numbers: Sequence[int] | np.ndarray) -> Batch:
        """Return patches by their numbers (rows of the table), in the order given, repeated where a number is."""
        shape = len(numbers), self.size_px, self.size_px
        image = np.empty((shape[0], len(self.bands), *shape[1:]), np.uint8)
        channels = np.empty((shape[0], len(self.channels), *shape[1:]), np.float32)
        label, valid = np.empty(shape, bool), np.empty(shape, bool)
        store = self._open()[DATASET]
        record = np.empty(1, store.dtype)
        for position, number in enumerate(numbers):
            # The record as it lies in the file; HDF5's own way through memory types takes three times as long.
            store.id.read_direct_chunk((int(number),), out=record.view(np.uint8))
            image[position], label[position], valid[position] = (
                record[name][0] for name in ("image", "label", "valid")
            )
            if self.channels:
                channels[position] = record["channels"][0]
        return Batch(*(torch.from_numpy(part) for part in (image, channels, label, valid)))

    def _open(self) -> h5py.File:
        """Return this process's handle; one that a fork brought along is shared with its parent and is left alone."""
        if self._handle is None or self._handle[0] != os.getpid():
            self._handle = os.getpid(), h5py.File(self.path, "r")
        return self._handle[1]

    def close(self) -> None:
        """Close the file; it is opened again when a patch is asked for."""
        if self._handle is not None and self._handle[0] == os.getpid():
            self._handle[1].close()
        self._handle = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: all but the handle."""
        return self.__dict__ | {"_handle": None}

    def __enter__(self) -> "PatchFile":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()
