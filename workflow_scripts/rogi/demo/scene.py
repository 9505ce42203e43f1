"""Everything the demo world consists of, made once from the seed; all its products are views of it."""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.rogi.demo.clouds import Clouds, make_clouds
from workflow_scripts.rogi.demo.frame import CELL_PX, QUAD_PX, Frame
from workflow_scripts.rogi.demo.landforms import Landforms, Placer
from workflow_scripts.rogi.demo.noise import fractal
from workflow_scripts.rogi.demo.relief import Relief, basin_border, make_relief
from workflow_scripts.rogi.demo.stamps import Stamp, stamps
from workflow_scripts.rogi.demo.textures import Textures

SUN_AZIMUTH_DEG = 145.0
SUN_ELEVATION_DEG = 45.0


@dataclass
class Scene:
    """The demo world.

    Attributes:
        frame: Where it lies.
        border: Pixel row of the basin's edge for every coarse column.
        relief: Fields on the coarse grid, without the landforms.
        landforms: Where they lie.
        stamps: Their surfaces.
        surface: Heights on the coarse grid with the landforms, m: what an elevation model sees.
        patches: Slow variation of soils and rocks, on the coarse grid, mean 0 and deviation 1.
        textures: Fine noise.
        clouds: Of the third quarter.
        notch_px: Legs of the triangle without imagery in the north-east corner.
    """

    frame: Frame
    border: np.ndarray
    relief: Relief
    landforms: Landforms
    stamps: list[Stamp]
    surface: np.ndarray
    patches: np.ndarray
    textures: Textures
    clouds: Clouds
    notch_px: int


def make_scene(frame: Frame, rock_glaciers: int, seed: int) -> Scene:
    """Make the demo world.

    Args:
        frame: Where it lies.
        rock_glaciers: How many there are.
        seed: Of all randomness; each part has its own generator, so that changing one leaves the others alone.
    """
    rngs = iter(np.random.default_rng(seed).spawn(7))
    border = basin_border(frame, next(rngs))
    relief = make_relief(frame, border, next(rngs))
    landforms = Placer(frame, relief, next(rngs)).place(rock_glaciers)
    textures = Textures.make(frame.pixel_m, next(rngs))
    surfaces = list(stamps(landforms, frame, textures, next(rngs)))
    surface = relief.height.copy()
    for stamp in surfaces:
        _settle(stamp, frame, relief.height)
        _raise(surface, stamp, frame)
    clouds = make_clouds(frame, landforms, SUN_AZIMUTH_DEG, SUN_ELEVATION_DEG, next(rngs))
    patches = fractal(frame.coarse_shape, 120, next(rngs), 0.6)
    return Scene(frame, border, relief, landforms, surfaces, surface, patches, textures, clouds, QUAD_PX // 16)


def _cells(stamp: Stamp, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Coarse row and column of each of the stamp's pixels, as index vectors."""
    rows = (stamp.row + np.arange(stamp.inside.shape[0])) // CELL_PX + frame.margins[0]
    columns = (stamp.column + np.arange(stamp.inside.shape[1])) // CELL_PX + frame.margins[1]
    return rows, columns


def _settle(stamp: Stamp, frame: Frame, height: np.ndarray) -> None:
    """Turn a water surface into the difference from the relief that makes it level."""
    if stamp.is_water:
        rows, columns = _cells(stamp, frame)
        ground = height[np.ix_(rows, columns)]
        stamp.level_m = float(ground[stamp.inside].min())
        stamp.rise = np.where(stamp.inside, stamp.level_m - ground, 0).astype(np.float32)


def _raise(surface: np.ndarray, stamp: Stamp, frame: Frame) -> None:
    """Add a stamp to the coarse heights: the mean of its pixels over each cell."""
    rows, columns = _cells(stamp, frame)
    flat = (rows[:, None] * surface.shape[1] + columns[None, :]).ravel()
    total = np.bincount(flat, weights=stamp.rise.ravel(), minlength=surface.size)
    surface += (total / CELL_PX**2).reshape(surface.shape).astype(np.float32)
