"""From what came back to answers item by item: what each row became of, who said what, and what is left to settle."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.validation.answers import Returned, table
from workflow_scripts.rogi.validation.completeness import labels
from workflow_scripts.rogi.validation.consensus import OPEN, consensus
from workflow_scripts.rogi.validation.matching import USED, tied
from workflow_scripts.rogi.validation.missed import COUNTED, SEARCHED, located, searched

LOG = ("kind", "file", "layer", "row", "reviewer", "item", "answer", "outcome")
REPEATED = "said before"
OUTSIDE = "not in the present sample: noted in the inventory alone"


@dataclass(frozen=True)
class Drawn:
    """What was drawn for reviewers to look at, and from what.

    Attributes:
        inventory: Rock glaciers: published columns, EPSG:4326.
        sample: As `sample.draw_sample` returns it.
        cells: As `cells.draw_cells` returns it.
    """

    inventory: gpd.GeoDataFrame
    sample: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame


@dataclass(frozen=True)
class Assessment:
    """What reviewers said.

    Attributes:
        answers: On the sample: a row per ID, a column per reviewer and one for the adjudicator.
        found: On the cells: one row per reviewer and cell, as `missed.searched` returns it.
        outlines: Missed rock glaciers that count, with reviewer and `item`, the cell.
        log: What became of every row, columns `LOG`.
    """

    answers: pd.DataFrame
    found: gpd.GeoDataFrame
    outlines: gpd.GeoDataFrame
    log: pd.DataFrame


def assess(returned: Returned, drawn: Drawn, names: Sequence[str], min_area_m2: float) -> Assessment:
    """Tie all answers to what was drawn.

    Args:
        returned: As `answers.read_answers` returns it.
        drawn: What it is about.
        names: The reviewers, and last the adjudicator.
        min_area_m2: Of a rock glacier in the inventory.

    Raises:
        ValidationError: With one line per fault.
    """
    faults: list[str] = []
    told = tied(returned.rock_glaciers, drawn.inventory, faults)
    missed = located(returned.missed, drawn.cells, drawn.inventory, min_area_m2, faults)
    cells = searched(returned.cells, missed, drawn.cells, faults)
    returned.require_sound(faults)
    told["outcome"] = told["outcome"].mask(told["item"].notna() & ~told["item"].isin(drawn.sample["ID"]), OUTSIDE)
    log = [
        _became("rock glacier", returned.rock_glaciers, told),
        _became("cell", returned.cells, cells),
        _became("missed rock glacier", returned.missed, missed),
    ]
    used = told[told["outcome"].isin(USED)]
    answers = table(used, "answer", drawn.sample["ID"], names)
    counted = missed[missed["outcome"] == COUNTED]
    return Assessment(answers, cells[cells["outcome"] == SEARCHED], counted, pd.concat(log, ignore_index=True))


def _became(kind: str, rows: gpd.GeoDataFrame, result: pd.DataFrame) -> pd.DataFrame:
    outcome = result["outcome"].reindex(rows.index).fillna(REPEATED)
    item = result["item"].reindex(rows.index).where(lambda one: one.notna(), rows["item"])
    return pd.DataFrame(rows.drop(columns="geometry")).assign(kind=kind, outcome=outcome, item=item)[list(LOG)]


def open_questions(
    assessment: Assessment, drawn: Drawn, names: Sequence[str]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return what reviewers differ on and the adjudicator has not settled.

    Args:
        assessment: As `assess` returns it.
        drawn: What it is about.
        names: The reviewers, and last the adjudicator.

    Returns:
        Markers (ID) and cells (cell_id), both with `told`: the reviewers' answers in alphabetical order, without names.
    """
    found = assessment.found.assign(label=labels(assessment.found))
    on_cells = table(found, "label", drawn.cells["cell_id"], names)
    return (
        _open(drawn.sample, "ID", assessment.answers, names[-1]),
        _open(drawn.cells, "cell_id", on_cells, names[-1]),
    )


def _open(items: gpd.GeoDataFrame, key: str, answers: pd.DataFrame, adjudicator: str) -> gpd.GeoDataFrame:
    unsettled = consensus(answers, adjudicator) == OPEN
    told = ["; ".join(sorted(row.dropna())) for _, row in answers[unsettled].drop(columns=adjudicator).iterrows()]
    kept = items[items[key].isin(answers.index[unsettled])][[key, "geometry"]].reset_index(drop=True)
    return kept.assign(told=pd.Series(told, dtype="str"))
