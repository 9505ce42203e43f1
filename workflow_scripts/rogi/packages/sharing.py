"""Candidates shared out among mappers: compact territories, equal load, and a blind overlap to compare people by."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from workflow_scripts.rogi.geodesy import local_projection
from workflow_scripts.rogi.identity import equal_area_blocks, primary_markers

NOBODY = -1


class Shares(NamedTuple):
    """Who gets each candidate; arrays of shape (candidates,).

    Attributes:
        first: Position of the mapper in whose territory the candidate lies.
        second: Position of the mapper who gets it too, `NOBODY` for most.
    """

    first: np.ndarray
    second: np.ndarray

    def of(self, mapper: int) -> np.ndarray:
        """Tell which candidates a mapper gets."""
        return (self.first == mapper) | (self.second == mapper)


def share_out(
    candidates: gpd.GeoDataFrame, mappers: int, block_m: float, overlap_share: float, rng: np.random.Generator
) -> Shares:
    """Share the candidates of a subregion among mappers.

    Squares of an equal-area grid are strung along a Hilbert curve, and the string is cut into as many pieces of nearly
    the same number of candidates as there are mappers: every territory is compact, and its load is the mean to within
    what one square holds. Units of one system stay together. Some candidates, drawn at random, go to a second mapper
    as well: to the one whose territory is nearest, so that they lie where that mapper works anyway.

    The load is the number of candidates, the simplest measure and our own choice; nothing is known of the time that
    large ones take.

    Args:
        candidates: Columns candidate_id, system_id and geometry, any CRS; the order of rows makes no difference.
        mappers: How many mappers there are.
        block_m: Side of the squares.
        overlap_share: Share of the candidates that a second mapper gets, rounded up; 0 for a single mapper.
        rng: Source of the draw.
    """
    by_name = np.argsort(candidates["candidate_id"].to_numpy(dtype=str), kind="stable")
    ordered = candidates.iloc[by_name]
    markers = _metric_points(ordered)
    first = _territories(ordered, markers, mappers, block_m)
    second: np.ndarray = np.full(len(ordered), NOBODY)
    wanted = np.ceil(overlap_share * len(ordered)) if mappers > 1 else 0
    drawn = rng.permutation(len(ordered))[: int(wanted)]
    second[drawn] = _nearest_other(markers, first, drawn, mappers)
    back = np.argsort(by_name)
    return Shares(first[back], second[back])


def _metric_points(candidates: gpd.GeoDataFrame) -> np.ndarray:
    points = primary_markers(candidates.geometry)
    if points.empty:
        return np.empty((0, 2))
    west, south, east, north = points.total_bounds
    metric = points.to_crs(local_projection((west + east) / 2, (south + north) / 2))
    return np.column_stack([metric.x, metric.y])


def _territories(candidates: gpd.GeoDataFrame, markers: np.ndarray, mappers: int, block_m: float) -> np.ndarray:
    """Return the territory of each candidate, counted along the curve."""
    if candidates.empty:
        return np.empty(0, int)
    block = pd.Series(equal_area_blocks(candidates.geometry, block_m))
    block = block.groupby(candidates["system_id"].to_numpy(), dropna=False).transform("first")
    blocks = pd.DataFrame({"block": block, "x": markers[:, 0], "y": markers[:, 1]}).groupby("block")
    centres = blocks[["x", "y"]].mean()
    along = gpd.GeoSeries.from_xy(centres["x"], centres["y"]).hilbert_distance()
    load = blocks.size().iloc[np.lexsort((centres.index, along))]
    piece = (load.cumsum() - load / 2) / load.sum() * mappers
    return block.map(piece.astype(int)).to_numpy()


def _nearest_other(markers: np.ndarray, first: np.ndarray, drawn: np.ndarray, mappers: int) -> np.ndarray:
    """Return the mapper of the nearest candidate in another territory; the next mapper where there is no other."""
    distance = np.full((len(drawn), mappers), np.inf)
    for mapper in np.unique(first):
        others = first[drawn] != mapper
        distance[others, mapper] = cKDTree(markers[first == mapper]).query(markers[drawn][others])[0]
    alone = np.isinf(distance).all(axis=1)
    return np.where(alone, (first[drawn] + 1) % mappers, distance.argmin(axis=1))
