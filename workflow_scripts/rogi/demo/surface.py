"""What the ground looks like from above: materials and light, pixel by pixel."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workflow_scripts.rogi.demo.noise import ridged, smoothstep
from workflow_scripts.rogi.demo.resample import upsample
from workflow_scripts.rogi.demo.scene import SUN_AZIMUTH_DEG, SUN_ELEVATION_DEG, Scene
from workflow_scripts.rogi.demo.stamps import TALUS, Stamp, mix, pixels_in

Slices = tuple[slice, slice]
PAD = 1
AMBIENT = 0.34  # share of skylight

# DN of level ground in full sun
ROCK = np.array([121, 110, 101], dtype=np.float32)
RED_ROCK = np.array([135, 115, 99], dtype=np.float32)
TILL = np.array([150, 138, 120], dtype=np.float32)
GRASS = np.array([121, 121, 84], dtype=np.float32)
GRAVEL = np.array([177, 160, 134], dtype=np.float32)
SILT = np.array([196, 184, 162], dtype=np.float32)
RIVER = np.array([122, 134, 132], dtype=np.float32)
ICE = np.array([182, 199, 213], dtype=np.float32)


@dataclass
class View:
    """A window of the ground.

    Attributes:
        colour: Red, green, blue of level ground in full sun, DN; shape (3, rows, columns).
        light: What the relief makes of the sun: 1 on level ground; shape (rows, columns).
        cold: How likely snow lies, in metres above a line that varies; same shape.
    """

    colour: np.ndarray
    light: np.ndarray
    cold: np.ndarray


class Ground:
    """The coarse fields of a scene, brought to the pixels of one window."""

    def __init__(self, scene: Scene, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take pixel rows and columns, PAD of them beyond the window on all sides."""
        self.scene, self.rows, self.columns = scene, rows, columns
        frame = scene.frame
        self.at = frame.coarse_index(rows + 0.5, 0), frame.coarse_index(columns + 0.5, 1)

    def coarse(self, name: str, smooth: bool = False) -> np.ndarray:
        """Return a field of the relief."""
        return upsample(getattr(self.scene.relief, name), *self.at, smooth)

    def texture(self, name: str) -> np.ndarray:
        """Return a fine texture."""
        return self.scene.textures.cut(name, self.rows, self.columns)


def view(scene: Scene, row: int, column: int, size: tuple[int, int]) -> View:
    """Return a window of the ground.

    Args:
        scene: The demo world.
        row: First pixel row.
        column: First pixel column.
        size: Rows and columns.
    """
    rows, columns = (np.arange(start - PAD, start + n + PAD) for start, n in zip((row, column), size, strict=True))
    ground = Ground(scene, rows, columns)
    height, slope, basin = ground.coarse("height", True), ground.coarse("slope"), ground.coarse("basin")
    ice = _ice(scene, rows, columns)
    colour = _materials(ground, height, slope, basin)
    rough = _roughness(ground, slope, basin) * (1 - 0.92 * ice)
    cold = height - 1400 * np.maximum(slope - 0.25, 0) + 60 * ground.texture("mottle") + 45 * ground.texture("ribs")
    colour = mix(colour, ICE[:, None, None] * (1 + 0.02 * ground.texture("mottle")), ice)
    fine = height + rough
    for place, part, stamp in _stamps_in(scene, rows, columns):
        inside = stamp.inside[part]
        top = stamp.level_m if stamp.is_water else height[place] + stamp.rise[part]
        fine[place] = np.where(inside, top, fine[place])
        colour[:, *place] = np.where(inside, stamp.colour[:, *part], colour[:, *place])
        cold[place] -= 400 * inside
    inner = slice(PAD, -PAD)
    return View(colour[:, inner, inner], light(fine, scene.frame.pixel_m)[inner, inner], cold[inner, inner])


def light(height: np.ndarray, pixel_m: float) -> np.ndarray:
    """Return the light on a relief: Lambert's law and skylight, 1 on level ground; heights and pixels in metres."""
    south, east = np.gradient(height, np.float32(pixel_m))
    azimuth, elevation = np.radians(SUN_AZIMUTH_DEG), np.radians(SUN_ELEVATION_DEG)
    towards_sun = np.float32(np.sin(azimuth)) * east + np.float32(-np.cos(azimuth)) * south
    cosine = np.float32(np.sin(elevation)) - np.float32(np.cos(elevation)) * towards_sun
    cosine /= np.sqrt(1 + south**2 + east**2)
    return AMBIENT + (1 - AMBIENT) * np.maximum(cosine, 0) / np.float32(np.sin(elevation))


