"""The review of one subregion from end to end: rows, decisions, conflicts, candidates, rock glaciers, report."""

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.handed_in import place
from workflow_scripts.rogi.review.apply import apply_decisions
from workflow_scripts.rogi.review.conflicts import Limits, contradictions, settle
from workflow_scripts.rogi.review.decisions import decide
from workflow_scripts.rogi.review.edits import Returned, ReviewError
from workflow_scripts.rogi.review.placing import place_decisions
from workflow_scripts.rogi.review.report import review_log
from workflow_scripts.rogi.review.rows import Scene, completed


@dataclass(frozen=True)
class Rules:
    """How a review is applied.

    Attributes:
        limits: From which overlap on outlines count as the same.
        preferred: The mapper whose decision is taken where several differ, or `conflicts.STOP`.
        min_area_m2: Smaller rock glaciers are excluded.
        mosaics: Names of the mosaics; the first is the source of a retrieved rock glacier with no candidate near.
    """

    limits: Limits
    preferred: str
    min_area_m2: float
    mosaics: tuple[str, ...]


class Review(NamedTuple):
    """What a review gives.

    Attributes:
        objects: As `apply.apply_decisions` returns them.
        log: Columns `report.LOG`.
        conflicts: Columns `conflicts.CONFLICTS`.
        second_look: Columns `placing.SECOND_LOOK`.
    """

    objects: gpd.GeoDataFrame
    log: pd.DataFrame
    conflicts: pd.DataFrame
    second_look: gpd.GeoDataFrame


def review(candidates: gpd.GeoDataFrame, told: Returned, scene: Scene, rules: Rules) -> Review:
    """Apply what came back to the present candidates; the order of files, rows and candidates does not matter.

    Args:
        candidates: Columns candidate_id, `apply.OF_CANDIDATE` and geometry, EPSG:4326.
        told: What came back from the mappers, whatever candidates they had been given.
        scene: The same candidates by id, and the subregion.
        rules: How it is applied.

    Raises:
        ReviewError: A file or an edit is wrong, or decisions differ and none of them is to be taken.
    """
    candidates = candidates.sort_values("candidate_id", ignore_index=True)
    candidates["area_m2"] = area_m2(candidates.geometry)
    rows = completed(told, scene)
    settled = settle(decide(told, rows, scene), rules.limits, rules.preferred, lambda index: place(rows.loc[index]))
    if len(settled.open):
        lines = contradictions(settled.open)
        head = f"the review of {scene.slug} has {len(lines)} conflicts; nothing was changed:"
        raise ReviewError("\n  - ".join([head, *lines]))
    aside = [decision for decision, _ in settled.aside]
    placed = place_decisions(candidates, settled.decisions, rules.limits, aside, scene.region)
    objects = apply_decisions(candidates, settled.decisions, placed, rules.min_area_m2, rules.mosaics)
    log = review_log(rows, settled, placed, objects, candidates)
    return Review(objects, log, settled.table, placed.second_look)
