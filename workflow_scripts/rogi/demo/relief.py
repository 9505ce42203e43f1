"""The relief of the demo world on the coarse grid: a dissected range in the north, a basin in the south."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workflow_scripts.rogi.demo.drainage import Landscape, balance
from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.noise import band, fractal, ridged, smoothstep, wave

STEP = 8  # coarse cells per cell of the drainage model, about 250 m
BASIN_M = 4560.0  # height of the basin's lowest edge
PLATEAU_M = 4700.0  # height of the foreland in the north
TROUGH_CELLS = 30  # how far from its line a trough may cut
STEEPEST = 0.84  # slope at which rock walls fail
VALLEY_CELLS = 18  # drainage cells (about 1.1 km²) above which a valley has a floor


@dataclass
class Relief:
    """Fields on the coarse grid, all of one shape.

    Attributes:
        height: Metres above sea level.
        slope: Gradient of the height (tangent), smoothed.
        to_valley: Distance from the nearest valley line, m.
        above_valley: Height above that line, m.
        discharge: Upstream area of the nearest valley line, km².
        hollow: Height below the surroundings (a few hundred metres), m; positive in valleys and cirques.
        basin: 1 in the basin, 0 in the range.
    """

    height: np.ndarray
    slope: np.ndarray
    to_valley: np.ndarray
    above_valley: np.ndarray
    discharge: np.ndarray
    hollow: np.ndarray
    basin: np.ndarray


def basin_border(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Return the pixel row where range and basin meet, for every coarse column."""
    columns = frame.coarse_shape[1]
    lobes = 1.6 * wave(columns, 130, rng) + 0.5 * wave(columns, 35, rng)
    return 0.71 * frame.height + np.clip(lobes, -3, 3) * 420 / frame.pixel_m


def make_relief(frame: Frame, border: np.ndarray, rng: np.random.Generator) -> Relief:
    """Make the relief of a frame.

    Args:
        frame: Where.
        border: Pixel row of the basin's edge for every coarse column, from `basin_border`.
        rng: Source of randomness.
    """
    rows = frame.coarse_pixels(0)[:, None]
    basin = smoothstep(rows - border[None, :], -500 / frame.pixel_m, 900 / frame.pixel_m).astype(np.float32)
    land = _dissected(frame, basin, rng)
    bend = _bend(frame, rng)
    height = ndimage.gaussian_filter(_bent(land.height, frame, bend), 3)
    far, (line_row, line_column), area = _valley_lines(land, frame, bend)
    to_valley = ndimage.gaussian_filter(far * frame.cell_m, 1).astype(np.float32)
    discharge = area[line_row, line_column] * (STEP * frame.cell_m / 1000) ** 2
    height = _carved(height, area, basin, frame, rng)
    height = _gullied(height, to_valley, basin, rng)
    return Relief(
        height=height,
        slope=slope_of(ndimage.gaussian_filter(height, 1.2), frame.cell_m),
        to_valley=to_valley,
        above_valley=height - height[line_row, line_column],
        discharge=discharge.astype(np.float32),
        hollow=ndimage.gaussian_filter(height, 280 / frame.cell_m) - height,
        basin=basin,
    )


def slope_of(height: np.ndarray, cell_m: float) -> np.ndarray:
    """Return the tangent of the slope."""
    down, right = np.gradient(height, cell_m)
    return np.hypot(down, right).astype(np.float32)


def _dissected(frame: Frame, basin: np.ndarray, rng: np.random.Generator) -> Landscape:
    """The drainage model, on cells eight times the coarse ones."""
    small_basin = basin[::STEP, ::STEP]
    shape = small_basin.shape
    hardness = np.exp(0.45 * fractal(shape, 30, rng, 0.6))
    steepness = hardness * (0.85 - 0.82 * small_basin)
    north = np.arange(shape[0])[:, None] < frame.margins[0] / STEP
    steepness = np.where(north, steepness * 0.62, steepness)
    outlets = np.full(shape, np.nan)
    outlets[0], outlets[-1] = PLATEAU_M, BASIN_M
    return balance(steepness, outlets, STEP * frame.cell_m, 0.36, STEEPEST, 60)


