"""Small worlds for tests: mosaics of 2 × 2 quads of 256 px on the grid of Planet Basemaps, at 79.1° E, 35.1° N."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.index import index_quads, write_index
from workflow_scripts.rogi.imagery.screening import Screening

PIXEL = 4.777314267823516
WEB_MERCATOR = CRS.from_epsg(3857)
GRID = PixelGrid(WEB_MERCATOR, PIXEL, 0.0, 0.0)
QUAD = 256
SIDE = 2 * QUAD
WHOLE = Window(7200 * QUAD, -3416 * QUAD, SIDE, SIDE)
BANDS = ["red", "green", "blue"]
SCREENING: dict[str, Any] = {
    "block_px": 32,
    "cloud_min_dn": 215,
    "cloud_max_chroma_dn": 25,
    "shadow_max_dn": 28,
    "max_poor_share": 0.25,
}
CLEAR = Screening(32, 256, 0, -1, 1.0)  # nothing is ever screened out
CLOUD = np.s_[70:190, 290:410]  # lies in the quad at the top right
HOLE = np.s_[300:340, 20:90]  # no data in either mosaic, in the quad at the bottom left


@dataclass(frozen=True)
class World:
    """Imagery on disk, and what it should read as.

    Attributes:
        folder: Holds everything.
        indexes: Tile index of each mosaic.
        images: uint8 (3, SIDE, SIDE) of each mosaic.
        valids: bool (SIDE, SIDE) of each mosaic.
    """

    folder: Path
    indexes: list[str]
    images: list[np.ndarray]
    valids: list[np.ndarray]
    imagery: dict[str, Any] = field(
        default_factory=lambda: {"bands": BANDS, "nodata": None, "damaged": "stop", "screening": SCREENING}, hash=False
    )


def texture(seed: int) -> np.ndarray:
    """Return a random image (3, SIDE, SIDE) without cloud or shadow."""
    return np.random.default_rng(seed).integers(60, 180, (3, SIDE, SIDE), np.uint8)


def write_quad(
    path: str | Path,
    bands: np.ndarray,
    column: int = 0,
    row: int = 0,
    crs: object = WEB_MERCATOR,
    pixel: float = PIXEL,
    alpha: bool = True,
    **more: Any,
) -> str:
    """Write (bands, height, width) at a global pixel; with `alpha`, the last band says which pixels are data."""
    count, height, width = bands.shape
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    transform = Affine(pixel, 0, column * pixel, 0, -pixel, -row * pixel)
    shape = {"count": count, "height": height, "width": width, "dtype": str(bands.dtype)}
    colours = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined][: count - alpha]
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **(shape | more)) as dataset:
        dataset.colorinterp = colours + [ColorInterp.alpha] * alpha
        dataset.write(bands)
    return str(path)


def write_mosaic(folder: Path, image: np.ndarray, valid: np.ndarray, missing: Collection[tuple[int, int]] = ()) -> str:
    """Write quads and their tile index; `missing` are (row, column) of quads to leave out."""
    paths = []
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        part = np.s_[row * QUAD : (row + 1) * QUAD, column * QUAD : (column + 1) * QUAD]
        bands = np.concatenate([image[:, *part], 255 * valid[np.newaxis, *part].astype(np.uint8)])
        if (row, column) not in missing:
            place = WHOLE.col_off + column * QUAD, WHOLE.row_off + row * QUAD
            tiled: dict[str, Any] = {
                "tiled": True,
                "blockxsize": 64,
                "blockysize": 64,
                "compress": "deflate",
                "interleave": "pixel",
                "photometric": "rgb",
            }
            paths.append(write_quad(folder / f"quad_{row}_{column}.tif", bands, *place, **tiled))
    write_index(folder / "index.gpkg", index_quads(paths, len(image), None, 2), len(image))
    return str(folder / "index.gpkg")


def damage_block(path: str, row: int, column: int) -> None:
    """Overwrite one block of 64 px, counted in blocks."""
    with rasterio.open(path) as dataset:
        offset, size = (
            int(dataset.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE")
        )
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


def make_world(folder: Path, first: np.ndarray, second: np.ndarray | None = None) -> World:
    """Write one or two mosaics; the first has a cloud, both have a hole."""
    images, valids, indexes = [], [], []
    for number, image in enumerate(image for image in (first, second) if image is not None):
        image = image.copy()
        valid = np.ones((SIDE, SIDE), bool)
        valid[HOLE] = False
        image[:, ~valid] = 0
        if number == 0:
            image[:, *CLOUD] = 245
        indexes.append(write_mosaic(folder / f"mosaic_{number + 1}", image, valid))
        images.append(image)
        valids.append(valid)
    return World(folder, indexes, images, valids)


def square(column: float, row: float, width: float, height: float | None = None) -> shapely.Polygon:
    """Return a rectangle given in pixels from the top left of the world, in EPSG:3857."""
    west, north = (WHOLE.col_off + column) * PIXEL, -(WHOLE.row_off + row) * PIXEL
    return shapely.box(west, north - (height or width) * PIXEL, west + width * PIXEL, north)


def series(shapes: Sequence[shapely.Geometry], crs: object = WEB_MERCATOR) -> gpd.GeoSeries:
    """Return shapes in the imagery's CRS as a series."""
    return gpd.GeoSeries(list(shapes), crs=crs)


def write_subregions(path: str | Path, shapes: dict[str, shapely.Geometry]) -> str:
    """Write the subregions of a study, given by slug in EPSG:3857."""
    columns = {"NAME": [name.upper() for name in shapes], "slug": list(shapes)}
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes.values()), crs=WEB_MERCATOR).to_crs(WGS84)
    write_layers(path, {"subregions": frame})
    return str(path)
