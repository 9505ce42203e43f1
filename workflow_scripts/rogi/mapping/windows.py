"""Overlapping windows on the global pixel grid, and integer weights that blend them to exactly one."""

from collections.abc import Iterator

import numpy as np
from rasterio.windows import Window

UNITY = 256  # what the weights of all windows over a pixel add up to, along one axis


def ramp(window_px: int, overlap_px: int) -> np.ndarray:
    """Return the weights along one axis of a window.

    They rise over the overlap as a sampled sin², stay at UNITY, and fall as its complement, so that the two windows
    over a pixel always add up to UNITY. Being integers, they give the same sum in any order.

    Returns:
        uint32 array of shape (window_px,).
    """
    position = (np.arange(overlap_px) + 0.5) / max(overlap_px, 1)
    rise = np.round(UNITY * np.sin(position * np.pi / 2) ** 2).astype(np.uint32)
    flat = np.full(window_px - 2 * overlap_px, UNITY, np.uint32)
    return np.concatenate([rise, flat, UNITY - rise])


def positions(start: int, length: int, window_px: int, overlap_px: int) -> range:
    """Return the first pixels of all windows along one axis that hold a pixel of [start, start + length).

    Windows start at multiples of `window_px - overlap_px` of the global grid, whatever part of it is mapped.
    """
    step = window_px - overlap_px
    first = ((start - window_px) // step + 1) * step
    return range(first, start + length, step)


def windows_in_rows(extent: Window, window_px: int, overlap_px: int) -> Iterator[tuple[int, list[Window]]]:
    """Give the windows that cover an extent, row by row from the north: the row's first pixel and its windows."""
    columns = positions(extent.col_off, extent.width, window_px, overlap_px)
    for top in positions(extent.row_off, extent.height, window_px, overlap_px):
        yield top, [Window(left, top, window_px, window_px) for left in columns]


def windows_mpx(extent: Window, window_px: int, overlap_px: int) -> float:
    """Return the megapixels of all windows that cover an extent; pixels in several windows count several times."""
    rows, columns = (
        positions(start, length, window_px, overlap_px)
        for start, length in ((extent.row_off, extent.height), (extent.col_off, extent.width))
    )
    return len(rows) * len(columns) * window_px**2 / 1e6
