"""NASADEM tiles of the demo world: zipped .hgt, .num and .swb, 1 arc second, big-endian."""

import math
import re
import zipfile
from pathlib import Path

import numpy as np

from workflow_scripts.rogi.demo.frame import MARGIN_DEG, Frame
from workflow_scripts.rogi.demo.resample import upsample
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.demo.stamps import pixels_in
from workflow_scripts.rogi.files import replacing

POSTS = 3601
VOID = -32768
SOURCE_SRTM = 3  # .num counts the SRTM scenes behind a height
_TILE_NAME = re.compile(r"NASADEM_HGT_([ns])(\d{2})([ew])(\d{3})")


def tile_corner(path: str | Path) -> tuple[int, int]:
    """Return longitude and latitude of a tile's south-west corner from its name, `NASADEM_HGT_n35e079.zip`.

    Raises:
        ValueError: The name is not one of a NASADEM tile.
    """
    found = _TILE_NAME.search(Path(path).name)
    if not found:
        raise ValueError(f"{path} is not named like a NASADEM tile (NASADEM_HGT_n35e079.zip)")
    south, west = int(found[2]), int(found[4])
    return (-west if found[3] == "w" else west), (-south if found[1] == "s" else south)


def tiles_needed(frame: Frame) -> set[tuple[int, int]]:
    """Return the south-west corners of the 1° tiles that the imagery and 0.1° around it touch."""
    west, south, east, north = frame.bounds_lonlat()
    columns = range(math.floor(west - MARGIN_DEG), math.floor(east + MARGIN_DEG) + 1)
    rows = range(math.floor(south - MARGIN_DEG), math.floor(north + MARGIN_DEG) + 1)
    return {(column, row) for column in columns for row in rows}


def write_tiles(scene: Scene, paths: list[str]) -> None:
    """Write tiles; posts further than 0.1° from the imagery are void.

    Raises:
        ValueError: The tiles do not cover the surroundings of the imagery.
    """
    corners = {tile_corner(path): path for path in paths}
    missing = sorted(tiles_needed(scene.frame) - set(corners))
    if missing:
        raise ValueError(f"the imagery and 0.1° around it need NASADEM tiles at {missing}, which were not asked for")
    for corner, path in corners.items():
        _write_tile(scene, corner, path)


def _write_tile(scene: Scene, corner: tuple[int, int], path: str) -> None:
    stem = Path(path).stem.removeprefix("NASADEM_HGT_")
    height, is_water = heights(scene, corner)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for suffix, values in (
            ("hgt", height.astype(">i2")),
            ("num", np.where(is_water, 0, SOURCE_SRTM).astype(np.uint8)),
            ("swb", np.where(is_water, 255, 0).astype(np.uint8)),
        ):
            entry = zipfile.ZipInfo(f"{stem}.{suffix}", (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, values.tobytes(), compresslevel=1)


def heights(scene: Scene, corner: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a tile's heights (m, -32768 where void) and which posts are water, from north to south."""
    frame = scene.frame
    column, row = frame.pixels(corner[0] + np.arange(POSTS) / 3600, corner[1] + 1 - np.arange(POSTS) / 3600)
    rows, columns = frame.coarse_index(row, 0), frame.coarse_index(column, 1)
    near_rows, near_columns = (
        np.flatnonzero((place >= 1) & (place <= size - 2))
        for place, size in zip((rows, columns), frame.coarse_shape, strict=True)
    )
    height = np.full((POSTS, POSTS), VOID, dtype=np.int16)
    is_water = np.zeros((POSTS, POSTS), dtype=bool)
    if len(near_rows) and len(near_columns):
        block = np.ix_(near_rows, near_columns)
        height[block] = np.rint(upsample(scene.surface, rows[near_rows], columns[near_columns], smooth=False))
        is_water[block] = _water(scene, row[near_rows], column[near_columns])
    return height, is_water


def _water(scene: Scene, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which posts at the given pixel rows and columns lie in a lake."""
    lakes = np.zeros((scene.frame.height, scene.frame.width), dtype=bool)
    for lake in scene.landforms.lakes:
        west, north, east, south = (int(edge) for edge in lake.bounds)
        part = pixels_in(lake, north, west, (south - north + 1, east - west + 1))
        lakes[north : south + 1, west : east + 1] |= part
    row, column = (np.floor(axis).astype(int) for axis in (rows, columns))
    inside = ((row >= 0) & (row < lakes.shape[0]))[:, None] & ((column >= 0) & (column < lakes.shape[1]))[None, :]
    return inside & lakes[np.ix_(row.clip(0, lakes.shape[0] - 1), column.clip(0, lakes.shape[1] - 1))]
