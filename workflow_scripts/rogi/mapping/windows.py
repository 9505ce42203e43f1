"""Overlapping windows on the global pixel grid: the same ones, whatever part of it is mapped."""

from collections.abc import Iterator
from dataclasses import dataclass

from rasterio.windows import Window


@dataclass(frozen=True)
class WindowGrid:
    """Square windows that start at multiples of a step of the global grid.

    Attributes:
        window_px: Side of the windows.
        step_px: Pixels from one to the next, at most a side.
    """

    window_px: int
    step_px: int

    @property
    def redundancy(self) -> float:
        """Pixels of windows per pixel of output, over a large area."""
        return (self.window_px / self.step_px) ** 2

    def touching(self, extent: Window) -> Iterator[Window]:
        """Give all windows that hold a pixel of an extent, row by row from the north."""
        columns = self._positions(extent.col_off, extent.width)
        for top in self._positions(extent.row_off, extent.height):
            yield from (Window(left, top, self.window_px, self.window_px) for left in columns)

    def count(self, extent: Window) -> int:
        """Return how many windows hold a pixel of an extent."""
        return len(self._positions(extent.col_off, extent.width)) * len(self._positions(extent.row_off, extent.height))

    def _positions(self, start: int, length: int) -> range:
        first = ((start - self.window_px) // self.step_px + 1) * self.step_px
        return range(first, start + length, self.step_px)
