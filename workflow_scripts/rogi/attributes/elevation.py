"""DEM tiles of any kind (NASADEM zips, .hgt, GeoTIFF, tile indexes) as seamless mosaics on the tiles' own grids."""

import functools
import logging
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from workflow_scripts.rogi.raster import RasterError, open_dataset, open_raster

VOID = -32768  # SRTM and its descendants, also in files that do not state it
LOWEST_M = -500.0  # no land is lower; -9999 is a void, stated or not
INSIDE_ZIP = (".hgt", ".tif")
TILE_INDEXES = (".gpkg", ".shp", ".geojson", ".fgb")
LOCATION = "location"  # the field in which gdaltindex writes the path of a tile
ALIGNED_PX = 0.01
OPEN_TILES = 32  # a block and 20 km round it touch four tiles of a degree
# Length of the unit that a file states for its heights; most state none
METRES = {
    **dict.fromkeys(("", "m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot"), 0.3048),
    **dict.fromkeys(("us-ft", "ftus", "us survey foot", "us survey feet"), 1200 / 3937),
}

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tile:
    """One DEM file, where its first pixel lies on the grid of its mosaic, and the unit of its heights in metres."""

    path: str
    column: int
    row: int
    width: int
    height: int
    unit_m: float


@dataclass(frozen=True)
class Mosaic:
    """Tiles that share one grid: the same CRS and posting, shifted by whole pixels.

    Nothing is resampled, so elevations are those of the product, and there is no seam between tiles.

    Attributes:
        crs: The tiles' CRS.
        transform: Grid to CRS; pixel (0, 0) is the first of the first tile, others may have negative indices.
        tiles: In the order given; where they overlap (SRTM tiles share a row and a column), the first valid one counts.
    """

    crs: CRS
    transform: Affine
    tiles: tuple[Tile, ...]

    def window(self, bounds: Bounds, halo_px: int) -> Window:
        """Return the whole pixels that cover a box (west, south, east, north in the tiles' CRS) and a halo."""
        west, south, east, north = bounds
        left, top = ~self.transform @ (west, north)
        right, bottom = ~self.transform @ (east, south)
        column, row = int(np.floor(left)) - halo_px, int(np.floor(top)) - halo_px
        return Window(column, row, int(np.ceil(right)) + halo_px - column, int(np.ceil(bottom)) + halo_px - row)

    def touched(self, boxes: np.ndarray) -> np.ndarray:
        """Tell which boxes touch that of a tile.

        Args:
            boxes: Array of shape (n, 4): west, south, east, north in the tiles' CRS. Those that are not finite, as of
                a place that the CRS cannot show, touch none.
        """
        west, south, east, north = boxes.T
        found = np.zeros(len(boxes), bool)
        for tile in self.tiles:
            left, top = self.transform @ (tile.column, tile.row)
            right, bottom = self.transform @ (tile.column + tile.width, tile.row + tile.height)
            found |= (west < right) & (east > left) & (south < top) & (north > bottom)
        return found & np.isfinite(boxes).all(axis=1)

    def read(self, window: Window) -> np.ndarray:
        """Return elevations of shape (height, width), m; NaN in voids, below LOWEST_M and outside all tiles."""
        heights = np.full((window.height, window.width), np.nan)
        for tile in self.tiles:
            _paste(tile, window, heights)
        return heights

    def transform_of(self, window: Window) -> Affine:
        """Return the transform of a window's first pixel."""
        return self.transform @ Affine.translation(window.col_off, window.row_off)


def open_mosaics(paths: Iterable[str]) -> list[Mosaic]:
    """Sort DEM files by the grid that they share.

    Files that cannot be used are logged with the reason; polygons on them get no elevation and are counted later.

    Args:
        paths: NASADEM .zip files with an .hgt inside, .hgt files, rasters of any format and CRS (.vrt among them), or
            tile indexes of gdaltindex. Heights in feet, by the file's own metadata, are read as metres.

    Returns:
        One mosaic per grid, in the order of the first file of each.

    Raises:
        RasterError: None of the files can be used.
    """
    mosaics: list[Mosaic] = []
    refused: list[str] = []
    for tile in (tile for path in paths for tile in listed_tiles(path)):
        try:
            _add(mosaics, tile)
        except RasterError as error:
            refused.append(str(error))
    for reason in refused:
        logging.getLogger("rogi").warning("DEM tile left out: %s", reason)
    if not mosaics:
        found = "; ".join(refused[:5]) or "no file was given"
        raise RasterError(
            f"none of the {len(refused)} DEM tiles can be used: {found}; check the config (elevation: tiles)"
        )
    return mosaics


