"""The front of a mask that is traced tile by tile: what is open at the rim of the tiles seen so far."""

from collections.abc import Iterable, Iterator

import numpy as np

from workflow_scripts.rogi.mapping.corners import CORNERS, PAD, Front, empty_store, enlarged, filled, flatten, scan
from workflow_scripts.rogi.mapping.rings import Rings, compact_corners, compact_labels, take_finished

FEW = 1 << 16


class Tracer:
    """Rings of the objects of a mask.

    Its memory is that of one tile, of the corners of unfinished objects (up to twice), and a few bytes per column.
    """

    def __init__(self, width: int, connectivity: int, few: int = FEW) -> None:
        """Begin a mask of `width` columns; connectivity is 4 or 8; `few` corners are not worth a search for objects."""
        self.width, self.diagonal = width, connectivity == 8
        # One column more than the mask has, always empty: the lattice has one more, too.
        self.above = np.zeros(width + 1, np.uint8)
        self.down, self.labels = np.zeros((2, width + 1), np.int64)
        self._begin_row(0)
        self.store, self.few, self.kept = empty_store(few), few, 0

    def trace(self, tiles: Iterable[tuple[int, int, np.ndarray]]) -> Iterator[Rings]:
        """Yield the rings of objects, each object whole and soon after its last pixel was seen.

        Args:
            tiles: First row and column of each tile, and its object pixels, boolean of shape (height, width). Rows of
                tiles from the top, in each row from the left; together they are the mask.
        """
        end = 0
        for row, column, tile in tiles:
            self._add(row, column, tile)
            end = row + len(tile)
            if self.store.used[CORNERS] >= max(2 * self.kept, self.few):
                yield self._take()
        self._add(end, 0, np.zeros((1, self.width), bool))
        yield self._take()

    def _begin_row(self, height: int) -> None:
        self.left = np.zeros(height + 1, np.uint8)
        self.right, self.west = np.zeros((2, height), np.int64)

    def _add(self, row: int, column: int, tile: np.ndarray) -> None:
        height, width = tile.shape
        if column == 0:
            self._begin_row(height)
        part = slice(column, column + width + (column + width == self.width))
        if not (tile.any() or self.above[part].any() or self.left.any()):
            return
        end = PAD + part.stop - part.start
        pixels = np.zeros((height + 1, -(-end // PAD) * PAD), np.uint8)
        pixels[0, PAD:end] = self.above[part]
        pixels[:, PAD - 1] = self.left
        pixels[1:, PAD : PAD + width] = tile
        front = Front(_padded(self.down[part]), self.right, _padded(self.labels[part]), self.west)
        done = 0
        while (done := scan(pixels, done, (row, column), front, self.store, self.diagonal)) < height:
            self.store = enlarged(self.store, 2 * len(self.store.position) + 2 * pixels.shape[1])
        self.down[part], self.labels[part] = front.down[PAD:], front.labels[PAD:]
        self.above[part], self.left = pixels[-1, PAD:end], pixels[:, end - 1].copy()

    def _take(self) -> Rings:
        """Take the finished objects' rings out of the store, and give what stays in it new numbers."""
        # A label outlasts its pixel by one row, for the pixel that may touch it in a corner.
        beside = self.west[(self.left[1:] | self.left[:-1]) > 0]
        open_labels = np.concatenate([self.labels[self.above > 0], beside])
        store = filled(self.store)
        flatten(store.part)
        flatten(store.group)
        rings, kept = take_finished(open_labels, store)
        store = store._replace(start=store.start[:kept], label=store.label[:kept])
        corners, self.kept = compact_corners(store)
        labels, parts = compact_labels(open_labels, store)
        self.down, self.right = corners[self.down], corners[self.right]
        self.labels, self.west = labels[self.labels], labels[self.west]
        self.store.used[:] = self.kept, kept, parts
        return rings


def _padded(values: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(PAD, np.int64), values])
