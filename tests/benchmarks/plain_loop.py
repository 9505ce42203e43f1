"""The loop that a user writes first: rasterio and segmentation-models-pytorch, float32, window after window."""

import time
from collections.abc import Iterator

import rasterio
import segmentation_models_pytorch  # noqa: F401, before the clock starts: `load` would import it
import torch
from rasterio.windows import Window

from tests.benchmarks.machine import work
from tests.worlds import BANDS
from workflow_scripts.rogi.training.network import load

WINDOW_PX, STRIDE_PX = 480, 320


def run(raster: str, model: str, output: str, part: int, parts: int) -> dict[str, float]:
    """Map one of several bands of rows of a raster.

    Returns:
        See `work`; the seconds are those from the model file to the closed raster.
    """
    started, windows = time.perf_counter(), 0
    trained = load(model, BANDS, [])
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (trained.mean, trained.std))
    with rasterio.open(raster) as source, torch.no_grad():
        top, bottom = (source.height * number // parts for number in (part, part + 1))
        profile = source.profile | {"count": 1}
        with rasterio.open(output, "w", **profile) as target:
            for row in starts(top, bottom):
                for column in starts(0, source.width):
                    window = Window(column, row, WINDOW_PX, WINDOW_PX)
                    image = torch.from_numpy(source.read([1, 2, 3], window=window))
                    logits = trained.network(((image.float() - mean) / std).unsqueeze(0))
                    score = (torch.sigmoid(logits) * 254).round().byte()
                    target.write(score[0, 0].numpy(), 1, window=window)
                    windows += 1
    return work(time.perf_counter() - started, windows, WINDOW_PX, STRIDE_PX)


def starts(first: int, end: int) -> Iterator[int]:
    """Give the first pixels of windows along one axis; the last window ends with the raster."""
    for start in range(first, end - (WINDOW_PX - STRIDE_PX), STRIDE_PX):
        yield min(start, end - WINDOW_PX)
