"""The direction in which things creep: down the smoothed elevation model, on the pixels of the imagery."""

from collections.abc import Sequence

import numpy as np
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window
from scipy import ndimage

from workflow_scripts.rogi.attributes.elevation import Mosaic
from workflow_scripts.rogi.imagery.grid import PixelGrid, grown, within

HALO_PX = 2  # of the DEM, for its interpolation


def downslope(mosaics: Sequence[Mosaic], grid: PixelGrid, window: Window, smoothing_px: float) -> np.ndarray:
    """Return the downslope direction of every pixel.

    Args:
        mosaics: DEMs; where the first has no height, the next counts.
        grid: The imagery's grid, in a CRS that keeps angles (EPSG:3857, UTM), so that a pixel is as wide as high.
        window: Global window.
        smoothing_px: Standard deviation of the Gaussian that smooths the heights, pixels.

    Returns:
        Unit vectors of shape (2, height, width), columns and rows per pixel; 0 where it is level, or a void is near.
    """
    wide = grown(window, int(4 * smoothing_px) + 2)  # the Gaussian ends there
    heights = np.full((wide.height, wide.width), np.nan)
    for mosaic in mosaics:
        np.copyto(heights, _on_pixels(mosaic, grid, wide), where=np.isnan(heights))
    smooth = ndimage.gaussian_filter(heights, smoothing_px)
    down = -np.stack(np.gradient(smooth)[::-1])
    steepness = np.hypot(*down)
    return np.divide(down, steepness, out=np.zeros_like(down), where=steepness > 0)[:, *within(window, wide)]


def _on_pixels(mosaic: Mosaic, grid: PixelGrid, window: Window) -> np.ndarray:
    """Return heights at the pixels, bilinear; NaN in voids and outside."""
    bounds = transform_bounds(grid.crs, mosaic.crs, *grid.bounds(window))
    part = mosaic.window(bounds, HALO_PX)
    heights = np.full((window.height, window.width), np.nan)
    reproject(
        mosaic.read(part),
        heights,
        src_transform=mosaic.transform_of(part),
        src_crs=mosaic.crs,
        src_nodata=np.nan,
        dst_transform=grid.transform(window),
        dst_crs=grid.crs,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
    )
    return heights
