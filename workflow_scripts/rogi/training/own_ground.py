"""Whose ground a pixel is, when every polygon of the training data is to be judged by itself."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy.ndimage import distance_transform_edt

from workflow_scripts.rogi.imagery.grid import PixelGrid, grown, within
from workflow_scripts.rogi.training.ground import pixel_sizes_m
from workflow_scripts.rogi.training.split import ROCK_GLACIER

NOBODY = -1


class OwnGround:
    """Shares the ground out: a pixel belongs to the rock glacier it lies in or is nearest to, up to some distance.

    Outside of all rock glaciers it may also lie in other ground, a negative or random terrain. Where polygons overlap,
    the smaller one has the pixel.
    """

    def __init__(self, polygons: gpd.GeoDataFrame, grid: PixelGrid, around_m: float) -> None:
        """Prepare polygons with `kind`, in any CRS; `around_m` is how far rock glaciers own ground, true metres."""
        self.grid, self.around_m = grid, around_m
        self.shapes = np.asarray(polygons.geometry.to_crs(grid.crs).array)
        self.rock_glacier = (polygons["kind"] == ROCK_GLACIER).to_numpy(bool)
        sizes = pixel_sizes_m(shapely.get_coordinates(shapely.centroid(self.shapes)), grid)
        self.zones = shapely.buffer(self.shapes, np.where(self.rock_glacier, around_m / sizes * grid.pixel, 0))
        self._tree = shapely.STRtree(self.shapes)

    def owners(self, window: Window) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield twice, for rock glaciers and then for other ground, whose the pixels of a global window are.

        Yields:
            Positions of the owners, `NOBODY` where there is none, and whether the pixels lie inside of them; both of
            shape (height, width).
        """
        west, south, east, north = self.grid.bounds(window)
        pixel_m = pixel_sizes_m(np.array([[(west + east) / 2, (south + north) / 2]]), self.grid)[0]
        wide = grown(window, int(np.ceil(self.around_m / pixel_m)))
        near = self._tree.query(shapely.box(*self.grid.bounds(wide)))
        part = within(window, wide)
        owner = self._burnt(near[self.rock_glacier[near]], wide)
        inside = owner != NOBODY
        if inside.any():
            apart, (row, column) = distance_transform_edt(~inside, return_indices=True)
            owner = np.where(apart * pixel_m <= self.around_m, owner[row, column], NOBODY)
        yield owner[part], inside[part]
        other = np.where(inside, NOBODY, self._burnt(near[~self.rock_glacier[near]], wide))[part]
        yield other, other != NOBODY

    def _burnt(self, numbers: np.ndarray, window: Window) -> np.ndarray:
        size = window.height, window.width
        if not len(numbers):
            return np.full(size, NOBODY, np.int32)
        largest_first = numbers[np.argsort(-shapely.area(self.shapes[numbers]), kind="stable")]
        burnt = [(self.shapes[number], int(number)) for number in largest_first]
        return rasterize(burnt, size, fill=NOBODY, transform=self.grid.transform(window), dtype="int32")


def nearest_to_centre(corners: np.ndarray, number: int, size: int) -> np.ndarray:
    """Return which pixels of a window are nearer to its own centre than to that of any other, so that each counts once.

    There a network has seen most of the surroundings. Distances are the larger of rows and columns; where they are
    equal, the window of the lower number has the pixel.

    Args:
        corners: Row and column of the top left pixel of windows of one size, shape (n, 2).
        number: Of the window.
        size: Side of the windows, pixels.

    Returns:
        Boolean array of shape (size, size).
    """
    moves = corners - corners[number]
    near = np.flatnonzero((np.abs(moves) < size).all(axis=1))
    offset = np.arange(size) - (size - 1) / 2
    own = np.maximum(np.abs(offset)[:, np.newaxis], np.abs(offset))
    nearest = np.ones((size, size), bool)
    for other in near[near != number].tolist():
        down, right = (np.abs(offset - move) for move in moves[other])
        theirs = np.maximum(down[:, np.newaxis], right)
        nearest &= own <= theirs if number < other else own < theirs
    return nearest
