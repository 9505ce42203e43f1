"""Neighbours that overlap: ground belongs to one of them, by a rule that is stated and told."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA
from workflow_scripts.rogi.inventory.duplicates import SLIVER_M2, overlaps
from workflow_scripts.rogi.inventory.subregions import polygons_only

HUMAN, CONFIRMED, MODEL = 0, 1, 2  # drawn by a person, drawn by the model and confirmed, drawn by the model
PRIORITY = {"refine": HUMAN, "split": HUMAN, "merge": HUMAN, "retrieve": HUMAN, "remain": CONFIRMED}


class Cut(NamedTuple):
    """Ground that two outlines claimed.

    Attributes:
        loser: Position of the outline that gave it away.
        winner: Position of the one that keeps it.
        area_m2: How much.
    """

    loser: int
    winner: int
    area_m2: float


def without_overlaps(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoSeries, list[Cut]]:
    """Give the ground that several outlines cover to one of them.

    What a person drew comes before what a person confirmed, that before what nobody looked at; then the larger comes
    first, then the first id, then the one further west. Overlaps up to `duplicates.SLIVER_M2` are rounding and stay.

    Args:
        frame: Columns operation, candidate_id, area_m2; outlines in EPSG:4326, valid.

    Returns:
        The outlines, empty where others hold all of one; and every piece of ground that was given away.
    """
    pairs = overlaps(frame.geometry)
    if pairs.empty:
        return frame.geometry, []
    rank = _ranks(frame)
    one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    is_first = rank[one] < rank[other]
    winner, loser = np.where(is_first, one, other), np.where(is_first, other, one)
    shapes, cuts = frame.geometry.to_numpy().copy(), []
    for pair in np.lexsort((rank[winner], rank[loser])):  # who has given all it must is then taken as it is left
        weaker, stronger = int(loser[pair]), int(winner[pair])
        left = shapely.difference(shapes[weaker], shapes[stronger])
        areas = gpd.GeoSeries([shapes[weaker], left], crs=frame.crs).to_crs(EQUAL_AREA).area
        if areas[0] - areas[1] > SLIVER_M2:
            shapes[weaker] = polygons_only(gpd.GeoSeries([left], crs=frame.crs)).iloc[0]
            cuts.append(Cut(weaker, stronger, float(areas[0] - areas[1])))
    return gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs), cuts


def _ranks(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Return the rank of each outline, 0 first, from its content alone."""
    keys = (
        shapely.to_wkb(frame.geometry.array),
        frame["candidate_id"].fillna("~").to_numpy(dtype=str),
        -frame["area_m2"].to_numpy(),
        frame["operation"].map(PRIORITY).fillna(MODEL).to_numpy(),
    )
    return np.argsort(np.lexsort(keys))
