"""The surface of single landforms, pixel by pixel: how much they rise above the relief, and their colour."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import rasterio.features
import shapely
from scipy import ndimage

from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.landforms import Landforms
from workflow_scripts.rogi.demo.noise import smoothstep
from workflow_scripts.rogi.demo.textures import Textures
from workflow_scripts.rogi.demo.tongues import Tongue, along_and_across

PAD = 2
TALUS = np.array([157, 146, 134], dtype=np.float32)  # DN of level ground in full sun
Surface = tuple[np.ndarray, np.ndarray]


@dataclass
class Stamp:
    """A landform's surface in its window.

    Attributes:
        row: First pixel row of the window.
        column: First pixel column of the window.
        inside: Which pixels belong to it, by their centres; shape (rows, columns).
        rise: Metres above the relief, 0 outside; same shape.
        colour: Red, green and blue of level ground in full sun, DN; shape (3, rows, columns).
        is_water: Whether the surface is level, at the lowest relief inside.
        level_m: Its height then, once known.
    """

    row: int
    column: int
    inside: np.ndarray
    rise: np.ndarray
    colour: np.ndarray
    is_water: bool = False
    level_m: float = 0.0


@dataclass
class Window:
    """A landform's window: its pixels, distance from the margin (m) and random character."""

    rows: np.ndarray
    columns: np.ndarray
    inside: np.ndarray
    margin_m: np.ndarray
    textures: Textures
    frame: Frame
    rng: np.random.Generator

    def texture(self, name: str) -> np.ndarray:
        """Return one of the textures."""
        return self.textures.cut(name, self.rows, self.columns)


def stamps(landforms: Landforms, frame: Frame, textures: Textures, rng: np.random.Generator) -> Iterator[Stamp]:
    """Give the stamps of all landforms but clean ice, those below first."""
    kinds = (
        (avalanche, landforms.avalanches),
        (debris_tongue, landforms.debris_tongues),
        (rock_glacier, landforms.rock_glaciers),
    )
    for surface, tongues in kinds:
        for tongue in tongues:
            yield _stamp(tongue.outline, partial(surface, tongue), frame, textures, rng)
    for lake in landforms.lakes:
        yield _stamp(lake, water, frame, textures, rng, is_water=True)


def _stamp(
    shape: shapely.Polygon, surface: Callable[[Window], Surface], frame: Frame, textures: Textures,
    rng: np.random.Generator, is_water: bool = False,
) -> Stamp:  # fmt: skip
    west, north, east, south = shape.bounds
    row, column = int(north) - PAD, int(west) - PAD
    rows, columns = np.arange(row, int(south) + 1 + PAD), np.arange(column, int(east) + 1 + PAD)
    inside = pixels_in(shape, row, column, (len(rows), len(columns)))
    margin = (ndimage.distance_transform_edt(inside) - 0.5).clip(0) * frame.pixel_m
    window = Window(rows, columns, inside, margin.astype(np.float32), textures, frame, rng)
    rise, colour = surface(window)
    return Stamp(row, column, inside, np.where(inside, rise, 0).astype(np.float32), colour.astype(np.float32), is_water)


# rasterio silences a warning of its own by changing the warning filters, which all threads share.
_one_at_a_time = threading.Lock()


def pixels_in(shape: shapely.Geometry, row: int, column: int, size: tuple[int, int]) -> np.ndarray:
    """Return which pixels of a window have their centre in a shape drawn in pixels."""
    # North up as GDAL expects it: it warns of rasters whose transform is the identity.
    transform = rasterio.Affine(1, 0, column, 0, -1, row + size[0])
    with _one_at_a_time:
        inside = rasterio.features.rasterize([(shape, 1)], out_shape=size, transform=transform, dtype=np.uint8)
    return inside[::-1] > 0


def _coordinates(tongue: Tongue, window: Window) -> tuple[np.ndarray, np.ndarray]:
    box = (int(window.rows[0]), int(window.columns[0]), len(window.rows), len(window.columns))
    return along_and_across(tongue.line, box, window.frame.pixel_m)


