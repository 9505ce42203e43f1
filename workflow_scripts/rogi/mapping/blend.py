"""Joining the scores of overlapping windows: by integers, so that neither order nor cut changes a byte."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import intersection, within

FULL = 254  # digital number of probability 1
NODATA = 255
UNITY = 256  # what the weights of all windows over a pixel add up to, along one axis

Part = tuple[Window, np.ndarray]


def ramp(window_px: int, overlap_px: int) -> np.ndarray:
    """Return the weights along one axis of a window: a Hann window with a flat top.

    They rise over the overlap as a sampled sin², stay at UNITY, and fall as its complement, so that the two windows
    over a pixel always add up to UNITY. Being integers, they give the same sum in any order.

    Args:
        window_px: Side of the window.
        overlap_px: Pixels that neighbouring windows share, at most half a window.

    Returns:
        uint32 array of shape (window_px,).
    """
    position = (np.arange(overlap_px) + 0.5) / max(overlap_px, 1)
    rise = np.round(UNITY * np.sin(position * np.pi / 2) ** 2).astype(np.uint32)
    flat = np.full(window_px - 2 * overlap_px, UNITY, np.uint32)
    return np.concatenate([rise, flat, UNITY - rise])


class Joining(ABC):
    """A way to join windows."""

    dtype: type[np.unsignedinteger]

    def join(self, block: Window, parts: Iterable[Part]) -> np.ndarray:
        """Return a block of output.

        Args:
            block: Where it lies, in global pixels.
            parts: At least one of the windows that touch it, each with uint8 scores (layers, height, width). Where a
                window is left out, it counts for nothing.

        Returns:
            uint8 array of shape (layers, height, width).
        """
        total: np.ndarray | None = None
        for window, scores in parts:
            shared = intersection(window, block)
            assert shared is not None
            if total is None:
                total = np.zeros((len(scores), block.height, block.width), self.dtype)
            here, there = within(shared, block), within(shared, window)
            self._add(total[:, *here], scores[:, *there], there)
        assert total is not None
        return self._finished(total)

    @abstractmethod
    def _add(self, total: np.ndarray, scores: np.ndarray, there: tuple[slice, slice]) -> None:
        """Add a window's scores in place; `there` is the part of the window they come from."""

    def _finished(self, total: np.ndarray) -> np.ndarray:
        return total


class Blend(Joining):
    """The mean of the windows over a pixel, weighted by `ramp` along both axes."""

    dtype = np.uint32

    def __init__(self, window_px: int, overlap_px: int) -> None:
        """Prepare the weights."""
        weights = ramp(window_px, overlap_px)
        self.weights = np.outer(weights, weights)

    def _add(self, total: np.ndarray, scores: np.ndarray, there: tuple[slice, slice]) -> None:
        total += self.weights[there] * scores

    def _finished(self, total: np.ndarray) -> np.ndarray:
        return ((total + UNITY * UNITY // 2) // (UNITY * UNITY)).astype(np.uint8)


class Union(Joining):
    """The highest score over a pixel, with its spread: thresholded, the logical OR of the thresholded windows."""

    dtype = np.uint8

    def _add(self, total: np.ndarray, scores: np.ndarray, there: tuple[slice, slice]) -> None:
        better = (scores[0] > total[0]) | ((scores[0] == total[0]) & (scores[-1] > total[-1]))
        total[:, better] = scores[:, better]
