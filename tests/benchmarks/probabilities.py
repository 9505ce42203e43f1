"""Probability rasters for benchmarks: few large objects, many blobs, and noise."""

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.windows import Window
from scipy import ndimage

from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.raster import BLOCK_PX, geotiff_profile, write_raster, writing_raster

CRS_M, TRANSFORM = CRS.from_epsg(6933), Affine(5, 0, 7_000_000, 0, -5, 4_000_000)
SEED, COARSE = 7, 8


def write_sparse(raster: str, mask: str, side: int, pattern: int) -> None:
    """Write smooth objects on 2 % of the ground as a pattern that repeats, and the mask of those above 0.5."""
    coarse = _field(pattern // COARSE, 5, "wrap")
    score = _logistic(ndimage.zoom(coarse, COARSE, order=1, mode="grid-wrap", grid_mode=True), 0.98)
    _write(raster, np.where(score < 5, 0, score), side)
    _write(mask, score >= FULL / 2, side, nodata=0)


def write_blobs(raster: str, mask: str, side: int) -> None:
    """Write ragged blobs on half of the ground, a few pixels wide."""
    score = _logistic(_field(side, 3, "reflect"), 0.5)
    _write(raster, score, side)
    _write(mask, score >= FULL / 2, side, nodata=0)


def write_noise(raster: str, mask: str, side: int) -> None:
    """Write single pixels at random, on 5 % of the ground."""
    noise = np.random.default_rng(SEED).random((side, side)) < 0.05
    _write(raster, noise * FULL, side)
    _write(mask, noise, side, nodata=0)


def write_empty(raster: str) -> None:
    """Write a small raster with one object, to compile with."""
    write_raster(raster, np.full((20, 20), FULL, np.uint8), CRS_M, TRANSFORM, nodata=NODATA)


def _field(side: int, blur_px: float, mode: str) -> np.ndarray:
    noise = np.random.default_rng(SEED).standard_normal((side, side), np.float32)
    return ndimage.gaussian_filter(noise, blur_px, mode=mode)


def _logistic(field: np.ndarray, below: float) -> np.ndarray:
    """Return FULL times a probability that is under 0.5 on a share of the pixels."""
    steps = (field - np.quantile(field, below)) / field.std()
    return np.rint(FULL / (1 + np.exp(-4 * steps)))


def _write(path: str, values: np.ndarray, side: int, nodata: int = NODATA) -> None:
    pattern = values.astype(np.uint8)
    profile = geotiff_profile("uint8", CRS_M, TRANSFORM, side, side, nodata=nodata)
    columns = np.arange(side) % len(pattern)
    with writing_raster(path, profile) as dataset:
        for row in range(0, side, BLOCK_PX):
            rows = np.arange(row, min(row + BLOCK_PX, side)) % len(pattern)
            dataset.write(pattern[np.ix_(rows, columns)], 1, window=Window(0, row, side, len(rows)))