def rock_glacier(tongue: Tongue, window: Window) -> Surface:
    """A creeping body: steep front and margins, arcuate ridges and furrows across the flow, blocky mantle."""
    rng = window.rng
    along, across = _coordinates(tongue, window)
    front_m, thick = rng.uniform(26, 40), rng.uniform(19, 36)
    grown = smoothstep(along, 0, 0.35 * tongue.length_m)
    body = smoothstep(window.margin_m, 0, front_m)
    bowed = along + across**2 / (1.4 * tongue.half_width_m) + 9 * window.texture("ribs")
    waves = np.sin(2 * np.pi * bowed / rng.uniform(38, 58)) + 0.35 * np.sin(2 * np.pi * bowed / rng.uniform(21, 27))
    crest = smoothstep(window.margin_m, 0.5 * front_m, 1.5 * front_m) * smoothstep(along, -20, 0.2 * tongue.length_m)
    rim = np.exp(-(((window.margin_m - 1.1 * front_m) / 16) ** 2)) * 2.5 * grown
    rise = (1.5 + (thick - 1.5) * grown) * body + rim + rng.uniform(1.9, 2.9) * waves * crest
    rise += 0.55 * window.texture("blocks") * body
    fresh = (1 - smoothstep(window.margin_m, 0.45 * front_m, 0.95 * front_m)) * (0.25 + 0.75 * grown)
    mantle = mix(TALUS, np.array([119, 116, 113]) + rng.uniform(-7, 7) + rng.uniform(-3, 3, 3), 0.55 + 0.45 * grown)
    tone = 1 + 0.05 * waves * crest + 0.05 * window.texture("blocks") + 0.03 * window.texture("mottle")
    return rise, mix(mantle, np.array([164, 153, 139]), fresh * 0.75) * tone


def debris_tongue(tongue: Tongue, window: Window) -> Surface:
    """A debris-covered glacier tongue: sagging hummocks, ponds, ice cliffs, stripes of medial moraine, no front."""
    along, across = _coordinates(tongue, window)
    body = smoothstep(window.margin_m, 0, 60)
    mounds = window.texture("hummocks")
    rise = (5 + 3.2 * mounds + 0.7 * window.texture("blocks")) * body
    stripes = np.sin(2 * np.pi * across / 62 + 1.2 * window.texture("mottle")) * smoothstep(along, 900, 100)
    colour = mix(np.array([128, 118, 108]), np.array([106, 100, 95]), 0.5 + 0.5 * stripes)
    colour = colour * (1 + 0.05 * window.texture("blocks"))
    cliffs = smoothstep(np.abs(mounds + 0.55), 0.09, 0.03) * (window.texture("ribs") > 0.2) * body
    colour = mix(colour, np.array([176, 190, 200]), cliffs)
    ponds = smoothstep(mounds, -1.45, -1.6) * (body > 0.6)
    return np.where(ponds > 0.5, -0.5, rise), mix(colour, np.array([74, 112, 122]), ponds)


def avalanche(tongue: Tongue, window: Window) -> Surface:
    """A rock avalanche deposit: thin, chaotic, light, with scattered mounds and a feathered edge."""
    along, _ = _coordinates(tongue, window)
    body = smoothstep(window.margin_m, 0, 45)
    mounds = np.abs(window.texture("hummocks")) + 0.8 * np.abs(window.texture("blocks"))
    rise = (3 + 4.0 * mounds * smoothstep(along, 0, 0.4 * tongue.length_m)) * body
    tone = 1 + 0.08 * window.texture("blocks") + 0.05 * window.texture("grain")
    return rise, mix(np.array([150, 136, 120]), np.array([171, 152, 131]), body) * tone


def water(window: Window) -> Surface:
    """A lake: level, turquoise or dark, paler at the shore."""
    deep = np.array([46, 96, 112]) + window.rng.uniform(0, 1) * np.array([28, 44, 36])
    shore = 1 - smoothstep(window.margin_m, 4, 30)
    return np.zeros_like(window.margin_m), mix(deep, np.array([112, 146, 142]), 0.7 * shore)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Blend two colours, each of shape (3,) or (3, rows, columns), by a share of the second; shape (rows, columns)."""
    one = first if first.ndim == 3 else first[:, None, None]
    other = second if second.ndim == 3 else second[:, None, None]
    return (one + (other - one) * share).astype(np.float32)