def _materials(ground: Ground, height: np.ndarray, slope: np.ndarray, basin: np.ndarray) -> np.ndarray:
    patches = upsample(ground.scene.patches, *ground.at, False)
    mottle, ribs = ground.texture("mottle"), ground.texture("ribs")
    far = ground.coarse("to_valley")
    rock = mix(ROCK, RED_ROCK, smoothstep(patches + 0.3 * np.sin(height / 23 + 2 * mottle), 0.2, 0.7))
    colour = mix(TILL, TALUS, smoothstep(slope + 0.05 * mottle, 0.28, 0.42))
    colour = mix(colour, rock, smoothstep(slope + 0.10 * ribs + 0.05 * mottle, 0.62, 0.78))
    green = smoothstep(5080 - height + 110 * patches + 60 * mottle, -60, 60) * smoothstep(slope, 0.42, 0.25)
    colour = mix(colour, GRASS, green * smoothstep(far + 60 * mottle, 420, 180) * (1 - basin) * 0.85)
    plain = mix(GRAVEL, SILT, smoothstep(patches + 0.4 * mottle, 0.5, 1.5))
    colour = mix(colour, plain, smoothstep(basin + 0.08 * mottle, 0.25, 0.55))
    wide = 14 * np.sqrt(ground.coarse("discharge"))
    bed = smoothstep(wide - far + 0.25 * wide * mottle, -8, 8) * smoothstep(slope, 0.26, 0.16)
    colour = mix(colour, SILT * 0.93, 0.75 * bed)
    braids = smoothstep(np.abs(ribs + 0.5 * mottle), 0.16, 0.07) * smoothstep(far / np.maximum(wide, 1), 0.9, 0.5)
    colour = mix(colour, RIVER, braids * bed)
    grain = 1 + 0.018 * ground.texture("grain") + 0.022 * mottle + 0.022 * ground.texture("blocks")
    return colour * grain


def _roughness(ground: Ground, slope: np.ndarray, basin: np.ndarray) -> np.ndarray:
    """Fine relief in metres: ribs and gullies on walls, stones on talus, little on plains."""
    wall = smoothstep(slope, 0.5, 0.95)
    stones = 0.10 + 0.16 * smoothstep(slope, 0.1, 0.5)
    rough = wall * (7.0 * ridged(ground.texture("ribs")) + 1.0 * ground.texture("blocks"))
    rough += stones * ground.texture("blocks") + 1.1 * smoothstep(slope, 0.08, 0.3) * ground.texture("ribs")
    return rough * (1 - 0.8 * basin)


def _ice(scene: Scene, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Share of clean ice, soft over a few pixels."""
    margin = 8
    row, column = int(rows[0]) - margin, int(columns[0]) - margin
    size = len(rows) + 2 * margin, len(columns) + 2 * margin
    ice = np.zeros(size, dtype=np.float32)
    for glacier in scene.landforms.glaciers:
        west, north, east, south = glacier.bounds
        if west < column + size[1] and east > column and north < row + size[0] and south > row:
            ice = np.maximum(ice, pixels_in(glacier, row, column, size))
    return ndimage.uniform_filter(ice, 5)[margin:-margin, margin:-margin]


def _stamps_in(scene: Scene, rows: np.ndarray, columns: np.ndarray) -> Iterator[tuple[Slices, Slices, Stamp]]:
    """The stamps in a window: where in the window, which part of the stamp, and the stamp."""
    for stamp in scene.stamps:
        place, part = [], []
        for first, count, axis in zip((stamp.row, stamp.column), stamp.inside.shape, (rows, columns), strict=True):
            low, high = max(first, int(axis[0])), min(first + count, int(axis[-1]) + 1)
            place.append(slice(low - int(axis[0]), high - int(axis[0])))
            part.append(slice(low - first, high - first))
        if all(piece.stop > piece.start for piece in place):
            yield (place[0], place[1]), (part[0], part[1]), stamp
