"""Answers on rock glaciers, tied to the present inventory: by ID, or where that has changed, by the marker's place."""

from collections import defaultdict
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.handed_in import place
from workflow_scripts.rogi.review.fingerprints import candidates_fingerprint
from workflow_scripts.rogi.validation.answers import once

BY_ID = "by ID"
BY_PLACE = "by place"
USED = (BY_ID, BY_PLACE)
GONE = "passed over: no longer in the inventory"
TWICE = "passed over: several earlier rock glaciers are now one"


def fingerprint(inventory: gpd.GeoDataFrame) -> str:
    """Return the name of a version of the inventory: it changes with any ID and any outline."""
    return candidates_fingerprint(inventory[["ID", "geometry"]].rename(columns={"ID": "candidate_id"}))


def tied(rows: gpd.GeoDataFrame, inventory: gpd.GeoDataFrame, faults: list[str]) -> gpd.GeoDataFrame:
    """Tie answers to the rock glaciers of the present inventory.

    What a reviewer judges is the place of the primary marker. An answer holds for the rock glacier of its ID if the
    point lies in that outline or in none. Where the ID is gone, or in an answer on another version of the inventory
    names an outline elsewhere, it holds for the outline that the point lies in.

    Args:
        rows: As `answers.read_answers` returns them.
        inventory: Present rock glaciers: ID and geometry, EPSG:4326.
        faults: Takes a line per answer whose rock glacier is not certain.

    Returns:
        One row per reviewer and rock glacier as `answers.once` returns it, `item` being the present ID; and rows that
        are passed over. Their column `outcome` tells them apart.
    """
    present = fingerprint(inventory)
    known = set(inventory["ID"])
    under = _outlines_under(rows.geometry, inventory)
    items, outcomes, sound = [], [], []
    for row, found in zip(rows.itertuples(), under, strict=True):
        try:
            item, outcome = _match(row, found, row.item in known, row.version not in (None, present))
        except ValueError as fault:
            faults.append(f"{place(row)}: {fault}")
            continue
        sound.append(row.Index)
        items.append(item)
        outcomes.append(outcome)
    matched = rows.loc[sound].assign(item=items, outcome=outcomes)
    matched["outcome"] = _without_ambiguous(matched)
    used = matched["outcome"].isin(USED)
    return pd.concat([once(matched[used].sort_values("outcome"), "rock glacier", faults), matched[~used]])


def _outlines_under(points: gpd.GeoSeries, inventory: gpd.GeoDataFrame) -> list[list[str]]:
    """Return the IDs of the outlines that each point lies in; none where there is no point."""
    inside: defaultdict[int, list[str]] = defaultdict(list)
    names = inventory["ID"].to_numpy()
    pairs = shapely.STRtree(inventory.geometry.array).query(points.representative_point().array, "intersects")
    for point, outline in pairs.T.tolist():
        inside[point].append(names[outline])
    return [sorted(inside[position]) for position in range(len(points))]


def _match(row: Any, under: list[str], known: bool, older: bool) -> tuple[str | None, str]:
    """Return the present ID of an answer and how it was found.

    Raises:
        ValueError: It is not certain which rock glacier is meant.
    """
    if known and (row.item in under or not under):
        return row.item, BY_ID
    if known and not older:
        raise ValueError(f"the point of {row.item} lies in {', '.join(under)}; correct the id or the point")
    if len(under) == 1:
        return under[0], BY_PLACE
    if under:
        raise ValueError(f"the point of {row.item} lies in {', '.join(under)}; name the one that is meant")
    if older:
        return None, GONE
    raise ValueError(
        f"{row.item} is not in the inventory, and no outline lies at its point; copy the id from the package"
    )


def _without_ambiguous(rows: pd.DataFrame) -> pd.Series:
    """Pass over answers that came by their place to a rock glacier of which the reviewer said something else too."""
    by_place = rows["outcome"] == BY_PLACE
    groups = rows.groupby(["reviewer", "item"])
    differ = groups["answer"].transform("nunique") > 1
    return rows["outcome"].mask(by_place & differ, TWICE)
