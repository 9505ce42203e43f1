"""The three subregions of the demo world: the west and the east of the range, and the basin."""

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.demo.frame import CELL_PX
from workflow_scripts.rogi.demo.noise import wave
from workflow_scripts.rogi.demo.scene import Scene

INSET_PX = 24  # between the edge of the imagery and that of the subregions
SOUTH_OF_RANGE_PX = 60


def draw_subregions(scene: Scene, names: list[str], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the subregions, which share their irregular borders and stay inside the imagery.

    The border between west and east runs through a rock glacier near the middle.

    Args:
        scene: The demo world.
        names: Of the west, the east and the basin.
        rng: Source of randomness.

    Returns:
        Frame with the column NAME in EPSG:4326, in the order of the names.

    Raises:
        ValueError: There are not three names.
    """
    if len(names) != 3:
        raise ValueError(f"the demo world has three subregions, got {len(names)} names: {', '.join(names)}")
    frame = scene.frame
    area = shapely.box(INSET_PX, INSET_PX, frame.width - INSET_PX, frame.height - INSET_PX)
    reach = scene.notch_px + 3 * INSET_PX
    corner = shapely.Polygon([(frame.width - reach, 0), (frame.width, 0), (frame.width, reach)])
    edge, divide = _range_edge(scene), _divide(scene, rng)
    lines = shapely.union_all([area.difference(corner).exterior, shapely.LineString(edge), shapely.LineString(divide)])
    pieces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(lines)]))
    x, y = np.array([piece.representative_point().coords[0] for piece in pieces]).T
    in_basin = y > np.interp(x, *edge.T)
    in_west = x < np.interp(y, *divide.T[::-1])
    parts = [pieces[~in_basin & in_west], pieces[~in_basin & ~in_west], pieces[in_basin]]
    shapes = [frame.to_lonlat(shapely.union_all(part)) for part in parts]
    return gpd.GeoDataFrame({"NAME": names}, geometry=shapes, crs=4326)


def _range_edge(scene: Scene) -> np.ndarray:
    """The border of the basin, just south of the range and of its lowest rock glaciers: columns and rows in pixels."""
    frame = scene.frame
    columns = np.arange(-40, frame.width // CELL_PX + 40, 8)
    x = columns * float(CELL_PX)
    y = scene.border[columns + frame.margins[1]] + SOUTH_OF_RANGE_PX
    for tongue in scene.landforms.rock_glaciers:
        west, _, east, south = tongue.outline.bounds
        near = (x > west - 120) & (x < east + 120)
        y[near] = np.maximum(y[near], south + SOUTH_OF_RANGE_PX)
    return np.column_stack([x, y])


def _divide(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """The border between west and east, from north to south beyond the imagery: columns and rows in pixels."""
    frame = scene.frame
    y = np.linspace(-200, frame.height + 200, 90)
    x = 0.5 * frame.width + 90 * wave(90, 14, rng) + 30 * wave(90, 5, rng)
    crossed = crossed_rock_glacier(scene)
    middle = crossed.centroid
    pull = np.exp(-(((y - middle.y) / 500) ** 2))
    x += (middle.x - np.interp(middle.y, y, x)) * pull
    return np.column_stack([x, y])


def crossed_rock_glacier(scene: Scene) -> shapely.Polygon:
    """Return the rock glacier that the border between west and east runs through, in pixels."""
    middle = 0.5 * scene.frame.width
    paired = {position for pair in scene.landforms.coalescing for position in pair}
    outlines = [tongue.outline for k, tongue in enumerate(scene.landforms.rock_glaciers) if k not in paired]
    return min(outlines, key=lambda outline: abs(outline.centroid.x - middle))
