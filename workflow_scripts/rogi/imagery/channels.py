"""Channels: what a network sees on top of the image, on the same pixels, such as terrain or radar coherence."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from affine import Affine
from pyproj import CRS
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from workflow_scripts.rogi.config import FROM_ELEVATION
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.resample import bilinear, positions, span
from workflow_scripts.rogi.raster import open_raster


class Source(Protocol):
    """Where one channel or several come from."""

    def read(self, window: Window, grid: PixelGrid) -> np.ndarray:
        """Return float32 (channels, height, width); NaN where missing."""


class Channels:
    """All channels of a study. May be shared between threads.

    Attributes:
        names: In the order in which they are declared and read.
    """

    def __init__(
        self,
        declared: Sequence[Mapping[str, Any]],
        grid: PixelGrid,
        dem_files: Sequence[str],
        pattern_files: Sequence[str],
    ) -> None:
        """Open what is declared.

        Args:
            declared: `imagery.channels` of the config: name, source and relative of each.
            grid: The imagery's grid.
            dem_files: The DEM, for channels of the source "terrain".
            pattern_files: The files of all other channels; each takes those that match its source.

        Raises:
            RasterError: A file cannot be read, or states no CRS.
        """
        self.names: list[str] = [channel["name"] for channel in declared]
        self.grid = grid
        terrain = [channel["name"] for channel in declared if channel["source"] == FROM_ELEVATION]
        self._sources: list[tuple[list[str], Source]] = []
        if terrain:
            from workflow_scripts.rogi.imagery.terrain import Terrain  # richdem, which costs a second

            self._sources.append((terrain, Terrain(terrain, dem_files)))
        for channel in declared:
            if channel["source"] != FROM_ELEVATION:
                own = [path for path in pattern_files if _matches(path, channel["source"])]
                self._sources.append(([channel["name"]], Rasters(own, grid)))

    def read(self, window: Window) -> np.ndarray:
        """Return the channels of a global window, float32 (channels, height, width); NaN where missing."""
        layers = np.full((len(self.names), window.height, window.width), np.nan, np.float32)
        for names, source in self._sources:
            layers[[self.names.index(name) for name in names]] = source.read(window, self.grid)
        return layers


def _matches(path: str, pattern: str) -> bool:
    """Tell whether `glob` would find a path by a pattern."""
    parts, wanted = Path(path).parts, Path(pattern).parts
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))


class Rasters:
    """The first band of any number of rasters, each in its own CRS. May be shared between threads."""

    def __init__(self, paths: Sequence[str], grid: PixelGrid) -> None:
        """Note where each file lies; where several have a value, the first counts.

        Raises:
            RasterError: A file cannot be read, or states no CRS.
        """
        self._places: list[tuple[str, CRS, Affine, tuple[float, ...]]] = []
        for path in paths:
            with open_raster(path) as dataset:
                bounds = transform_bounds(dataset.crs, grid.crs, *dataset.bounds)
                self._places.append((path, CRS(dataset.crs), dataset.transform, bounds))

    def read(self, window: Window, grid: PixelGrid) -> np.ndarray:
        """Return float32 (1, height, width) of a window of imagery; NaN where no file has a value."""
        found = np.full((1, window.height, window.width), np.nan, np.float32)
        west, south, east, north = grid.bounds(window)
        for path, crs, transform, (left, bottom, right, top) in self._places:
            if left < east and right > west and bottom < north and top > south:
                values = _sampled(path, *positions(window, grid, crs, transform))
                found = np.where(np.isnan(found), values, found)
        return found


def _sampled(path: str, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the first band of a file at places in pixels, float32 (1, height, width); NaN beyond its edges."""
    with open_raster(path) as dataset:
        rows, columns = _onto_centres(rows, dataset.height), _onto_centres(columns, dataset.width)
        high, wide = span(rows), span(columns)
        if high is None or wide is None:
            return np.full((1, *rows.shape), np.nan, np.float32)
        values = dataset.read(1, window=Window.from_slices(high, wide), masked=True).astype(float).filled(np.nan)
        values = values * dataset.scales[0] + dataset.offsets[0]
    return bilinear(values[np.newaxis], rows - high.start, columns - wide.start)


def _onto_centres(places: np.ndarray, size: int) -> np.ndarray:
    """Move places in the outer half of the outermost pixels onto their centres; those farther out become NaN."""
    inside = (places >= -0.5) & (places <= size - 0.5)
    return np.where(inside, np.clip(places, 0, size - 1), np.nan)
