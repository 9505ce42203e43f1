"""Imagery as one image: quads joined on the global grid, and a fallback mosaic where the first is cloudy or missing.

Quads are read by exact pixel arithmetic and not through GDAL's GTI driver, because that returns silent zeros for a quad
that cannot be opened.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import rasterio
from rasterio.errors import RasterioIOError
from rasterio.windows import Window
from scipy.ndimage import binary_dilation

from workflow_scripts.rogi.imagery.grid import PixelGrid, aligned, grown, intersection, within
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.imagery.screening import Screening, poor_share
from workflow_scripts.rogi.raster import RasterError, blocks, open_dataset, read_valid

OPEN_QUADS = 16
NEIGHBOURS = np.ones((3, 3), bool)


class DamagedBlock(NamedTuple):
    """A block of a file that cannot be read, and was taken as missing.

    Attributes:
        location: The file.
        row: First pixel row of the block in the file.
        column: First pixel column.
    """

    location: str
    row: int
    column: int


@dataclass(frozen=True)
class Scene:
    """What a window of imagery holds.

    Attributes:
        image: uint8, shape (bands, height, width); 0 where not valid.
        valid: bool, shape (height, width).
        source: uint8, shape (height, width): 0 no imagery, 1 the first mosaic, 2 the second, …
        channels: float32, shape (channels, height, width), what is declared on top of the image; NaN where missing.
        damaged: Blocks that could not be read there.
        beside: Other looks at the same ground.
    """

    image: np.ndarray
    valid: np.ndarray
    source: np.ndarray
    channels: np.ndarray
    damaged: tuple[DamagedBlock, ...] = ()
    beside: tuple["Scene", ...] = ()


class Mosaic:
    """The quads of one tile index, read as one image. Not to be shared between threads."""

    _reported: ClassVar[set[DamagedBlock]] = set()  # by any thread

    def __init__(self, index: str | Path, bands: int, nodata: float | None, damaged: str = "stop") -> None:
        """Read the index; no quad is opened yet.

        Args:
            index: Tile index.
            bands: Image bands to read.
            nodata: Value of missing pixels, for quads that do not state one.
            damaged: What to do with blocks that cannot be read: "stop", or "nodata" to take them as missing.
        """
        self.quads = read_index(index)
        self.grid: PixelGrid = self.quads.attrs["grid"]
        self.bands, self.nodata, self.damaged = bands, nodata, damaged
        self._places = self.quads[["column", "row", "width", "height"]].to_numpy()
        self._locations = self.quads["location"].tolist()
        self._handles: OrderedDict[str, rasterio.DatasetReader] = OrderedDict()

    def read(self, window: Window) -> Scene:
        """Return what a global window holds; where no quad lies, the image is 0 and not valid.

        Raises:
            RasterError: A quad of the index cannot be opened, or a block of it not be read and `damaged` is "stop".
        """
        image = np.zeros((self.bands, window.height, window.width), np.uint8)
        valid = np.zeros((window.height, window.width), bool)
        damaged: list[DamagedBlock] = []
        for place, location in self._touching(window):
            shared = intersection(window, place)
            assert shared is not None
            rows, columns = within(shared, window)
            pixels, good, broken = self._read_quad(location, shared, place)
            damaged += broken
            fresh = good & ~valid[rows, columns]
            image[:, rows, columns] = np.where(fresh, pixels, image[:, rows, columns])
            valid[rows, columns] |= good
        return Scene(image, valid, valid.astype(np.uint8), _no_channels(window), tuple(damaged))

    def locations(self, window: Window) -> list[str]:
        """Return the quads that hold a pixel of a global window."""
        return [location for _, location in self._touching(window)]

    def _touching(self, window: Window) -> list[tuple[Window, str]]:
        left, top, width, height = self._places.T
        near = (left < window.col_off + window.width) & (left + width > window.col_off)
        near &= (top < window.row_off + window.height) & (top + height > window.row_off)
        return [(Window(*self._places[number].tolist()), self._locations[number]) for number in np.flatnonzero(near)]

    def _read_quad(
        self, location: str, shared: Window, place: Window
    ) -> tuple[np.ndarray, np.ndarray, list[DamagedBlock]]:
        rows, columns = within(shared, place)
        local = Window.from_slices(rows, columns)
        try:
            return *self._read_pixels(location, local), []
        except RasterioIOError as error:
            if self.damaged == "stop":
                raise RasterError(
                    f"{location} cannot be read at {local}: {error.__cause__ or error}; fetch the quad again, "
                    "or set imagery.damaged_blocks: nodata to take what cannot be read as missing"
                ) from error
            return self._salvaged(location, local)

    def _read_pixels(self, location: str, local: Window) -> tuple[np.ndarray, np.ndarray]:
        dataset = self._open(location)
        pixels = dataset.read(indexes=range(1, self.bands + 1), window=local)
        return pixels, read_valid(dataset, local, self.nodata)

    def _salvaged(self, location: str, local: Window) -> tuple[np.ndarray, np.ndarray, list[DamagedBlock]]:
        """Read block by block; those that cannot be read stay missing."""
        pixels = np.zeros((self.bands, local.height, local.width), np.uint8)
        valid = np.zeros((local.height, local.width), bool)
        damaged = []
        for block in blocks(self._open(location), local):
            shared = intersection(block, local)
            assert shared is not None
            here = within(shared, local)
            try:
                pixels[:, *here], valid[here] = self._read_pixels(location, shared)
            except RasterioIOError as error:
                damaged.append(DamagedBlock(location, block.row_off, block.col_off))
                self._report(damaged[-1], error)
        return pixels, valid, damaged

    def _report(self, block: DamagedBlock, error: RasterioIOError) -> None:
        if block not in self._reported:
            self._reported.add(block)
            logging.getLogger("rogi").warning(
                "%s: the block at row %d, column %d cannot be read and is taken as missing: %s",
                *(*block, error.__cause__ or error),
            )

    def _open(self, location: str) -> rasterio.DatasetReader:
        if location not in self._handles:
            self._handles[location] = open_dataset(location)
            if len(self._handles) > OPEN_QUADS:
                self._handles.popitem(last=False)[1].close()
        self._handles.move_to_end(location)
        return self._handles[location]

    def close(self) -> None:
        """Close all quads."""
        while self._handles:
            self._handles.popitem()[1].close()


class Layers(Protocol):
    """What is seen on top of the bands, on their pixels, under these names."""

    names: list[str]

    def read(self, window: Window) -> np.ndarray:
        """Return float32 (layers, height, width) of a global window; NaN where missing."""


def _no_channels(window: Window) -> np.ndarray:
    return np.empty((0, window.height, window.width), np.float32)


class Imagery:
    """Several mosaics in order of preference, on one grid.

    A block of the global grid (`screening.block_px`) whose share of cloud, shadow and missing pixels is too high in the
    first mosaic is taken from the next one that has less of them. So are the blocks round a cloudy or dark one, because
    clouds and shadows have soft edges. Single missing pixels are filled. The choice depends on a block and its
    neighbours alone, so it is the same however the imagery is cut into windows.
    """

    def __init__(
        self,
        indexes: list[str],
        bands: int,
        nodata: float | None,
        screening: Screening,
        damaged: str = "stop",
        channels: Layers | None = None,
    ) -> None:
        """Open the tile indexes; see `Mosaic` for `nodata` and `damaged`, `channels.Channels` for `channels`.

        Raises:
            RasterError: The mosaics do not lie on one grid.
        """
        self.mosaics = [Mosaic(index, bands, nodata, damaged) for index in indexes]
        self.grid = self.mosaics[0].grid
        self.screening, self.channels = screening, channels
        for index, mosaic in zip(indexes, self.mosaics, strict=True):
            if not mosaic.grid.matches(self.grid):
                raise RasterError(
                    f"{index} is not on the pixel grid of {indexes[0]}; warp one of them with gdalwarp -tap"
                )

    def read(self, window: Window) -> Scene:
        """Return image, validity and source of a global window."""
        whole = grown(aligned(window, self.screening.block_px), (len(self.mosaics) - 1) * self.screening.block_px)
        first = self.mosaics[0].read(whole)
        image, valid, source, damaged = first.image, first.valid, first.source, first.damaged
        for number, mosaic in enumerate(self.mosaics[1:], start=2):
            poor = poor_share(image, valid, self.screening)
            missing = self._missing_share(valid)
            spoilt = poor - missing > self.screening.max_poor_share
            bad = poor > self.screening.max_poor_share
            fringe = binary_dilation(spoilt, structure=NEIGHBOURS) & ~bad
            gaps = missing > 0
            if not (bad | gaps).any():
                break
            other = mosaic.read(whole)
            damaged += other.damaged
            other_poor = poor_share(other.image, other.valid, self.screening)
            better = (bad & (other_poor < poor)) | (fringe & (other_poor <= poor))
            take = other.valid & (self._pixels(better) | (self._pixels(gaps) & ~valid))
            image = np.where(take, other.image, image)
            source[take] = number
            valid |= take
        rows, columns = within(window, whole)
        channels = self.channels.read(window) if self.channels else _no_channels(window)
        return Scene(image[:, rows, columns], valid[rows, columns], source[rows, columns], channels, damaged)

    def locations(self, window: Window) -> list[str]:
        """Return the quads of all mosaics that hold a pixel of a global window."""
        return [location for mosaic in self.mosaics for location in mosaic.locations(window)]

    def _missing_share(self, valid: np.ndarray) -> np.ndarray:
        side = self.screening.block_px
        height, width = valid.shape
        return (~valid).reshape(height // side, side, width // side, side).mean(axis=(1, 3))

    def _pixels(self, blocks: np.ndarray) -> np.ndarray:
        return blocks.repeat(self.screening.block_px, axis=0).repeat(self.screening.block_px, axis=1)

    def __enter__(self) -> "Imagery":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all quads."""
        for mosaic in self.mosaics:
            mosaic.close()
