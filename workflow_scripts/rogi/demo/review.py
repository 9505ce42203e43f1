"""The review that two mappers might have done of the demo's candidates, derived from the known truth."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84, area_m2
from workflow_scripts.rogi.identity import primary_markers

REMAIN_IOU = 0.75  # from here on an outline stays as the model drew it
REFINE_IOU = 0.30  # from here on it is redrawn, below it is false
SWALLOWED_SHARE = 0.5  # of another rock glacier inside a candidate, from which on the candidate is redrawn
COMMENT = "simulated from the demo's known truth"
WRONG = f"{COMMENT}, wrong on purpose"
DATE = "2024-01-01"  # simulated too: a run's date would change the product
OPERATIONS = ("remain", "remove", "refine", "retrieve")
COLUMNS = ("candidate_id", "operation", "mapper", "date", "comment")


@dataclass
class Overlaps:
    """Pairs of a candidate and a rock glacier that overlap: positions, and areas in m²."""

    candidate: np.ndarray
    truth: np.ndarray
    shared: np.ndarray
    candidate_m2: np.ndarray
    truth_m2: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union of each pair."""
        return self.shared / (self.candidate_m2[self.candidate] + self.truth_m2[self.truth] - self.shared)

    @classmethod
    def of(cls, candidates: gpd.GeoSeries, truth: gpd.GeoSeries) -> "Overlaps":
        """Find the pairs."""
        ours, known = candidates.to_crs(EQUAL_AREA), truth.to_crs(EQUAL_AREA)
        at_truth, at_candidate = ours.sindex.query(known, predicate="intersects")
        shared = shapely.area(shapely.intersection(ours.array[at_candidate], known.array[at_truth]))
        return cls(at_candidate, at_truth, np.asarray(shared), ours.area.to_numpy(), known.area.to_numpy())


def simulate(
    candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, subregion: shapely.Geometry, mappers: list[str],
    min_area_m2: float, error_rate: float, rng: np.random.Generator,
) -> list[gpd.GeoDataFrame]:  # fmt: skip
    """Return the edits of each mapper; together they publish no rock glacier twice.

    A candidate is matched with at most one rock glacier and the other way round, best overlap first. Matched candidates
    remain when they are good and are redrawn otherwise, the others are removed, and rock glaciers without a candidate
    are retrieved. Those whose primary marker lies in another subregion are left to that one's mappers.

    Args:
        candidates: Columns candidate_id and geometry, any CRS.
        truth: All known rock glaciers, same CRS as `candidates` or another.
        subregion: The subregion in EPSG:4326.
        mappers: Their names; the subregion is shared out between them from west to east.
        min_area_m2: Smaller rock glaciers are not retrieved.
        error_rate: Share of the decisions on candidates that is wrong on purpose: true ones removed, false ones kept.
        rng: Source of randomness for the errors.

    Returns:
        One frame per mapper with the columns of a review file, EPSG:4326.
    """
    candidates, truth = candidates.to_crs(WGS84), truth.to_crs(WGS84)
    overlaps = Overlaps.of(candidates.geometry, truth.geometry)
    match = match_one_to_one(overlaps, len(candidates))
    is_ours = primary_markers(truth.geometry).within(subregion).to_numpy()
    decisions = _decide(candidates, truth, overlaps, match, is_ours, subregion)
    _err(decisions, overlaps, error_rate, rng)
    is_found = np.isin(np.arange(len(truth)), match[match >= 0])
    large = area_m2(truth.geometry) >= min_area_m2
    retrieved = truth.loc[is_ours & ~is_found & large, ["geometry"]].assign(
        candidate_id=None, operation="retrieve", comment=COMMENT
    )
    edits = pd.concat([part for part in (decisions, retrieved) if len(part)] or [decisions], ignore_index=True)
    return share_out(gpd.GeoDataFrame(edits, geometry="geometry", crs=WGS84), mappers)


def match_one_to_one(overlaps: Overlaps, candidates: int) -> np.ndarray:
    """Return the position of each candidate's rock glacier, -1 for none: the best overlaps first, each side once."""
    match = np.full(candidates, -1)
    taken: set[int] = set()
    iou = overlaps.iou
    for pair in np.argsort(-iou, kind="stable"):
        candidate, known = int(overlaps.candidate[pair]), int(overlaps.truth[pair])
        if iou[pair] >= REFINE_IOU and match[candidate] < 0 and known not in taken:
            match[candidate] = known
            taken.add(known)
    return match


def _decide(
    candidates: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, overlaps: Overlaps, match: np.ndarray,
    is_ours: np.ndarray, subregion: shapely.Geometry,
) -> gpd.GeoDataFrame:  # fmt: skip
    """What a mapper who knows the truth does with each candidate."""
    good = _good(overlaps, match) & primary_markers(candidates.geometry).within(subregion).to_numpy()
    operations, shapes = [], []
    for position, known in enumerate(match):
        is_true = known >= 0 and is_ours[known]
        operations.append(("remain" if good[position] else "refine") if is_true else "remove")
        drawn = truth if operations[-1] == "refine" else candidates
        shapes.append(drawn.geometry.iloc[known if drawn is truth else position])
    columns = {"candidate_id": candidates["candidate_id"].to_numpy(), "operation": operations, "comment": COMMENT}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=WGS84)


def _good(overlaps: Overlaps, match: np.ndarray) -> np.ndarray:
    """Which candidates overlap their rock glacier well and swallow no other."""
    iou, swallowed = overlaps.iou, overlaps.shared / overlaps.truth_m2[overlaps.truth]
    is_match = match[overlaps.candidate] == overlaps.truth
    good = np.zeros(len(match), dtype=bool)
    good[overlaps.candidate[is_match & (iou >= REMAIN_IOU)]] = True
    good[overlaps.candidate[~is_match & (swallowed >= SWALLOWED_SHARE)]] = False
    return good


def _err(decisions: gpd.GeoDataFrame, overlaps: Overlaps, error_rate: float, rng: np.random.Generator) -> None:
    """Turn a share of the decisions round, in place. What overlaps a rock glacier is never kept against the truth."""
    overlapping = np.isin(np.arange(len(decisions)), overlaps.candidate[overlaps.shared > 0])
    is_true = (decisions["operation"] != "remove").to_numpy()
    may_err = np.flatnonzero(is_true | ~overlapping)
    wrong = rng.permutation(may_err)[: round(error_rate * len(decisions))]
    for position in wrong:
        decisions.loc[position, "operation"] = "remove" if is_true[position] else "remain"
        decisions.loc[position, "comment"] = WRONG


def share_out(edits: gpd.GeoDataFrame, mappers: list[str]) -> list[gpd.GeoDataFrame]:
    """Return each mapper's part of the edits: as many to each, from west to east by their primary markers."""
    order = np.argsort(primary_markers(edits.geometry).x.to_numpy(), kind="stable")
    parts = []
    for mapper, positions in zip(mappers, np.array_split(order, len(mappers)), strict=True):
        part = edits.iloc[np.sort(positions)].assign(mapper=mapper, date=DATE)
        parts.append(gpd.GeoDataFrame(part[[*COLUMNS, "geometry"]].reset_index(drop=True), crs=WGS84))
    return parts
