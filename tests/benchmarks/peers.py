"""The same network on the same raster by other tools, with the window geometry of the plain loop."""

import time
from collections.abc import Iterable

import numpy as np
import rasterio
import segmentation_models_pytorch  # noqa: F401, before the clock starts: `load` would import it
import torch
from geoai.inference import predict_geotiff
from rasterio.windows import from_bounds
from torch import nn
from torch.utils.data import DataLoader
from torchgeo.datasets import RasterDataset, stack_samples
from torchgeo.samplers import GridGeoSampler

from tests.benchmarks.machine import work
from tests.benchmarks.plain_loop import STRIDE_PX, WINDOW_PX
from tests.worlds import BANDS
from workflow_scripts.rogi.training.network import TrainedModel, load

BATCH_SIZE = 4  # geoai's default


class Quads(RasterDataset):
    """Imagery with an alpha band, as torchgeo reads it."""

    all_bands = (*BANDS, "alpha")


def torchgeo_grid(raster: str, model: str, output: str) -> dict[str, float]:
    """Map a raster with torchgeo's grid sampler: the later window wins, in one array that is written at the end.

    torchgeo itself has nothing that puts windows together; this is how its users do it.
    """
    started = time.perf_counter()
    trained = load(model, BANDS, [])
    mean, std = _statistics(trained)
    dataset = Quads(raster, bands=BANDS, transforms=lambda sample: sample | {"image": (sample["image"] - mean) / std})
    sampler = GridGeoSampler(dataset, size=WINDOW_PX, stride=STRIDE_PX)
    queries = list(sampler)
    loader: Iterable[dict[str, torch.Tensor]] = DataLoader(
        dataset, batch_size=BATCH_SIZE, sampler=sampler, collate_fn=stack_samples
    )
    with rasterio.open(raster) as source:
        profile, transform = source.profile | {"count": 1}, source.transform
    whole = np.zeros((profile["height"], profile["width"]), np.uint8)
    with torch.no_grad():
        for number, batch in enumerate(loader):
            scores = (torch.sigmoid(trained.network(batch["image"])) * 254).round().byte().numpy()
            for query, score in zip(queries[number * BATCH_SIZE :], scores[:, 0], strict=False):
                x, y = query[:2]
                window = from_bounds(x.start, y.start, x.stop, y.stop, transform)
                _paste(whole, score, round(window.row_off), round(window.col_off))
    with rasterio.open(output, "w", **profile) as target:
        target.write(whole, 1)
    return work(time.perf_counter() - started, len(queries), WINDOW_PX, STRIDE_PX)


def _paste(whole: np.ndarray, score: np.ndarray, row: int, column: int) -> None:
    """Put a window where it belongs; torchgeo's last windows overhang the raster in the north and east."""
    top = max(row, 0)
    part = whole[top : row + WINDOW_PX, column : column + WINDOW_PX]
    part[:] = score[top - row :][: part.shape[0], : part.shape[1]]


def geoai_predict(raster: str, model: str, output: str) -> dict[str, float]:
    """Map a raster with geoai's `predict_geotiff`, blended by its default, a spline window."""
    started = time.perf_counter()
    trained = load(model, BANDS, [])
    mean, std = (values.numpy() for values in _statistics(trained))
    overlap = WINDOW_PX - STRIDE_PX
    predict_geotiff(
        nn.Sequential(trained.network, nn.Sigmoid()), raster, output, WINDOW_PX, overlap, BATCH_SIZE, [1, 2, 3],
        output_dtype="uint8", output_nodata=255, compress="deflate", device="cpu", verbose=False,
        preprocess_fn=lambda tile: (tile - mean) / std,
        postprocess_fn=lambda scores: np.rint(scores * 254),
    )  # fmt: skip
    with rasterio.open(output) as dataset:
        height, width = dataset.shape
    windows = len(_geoai_starts(height)) * len(_geoai_starts(width))
    return work(time.perf_counter() - started, windows, WINDOW_PX, STRIDE_PX)


def _geoai_starts(length: int) -> set[int]:
    """Return where geoai puts windows along one axis: pushed back at the end of the raster."""
    return {max(0, min(start + WINDOW_PX, length) - WINDOW_PX) for start in range(0, length, STRIDE_PX)}


def _statistics(trained: TrainedModel) -> tuple[torch.Tensor, torch.Tensor]:
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (trained.mean, trained.std))
    return mean, std
