"""Other rasters on the pixels of the imagery: bilinear, and the same to the last bit however the imagery is cut."""

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid

# Places are projected at every so many pixels and interpolated between: 2 mm off at 10 m pixels in UTM.
NODE_PX = 32
PLACE_DIGITS = 6  # of a pixel; a raster on the imagery's own grid is then read as it is, without its neighbours


def positions(window: Window, grid: PixelGrid, crs: CRS, transform: Affine) -> tuple[np.ndarray, np.ndarray]:
    """Return where the pixels of a window lie in another raster.

    Args:
        window: Global window of the imagery.
        grid: The imagery's grid.
        crs: CRS of the other raster.
        transform: Its pixels to its CRS.

    Returns:
        Rows and columns of the pixels' centres, shape (height, width); 0, 0 is the centre of the other raster's first
        pixel. NaN where its CRS does not reach.
    """
    rows, columns = (
        np.arange(start // NODE_PX, -(-(start + length) // NODE_PX) + 1) * NODE_PX
        for start, length in ((window.row_off, window.height), (window.col_off, window.width))
    )
    x, y = np.meshgrid(grid.phase_x + columns * grid.pixel, grid.phase_y - rows * grid.pixel)
    there = Transformer.from_crs(grid.crs, crs, always_xy=True).transform(x, y)
    across, down = ~transform @ np.where(np.isfinite(there), there, np.nan)
    nodes = np.stack([down, across]) - 0.5
    along_rows = _between(nodes, window.row_off, window.height, axis=1)
    row, column = np.round(_between(along_rows, window.col_off, window.width, axis=2), PLACE_DIGITS)
    return row, column


def _between(nodes: np.ndarray, start: int, length: int, axis: int) -> np.ndarray:
    """Interpolate nodes along an axis to the centres of pixels."""
    pixels = np.arange(start, start + length)
    before = pixels // NODE_PX - start // NODE_PX
    share = (pixels % NODE_PX + 0.5) / NODE_PX
    share = share[:, np.newaxis] if axis == 1 else share
    low, high = (nodes.take(before + step, axis=axis) for step in (0, 1))
    return low + share * (high - low)


def bilinear(layers: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return layers at places between their pixels.

    Args:
        layers: float, shape (layers, rows, columns), NaN where missing.
        rows: Places, shape (height, width); 0 is the centre of the first row.
        columns: As `rows`.

    Returns:
        float32 (layers, height, width); NaN where one of the four pixels round a place that counts is missing.
    """
    count, height, width = layers.shape
    rimmed = np.pad(layers.astype(np.float32), ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    flat = rimmed.reshape(count, -1)
    down, right = (
        np.clip(np.nan_to_num(places, nan=-1), -1, size) + 1 for places, size in ((rows, height), (columns, width))
    )
    top, left = (np.minimum(places.astype(int), size) for places, size in ((down, height), (right, width)))
    down, right = (down - top).astype(np.float32), (right - left).astype(np.float32)
    found = np.zeros((count, *rows.shape), np.float32)
    for row, along in ((0, 1 - down), (1, down)):
        for column, across in ((0, 1 - right), (1, right)):
            weight = along * across
            values = flat.take((top + row) * (width + 2) + left + column, axis=1)
            found += np.where(weight > 0, weight * values, 0)
    return found


def span(places: np.ndarray) -> slice | None:
    """Return the pixels of another raster along one axis that `bilinear` needs at places, None where all are NaN."""
    known = places[np.isfinite(places)]
    return slice(int(np.floor(known.min())), int(np.ceil(known.max())) + 1) if known.size else None
