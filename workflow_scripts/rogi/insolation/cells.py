"""What the radiation on cells of a DEM depends on, beside the terrain around them."""

from typing import Any, NamedTuple

import numpy as np
from affine import Affine
from pyproj import CRS, Geod, Transformer

from workflow_scripts.rogi.geodesy import WGS84


class Cells(NamedTuple):
    """Cells of a DEM, arrays of n.

    Attributes:
        row: Row in the DEM.
        column: Column.
        latitude: Radians, north positive.
        steps: Shape (n, 2, 2): columns (first) and rows (second) per true metre eastwards and northwards.
        normal: Shape (n, 3): unit vector at right angles to the ground, eastwards, northwards, upwards.
        pressure: Air pressure over that at sea level.
    """

    row: np.ndarray
    column: np.ndarray
    latitude: np.ndarray
    steps: np.ndarray
    normal: np.ndarray
    pressure: np.ndarray

    def part(self, chosen: slice) -> "Cells":
        """Return some of the cells."""
        return Cells(*(values[chosen] for values in self))


def normals(slope: np.ndarray, aspect: np.ndarray) -> np.ndarray:
    """Return unit vectors at right angles to the ground, shape (n, 3): eastwards, northwards, upwards.

    Args:
        slope: Degrees.
        aspect: Downslope azimuth, degrees clockwise from true north; not looked at where the slope is 0.
    """
    tilt, azimuth = np.radians(slope), np.radians(np.where(slope == 0, 0, aspect))
    return np.column_stack([np.sin(tilt) * np.sin(azimuth), np.sin(tilt) * np.cos(azimuth), np.cos(tilt)])


def latitudes_and_steps(
    transform: Affine, crs: CRS, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the latitude (radians) of cells, and the columns and rows per true metre there, see `Cells`.

    They are those of each cell itself, in any CRS and against true north, so they do not depend on the array that the
    cell is in. Along a ray they are kept: on a grid in degrees at 35°, 20 km further north, that is 0.2 % of the width
    of a pixel, and moves the end of a diagonal ray by half of that.
    """
    ellipsoid = Geod(ellps="WGS84")
    to_degrees = Transformer.from_crs(crs, WGS84, always_xy=True)

    def position(row: float, column: float) -> tuple[np.ndarray, np.ndarray]:
        place: Any = (columns + column, rows + row)
        longitude, latitude = to_degrees.transform(*(transform @ place))
        return longitude, latitude

    def vector(first: tuple[float, float], last: tuple[float, float]) -> np.ndarray:
        azimuth, _, distance = ellipsoid.inv(*position(*first), *position(*last))
        return np.stack([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))]) * distance

    per_column, per_row = vector((0.5, 0), (0.5, 1)), vector((0, 0.5), (1, 0.5))
    pixel = np.stack([per_column, per_row]).transpose(2, 1, 0)  # (n, east and north, per column and per row)
    return np.radians(position(0.5, 0.5)[1]), np.linalg.inv(pixel)
