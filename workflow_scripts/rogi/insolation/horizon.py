"""How high the terrain stands around a cell, and how much of the terrain around it is known."""

import math
from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

BLOCK = 32  # px
EARTH_DIAMETER_M = 2 * 6_371_008.8  # of the sphere with the mean radius of GRS 80 (Moritz 2000)


class Terrain(NamedTuple):
    """A DEM in which rays can jump over blocks that are too low to matter.

    Attributes:
        heights: Float32, m, NaN in voids, row by row.
        tops: Highest height in every block of BLOCK × BLOCK pixels and one pixel around it, row by row; infinite where
            some of them are void, and minus infinite where all are.
        height: Rows, a multiple of BLOCK; the last is void.
        width: Columns, a multiple of BLOCK; the last is void.
        radius_m: How far rays go.
    """

    heights: np.ndarray
    tops: np.ndarray
    height: int
    width: int
    radius_m: float


class Ray(NamedTuple):
    """A ray over the pixels of a DEM: line by line along its major axis, with a slant along the other, the minor one.

    Attributes:
        major: Line that it starts in.
        minor: Pixel of that line.
        step: Lines per sample, 1 or -1.
        slant: Pixels along the minor axis per sample, -1 to 1.
        per_minor: Samples per pixel along the minor axis.
        inside: Samples before the edge of the DEM.
        stride: From a pixel to that of the next line in `Terrain.heights`.
        beside: From a pixel to the next of its line.
        other: The same, or 0 where all samples are pixel centres.
        block_stride: From a block to the next along the major axis in `Terrain.tops`.
        block_beside: The same along the minor axis.
    """

    major: int
    minor: int
    step: int
    slant: float
    per_minor: float
    inside: int
    stride: int
    beside: int
    other: int
    block_stride: int
    block_beside: int


