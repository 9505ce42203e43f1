"""Rock glaciers that reviewers found in empty cells: drawn or counted, each in the cell that holds its marker."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.handed_in import place
from workflow_scripts.rogi.identity import coordinates_of, primary_markers
from workflow_scripts.rogi.inventory.subregions import first_covering
from workflow_scripts.rogi.review.rows import repair
from workflow_scripts.rogi.validation.answers import once

COUNTED = "missed by the inventory"
IN_INVENTORY = "not counted: already in the inventory"
ELSEWHERE = "not counted: its marker lies in none of the cells drawn"
AGAIN = "not counted: drawn twice"
NOT_DRAWN = "passed over: not in the present sample of cells"
SEARCHED = "used"
CLEAR = ("yes", "no", "uncertain")  # answers from which something follows; undefined ground was not searched


def located(
    outlines: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, inventory: gpd.GeoDataFrame, min_area_m2: float,
    faults: list[str],
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return drawn outlines with the cell that holds the marker of each, and whether it counts as missed.

    It does not where its marker lies in an outline of the inventory, or that outline's marker in it; nor if it is
    smaller than what the inventory takes in, or if the reviewer drew it before.

    Args:
        outlines: As `answers.read_answers` returns them.
        cells: Cells drawn: cell_id and geometry, EPSG:4326.
        inventory: Rock glaciers: LONGITUDE, LATITUDE and geometry, EPSG:4326.
        min_area_m2: Of a rock glacier in the inventory.
        faults: Takes a line per outline that is no polygon.

    Returns:
        The outlines with valid geometry, `item` being the cell's id (null where there is none), area_m2 and `outcome`.
    """
    shapes: dict[int, shapely.Geometry] = {}
    for row in outlines.itertuples():
        try:
            shapes[row.Index] = repair(row.geometry)
        except ValueError as fault:
            faults.append(f"{place(row)}: {fault}")
    found = outlines.loc[list(shapes)].set_geometry(gpd.GeoSeries(shapes, crs=WGS84))
    markers = primary_markers(found.geometry)
    cell = first_covering(markers, cells)
    found["item"] = np.array([*cells["cell_id"], None], dtype=object)[cell]
    found["area_m2"] = area_m2(found.geometry)
    reasons = {
        ELSEWHERE: cell < 0,
        f"not counted: smaller than {min_area_m2:.0f} m²": found["area_m2"] < min_area_m2,
        IN_INVENTORY: is_mapped(found.geometry, markers, inventory),
        AGAIN: _is_repeated(found, markers),
    }
    return found.assign(outcome=np.select(list(reasons.values()), list(reasons), COUNTED))


def is_mapped(shapes: gpd.GeoSeries, markers: gpd.GeoSeries, inventory: gpd.GeoDataFrame) -> np.ndarray:
    """Tell of which outlines the marker lies in one of the inventory, or which hold a marker of it; shape (n,)."""
    known = gpd.GeoSeries.from_xy(inventory["LONGITUDE"], inventory["LATITUDE"], crs=WGS84)
    inside = shapely.STRtree(inventory.geometry.array).query(markers.array, "intersects")[0]
    around = shapely.STRtree(known.array).query(shapes.array, "intersects")[0]
    return np.isin(np.arange(len(shapes)), np.concatenate([inside, around]))


def _is_repeated(found: gpd.GeoDataFrame, markers: gpd.GeoSeries) -> np.ndarray:
    """Tell which outlines hold the marker of an earlier one by the same reviewer."""
    holder, marker = shapely.STRtree(markers.array).query(found.geometry.array, "intersects")
    by = found["reviewer"].to_numpy()
    again = holder[(marker < holder) & (by[marker] == by[holder])]
    return np.isin(np.arange(len(found)), again)


def searched(
    rows: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, faults: list[str]
) -> gpd.GeoDataFrame:
    """Return what each reviewer found in each cell.

    Args:
        rows: Answers on cells, as `answers.read_answers` returns them.
        drawn: As `located` returns it.
        cells: Cells drawn: cell_id and geometry.
        faults: Takes a line per answer that contradicts itself or the outlines.

    Returns:
        One row per reviewer and cell: the answer, `number` of missed rock glaciers (of an uncertain cell, of those that
        may be some, at least 1; null where undefined), `area_m2` of those (null unless all are drawn), and `outcome`.
    """
    known = rows["item"].isin(cells["cell_id"])
    faults += [
        f"{place(row)}: cell_id '{row.item}' is none; copy it from the package"
        for row in rows[~known].itertuples()
        if np.isnan(coordinates_of(row.item)[0])
    ]
    told = once(rows[known], "cell", faults)
    counted = drawn[drawn["outcome"] == COUNTED].groupby(["reviewer", "item"])["area_m2"].agg(["size", "sum"])
    touched = _touched(drawn, cells)
    results = []
    for row in told.itertuples():
        key = (row.reviewer, row.item)
        number, area = counted.loc[key] if key in counted.index else (0, 0.0)
        faults += [f"{place(row)}: {fault}" for fault in _contradictions(row, int(number), key in touched)]
        results.append(_found(row, int(number), float(area)))
    faults += _unanswered(drawn, told)
    told[["number", "area_m2"]] = np.array(results, dtype=float).reshape(-1, 2)
    return pd.concat([told.assign(outcome=SEARCHED), rows[~known].assign(number=np.nan, outcome=NOT_DRAWN)])


def _touched(drawn: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> set[tuple[str, str]]:
    """Return reviewers and cells in which they drew anything, whatever came of it."""
    outline, cell = shapely.STRtree(cells.geometry.array).query(drawn.geometry.array, "intersects")
    return set(zip(drawn["reviewer"].to_numpy()[outline], cells["cell_id"].to_numpy()[cell], strict=True))


def _contradictions(row: Any, drawn: int, touched: bool) -> Iterator[str]:
    stated = None if row.number is None else int(row.number)
    if row.answer in ("no", "undefined") and (drawn or stated):
        found = f"{drawn} outlines and missed {stated or 0}"
        yield f"answer {row.answer} in {row.item}, with {found}; answer yes, or take them away"
    if row.answer == "yes" and not (stated or drawn or touched):
        yield f"answer yes in {row.item}, but nothing is drawn and no number given in missed; do one of them"
    if row.answer in ("yes", "uncertain") and stated is not None and 0 < stated < drawn:
        yield f"missed {stated} in {row.item}, but {drawn} outlines have their marker there; correct the number"


def _found(row: Any, drawn: int, area: float) -> tuple[float, float]:
    stated = int(row.number or 0)
    least = 1 if row.answer == "uncertain" else 0
    number = max(stated, drawn, least) if row.answer in ("yes", "uncertain") else 0
    if row.answer not in CLEAR:
        return np.nan, np.nan
    return number, area if number == drawn else np.nan


def _unanswered(drawn: gpd.GeoDataFrame, told: pd.DataFrame) -> Iterator[str]:
    answered = set(zip(told["reviewer"], told["item"], strict=True))
    for row in drawn[drawn["outcome"] == COUNTED].itertuples():
        if (row.reviewer, row.item) not in answered:
            yield f"{place(row)}: an outline in {row.item}, on which {row.reviewer} has not answered; answer yes there"
