"""One pixel grid per imagery, anchored to the CRS origin: a pixel has the same global row and column in every job."""

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.windows import Window

PHASE_TOLERANCE_PX = 0.01


@dataclass(frozen=True)
class PixelGrid:
    """A north-up grid of square pixels over the whole plane of a CRS.

    Attributes:
        crs: The imagery's CRS.
        pixel: Pixel size in CRS units.
        phase_x: Easting of the left edge of global column 0, in [0, pixel).
        phase_y: Northing of the top edge of global row 0, in [0, pixel).
    """

    crs: CRS
    pixel: float
    phase_x: float
    phase_y: float

    @classmethod
    def of(cls, crs: CRS, transform: Affine) -> "PixelGrid":
        """Return the grid that a raster lies on.

        Raises:
            ValueError: The raster is rotated, not north-up, or its pixels are not square.
        """
        if transform.b or transform.d or transform.a <= 0 or not math.isclose(transform.a, -transform.e, rel_tol=1e-6):
            raise ValueError(f"the raster is not north-up with square pixels (transform {tuple(transform)[:6]})")
        pixel = transform.a
        return cls(crs, pixel, _phase(transform.c, pixel), _phase(transform.f, pixel))

    def matches(self, other: "PixelGrid") -> bool:
        """Tell whether both grids put every pixel at the same place."""
        return (
            self.crs == other.crs
            and math.isclose(self.pixel, other.pixel, rel_tol=1e-9)
            and _apart(self.phase_x, other.phase_x, self.pixel) < PHASE_TOLERANCE_PX
            and _apart(self.phase_y, other.phase_y, self.pixel) < PHASE_TOLERANCE_PX
        )

    def position(self, x: float, y: float) -> tuple[int, int]:
        """Return the global (row, column) of a pixel whose top left corner is at (x, y)."""
        return round((self.phase_y - y) / self.pixel), round((x - self.phase_x) / self.pixel)

    def window(self, bounds: tuple[float, float, float, float]) -> Window:
        """Return the global window of all pixels that touch the bounds (west, south, east, north)."""
        west, south, east, north = bounds
        left = math.floor((west - self.phase_x) / self.pixel + 1e-6)
        top = math.floor((self.phase_y - north) / self.pixel + 1e-6)
        right = math.ceil((east - self.phase_x) / self.pixel - 1e-6)
        bottom = math.ceil((self.phase_y - south) / self.pixel - 1e-6)
        return Window(left, top, right - left, bottom - top)

    def transform(self, window: Window) -> Affine:
        """Return the transform of a global window."""
        x = self.phase_x + window.col_off * self.pixel
        y = self.phase_y - window.row_off * self.pixel
        return Affine(self.pixel, 0, x, 0, -self.pixel, y)

    def bounds(self, window: Window) -> tuple[float, float, float, float]:
        """Return the (west, south, east, north) of a global window."""
        left, top = self.phase_x + window.col_off * self.pixel, self.phase_y - window.row_off * self.pixel
        return left, top - window.height * self.pixel, left + window.width * self.pixel, top


def _phase(coordinate: float, pixel: float) -> float:
    phase = coordinate - math.floor(coordinate / pixel) * pixel
    # A coordinate that is a whole number of pixels may come out just below one pixel instead of at zero.
    return 0.0 if pixel - phase < PHASE_TOLERANCE_PX * pixel else phase


def _apart(one: float, other: float, pixel: float) -> float:
    distance = abs(one - other) % pixel / pixel
    return min(distance, 1 - distance)


def intersection(one: Window, other: Window) -> Window | None:
    """Return what two windows share, or None."""
    left, top = max(one.col_off, other.col_off), max(one.row_off, other.row_off)
    right = min(one.col_off + one.width, other.col_off + other.width)
    bottom = min(one.row_off + one.height, other.row_off + other.height)
    return Window(left, top, right - left, bottom - top) if right > left and bottom > top else None


def within(inner: Window, outer: Window) -> tuple[slice, slice]:
    """Return the slices that cut `inner` out of an array that covers `outer`."""
    top, left = inner.row_off - outer.row_off, inner.col_off - outer.col_off
    return np.s_[top : top + inner.height, left : left + inner.width]


def aligned(window: Window, step: int) -> Window:
    """Return the smallest window that holds `window` and starts and ends at multiples of `step`."""
    left, top = window.col_off // step * step, window.row_off // step * step
    right, bottom = (-(-end // step) * step for end in (window.col_off + window.width, window.row_off + window.height))
    return Window(left, top, right - left, bottom - top)


def grown(window: Window, margin: int) -> Window:
    """Return a window with `margin` more pixels on every side."""
    return Window(
        window.col_off - margin, window.row_off - margin, window.width + 2 * margin, window.height + 2 * margin
    )