def terrain(heights: np.ndarray, radius_m: float) -> Terrain:
    """Prepare heights (array of shape (height, width), m, NaN in voids) for rays."""
    rows, columns = (side // BLOCK + 1 for side in heights.shape)
    padded = np.full((rows * BLOCK, columns * BLOCK), np.nan, np.float32)
    padded[: heights.shape[0], : heights.shape[1]] = heights
    highest, whole = _block_maximum(padded, np.fmax), _block_maximum(padded, np.maximum)
    tops = np.where(np.isnan(highest), -np.inf, np.where(np.isnan(whole), np.inf, highest)).astype(np.float32)
    return Terrain(padded.ravel(), tops.ravel(), rows * BLOCK, columns * BLOCK, float(radius_m))


def _block_maximum(values: np.ndarray, larger_of: np.ufunc) -> np.ndarray:
    return _rows_maximum(_rows_maximum(values, larger_of).T, larger_of).T


def _rows_maximum(values: np.ndarray, larger_of: np.ufunc) -> np.ndarray:
    """Reduce every BLOCK rows and the row on either side of them to one."""
    result = larger_of.reduce(values.reshape(-1, BLOCK, values.shape[1]), axis=1)
    result[1:] = larger_of(result[1:], values[BLOCK - 1 : -1 : BLOCK])
    result[:-1] = larger_of(result[:-1], values[BLOCK::BLOCK])
    return result


@register_jitable
def larger(one: float, other: float) -> float:
    """Return the larger of two numbers; numba 0.68 does not compile the builtin for GPUs."""
    return one if one > other else other


@register_jitable
def smaller(one: int, other: int) -> int:
    """Return the smaller of two whole numbers."""
    return one if one < other else other


@register_jitable
def horizon_of_cell(row: int, column: int, steps: np.ndarray, terrain: Terrain, horizon: np.ndarray) -> float:
    """Find the horizon around a cell.

    Args:
        row: Row of the cell, which is not void.
        column: Its column.
        steps: Array of shape (2, 2): columns (first) and rows (second) per true metre eastwards and northwards.
        terrain: The DEM around.
        horizon: Array of shape (sectors + 1,), filled with the sine of the horizon's angle in directions clockwise
            from north, the first of them repeated at the end; at least 0, where there is no terrain too.

    Returns:
        The share of the rays, out to the radius, that lies on valid heights.
    """
    sectors = len(horizon) - 1
    known = asked = 0
    for sector in range(sectors):
        east, north = math.sin(2 * math.pi * sector / sectors), math.cos(2 * math.pi * sector / sectors)
        columns = steps[0, 0] * east + steps[0, 1] * north
        rows = steps[1, 0] * east + steps[1, 1] * north
        # A sample wherever the ray crosses a line of pixel centres
        per_m = larger(abs(columns), abs(rows))
        samples = int(terrain.radius_m * per_m)
        ray = ray_from(terrain, row, column, rows / per_m, columns / per_m)
        tangent, valid = follow(ray, terrain, samples, 1 / per_m)
        horizon[sector] = tangent / math.sqrt(1 + tangent * tangent)
        known += valid
        asked += samples
    horizon[sectors] = horizon[0]
    return known / larger(asked, 1)


@register_jitable
def ray_from(terrain: Terrain, row: int, column: int, row_step: float, column_step: float) -> Ray:
    """Return a ray from a cell; of rows and columns per sample, one is 1 or -1, and the other is not larger."""
    blocks = terrain.width // BLOCK
    if abs(column_step) > abs(row_step):
        return _ray(column, row, column_step, row_step, terrain.width, terrain.height, 1, terrain.width, 1, blocks)
    return _ray(row, column, row_step, column_step, terrain.height, terrain.width, terrain.width, 1, blocks, 1)


@register_jitable
def _ray(
    major: int,
    minor: int,
    way: float,
    slant: float,
    lines: int,
    across: int,
    stride: int,
    beside: int,
    block_stride: int,
    block_beside: int,
) -> Ray:
    other, whole = beside, math.floor(slant + 0.5)
    if abs(slant - whole) < 1e-9:  # from pixel to pixel, whatever lies beside them
        slant, other = whole + 0.0, 0
    per_minor = 1 / larger(abs(slant), 1e-9)
    room = int((across - 1.5 - minor if slant >= 0 else minor) * per_minor)
    inside = smaller(lines - 1 - major if way > 0 else major, room)
    step = 1 if way > 0 else -1
    return Ray(major, minor, step, slant, per_minor, inside, stride, beside, other, block_stride, block_beside)


@register_jitable
def follow(ray: Ray, terrain: Terrain, samples: int, step_m: float) -> tuple[float, int]:
    """Return the tangent of the horizon's angle along a ray, at least 0, and how many of its samples are valid.

    Samples are interpolated between the two pixel centres beside them, which must both be valid, and lowered by the
    earth's curvature, distance² / (2 · radius); refraction is left out. Blocks in which nothing can stand above the
    horizon so far are jumped over, which changes nothing.
    """
    start = float(terrain.heights[ray.major * ray.stride + ray.minor * ray.beside])
    inside = smaller(samples, ray.inside)
    tangent, void, sample = 0.0, 0, 1
    while sample <= inside:
        line, place = ray.major + ray.step * sample, ray.minor + ray.slant * sample
        end = smaller(_end_in_block(ray, line, place, sample), inside + 1)
        top = terrain.tops[line // BLOCK * ray.block_stride + int(place) // BLOCK * ray.block_beside]
        distance = sample * step_m
        if top > start + distance * (tangent + distance / EARTH_DIAMETER_M):
            tangent, lost = _walk(ray, terrain.heights, start, tangent, sample, end, step_m)
            void += lost
        elif top == -math.inf:
            void += end - sample
        sample = end
    return tangent, inside - void


@register_jitable
def _end_in_block(ray: Ray, line: int, place: float, sample: int) -> int:
    """Return the first sample that lies beyond the block of this one."""
    low = int(place) // BLOCK * BLOCK
    room = BLOCK - line % BLOCK if ray.step > 0 else line % BLOCK + 1
    edge = low + BLOCK - place if ray.slant >= 0 else place - low
    return sample + smaller(room, int(edge * ray.per_minor) + 1)


@register_jitable
def _walk(
    ray: Ray, heights: np.ndarray, start: float, tangent: float, sample: int, end: int, step_m: float
) -> tuple[float, int]:
    """Return the tangent of the horizon after some more samples, and how many of them are void."""
    void = 0
    for index in range(sample, end):
        place, distance = ray.minor + ray.slant * index, index * step_m
        low = int(place)
        first = (ray.major + ray.step * index) * ray.stride + low * ray.beside
        below, above = heights[first], heights[first + ray.other]
        rise = below + (place - low) * (above - below) - start - distance * distance / EARTH_DIAMETER_M
        if rise > tangent * distance:
            tangent = rise / distance
        elif rise != rise:  # NaN
            void += 1
    return tangent, void
