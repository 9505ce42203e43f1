"""Patch storage: one HDF5 file of uint8 arrays, contiguous patch by patch, so that a patch is one sequential read.

Datasets: `image` (n, bands, size, size) uint8, `label` (n, size, size) uint8 0/1, `valid` (n, size, size) uint8 0/1,
and `validation` (n,) uint8, 1 for patches that are kept from training.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from workflow_scripts.rogi.files import replacing


@dataclass(frozen=True)
class Patch:
    """One training sample.

    Attributes:
        image: uint8 (bands, size, size); 0 where not valid.
        label: bool (size, size), True on rock glaciers.
        valid: bool (size, size), False where there is no imagery or where the patch may not be looked at.
        validation: True when it is kept from training.
    """

    image: np.ndarray
    label: np.ndarray
    valid: np.ndarray
    validation: bool


def write_patches(path: str | Path, patches: Iterable[Patch], bands: list[str], size: int) -> None:
    """Write patches one by one, whole file or none."""
    shapes = {"image": (len(bands), size, size), "label": (size, size), "valid": (size, size), "validation": ()}
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["bands"] = bands
        stores = {
            name: file.create_dataset(name, (0, *shape), "uint8", maxshape=(None, *shape), chunks=(1, *shape))
            for name, shape in shapes.items()
        }
        for number, patch in enumerate(patches):
            for name, store in stores.items():
                store.resize(number + 1, axis=0)
                store[number] = getattr(patch, name)


class PatchFile:
    """An open patch file; arrays are read when asked for."""

    def __init__(self, path: str | Path) -> None:
        """Open the file."""
        self.file = h5py.File(path, "r")
        self.bands = [str(name) for name in self.file.attrs["bands"]]
        self.validation = self.file["validation"][:].astype(bool)

    def numbers(self, validation: bool) -> np.ndarray:
        """Return the positions of the validation or of the training patches."""
        return np.flatnonzero(self.validation == validation)

    def read(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return image, label and valid of some patches, in the order given."""
        image, label, valid = (
            np.stack([self.file[name][number] for number in numbers]) for name in ("image", "label", "valid")
        )
        return image, label.astype(bool), valid.astype(bool)

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return mean and standard deviation per band over the valid pixels of the training patches.

        Raises:
            ValueError: There is no valid training pixel.
        """
        count, total, squares = 0, np.zeros(len(self.bands)), np.zeros(len(self.bands))
        for number in self.numbers(validation=False):
            pixels = self.file["image"][number][:, self.file["valid"][number] > 0].astype(np.float64)
            count += pixels.shape[1]
            total += pixels.sum(axis=1)
            squares += (pixels**2).sum(axis=1)
        if not count:
            raise ValueError("no training patch holds a valid pixel; do the inventories lie on the imagery?")
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, 1e-6))
        return tuple(mean.tolist()), tuple(deviation.tolist())

    def close(self) -> None:
        """Close the file."""
        self.file.close()
