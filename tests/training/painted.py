"""Images of outlines whose place is known to a fraction of a pixel."""

import numpy as np
import shapely
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter

FINE = 4  # subpixels to a side


def tongue(column: float, row: float, scale: float = 1.0) -> shapely.Polygon:
    """Return a bent outline in pixels round a place, about 70 px long and 40 px wide."""
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    radius = scale * (22 + 4 * np.sin(3 * angle + 1) + 3 * np.cos(2 * angle))
    return shapely.Polygon(np.stack([column + 1.5 * radius * np.cos(angle), row + radius * np.sin(angle)], axis=1))


def cover(outline: shapely.Geometry, size: int) -> np.ndarray:
    """Return the share of every pixel that lies inside of an outline in pixels, (size, size)."""
    fine = shapely.transform(outline, lambda xy: xy * FINE)
    return rasterize([fine], (size * FINE,) * 2).reshape(size, FINE, size, FINE).mean(axis=(1, 3))


def noise(size: int, seed: int) -> np.ndarray:
    """Return three bands of smooth noise of standard deviation 1."""
    found = gaussian_filter(np.random.default_rng(seed).standard_normal((3, size, size)), (0, 1.5, 1.5))
    return found / found.std()


def painted(outline: shapely.Geometry, size: int, contrast: float | np.ndarray = 30.0, seed: int = 1) -> np.ndarray:
    """Return a noisy uint8 image (3, size, size) in which an outline in pixels is brighter than its surroundings."""
    return (110 + contrast * cover(outline, size) + 12 * noise(size, seed)).clip(1, 255).astype(np.uint8)
