"""A map of held-out ground beside its rock glaciers: pixel by pixel and object by object, each with its rock glacier.

Every pixel and every object belongs to one rock glacier, also what is false, so that rock glaciers can be drawn anew in
a bootstrap. What lies under an outline is that rock glacier's; all else belongs to the nearest primary marker.
"""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.features import geometry_mask, rasterize
from rasterio.windows import Window
from scipy.spatial import KDTree

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.inventory.agreement import matches
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.raster import blocks

LEVELS = FULL + 1
KINDS = ("rock_glacier_m2", "other_m2")
ERRORS = ("tp", "fp", "fn")


class Reference(NamedTuple):
    """The rock glaciers of some held-out ground.

    Attributes:
        ground: The ground, a polygon in the CRS of the map.
        outlines: Valid polygons in that CRS that reach the ground; the index holds their uids.
        markers: Their primary markers in that CRS, shape (n, 2).
    """

    ground: shapely.Geometry
    outlines: gpd.GeoSeries
    markers: np.ndarray

    @classmethod
    def of(cls, ground: shapely.Geometry, rock_glaciers: gpd.GeoDataFrame) -> "Reference":
        """Take those rock glaciers (columns uid and geometry, in the CRS of the ground) that reach the ground."""
        near = rock_glaciers[rock_glaciers.intersects(ground)].set_index("uid").geometry
        return cls(ground, near, _positions(near))

    @property
    def uids(self) -> list[str]:
        """Their uids; one empty name where there are none, to which all that is false belongs."""
        return list(self.outlines.index) or [""]

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """Return which of `uids` the points (x, y) belong to, by primary markers; shape (n, 2) to (n,)."""
        if not (len(self.markers) and len(points)):
            return np.zeros(len(points), int)
        return KDTree(self.markers).query(points)[1]


def _positions(shapes: gpd.GeoSeries) -> np.ndarray:
    return shapely.get_coordinates(primary_markers(shapes).to_crs(shapes.crs).array)


def ground_by_level(dataset: rasterio.DatasetReader, reference: Reference) -> np.ndarray:
    """Return how much ground the map gives every probability, on rock glaciers and off them.

    Args:
        dataset: Probability raster, `FULL` times the probability; ground without imagery is nodata and counts nowhere.
        reference: In its CRS.

    Returns:
        float64 (uids, LEVELS, 2), true m²: under the outlines, and beside all of them (`KINDS`). Ground that several
        outlines cover counts once.
    """
    total = np.zeros((len(reference.uids), LEVELS, len(KINDS)))
    grid = PixelGrid.of(dataset.crs, dataset.transform)
    row, column = grid.position(dataset.transform.c, dataset.transform.f)
    shapely.prepare(reference.ground)
    for block in blocks(dataset, Window(0, 0, dataset.width, dataset.height)):
        window = Window(column + block.col_off, row + block.row_off, block.width, block.height)
        if reference.ground.intersects(shapely.box(*grid.bounds(window))):
            total += _of_window(dataset.read(1, window=block), grid, window, reference)
    return total


def _of_window(scores: np.ndarray, grid: PixelGrid, window: Window, reference: Reference) -> np.ndarray:
    transform = grid.transform(window)
    outside = geometry_mask([reference.ground], scores.shape, transform)
    rows, columns = np.nonzero(~outside & (scores != NODATA))
    beneath = np.full(scores.shape, -1, np.int32)
    near = np.flatnonzero(reference.outlines.intersects(shapely.box(*grid.bounds(window))))
    if len(near):
        rasterize(zip(reference.outlines.iloc[near], near.tolist(), strict=True), out=beneath, transform=transform)
    covered = beneath[rows, columns]
    centres = np.column_stack([transform.c + grid.pixel * (columns + 0.5), transform.f - grid.pixel * (rows + 0.5)])
    unit = np.where(covered >= 0, covered, reference.nearest(centres))
    shape = len(reference.uids), LEVELS, len(KINDS)
    place = np.ravel_multi_index((unit, scores[rows, columns], (covered < 0).astype(int)), shape)
    return np.bincount(place, _pixel_areas_m2(grid, window)[rows], minlength=np.prod(shape)).reshape(shape)


def _pixel_areas_m2(grid: PixelGrid, window: Window) -> np.ndarray:
    """Return the true area of a pixel in the middle of every row of a window, shape (height,)."""
    middle = window.col_off + window.width // 2
    pixels = [grid.bounds(Window(middle, window.row_off + row, 1, 1)) for row in range(window.height)]
    return area_m2(gpd.GeoSeries(shapely.box(*np.transpose(pixels)), crs=grid.crs))


def errors_by_area(levels: np.ndarray, threshold: float) -> np.ndarray:
    """Return true positive, false positive and false negative area of every rock glacier, m²; shape (uids, 3).

    Args:
        levels: As `ground_by_level` returns them.
        threshold: Probability from which on ground is mapped as rock glacier.
    """
    mapped = np.arange(LEVELS) >= threshold * FULL
    found = levels[:, mapped].sum(axis=1)
    return np.column_stack([found, levels[:, ~mapped, 0].sum(axis=1)])


def errors_by_object(mapped: gpd.GeoSeries, reference: Reference, seen: np.ndarray, object_iou: float) -> np.ndarray:
    """Return the true positive, false positive and false negative objects of every rock glacier; int (uids, 3).

    A rock glacier is missed where its primary marker lies on the ground, some of it was seen, and nothing matches it.

    Args:
        mapped: Candidates of the ground, in the reference's CRS.
        reference: The rock glaciers.
        seen: Whether there is imagery of each of its uids.
        object_iou: IoU that a match exceeds.
    """
    match = matches(mapped, reference.outlines, object_iou)
    found, count = match >= 0, len(reference.uids)
    nearest = reference.nearest(_positions(mapped[~found]))
    home = shapely.contains_xy(reference.ground, reference.markers)
    missed = np.zeros(count, int)
    missed[: len(home)] = home & seen[: len(home)] & ~np.isin(np.arange(len(home)), match)
    return np.column_stack([*(np.bincount(of, minlength=count) for of in (match[found], nearest)), missed])


def score_table(uids: list[str], area: np.ndarray, objects: np.ndarray) -> pd.DataFrame:
    """Return the errors of every rock glacier, by area in m² and by objects, with its uid."""
    columns = [f"{prefix}_{error}{unit}" for prefix, unit in (("area", "_m2"), ("objects", "")) for error in ERRORS]
    table = pd.DataFrame(np.column_stack([area, objects]), columns=columns)
    return table.astype(dict.fromkeys(columns[3:], int)).assign(uid=uids)[["uid", *columns]]


def level_table(uids: list[str], levels: np.ndarray) -> pd.DataFrame:
    """Return ground by probability as a table: uid, level (0 to `FULL`) and `KINDS`, levels without ground left out."""
    unit, level = np.nonzero(levels.any(axis=2))
    areas = dict(zip(KINDS, levels[unit, level].T, strict=True))
    return pd.DataFrame({"uid": np.array(uids, object)[unit], "level": level, **areas})
