"""Vector inputs of the demo world: two mappers' inventories, negatives, glacier outlines and the truth."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from scipy import ndimage

from workflow_scripts.rogi.demo.frame import CELL_PX
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.demo.tongues import largest
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2

SHARE_A, SHARE_B = 0.42, 0.31  # of the truth, from the west and from the east; the rest was never mapped
JITTER_A_M, JITTER_B_M = 3.0, 7.0
SURVEYED, FOUND, JITTER_SURVEY_M = 0.7, 0.6, 5.0  # share of the ground, and of the rock glaciers on it
UTM_44N = 32644
DUPLICATE, OUTSIDE = 3, 2  # polygons with faults in inventory B, beside the crossed ones
FEWEST = 8


def truth(scene: Scene) -> gpd.GeoDataFrame:
    """Return all rock glaciers, exactly as they are drawn: truth_id and polygon in EPSG:4326."""
    outlines = [scene.frame.to_lonlat(tongue.outline) for tongue in scene.landforms.rock_glaciers]
    ids = [f"T{number:03d}" for number in range(1, len(outlines) + 1)]
    return gpd.GeoDataFrame({"truth_id": ids}, geometry=outlines, crs=4326)


def mapped_shares(eastings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share the rock glaciers out: A mapped the west, B the east, and nobody the middle.

    Both are complete where they worked, as local inventories are.

    Args:
        eastings: Where each rock glacier lies, shape (n,).

    Returns:
        Positions in inventory A and in inventory B, in ascending order.

    Raises:
        ValueError: There are too few to share out.
    """
    count = len(eastings)
    if count < FEWEST:
        raise ValueError(
            f"the demo's inventories need at least {FEWEST} rock glaciers, got {count} (demo: rock_glaciers)"
        )
    order = np.argsort(eastings, kind="stable")
    return np.sort(order[: round(SHARE_A * count)]), np.sort(order[count - round(SHARE_B * count) :])


def redrawn(outline: shapely.Polygon, jitter: float, rng: np.random.Generator) -> shapely.Polygon:
    """Return an outline as another hand draws it: vertices 6 units apart, moved smoothly by about `jitter` units."""
    ring = shapely.get_coordinates(outline.exterior.segmentize(6.0))[:-1]
    moves = [ndimage.gaussian_filter1d(rng.standard_normal(len(ring)), 3, mode="wrap") for _ in range(2)]
    moved = ring + np.stack([jitter * move / max(move.std(), 1e-9) for move in moves], axis=1)
    return largest(shapely.Polygon(moved).buffer(0).simplify(0.5))


