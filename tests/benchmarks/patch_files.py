"""The sides of the benchmark of patches: the same patches in our file and as GeoTIFFs, and how fast each is read."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from scipy.ndimage import gaussian_filter

from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.records import COLUMNS, Patch, write_patches

BANDS = ["red", "green", "blue"]
PIXEL, WEST, NORTH = 4.777314267823516, 8_800_000.0, 4_180_000.0
OURS = "patches.h5"
PASSES = 3
# Without compression, as rasterio writes by default, and deflated in one strip per row of blocks, as many tools write.
GEOTIFFS: dict[str, dict[str, Any]] = {"plain": {}, "deflate": {"compress": "deflate", "predictor": 2}}


def prepare(folder: str, count: int, size_px: int, seed: int) -> None:
    """Write patches of smooth noise, a third of each a rock glacier, in every form."""
    row: dict[str, Any] = {name: "" if kind == "text" else 0 for name, kind in COLUMNS.items()}
    for name in GEOTIFFS:
        (Path(folder) / name).mkdir()

    def patches() -> Iterator[tuple[Patch, dict[str, Any]]]:
        for number, patch in enumerate(_patches(count, size_px, seed)):
            for name, options in GEOTIFFS.items():
                _write_geotiff(_path(folder, name, number, "image"), patch.image, options)
                _write_geotiff(_path(folder, name, number, "mask"), patch.label[np.newaxis].astype(np.uint8), options)
            yield patch, row

    write_patches(Path(folder) / OURS, patches(), BANDS, [], size_px)


def _patches(count: int, size_px: int, seed: int) -> Iterator[Patch]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        relief = gaussian_filter(rng.normal(0, 1, (size_px, size_px)).astype(np.float32), 12)
        grain = rng.normal(0, 6, (len(BANDS), size_px, size_px))
        image = np.clip(110 + 600 * relief + grain, 1, 255).astype(np.uint8)
        label = relief > np.quantile(relief, 2 / 3)
        yield Patch(image, np.empty((0, size_px, size_px), np.float32), label, np.ones_like(label))


def _path(folder: str, name: str, number: int, what: str) -> Path:
    return Path(folder) / name / f"{number:05d}_{what}.tif"


def _write_geotiff(path: Path, bands: np.ndarray, options: dict[str, Any]) -> None:
    count, height, width = bands.shape
    transform = rasterio.Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH)
    shape = {"count": count, "height": height, "width": width, "dtype": "uint8", "crs": "EPSG:3857"}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, **shape, **options) as dataset:
        dataset.write(bands)


def ours(folder: str, batches: int, batch_size: int, seed: int) -> dict[str, float]:
    """Time random batches from our file."""
    store = PatchFile(Path(folder) / OURS)

    def read(numbers: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        batch = store.read(numbers)
        return batch.image, batch.label

    return _timed(read, [store.path], len(store), batches, batch_size, seed)


def geotiffs(folder: str, name: str, batches: int, batch_size: int, seed: int) -> dict[str, float]:
    """Time the same batches from one GeoTIFF of the image and one of the mask per patch."""
    images = sorted((Path(folder) / name).glob("*_image.tif"))
    masks = sorted((Path(folder) / name).glob("*_mask.tif"))

    def opened(path: Path) -> torch.Tensor:
        with rasterio.open(path) as dataset:
            return torch.from_numpy(dataset.read())

    def read(numbers: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        image = torch.stack([opened(images[number]) for number in numbers])
        return image, torch.stack([opened(masks[number])[0] > 0 for number in numbers])

    return _timed(read, [*images, *masks], len(images), batches, batch_size, seed)


def _timed(
    read: Callable[[np.ndarray], tuple[torch.Tensor, torch.Tensor]],
    files: list[Any],
    count: int,
    batches: int,
    batch_size: int,
    seed: int,
) -> dict[str, float]:
    """Return the seconds that random batches took, and their mean.

    From memory it is CPU time, best of PASSES, which other processes hardly change; from the disk the time that passed.
    """
    torch.set_num_threads(1)
    chosen = np.random.default_rng(seed).integers(0, count, (batches, batch_size))
    means = [float(image.double().mean() + label.double().mean()) for image, label in map(read, chosen)]
    passes = []
    for _ in range(PASSES):
        start = time.process_time()
        for numbers in chosen:
            read(numbers)
        passes.append(time.process_time() - start)
    disk = 0.0
    for numbers in chosen:
        _forget(files)
        start = time.perf_counter()
        read(numbers)
        disk += time.perf_counter() - start
    return {"memory": min(passes), "disk": disk, "mean": float(np.mean(means))}


def _forget(files: list[Any]) -> None:
    """Ask the system to drop the files from its cache, so that they are read from the disk."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
