"""The validation that reviewers might have done of the demo's inventory, derived from the known truth."""

from collections.abc import Iterable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.demo.review import DATE
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.subregions import first_covering
from workflow_scripts.rogi.validation.missed import is_mapped
from workflow_scripts.rogi.validation.permanent import permanent_numbers

COMMENT = "simulated from the demo's known truth"
SETTLED_SHARE = 0.75  # the rest shows what an open disagreement looks like
OPPOSITE = {"yes": "no", "no": "yes"}


def is_true(inventory: gpd.GeoDataFrame, truth: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which rock glaciers of an inventory have their primary marker in a true one; array of shape (n,)."""
    markers = gpd.points_from_xy(inventory["LONGITUDE"], inventory["LATITUDE"], crs=WGS84)
    hits = shapely.STRtree(truth.to_crs(WGS84).geometry.array).query(markers, "intersects")[0]
    return np.isin(np.arange(len(inventory)), hits)


def overlooked(inventory: gpd.GeoDataFrame, truth: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the true rock glaciers that an inventory misses: no marker of either lies in an outline of the other."""
    shapes = truth.to_crs(WGS84)
    mapped = is_mapped(shapes.geometry, primary_markers(shapes.geometry), inventory)
    return shapes[~mapped].reset_index(drop=True)


def simulated_answers(
    names: Sequence[str], right: np.ndarray, error_rate: float, doubt_rate: float, seed: int, reviewer: str
) -> np.ndarray:
    """Return a reviewer's answers: the right one, but for a share of errors and of doubts.

    An answer depends on its name, the seed and the reviewer alone, so each is wrong independently of all others.

    Args:
        names: Names of the items.
        right: Right answers, "yes" or "no"; shape (n,).
        error_rate: Chance of the opposite answer.
        doubt_rate: Chance of "uncertain".
        seed: The study's seed.
        reviewer: Who answers.
    """
    chance = permanent_numbers(names, seed, f"answer of {reviewer}")
    wrong = np.array([OPPOSITE[answer] for answer in right], dtype=object)
    return np.select([chance < error_rate, chance < error_rate + doubt_rate], [wrong, "uncertain"], right)


def simulated_package(
    sample: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, right: np.ndarray, missed: gpd.GeoDataFrame, reviewer: str,
    error_rate: float, doubt_rate: float, seed: int,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the layers of a reviewer's file.

    In cells a reviewer never sees what is not there: errors overlook what is, doubts are about what is, and a cell that
    holds nothing is answered no.

    Args:
        sample: Markers drawn: ID and geometry.
        cells: Cells drawn: cell_id and geometry.
        right: Whether each marker drawn is a rock glacier, shape (n,).
        missed: Rock glaciers that the inventory misses: geometry.
        reviewer: The reviewer's name.
        error_rate: See `simulated_answers`.
        doubt_rate: See `simulated_answers`.
        seed: The study's seed.
    """
    cell = first_covering(primary_markers(missed.geometry), cells)
    holds = np.isin(np.arange(len(cells)), cell)
    told = simulated_answers(sample["ID"], np.where(right, "yes", "no"), error_rate, doubt_rate, seed, reviewer)
    found = simulated_answers(cells["cell_id"], np.where(holds, "yes", "no"), error_rate, doubt_rate, seed, reviewer)
    found = np.where(holds, found, "no")
    drawn = missed[np.isin(cell, np.flatnonzero(found == "yes"))]
    drawn = drawn[["geometry"]].assign(missed_in=None, reviewer=reviewer, comment=COMMENT)
    return {
        "rock_glaciers": _answers(sample, "ID", told, reviewer),
        "cells": _answers(cells, "cell_id", found, reviewer).assign(missed=pd.Series(dtype="Int32")),
        "missed": drawn.astype({"missed_in": "str"}),
    }


def _answers(items: gpd.GeoDataFrame, key: str, answers: np.ndarray, reviewer: str) -> gpd.GeoDataFrame:
    columns = {key: items[key], "answer": answers, "reviewer": reviewer, "date": DATE, "comment": COMMENT}
    return gpd.GeoDataFrame(columns, geometry=items.geometry)


def differing(packages: Iterable[Mapping[str, pd.DataFrame]], layer: str) -> np.ndarray:
    """Tell on which items of a layer reviewers give different answers; array of shape (n,)."""
    answers = pd.concat([package[layer]["answer"] for package in packages], axis=1)
    return (answers.nunique(axis=1) > 1).to_numpy()


def settled(names: Sequence[str], seed: int) -> np.ndarray:
    """Tell which disagreements the adjudicator has looked at; array of shape (n,)."""
    return permanent_numbers(names, seed, "adjudicated") < SETTLED_SHARE
