"""Where the demo world lies: the grid of Planet Basemaps, and a coarser grid over it and its surroundings."""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

WEB_MERCATOR = CRS.from_epsg(3857)
QUAD_PX = 4096
QUADS_PER_SIDE = 2048  # level 15 of Planet's grid, quads counted from the west and from the south
HALF_WORLD_M = 20037508.342789244
PIXEL_M = 2 * HALF_WORLD_M / (QUADS_PER_SIDE * QUAD_PX)  # 4.777 m at the equator
CELL_PX = 8  # coarse cells, about 31 m on the ground at 35° N
MARGIN_DEG = 0.1  # relief is made this far beyond the imagery

_QUAD_NAME = re.compile(r"L15-(\d{4})E-(\d{4})N")


def quad_of(path: str | Path) -> tuple[int, int]:
    """Return the column and row of a quad from its file name, `L15-1474E-1237N.tif`.

    Raises:
        ValueError: The name is not one of a Planet Basemaps quad.
    """
    found = _QUAD_NAME.search(Path(path).name)
    if not found:
        raise ValueError(f"{path} is not named like a Planet Basemaps quad (L15-1474E-1237N.tif)")
    return int(found[1]), int(found[2])


@dataclass(frozen=True)
class Frame:
    """A rectangle of quads. Pixels are counted from its north-west corner, columns east and rows south."""

    west_quad: int
    south_quad: int
    quads_x: int
    quads_y: int

    @property
    def width(self) -> int:
        """Columns of all quads together."""
        return self.quads_x * QUAD_PX

    @property
    def height(self) -> int:
        """Rows of all quads together."""
        return self.quads_y * QUAD_PX

    @property
    def transform(self) -> Affine:
        """From pixel corners to EPSG:3857."""
        west = self.west_quad * QUAD_PX * PIXEL_M - HALF_WORLD_M
        north = self.south_quad * QUAD_PX * PIXEL_M - HALF_WORLD_M + self.height * PIXEL_M
        return Affine(PIXEL_M, 0, west, 0, -PIXEL_M, north)

    @cached_property
    def pixel_m(self) -> float:
        """True size of a pixel on the ground at the centre, in metres."""
        _, latitude = self.lonlat(self.width / 2, self.height / 2)
        return PIXEL_M * math.cos(math.radians(float(latitude)))

    @property
    def cell_m(self) -> float:
        """True size of a coarse cell, in metres."""
        return self.pixel_m * CELL_PX

    @property
    def margins(self) -> tuple[int, int]:
        """Coarse cells beyond the imagery in rows and columns, multiples of eight."""
        cells_per_degree = QUADS_PER_SIDE * QUAD_PX / 360 / CELL_PX
        columns = MARGIN_DEG * cells_per_degree
        rows = columns * PIXEL_M / self.pixel_m
        return 8 * math.ceil(rows / 8 + 0.5), 8 * math.ceil(columns / 8 + 0.5)

    @property
    def coarse_shape(self) -> tuple[int, int]:
        """Rows and columns of the coarse grid, margins included."""
        rows, columns = self.margins
        return self.height // CELL_PX + 2 * rows, self.width // CELL_PX + 2 * columns

    def coarse_index(self, pixel: np.ndarray, axis: int) -> np.ndarray:
        """Return positions on the coarse grid (cell centres at whole numbers) of pixel positions (corners whole)."""
        return np.asarray(pixel, dtype=np.float64) / CELL_PX - 0.5 + self.margins[axis]

    def coarse_pixels(self, axis: int) -> np.ndarray:
        """Return the pixel positions of the coarse cells' centres along rows (0) or columns (1)."""
        return (np.arange(self.coarse_shape[axis]) - self.margins[axis] + 0.5) * CELL_PX

    def lonlat(self, column: np.ndarray | float, row: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Return longitude and latitude in degrees of pixel positions, by the spherical Mercator formulas of 3857."""
        x = np.asarray(column) * PIXEL_M + self.transform.c
        y = self.transform.f - np.asarray(row) * PIXEL_M
        return x / HALF_WORLD_M * 180, np.degrees(2 * np.arctan(np.exp(y / HALF_WORLD_M * np.pi)) - np.pi / 2)

    def pixels(self, longitude: np.ndarray | float, latitude: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Return columns and rows of positions in degrees; the inverse of `lonlat`."""
        x = np.asarray(longitude) / 180 * HALF_WORLD_M
        y = np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2)) / np.pi * HALF_WORLD_M
        return (x - self.transform.c) / PIXEL_M, (self.transform.f - y) / PIXEL_M

    def to_lonlat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape drawn in pixels in degrees."""
        return shapely.transform(shape, lambda xy: np.column_stack(self.lonlat(xy[:, 0], xy[:, 1])))

    def to_pixels(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape given in degrees in pixels; the inverse of `to_lonlat`."""
        return shapely.transform(shape, lambda xy: np.column_stack(self.pixels(xy[:, 0], xy[:, 1])))

    def quad_offset(self, column: int, row: int) -> tuple[int, int]:
        """Return the first pixel row and column of a quad, by its place in Planet's grid."""
        from_north = self.south_quad + self.quads_y - 1 - row
        return from_north * QUAD_PX, (column - self.west_quad) * QUAD_PX

    def bounds_lonlat(self) -> tuple[float, float, float, float]:
        """Return west, south, east and north of the imagery, in degrees."""
        west, north = self.lonlat(0, 0)
        east, south = self.lonlat(self.width, self.height)
        return float(west), float(south), float(east), float(north)