def listed_tiles(path: str) -> list[str]:
    """Return the tiles that a tile index lists, paths relative to it; any other file is a tile itself.

    Raises:
        RasterError: A vector file has no field for the paths.
    """
    if Path(path).suffix.lower() not in TILE_INDEXES or not len(pyogrio.list_layers(path)):
        return [path]
    table = pyogrio.read_dataframe(path, read_geometry=False)
    if LOCATION not in table:
        found = ", ".join(table.columns) or "none"
        raise RasterError(
            f"{path} is no index of DEM tiles: it has no field '{LOCATION}' but {found}; make one with `gdaltindex`"
        )
    folder = Path(path).parent
    return [str(beside) if (beside := folder / tile).exists() else tile for tile in table[LOCATION]]


def gdal_name(path: str) -> str:
    """Return the name by which GDAL opens a DEM tile, which for a zip is that of the first DEM inside.

    Raises:
        RasterError: The zip is damaged or holds no DEM.
    """
    if Path(path).suffix.lower() != ".zip":
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(INSIDE_ZIP)]
    except (OSError, zipfile.BadZipFile) as error:
        raise RasterError(f"{path} is not a readable zip file: {error}; fetch it again") from error
    if not names:
        raise RasterError(f"{path} holds no {' or '.join(INSIDE_ZIP)} file; expected a zip as NASADEM_HGT_n35e079.zip")
    return f"/vsizip/{Path(path).absolute()}/{names[0]}"


def _add(mosaics: list[Mosaic], path: str) -> None:
    with open_raster(gdal_name(path)) as dataset:
        name, crs, transform = dataset.name, dataset.crs, dataset.transform
        width, height, unit = dataset.width, dataset.height, dataset.units[0] or ""
    if unit.strip().lower() not in METRES:
        raise RasterError(f"{path} has heights in '{unit}'; expected metres or feet; convert them with `gdal_calc.py`")
    unit_m = METRES[unit.strip().lower()]
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise RasterError(f"{path} is rotated or not north-up; bring it to a north-up grid with `gdalwarp`")
    for position, mosaic in enumerate(mosaics):
        offset = _offset(mosaic, crs, transform)
        if offset is not None:
            tiles = (*mosaic.tiles, Tile(name, *offset, width, height, unit_m))
            mosaics[position] = Mosaic(mosaic.crs, mosaic.transform, tiles)
            return
    mosaics.append(Mosaic(crs, transform, (Tile(name, 0, 0, width, height, unit_m),)))


def _offset(mosaic: Mosaic, crs: CRS, transform: Affine) -> tuple[int, int] | None:
    """Return column and row of a tile's first pixel on the grid of a mosaic, or None if it lies on another grid."""
    ours = mosaic.transform
    # Over the width of a degree tile (3601 px) a posting that differs by 1e-6 is off by 0.004 px.
    alike = np.allclose([transform.a, transform.e], [ours.a, ours.e], rtol=1e-6, atol=0)
    if crs != mosaic.crs or not alike:
        return None
    column, row = ~ours @ (transform.c, transform.f)
    if max(abs(column - round(column)), abs(row - round(row))) > ALIGNED_PX:
        return None
    return round(column), round(row)


def _paste(tile: Tile, window: Window, heights: np.ndarray) -> None:
    """Fill what is still NaN in a window with the part of a tile that lies in it."""
    left, right = max(tile.column, window.col_off), min(tile.column + tile.width, window.col_off + window.width)
    top, bottom = max(tile.row, window.row_off), min(tile.row + tile.height, window.row_off + window.height)
    if left >= right or top >= bottom:
        return
    part = _read_tile(tile, Window(left - tile.column, top - tile.row, right - left, bottom - top))
    rows = slice(top - window.row_off, bottom - window.row_off)
    target = heights[rows, left - window.col_off : right - window.col_off]
    np.copyto(target, part, where=np.isnan(target))


def _read_tile(tile: Tile, window: Window) -> np.ndarray:
    try:
        dataset = _opened(tile.path)
        # A DEM without a stated nodata is whole but for VOID: unlike in imagery, 0 is a value like any other.
        heights, valid = dataset.read(1, window=window).astype(float), dataset.read_masks(1, window=window) > 0
    except RasterioIOError as error:
        raise RasterError(f"{tile.path} is damaged, it cannot be read to the end: {error}; fetch it again") from error
    metres = (heights * dataset.scales[0] + dataset.offsets[0]) * tile.unit_m
    return np.where(valid & np.isfinite(heights) & (heights != VOID) & (metres > LOWEST_M), metres, np.nan)


@functools.lru_cache(maxsize=OPEN_TILES)
def _opened(path: str) -> rasterio.DatasetReader:
    """Return an open tile. GDAL keeps what it decoded of it (at most GDAL_CACHEMAX) until the tile is closed."""
    return open_dataset(path)