def _bend(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Displacements in coarse cells, shape (2, rows, columns); they hide the drainage model's eight directions."""
    shape = frame.coarse_shape
    return np.stack([5.0 * band(shape, 70, rng) + 1.6 * band(shape, 26, rng) for _ in range(2)])


def _bent(field: np.ndarray, frame: Frame, bend: np.ndarray) -> np.ndarray:
    rows, columns = np.meshgrid(*(np.arange(size, dtype=np.float32) for size in frame.coarse_shape), indexing="ij")
    where = [(grid + move + 0.5) / STEP - 0.5 for grid, move in zip((rows, columns), bend, strict=True)]
    return ndimage.map_coordinates(field.astype(np.float32), where, order=2, mode="nearest")


def _valley_lines(
    land: Landscape, frame: Frame, bend: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Distance to the nearest valley line (cells), its row and column, and the upstream areas along the lines."""
    rows, columns = np.nonzero(land.area > VALLEY_CELLS)
    to_rows, to_columns = np.divmod(land.receiver[rows, columns], land.area.shape[1])
    area = np.zeros(frame.coarse_shape, dtype=np.float32)
    for share in np.linspace(0, 1, 3 * STEP):
        points = [
            (a + share * (b - a) + 0.5) * STEP - 0.5 for a, b in ((rows, to_rows), (columns, to_columns))
        ]  # fmt: skip
        row, column = _unbent(np.array(points), bend)
        np.maximum.at(area, (row, column), land.area[rows, columns])
    far, nearest = ndimage.distance_transform_edt(area == 0, return_indices=True)
    return far, (nearest[0], nearest[1]), area


def _unbent(points: np.ndarray, bend: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells in which points of the straight drainage model come to lie once bent."""
    limits = np.array(bend.shape[1:])[:, None] - 1
    place = points
    for _ in range(4):
        cell = np.clip(np.rint(place).astype(int), 0, limits)
        place = points - bend[:, cell[0], cell[1]]
    row, column = np.clip(np.rint(place).astype(int), 0, limits)
    return row, column


def _carved(
    height: np.ndarray, area: np.ndarray, basin: np.ndarray, frame: Frame, rng: np.random.Generator
) -> np.ndarray:
    """Cut trough valleys and cirques: a floor, a foot slope of debris, and the walls left as they are."""
    cut = _trough(height, area, frame, rng)
    soft = 14.0
    lower = np.minimum(height, cut) - soft * np.log1p(np.exp(-np.abs(height - cut) / soft))
    return (height * basin + lower * (1 - basin)).astype(np.float32)


def _trough(height: np.ndarray, area: np.ndarray, frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """The lowest of the cross-sections of all valley lines nearby, which joins them without steps."""
    rows, columns = np.nonzero(area)
    drained = area[rows, columns] * (STEP * frame.cell_m / 1000) ** 2
    floor = 40 + 75 * np.log1p(drained)
    stretch = np.exp(0.2 * band(height.shape, 28, rng)[rows, columns])
    line = height[rows, columns]
    cut = np.full(np.array(height.shape) + 2 * TROUGH_CELLS, 9999.0, dtype=np.float32)
    for dy, dx in np.ndindex(2 * TROUGH_CELLS + 1, 2 * TROUGH_CELLS + 1):
        far = np.hypot(dy - TROUGH_CELLS, dx - TROUGH_CELLS) * frame.cell_m
        if far <= TROUGH_CELLS * frame.cell_m:
            beyond = np.maximum(far * stretch - floor, 0)
            there = rows + dy, columns + dx
            wall = 0.18 * beyond + 0.0005 * beyond**2 + 4e-6 * max(far - 400, 0) ** 3
            cut[there] = np.minimum(cut[there], line + 0.03 * np.minimum(far, floor) + wall)
    inner = cut[TROUGH_CELLS:-TROUGH_CELLS, TROUGH_CELLS:-TROUGH_CELLS]
    return inner * (1 + 0.0022 * band(height.shape, 22, rng))


def _gullied(height: np.ndarray, far: np.ndarray, basin: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add buttresses and gullies to the walls, and a little unevenness everywhere."""
    wall = smoothstep(far, 350, 800) * (1 - basin)
    coarse = ndimage.gaussian_filter(height, 0.8)
    buttress = ridged(band(height.shape, 24, rng)) * 26 + ridged(band(height.shape, 9, rng)) * 9
    return (coarse + wall * buttress + 1.2 * band(height.shape, 12, rng) * (1 - 0.8 * basin)).astype(np.float32)
