"""The output rasters of a mapping job, written block by block as soon as all windows over a block are done."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import rasterio
import shapely
from rasterio.features import geometry_mask
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import NODATA, Joining, Union
from workflow_scripts.rogi.mapping.ledger import Ledger
from workflow_scripts.rogi.mapping.windows import WindowGrid
from workflow_scripts.rogi.raster import BLOCK_PX

REMEMBERED = 8  # windows; a block needs itself, its western and its two northern neighbours


class Output:
    """Scores and source rasters of an extent, from a ledger.

    Blocks are written in one order whatever the order and the time in which the windows were computed.
    """

    def __init__(
        self,
        ledger: Ledger,
        scores: rasterio.io.DatasetWriter,
        source: rasterio.io.DatasetWriter,
        pixels: PixelGrid,
        windows: WindowGrid,
        joining: Joining,
        area: shapely.Geometry,
        extent: Window,
    ) -> None:
        """Write to open rasters.

        Args:
            ledger: Holds, per window, layers of scores and last the number of the mosaic.
            scores: As many bands as there are layers of scores.
            source: One band.
            pixels: The global grid.
            windows: The windows on it.
            joining: How windows are joined.
            area: Pixels whose centre is outside become nodata.
            extent: What the rasters cover, in global pixels; whole blocks.
        """
        self.scores, self.source = scores, source
        self.pixels, self.windows, self.joining, self.extent = pixels, windows, joining, extent
        self.area = shapely.from_wkb(area.wkb)  # a copy, for a prepared geometry must stay with one thread
        shapely.prepare(self.area)
        self.pixels_written = 0
        self._waiting = windows.touching(extent)
        self._recall = lru_cache(REMEMBERED)(ledger.get)

    def advance(self, done: Window) -> None:
        """Write every block that needs no window after `done`; all before it are in the ledger or were skipped."""
        for window in self._waiting:
            self._write_completed(window)
            if window == done:
                return

    def finish(self) -> None:
        """Write what is left."""
        for window in self._waiting:
            self._write_completed(window)

    def _write_completed(self, window: Window) -> None:
        for block in self._completed(window):
            if self.area.intersects(shapely.box(*self.pixels.bounds(block))):
                self._write(block)

    def _completed(self, window: Window) -> Iterator[Window]:
        """Give the blocks over which a window is the last one."""
        step = self.windows.step_px
        (top, bottom), (left, right) = (
            (max(start, first), min(start + step, first + length))
            for start, first, length in (
                (window.row_off, self.extent.row_off, self.extent.height),
                (window.col_off, self.extent.col_off, self.extent.width),
            )
        )
        for row in range(top // BLOCK_PX * BLOCK_PX, bottom // BLOCK_PX * BLOCK_PX, BLOCK_PX):
            for column in range(left // BLOCK_PX * BLOCK_PX, right // BLOCK_PX * BLOCK_PX, BLOCK_PX):
                yield Window(column, row, BLOCK_PX, BLOCK_PX)

    def _write(self, block: Window) -> None:
        parts = [
            (window, scores) for window in self.windows.touching(block) if (scores := self._recall(window)) is not None
        ]
        if not parts:
            return
        source = Union().join(block, [(window, scores[-1:]) for window, scores in parts])[0]
        if not self.area.contains(shapely.box(*self.pixels.bounds(block))):
            source[geometry_mask([self.area], source.shape, self.pixels.transform(block))] = 0
        if not source.any():
            return
        scores = self.joining.join(block, [(window, scores[:-1]) for window, scores in parts])
        scores[:, source == 0] = NODATA
        local = Window(block.col_off - self.extent.col_off, block.row_off - self.extent.row_off, BLOCK_PX, BLOCK_PX)
        self.scores.write(scores, window=local)
        self.source.write(source, 1, window=local)
        self.pixels_written += int(np.count_nonzero(source))
