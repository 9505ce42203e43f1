"""Imagery as one image: quads joined on the global grid, and a fallback mosaic where the first is cloudy or missing.

Quads are read by exact pixel arithmetic and not through GDAL's GTI driver, because that returns silent zeros for a quad
that cannot be opened.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import rasterio
from rasterio.windows import Window
from scipy.ndimage import binary_dilation

from workflow_scripts.rogi.imagery.grid import PixelGrid, aligned, grown, intersection, within
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.imagery.screening import Screening, poor_share
from workflow_scripts.rogi.raster import RasterError, open_dataset, read_valid

OPEN_QUADS = 16
NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Scene:
    """What a window of imagery holds.

    Attributes:
        image: uint8, shape (bands, height, width); 0 where not valid.
        valid: bool, shape (height, width).
        source: uint8, shape (height, width): 0 no imagery, 1 the first mosaic, 2 the second, …
    """

    image: np.ndarray
    valid: np.ndarray
    source: np.ndarray


class Mosaic:
    """The quads of one tile index, read as one image. Not to be shared between threads."""

    def __init__(self, index: str | Path, bands: int, nodata: float | None) -> None:
        """Read the index; no quad is opened yet."""
        self.quads = read_index(index)
        self.grid: PixelGrid = self.quads.attrs["grid"]
        self.bands, self.nodata = bands, nodata
        self._places = self.quads[["column", "row", "width", "height"]].to_numpy()
        self._locations = self.quads["location"].tolist()
        self._handles: OrderedDict[str, rasterio.DatasetReader] = OrderedDict()

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Return image (bands, height, width) and validity (height, width) of a global window.

        Where no quad lies, the image is 0 and not valid; quads may be missing, but not unreadable.

        Raises:
            RasterError: A quad of the index cannot be read there.
        """
        image = np.zeros((self.bands, window.height, window.width), np.uint8)
        valid = np.zeros((window.height, window.width), bool)
        for place, location in self._touching(window):
            shared = intersection(window, place)
            assert shared is not None
            rows, columns = within(shared, window)
            pixels, good = self._read_quad(location, shared, place)
            fresh = good & ~valid[rows, columns]
            image[:, rows, columns] = np.where(fresh, pixels, image[:, rows, columns])
            valid[rows, columns] |= good
        return image, valid

    def _touching(self, window: Window) -> list[tuple[Window, str]]:
        left, top, width, height = self._places.T
        near = (left < window.col_off + window.width) & (left + width > window.col_off)
        near &= (top < window.row_off + window.height) & (top + height > window.row_off)
        return [(Window(*self._places[number].tolist()), self._locations[number]) for number in np.flatnonzero(near)]

    def _read_quad(self, location: str, shared: Window, place: Window) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = within(shared, place)
        local = Window.from_slices(rows, columns)
        try:
            dataset = self._open(location)
            pixels = dataset.read(indexes=range(1, self.bands + 1), window=local)
            return pixels, read_valid(dataset, local, self.nodata)
        except rasterio.errors.RasterioIOError as error:
            raise RasterError(f"{location} cannot be read at {local}: {error}; fetch the quad again") from error

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


class Imagery:
    """Several mosaics in order of preference, on one grid.

    A block of the global grid (`screening.block_px`) whose share of cloud, shadow and missing pixels is too high in the
    first mosaic is taken from the next one that has less of them. So are the blocks round a cloudy or dark one, because
    clouds and shadows have soft edges. Single missing pixels are filled. The choice depends on a block and its
    neighbours alone, so it is the same however the imagery is cut into windows.
    """

    def __init__(self, indexes: list[str], bands: int, nodata: float | None, screening: Screening) -> None:
        """Open the tile indexes.

        Raises:
            RasterError: The mosaics do not lie on one grid.
        """
        self.mosaics = [Mosaic(index, bands, nodata) for index in indexes]
        self.grid = self.mosaics[0].grid
        self.screening = screening
        for index, mosaic in zip(indexes, self.mosaics, strict=True):
            if not mosaic.grid.matches(self.grid):
                raise RasterError(
                    f"{index} is not on the pixel grid of {indexes[0]}; warp one of them with gdalwarp -tap"
                )

    def read(self, window: Window) -> Scene:
        """Return image, validity and source of a global window."""
        whole = grown(aligned(window, self.screening.block_px), (len(self.mosaics) - 1) * self.screening.block_px)
        image, valid = self.mosaics[0].read(whole)
        source = valid.astype(np.uint8)
        for number, mosaic in enumerate(self.mosaics[1:], start=2):
            poor = poor_share(image, valid, self.screening)
            missing = self._missing_share(valid)
            spoilt = poor - missing > self.screening.max_poor_share
            bad = poor > self.screening.max_poor_share
            fringe = binary_dilation(spoilt, structure=NEIGHBOURS) & ~bad
            gaps = missing > 0
            if not (bad | gaps).any():
                break
            other_image, other_valid = mosaic.read(whole)
            other_poor = poor_share(other_image, other_valid, self.screening)
            better = (bad & (other_poor < poor)) | (fringe & (other_poor <= poor))
            take = other_valid & (self._pixels(better) | (self._pixels(gaps) & ~valid))
            image = np.where(take, other_image, image)
            source[take] = number
            valid |= take
        rows, columns = within(window, whole)
        return Scene(image[:, rows, columns], valid[rows, columns], source[rows, columns])

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
