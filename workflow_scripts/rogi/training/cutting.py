"""Patches round polygons: buffered on the ground, labelled with every rock glacier in view, validation kept apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.windows import Window

from workflow_scripts.rogi.geodesy import buffer_true_m
from workflow_scripts.rogi.imagery.grid import PixelGrid, intersection, within
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.training.patches import Patch


@dataclass(frozen=True)
class Place:
    """Where a patch is cut: its global window, the polygon it belongs to, and whether it is for validation."""

    window: Window
    uid: str
    validation: bool


class LeftOut(Enum):
    """Why a place gives no patch."""

    IMAGERY = "too little imagery"
    VALIDATION = "blanked by validation patches"


def windows_around(bounds_window: Window, size: int, stride: int) -> list[Window]:
    """Return the windows of `size` px at `stride` px that cover a window, centred on it; at least one."""
    counts = [max(1, -(-(length - size) // stride) + 1) for length in (bounds_window.height, bounds_window.width)]
    spans = [size + (count - 1) * stride for count in counts]
    top = bounds_window.row_off - (spans[0] - bounds_window.height) // 2
    left = bounds_window.col_off - (spans[1] - bounds_window.width) // 2
    return [
        Window(left + column * stride, top + row * stride, size, size)
        for row in range(counts[0])
        for column in range(counts[1])
    ]


def places(polygons: gpd.GeoDataFrame, grid: PixelGrid, buffer_m: float, size: int, stride: int) -> list[Place]:
    """Return where patches are cut.

    Args:
        polygons: With `uid` and `validation`, in any CRS.
        grid: The imagery's pixel grid.
        buffer_m: Ground seen beyond each polygon, true metres; the patches cover the buffer's bounding rectangle.
        size: Side of a patch in pixels.
        stride: Pixels from one patch to the next.
    """
    buffers = buffer_true_m(polygons.geometry, buffer_m).to_crs(grid.crs)
    return [
        Place(window, uid, bool(validation))
        for uid, validation, shape in zip(polygons["uid"], polygons["validation"], buffers, strict=True)
        for window in windows_around(grid.window(shape.bounds), size, stride)
    ]


def cut(
    wanted: list[Place], imagery: Imagery, rock_glaciers: gpd.GeoSeries, min_valid_share: float
) -> Iterator[tuple[Place, Patch | LeftOut]]:
    """Cut the patches one after the other.

    All rock glaciers in view are labelled, not only the one in the middle. In training patches every pixel that also
    lies in a validation patch is blanked and marked not valid, so training never sees it.

    Args:
        wanted: Where to cut.
        imagery: What to cut from.
        rock_glaciers: Outlines in any CRS.
        min_valid_share: Patches with a smaller share of valid pixels are left out, and the reason is given.
    """
    shapes = rock_glaciers.to_crs(imagery.grid.crs).array
    tree = shapely.STRtree(shapes)
    kept_apart = _Windows([place.window for place in wanted if place.validation])
    for place in wanted:
        scene = imagery.read(place.window)
        valid = scene.valid
        if valid.mean() < min_valid_share:
            yield place, LeftOut.IMAGERY
            continue
        if not place.validation:
            valid = valid & ~kept_apart.mask(place.window)
        if valid.mean() < min_valid_share:
            yield place, LeftOut.VALIDATION
            continue
        near = shapes[tree.query(shapely.box(*imagery.grid.bounds(place.window)))]
        label = burn(near, imagery.grid, place.window)
        yield place, Patch(scene.image * valid, label & valid, valid, place.validation)


def burn(shapes: np.ndarray, grid: PixelGrid, window: Window) -> np.ndarray:
    """Return which pixels of a window have their centre in one of the shapes (given in the grid's CRS)."""
    if not len(shapes):
        return np.zeros((window.height, window.width), bool)
    return rasterize(shapes, (window.height, window.width), transform=grid.transform(window), dtype="uint8").astype(
        bool
    )


class _Windows:
    """Windows that can be asked which pixels of another window they cover."""

    def __init__(self, windows: list[Window]) -> None:
        self.windows = windows
        self.tree = shapely.STRtree([_box(window) for window in windows])

    def mask(self, window: Window) -> np.ndarray:
        covered = np.zeros((window.height, window.width), bool)
        for number in self.tree.query(_box(window)):
            if shared := intersection(window, self.windows[number]):
                covered[within(shared, window)] = True
        return covered


def _box(window: Window) -> shapely.Polygon:
    return shapely.box(window.col_off, window.row_off, window.col_off + window.width, window.row_off + window.height)
