"""Where patches are cut: round polygons, on a lattice over ground that is mapped completely, and at random."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from rasterio.windows import Window

from workflow_scripts.rogi.geodesy import buffer_true_m
from workflow_scripts.rogi.imagery.grid import PixelGrid

RANDOM_TERRAIN = "random terrain"
ROUNDS = 100  # of draws of random places; in ground so full that they do not do, a few places fewer are no loss


@dataclass(frozen=True)
class Place:
    """A window of the global pixel grid, and the polygon it belongs to, with its kind and inventory."""

    window: Window
    uid: str
    kind: str
    inventory: str


def windows_around(bounds_window: Window, size: int, stride: int) -> list[Window]:
    """Return the windows of `size` px at `stride` px that cover a window, centred on it; at least one."""
    counts = [max(1, -(-(length - size) // stride) + 1) for length in (bounds_window.height, bounds_window.width)]
    spans = [size + (count - 1) * stride for count in counts]
    top = bounds_window.row_off - (spans[0] - bounds_window.height) // 2
    left = bounds_window.col_off - (spans[1] - bounds_window.width) // 2
    return [
        Window(left + column * stride, top + row * stride, size, size)
        for row in range(counts[0])
        for column in range(counts[1])
    ]


def around_polygons(
    polygons: gpd.GeoDataFrame, grid: PixelGrid, buffer_m: float, size: int, stride: int
) -> list[Place]:
    """Return the places round polygons.

    Args:
        polygons: With `uid`, `kind` and `inventory`, in any CRS.
        grid: The imagery's pixel grid.
        buffer_m: Ground seen beyond each polygon, true metres; the patches cover the buffer's bounding rectangle.
        size: Side of a patch in pixels.
        stride: Pixels from one patch to the next.
    """
    buffers = buffer_true_m(polygons.geometry, buffer_m).to_crs(grid.crs)
    return [
        _place(window, polygon)
        for polygon, shape in zip(polygons.itertuples(), buffers, strict=True)
        for window in windows_around(grid.window(shape.bounds), size, stride)
    ]


def everywhere(
    ground: gpd.GeoSeries, polygons: gpd.GeoDataFrame, grid: PixelGrid, size: int, stride: int
) -> list[Place]:
    """Return places that cover whole areas; each has the uid of the polygon nearest to its centre.

    Its kind is that polygon's where the two meet; ground that holds none is random terrain.

    Args:
        ground: The areas, in any CRS; a window belongs to a polygon of its own area where that has any.
        polygons: As for `around_polygons`, one at least.
        grid: The imagery's pixel grid.
        size: Side of a patch in pixels.
        stride: Pixels from one patch to the next.
    """
    shapes = polygons.to_crs(grid.crs)
    found: dict[tuple[int, int], Place] = {}
    for area in ground.to_crs(grid.crs):
        inside = shapes[shapes.intersects(area)]
        near = inside if len(inside) else shapes
        windows = windows_around(grid.window(area.bounds), size, stride)
        boxes = np.array([shapely.box(*grid.bounds(window)) for window in windows])
        closest = near.sindex.nearest(shapely.centroid(boxes), return_all=False)[1]
        for number in np.flatnonzero(shapely.intersects(boxes, area)):
            place = _place(windows[number], near.iloc[closest[number]])
            if not boxes[number].intersects(near.geometry.iloc[closest[number]]):
                place = replace(place, kind=RANDOM_TERRAIN)
            found.setdefault((place.window.row_off, place.window.col_off), place)
    return list(found.values())


def random_terrain(
    count: int,
    ground: gpd.GeoSeries,
    rock_glaciers: gpd.GeoSeries,
    grid: PixelGrid,
    size: int,
    generator: np.random.Generator,
) -> list[Place]:
    """Draw places that hold no part of a rock glacier; fewer than asked for where there are hardly any.

    Args:
        count: Places wanted.
        ground: Where their centres lie, evenly by pixels, in any CRS.
        rock_glaciers: Outlines in any CRS.
        grid: The imagery's pixel grid.
        size: Side of a patch in pixels.
        generator: Source of the draw.
    """
    area = gpd.GeoSeries([ground.to_crs(grid.crs).union_all()], crs=grid.crs)
    outlines = shapely.STRtree(rock_glaciers.to_crs(grid.crs).array)
    found: dict[tuple[int, int], Place] = {}
    for _ in range(ROUNDS):
        if len(found) >= count or area.is_empty.all():
            break
        for point in area.sample_points(count, rng=generator).explode():
            row, column = grid.position(point.x, point.y)
            window = Window(column - size // 2, row - size // 2, size, size)
            bare = not len(outlines.query(shapely.box(*grid.bounds(window)), predicate="intersects"))
            if bare and len(found) < count:
                # A hyphen more than uids of polygons have, so it is nobody else's.
                uid = f"random-terrain-{len(found)}"
                found.setdefault((row, column), Place(window, uid, RANDOM_TERRAIN, ""))
    return list(found.values())


def as_polygons(places: list[Place], grid: PixelGrid) -> gpd.GeoDataFrame:
    """Return places as polygons of their own, their windows."""
    columns = {key: [getattr(place, key) for place in places] for key in ("uid", "kind", "inventory")}
    boxes = [shapely.box(*grid.bounds(place.window)) for place in places]
    return gpd.GeoDataFrame(columns, geometry=boxes, crs=grid.crs)


def _place(window: Window, polygon: object) -> Place:
    return Place(window, *(str(getattr(polygon, key)) for key in ("uid", "kind", "inventory")))
