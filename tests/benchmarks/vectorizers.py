"""The sides of the vectorising benchmark: each takes a probability raster and returns its seconds and objects."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.features import shapes

from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.outlines import outlines

THRESHOLD, CONNECTIVITY = 0.5, 8


def compile_ours(raster: str) -> dict[str, float]:
    """Time the first run, in which numba compiles or loads what it compiled before."""
    return _best(lambda: outlines(raster, THRESHOLD, CONNECTIVITY), 1)


def ours(raster: str, warm_up: str, repeats: int) -> dict[str, float]:
    """Time `outlines`, from the file to valid polygons."""
    outlines(warm_up, THRESHOLD, CONNECTIVITY)
    return _best(lambda: outlines(raster, THRESHOLD, CONNECTIVITY), repeats)


def by_shapes(raster: str, repeats: int) -> dict[str, float]:
    """Time `rasterio.features.shapes` on the whole raster, from the file to its dictionaries, no polygons yet."""
    return _best(lambda: _shapes(raster), repeats)


def compare(raster: str) -> dict[str, float]:
    """Tell whether ours and `shapes` are the same valid polygons, to the last bit of every coordinate."""
    theirs = shapely.make_valid(np.array([shapely.geometry.shape(shape) for shape, _ in _shapes(raster)], dtype=object))
    found = outlines(raster, THRESHOLD, CONNECTIVITY)
    same = len(found) == len(theirs) and _digest(found.to_numpy()) == _digest(theirs)
    return {"objects": len(found), "same": bool(same and found.is_valid.all())}


def _best(run: Callable[[], Any], repeats: int) -> dict[str, float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return {"seconds": min(seconds)}


def _shapes(raster: str) -> list[tuple[dict[str, Any], float]]:
    with rasterio.open(raster) as dataset:
        scores, transform = dataset.read(1), dataset.transform
    mask = (scores >= THRESHOLD * FULL) & (scores != NODATA)
    return list(shapes(mask.view(np.uint8), mask, CONNECTIVITY, transform))


def _digest(polygons: np.ndarray) -> bytes:
    """Return a digest that depends neither on the order of the polygons nor on that of their rings and points."""
    whole = hashlib.sha256()
    for content in sorted(shapely.to_wkb(shapely.normalize(polygons))):
        whole.update(content)
    return whole.digest()
