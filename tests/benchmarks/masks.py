"""How far two probability rasters agree once they are cut at a threshold."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from rasterio.windows import from_bounds

from tests.benchmarks.settings import CONFIG
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.rules import rules_for

Bounds = tuple[float, float, float, float]


class Agreement(NamedTuple):
    """IoU of two masks, and by how many percent the first is larger than the second."""

    iou: float
    area_change: float


def bounds_of(raster: str | Path) -> Bounds:
    """Return west, south, east and north of a raster."""
    with rasterio.open(raster) as dataset:
        return tuple(dataset.bounds)


def threshold_of(probability: str | Path) -> float:
    """Return the threshold at which config.yaml cuts a raster."""
    with rasterio.open(probability) as dataset:
        return rules_for(CONFIG["candidates"], str(probability), dataset.tags()).threshold


def read_mask(probability: str | Path, threshold: float, bounds: Bounds) -> np.ndarray:
    """Return where a raster is at or above a threshold, within bounds on its pixel grid; nodata is below."""
    with rasterio.open(probability) as dataset:
        window = from_bounds(*bounds, dataset.transform).round_offsets().round_lengths()
        scores = dataset.read(1, window=window)
    return (scores >= threshold * FULL) & (scores != NODATA)


def agreement(mask: np.ndarray, reference: np.ndarray) -> Agreement:
    """Compare a mask with a reference of the same shape."""
    iou = (mask & reference).sum() / max((mask | reference).sum(), 1)
    return Agreement(float(iou), float(100 * (mask.sum() / max(reference.sum(), 1) - 1)))
