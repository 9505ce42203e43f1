"""Maps of a ground that no network made: what a score is worth where they come near one."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from rasterio.features import geometry_mask
from rasterio.windows import Window
from scipy.ndimage import distance_transform_edt

from workflow_scripts.rogi.config import slug
from workflow_scripts.rogi.imagery.grid import PixelGrid, grown, intersection, within
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.raster import BLOCK_PX
from workflow_scripts.rogi.trials.settings import EDGE, EVERYTHING

TILE_PX = 4 * BLOCK_PX
REACH_PX = 2048  # how far an edge of imagery is looked for: several valleys at 5 or 10 m, in 2 GB of memory


class Tile(NamedTuple):
    """A part of a map.

    Attributes:
        window: Where it lies, in global pixels.
        source: uint8 (height, width), as in `Scene`; 0 where there is no imagery.
        probability: float32 (height, width), 0 to 1; means nothing where there is no imagery.
    """

    window: Window
    source: np.ndarray
    probability: np.ndarray


Baseline = Callable[[Imagery, shapely.Geometry, Sequence[Window]], Iterator[Tile]]


def tiles_over(area: shapely.Geometry, extent: Window, pixels: PixelGrid) -> list[Window]:
    """Return the tiles of an extent that touch an area (in the CRS of the pixels), row by row from the north."""
    corners = (
        (column, row)
        for row in range(extent.row_off, extent.row_off + extent.height, TILE_PX)
        for column in range(extent.col_off, extent.col_off + extent.width, TILE_PX)
    )
    tiles = (intersection(Window(*corner, TILE_PX, TILE_PX), extent) for corner in corners)
    shapely.prepare(area)
    return [tile for tile in tiles if tile is not None and area.intersects(shapely.box(*pixels.bounds(tile)))]


def everything(imagery: Imagery, ground: shapely.Geometry, tiles: Sequence[Window]) -> Iterator[Tile]:
    """Give tiles on which all is rock glacier, whatever the ground."""
    for tile in tiles:
        source = imagery.read(tile).source
        yield Tile(tile, source, np.ones(source.shape, np.float32))


def edge_distance(
    imagery: Imagery, ground: shapely.Geometry, tiles: Sequence[Window], reach_px: int = REACH_PX
) -> Iterator[Tile]:
    """Give tiles on which a pixel is the likelier the farther it lies from the nearest one without imagery.

    The probability is that distance, in pixels from centre to centre, over the largest one on the ground, at most 1.
    An edge is where imagery really ends, be it far beyond the ground, or where a pixel has none in any mosaic; values
    of pixels that have imagery play no part. Ground farther than `reach_px` from all edges is taken to be that far.

    Args:
        imagery: The mosaics, whose validity is read as far as `reach_px` round a tile.
        ground: What the map is scored on, in the CRS of the imagery; its largest distance is probability 1.
        tiles: Windows that cover it, and more; beyond the ground, what lies farther from an edge is 1 too.
        reach_px: How far to look.
    """
    covered = _covered(imagery)
    largest = 0.0
    for tile in tiles:
        _, distance = _seen(imagery, tile, covered, reach_px)
        own = ~geometry_mask([ground], distance.shape, imagery.grid.transform(tile))
        largest = max(largest, float(distance[own].max(initial=0)))
    for tile in tiles:
        source, distance = _seen(imagery, tile, covered, reach_px)
        yield Tile(tile, source, np.minimum(distance / max(largest, 1), 1))


def _covered(imagery: Imagery) -> Window:
    """Return the window round all quads of all mosaics."""
    bounds = np.array([mosaic.quads.total_bounds for mosaic in imagery.mosaics])
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    return imagery.grid.window((west, south, east, north))


def _seen(imagery: Imagery, tile: Window, covered: Window, reach_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sources of a tile's pixels, and how far the nearest pixel without imagery is, px."""
    source, distance = (np.zeros((tile.height, tile.width), kind) for kind in (np.uint8, np.float32))
    around = intersection(grown(tile, reach_px), grown(covered, 1))  # one pixel beyond all quads is an edge, like more
    shared = intersection(tile, around) if around else None
    if shared:
        scene = imagery.read(around)
        here, there = within(shared, tile), within(shared, around)
        source[here], distance[here] = scene.source[there], distances(scene.valid, reach_px)[there]
    return source, distance


def distances(valid: np.ndarray, reach_px: int) -> np.ndarray:
    """Return the distance of every pixel to the nearest one that is not valid, px, at most `reach_px`; 0 there.

    Float32 of the shape of `valid`, (height, width); the array's rim is no edge, so without any, all is `reach_px`.
    """
    if valid.all():  # what the transform would measure to is not defined
        return np.full(valid.shape, reach_px, np.float32)
    return np.minimum(distance_transform_edt(valid), reach_px).astype(np.float32)


MAKERS: dict[str, Baseline] = {slug(EVERYTHING): everything, slug(EDGE): edge_distance}