def inventory_a(scene: Scene, chosen: Iterable[int], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return inventory A: careful outlines in UTM, field RG_ID."""
    jitter = JITTER_A_M / scene.frame.pixel_m
    outlines = [redrawn(scene.landforms.rock_glaciers[k].outline, jitter, rng) for k in chosen]
    shapes = gpd.GeoSeries([scene.frame.to_lonlat(outline) for outline in outlines], crs=4326).to_crs(UTM_44N)
    ids = [f"RG-{number:04d}" for number in range(1, len(shapes) + 1)]
    activity = rng.choice(["intact", "relict"], len(ids), p=[0.8, 0.2])
    fields = {"RG_ID": ids, "ACTIVITY": activity, "AREA_M2": shapes.area}
    return gpd.GeoDataFrame(fields, geometry=shapes, crs=UTM_44N)


def inventory_b(
    scene: Scene, chosen: Iterable[int], taken: Iterable[int], rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return inventory B: bolder outlines in degrees, field name, with faults that a compilation has to find.

    Three bow-ties (two of them rock glaciers with a crossed edge), three duplicates of inventory A, two polygons beyond
    the imagery and one without a shape come after the good ones; `name` tells them apart.

    Args:
        scene: The demo world.
        chosen: Rock glaciers that only inventory B holds.
        taken: Those of inventory A, some of which are mapped again.
        rng: Source of randomness.
    """
    frame, jitter = scene.frame, JITTER_B_M / scene.frame.pixel_m
    drawn = [redrawn(scene.landforms.rock_glaciers[k].outline, jitter, rng) for k in chosen]
    good, crossed = drawn[:-2], [bow_tied(outline) for outline in drawn[-2:]]
    again = rng.choice(np.array(list(taken)), DUPLICATE, replace=False)
    x, y = frame.width * 0.4, frame.height * 0.9
    groups: dict[str, list[shapely.Geometry]] = {
        "": good,
        " crossed": [*crossed, shapely.Polygon([(x, y), (x + 60, y + 50), (x + 60, y), (x, y + 50)])],
        " again": [redrawn(scene.landforms.rock_glaciers[k].outline, 0.6 * jitter, rng) for k in again],
        " beyond": [shapely.box(-900 * k, 500 * k, -900 * k + 90, 500 * k + 60) for k in range(1, OUTSIDE + 1)],
        " empty": [shapely.Polygon()],
    }
    names, shapes = [], []
    for suffix, outlines in groups.items():
        for outline in outlines:
            shapes.append(frame.to_lonlat(outline))
            names.append(f"rock glacier {len(shapes)}{suffix}")
    return gpd.GeoDataFrame({"name": names, "mapped_by": "student course"}, geometry=shapes, crs=4326)


def survey_area(scene: Scene) -> gpd.GeoDataFrame:
    """Return the ground of a survey that nobody trained on: the western part of the world, EPSG:4326."""
    ground = shapely.box(0, 0, SURVEYED * scene.frame.width, scene.frame.height)
    return gpd.GeoDataFrame({"name": ["survey"]}, geometry=[scene.frame.to_lonlat(ground)], crs=4326)


def survey(scene: Scene, there: Iterable[int], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return what a survey found of the rock glaciers on its ground: a share at random, redrawn, EPSG:4326."""
    known, jitter = np.array(list(there)), JITTER_SURVEY_M / scene.frame.pixel_m
    chosen = np.sort(rng.choice(known, round(FOUND * len(known)), replace=False))
    outlines = [redrawn(scene.landforms.rock_glaciers[k].outline, jitter, rng) for k in chosen]
    names = [f"S-{number:03d}" for number in range(1, len(outlines) + 1)]
    return gpd.GeoDataFrame({"name": names}, geometry=[scene.frame.to_lonlat(each) for each in outlines], crs=4326)


def bow_tied(outline: shapely.Polygon) -> shapely.Polygon:
    """Return an outline whose boundary crosses itself: two neighbouring vertices change places where it bends.

    Of all such outlines the one that differs least from the given one, but by at least 1 % of its area.
    """
    ring = shapely.get_coordinates(outline.exterior.simplify(2.0))[:-1]
    crossed = []
    for position in range(len(ring) - 1):
        swapped = ring.copy()
        swapped[[position, position + 1]] = ring[[position + 1, position]]
        crossed.append(shapely.Polygon(swapped))
    invalid = [shape for shape in crossed if not shape.is_valid]
    changes = {shape: shapely.make_valid(shape).symmetric_difference(outline).area for shape in invalid}
    return min((shape for shape in invalid if changes[shape] >= 0.01 * outline.area), key=lambda shape: changes[shape])


def negatives(scene: Scene) -> gpd.GeoDataFrame:
    """Return landforms that are mistaken for rock glaciers, field kind, EPSG:4326."""
    landforms = scene.landforms
    kinds = {
        "debris-covered glacier tongue": [tongue.outline for tongue in landforms.debris_tongues],
        "rock avalanche": [tongue.outline for tongue in landforms.avalanches],
        "lake": landforms.lakes,
    }
    rows = [(kind, scene.frame.to_lonlat(outline)) for kind, outlines in kinds.items() for outline in outlines]
    return gpd.GeoDataFrame({"kind": [kind for kind, _ in rows]}, geometry=[shape for _, shape in rows], crs=4326)


def glaciers(scene: Scene) -> gpd.GeoDataFrame:
    """Return clean and debris-covered ice with the fields of the Randolph Glacier Inventory 6.0, EPSG:4326."""
    ice = [*scene.landforms.glaciers, *(tongue.outline for tongue in scene.landforms.debris_tongues)]
    shapes = gpd.GeoSeries([scene.frame.to_lonlat(outline) for outline in ice], crs=4326)
    points = shapes.representative_point()
    columns = ["Zmin", "Zmax", "Zmed", "Slope", "Aspect"]
    relief = pd.DataFrame([_relief_of(scene, outline) for outline in ice], columns=columns)
    ids = [f"RGI60-14.{90000 + number:05d}" for number in range(1, len(ice) + 1)]
    fields = {"RGIId": ids, "CenLon": points.x, "CenLat": points.y, "O1Region": "14", "Area": area_m2(shapes) / 1e6}
    return gpd.GeoDataFrame({**fields, **relief, "Name": None}, geometry=shapes, crs=4326).astype({"Name": "string"})


def debris_cover(scene: Scene) -> gpd.GeoDataFrame:
    """Return the debris-covered ice with the field of Herreid and Pellicciotti (2020), EPSG:4326."""
    shapes = [scene.frame.to_lonlat(tongue.outline) for tongue in scene.landforms.debris_tongues]
    return gpd.GeoDataFrame({"img_time": ["20210901"] * len(shapes)}, geometry=shapes, crs=4326)


def _relief_of(scene: Scene, outline: shapely.Polygon) -> tuple[int, int, int, float, int]:
    """Lowest, highest and median height (m), mean slope and mean aspect (degrees) below an outline in pixels."""
    frame = scene.frame
    x, y = frame.coarse_pixels(1), frame.coarse_pixels(0)
    west, north, east, south = outline.bounds
    rows = np.flatnonzero((y >= north - CELL_PX) & (y <= south + CELL_PX))
    columns = np.flatnonzero((x >= west - CELL_PX) & (x <= east + CELL_PX))
    window = np.ix_(rows, columns)
    inside = shapely.contains_xy(outline, *np.meshgrid(x[columns], y[rows]))
    down, right = (part[inside] for part in np.gradient(scene.surface[window], frame.cell_m))
    height = scene.surface[window][inside]
    aspect = np.degrees(np.arctan2(-right.mean(), down.mean())) % 360
    slope = np.degrees(np.arctan(np.hypot(down, right).mean()))
    return int(height.min()), int(height.max()), int(np.median(height)), round(float(slope), 1), round(float(aspect))


def write_shapefile(path: str, frame: gpd.GeoDataFrame) -> None:
    """Write an ESRI shapefile; its .dbf, .shx, .prj and .cpg come to lie beside the .shp, which comes last."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        pyogrio.write_dataframe(frame, Path(folder) / target.name, driver="ESRI Shapefile", encoding="UTF-8")
        for part in sorted(Path(folder).iterdir(), key=lambda part: part.suffix == target.suffix):
            part.replace(target.parent / part.name)


def write_vectors(scene: Scene, paths: dict[str, str], subregions: gpd.GeoDataFrame, rng: np.random.Generator) -> None:
    """Write all vector inputs.

    Args:
        scene: The demo world.
        paths: Targets of glaciers, debris, subregions, inventory_a, inventory_b, negatives, survey, survey_area, truth.
        subregions: From `draw_subregions`.
        rng: Source of randomness.
    """
    known = truth(scene)
    in_a, in_b = mapped_shares(known.geometry.representative_point().x.to_numpy())
    write_shapefile(paths["glaciers"], glaciers(scene))
    write_shapefile(paths["debris"], debris_cover(scene))
    write_shapefile(paths["inventory_a"], inventory_a(scene, in_a, rng))
    write_layers(paths["inventory_b"], {"rockglaciers": inventory_b(scene, in_b, in_a, rng)}, "Polygon")
    write_layers(paths["negatives"], {"negatives": negatives(scene)}, "Polygon")
    area = survey_area(scene)
    write_layers(
        paths["survey"], {"survey": survey(scene, known[known.within(area.union_all())].index, rng)}, "Polygon"
    )
    write_layers(paths["survey_area"], {"survey_area": area}, "Polygon")
    write_layers(paths["subregions"], {"subregions": subregions}, "MultiPolygon")
    write_layers(paths["truth"], {"rock_glaciers": known}, "Polygon")
