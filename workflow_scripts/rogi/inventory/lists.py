"""Who has seen which rock glacier: the lists of model, mappers and other inventories, laid over one another."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.agreement import ious, one_to_one
from workflow_scripts.rogi.inventory.subregions import first_covering, polygons_only


class RockGlacierList(NamedTuple):
    """Rock glaciers that somebody has found.

    Attributes:
        name: Who.
        outlines: Polygons in any CRS.
        ground: Where they looked, EPSG:4326; None where they looked everywhere.
        slugs: Subregions in which they looked; None where they looked in all.
        is_guessed: Whether the ground is a guess.
        is_trained_on: Whether the model has learned from it.
    """

    name: str
    outlines: gpd.GeoSeries
    ground: shapely.Geometry | None = None
    slugs: frozenset[str] | None = None
    is_guessed: bool = False
    is_trained_on: bool = False


class Sightings(NamedTuple):
    """Rock glaciers that at least one list holds.

    Attributes:
        seen: Which lists hold them, boolean of shape (n, lists).
        searched: Which lists looked where they lie, boolean of shape (n, lists).
        region: Number of the subregion, -1 where they lie in none, shape (n,).
    """

    seen: np.ndarray
    searched: np.ndarray
    region: np.ndarray


def sightings(lists: Sequence[RockGlacierList], subregions: gpd.GeoDataFrame, match_iou: float) -> Sightings:
    """Lay lists over one another.

    Two lists hold the same rock glacier where their outlines match one to one; what is linked so, also through a third
    list, is one rock glacier. It lies where the marker of its outline on the first of its lists lies.

    Args:
        lists: In the order in which their outlines count.
        subregions: Columns NAME, slug and geometry.
        match_iou: IoU above which outlines may match.
    """
    outlines = [_sound(each.outlines) for each in lists]
    sizes = [len(each) for each in outlines]
    owner = np.repeat(np.arange(len(lists)), sizes)
    first = np.cumsum([0, *sizes])
    left, right = np.concatenate(
        [np.empty((2, 0), int)]
        + [
            _links(outlines[a], outlines[b], match_iou) + np.array([[first[a]], [first[b]]])
            for a, b in combinations(range(len(lists)), 2)
        ],
        axis=1,
    )
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(len(owner), len(owner)))
    count, unit = connected_components(graph, directed=False)
    seen = np.zeros((count, len(lists)), bool)
    seen[unit, owner] = True
    everything = gpd.GeoSeries(np.concatenate([each.array for each in outlines]), crs=WGS84)
    markers = primary_markers(everything.iloc[np.unique(unit, return_index=True)[1]])
    region = first_covering(markers, subregions.to_crs(WGS84))
    searched = np.stack([_searched(each, markers, region, list(subregions["slug"])) for each in lists], axis=1)
    return Sightings(seen & searched, searched, region)


def _sound(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    valid = polygons_only(shapes.to_crs(WGS84))
    return valid[~valid.is_empty]


def _links(one: gpd.GeoSeries, other: gpd.GeoSeries, match_iou: float) -> np.ndarray:
    """Return the positions of matching outlines, shape (2, pairs)."""
    match = one_to_one(ious(one, other), match_iou)
    found = np.flatnonzero(match >= 0)
    return np.stack([found, match[found]])


def _searched(each: RockGlacierList, markers: gpd.GeoSeries, region: np.ndarray, slugs: list[str]) -> np.ndarray:
    inside = np.ones(len(markers), bool) if each.ground is None else shapely.covers(each.ground, markers.array)
    if each.slugs is None:
        return inside
    return inside & np.isin(region, [number for number, slug in enumerate(slugs) if slug in each.slugs])
