"""Training outlines one by one: how far they lie off the image's edges, and how good the imagery is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid, grown, within
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.quality import quality_of
from workflow_scripts.rogi.training.cutting import burn
from workflow_scripts.rogi.training.ground import ground_metres, pixel_sizes_m
from workflow_scripts.rogi.training.label_shift import (
    MARGIN_PX,
    best_shift,
    correlations,
    edge_directions,
    pieces_of,
)

TILE_PX = 1024  # imagery in memory at a time, beside its margin
SHARES = ("missing_share", "cloud_share", "shadow_share", "snow_share", "quality")  # the latter as in `Quality`


@dataclass(frozen=True)
class Rules:
    """How outlines are judged.

    Attributes:
        max_shift_m: Largest shift looked for, true metres.
        min_significance: A shift whose correlation peaks lower, in standard deviations, is not reliable.
        around_m: Width of the ground round an outline that counts as around it, true metres.
        min_quality: Imagery under an outline of which a smaller share shows the ground is poor.
        snow_min_dn: A pixel is snow only where every band is at least this.
    """

    max_shift_m: float
    min_significance: float
    around_m: float
    min_quality: float
    snow_min_dn: int


@dataclass(frozen=True)
class Assessor:
    """Compares outlines with imagery.

    Attributes:
        imagery: The imagery; one tile of it is in memory at a time.
        bands: Names of its bands.
        rules: How outlines are judged.
        seed: Of the draws behind the uncertainties, the same for every outline, so that none depends on the others.
    """

    imagery: Imagery
    bands: Sequence[str]
    rules: Rules
    seed: int

    def assess(self, polygons: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
        """Yield the quality of every polygon.

        Args:
            polygons: With `uid`, `kind` and `inventory`, in any CRS.

        Yields:
            `uid`, `kind`, `inventory`; `shift_east_m` and `shift_north_m`, how far the outline should move to the true
            east and north, NaN where imagery is missing along most of it; `shift_uncertainty_m`, `shift_significance`
            (see `Shift`) and `shift_reliable`; `pixel_m`; `missing_share`, `cloud_share`, `shadow_share`, `snow_share`
            and what they leave, `quality`, under the polygon; the same around it with `around_` before their names;
            `poor_imagery`.
        """
        grid = self.imagery.grid
        shapes = polygons.geometry.to_crs(grid.crs).array
        places = shapely.get_coordinates(shapely.centroid(shapes))
        names = polygons[["uid", "kind", "inventory"]].itertuples(index=False)
        for name, shape, place, pixel_m in zip(names, shapes, places, pixel_sizes_m(places, grid), strict=True):
            around = shape.buffer(self.rules.around_m / pixel_m * grid.pixel).difference(shape)
            surfaces, shares = self._examined(shape, around, int(np.ceil(self.rules.max_shift_m / pixel_m)))
            shift = best_shift(surfaces, np.random.default_rng(self.seed))
            east, north = ground_metres(place[np.newaxis], np.array([[shift.right_px, shift.down_px]]), grid)[0]
            yield {
                **name._asdict(),
                "shift_east_m": east,
                "shift_north_m": north,
                "shift_uncertainty_m": shift.uncertainty_px * pixel_m,
                "shift_significance": shift.significance,
                "shift_reliable": shift.significance >= self.rules.min_significance and not shift.at_limit,
                "pixel_m": pixel_m,
                **shares,
                "poor_imagery": shares["quality"] < self.rules.min_quality,
            }

    def _examined(
        self, shape: shapely.Geometry, around: shapely.Geometry, reach: int
    ) -> tuple[np.ndarray, dict[str, float]]:
        """Return the correlations of an outline (see `correlations`) and the shares under and around it, by tiles."""
        grid = self.imagery.grid
        steps = pieces_of(shapely.transform(shape, lambda xy: _pixels(xy, grid)))
        first = np.searchsorted(steps.piece, np.arange(steps.piece[-1] + 1))
        surfaces = np.zeros((len(first), 2 * reach + 1, 2 * reach + 1), np.float32)
        zones = {"": shape, "around_": around}
        sums = {prefix: np.zeros(len(SHARES) + 1) for prefix in zones}
        for tile in _tiles(shapely.union(shape, around), grid):
            window = grown(tile, reach + MARGIN_PX)
            scene = self.imagery.read(window)
            begun = np.flatnonzero(_holds(tile, steps.row[first], steps.column[first]))
            if len(begun):
                here = steps._replace(row=steps.row - window.row_off, column=steps.column - window.col_off)
                surfaces[begun] = correlations(edge_directions(scene.image, scene.valid), here, begun, reach)
            inner = within(tile, window)
            for prefix, zone in zones.items():
                mask = burn(np.array([zone]), grid, tile)
                sums[prefix] += self._counts(scene.image[:, *inner][:, mask], scene.valid[inner][mask])
        return surfaces, {
            f"{prefix}{name}": float(count / sums[prefix][-1]) if sums[prefix][-1] else np.nan
            for prefix in zones
            for name, count in zip(SHARES, sums[prefix][:-1], strict=True)
        }

    def _counts(self, image: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return the numbers of pixels of `SHARES`, and of all, of (bands, n) pixels of which (n,) are valid."""
        if not len(valid):
            return np.zeros(len(SHARES) + 1)
        snow_min_dn, screening = self.rules.snow_min_dn, self.imagery.screening
        quality = quality_of(image[:, np.newaxis], valid[np.newaxis], self.bands, screening, snow_min_dn)
        return np.array([(~valid).mean(), *quality, 1.0]) * len(valid)


def _holds(window: Window, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return which positions lie in a window."""
    down, right = row - window.row_off, column - window.col_off
    return (down >= 0) & (down < window.height) & (right >= 0) & (right < window.width)


def _pixels(xy: np.ndarray, grid: PixelGrid) -> np.ndarray:
    """Return columns and rows of coordinates in the grid's CRS, pixel corners at whole numbers."""
    return (xy - (grid.phase_x, grid.phase_y)) / (grid.pixel, -grid.pixel)


def _tiles(zone: shapely.Geometry, grid: PixelGrid) -> Iterator[Window]:
    """Yield the windows of at most `TILE_PX` that together hold a zone."""
    whole = grid.window(zone.bounds)
    shapely.prepare(zone)
    for top in range(0, whole.height, TILE_PX):
        for left in range(0, whole.width, TILE_PX):
            size = min(TILE_PX, whole.width - left), min(TILE_PX, whole.height - top)
            tile = Window(whole.col_off + left, whole.row_off + top, *size)
            if zone.intersects(shapely.box(*grid.bounds(tile))):
                yield tile
