"""Blending of window scores into rows of the output, in memory of one row of windows."""

import numpy as np
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.mapping.windows import UNITY, ramp

FULL = 254  # digital number of probability 1
NODATA = 255


class Strip:
    """One row of windows: scores accumulate, finished rows come off the top.

    Scores are whole numbers and so are the weights, so the order of the windows does not matter.
    """

    def __init__(self, extent: Window, window_px: int, overlap_px: int) -> None:
        """Cover the columns of `extent`, in global pixels."""
        self.extent, self.window_px, self.step = extent, window_px, window_px - overlap_px
        weight = ramp(window_px, overlap_px)
        self.weight = np.outer(weight, weight)
        shape = window_px, extent.width
        self.scores = np.zeros(shape, np.uint32)
        self.source = np.zeros(shape, np.uint8)

    def add(self, window: Window, scores: np.ndarray, source: np.ndarray) -> None:
        """Add a window of this row: uint8 scores and, per pixel, the number of the mosaic it came from (0 none)."""
        here = Window(self.extent.col_off, window.row_off, self.extent.width, self.window_px)
        shared = intersection(window, here)
        if shared is None:
            return
        target, part = within(shared, here), within(shared, window)
        self.scores[target] += self.weight[part] * scores[part]
        self.source[target] = source[part]

    def take(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the finished rows, uint8 scores and sources of shape (step, width), and move on to the next row."""
        scores = ((self.scores[: self.step] + UNITY * UNITY // 2) // (UNITY * UNITY)).astype(np.uint8)
        source = self.source[: self.step].copy()
        for array in (self.scores, self.source):
            rest = array[self.step :].copy()
            array[: len(rest)] = rest
            array[len(rest) :] = 0
        return scores, source
