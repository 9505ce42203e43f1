import numpy as np
import pandas as pd
import pytest

from tests.validation.scene import ADJUDICATOR, REVIEWERS, cells, inventory
from workflow_scripts.rogi.validation.completeness import COLUMNS, completeness, finds
from workflow_scripts.rogi.validation.consensus import CONSENSUS, OPEN
from workflow_scripts.rogi.validation.precision import TOTAL, precision
from workflow_scripts.rogi.validation.sample import SampleDesign, draw_sample

CELLS = cells()
IDS = CELLS["cell_id"].tolist()
ALL = inventory()
SAMPLE = draw_sample(ALL, SampleDesign("random", 1.0, "proportional", 2, [], []), 1).set_index("ID")


def found(**given: list[tuple[str, float, float]]) -> pd.DataFrame:
    """Return searched cells: answer, number and area of each, by reviewer."""
    rows = [(name, item, *one) for name, said in given.items() for item, one in zip(IDS, said, strict=False)]
    return pd.DataFrame(rows, columns=["reviewer", "item", "answer", "number", "area_m2"])


NONE = ("no", 0.0, 0.0)
ANN = [("yes", 1.0, 20_000.0), NONE, NONE, NONE]


def tables(searched: pd.DataFrame, right: int = 18) -> pd.DataFrame:
    """Return the completeness of an inventory of which so many are right by everybody, all of them looked at."""
    answers = pd.Series(["yes"] * right + ["no"] * (20 - right), index=SAMPLE.index, dtype=object)
    known = precision(dict.fromkeys([*REVIEWERS, CONSENSUS], answers), SAMPLE, ALL, 0.95)
    told = finds(searched, CELLS, REVIEWERS, ADJUDICATOR)
    return completeness(told, CELLS, known, ALL, 0.95)


def row(
    table: pd.DataFrame, reviewer: str, measure: str = "number", basis: str = "yes", place: str = TOTAL
) -> pd.Series:
    keys = {"reviewer": reviewer, "measure": measure, "basis": basis, "subregion": place}
    return table[np.logical_and.reduce([table[key] == value for key, value in keys.items()])].iloc[0]


def test_one_found_in_half_of_the_cells() -> None:
    table = tables(found(Ann=ANN))
    assert table.columns.tolist() == list(COLUMNS)
    one = row(table, "Ann")
    assert (one["cells"], one["searched"], one["found"], one["missed"]) == (8, 4, 1, 2)
    assert one["missed_error"] == pytest.approx(np.sqrt(8 * 4 * 0.25 / 4))  # N (N - n) s²/n
    assert one["inventory_right"] == pytest.approx(18)
    assert one["recall"] == pytest.approx(18 / 20)
    assert one["recall_low"] < 0.9 < one["recall_high"] <= 18 / 19
    area = row(table, "Ann", "area_km2")
    assert area["missed"] == pytest.approx(0.04)
    assert area["inventory_right"] == pytest.approx(SAMPLE["AREA"].iloc[:18].sum() / 1e6)


def test_subregions_hold_their_own_cells() -> None:
    table = tables(found(Ann=ANN))
    assert (row(table, "Ann", place="West")["found"], row(table, "Ann", place="East")["found"]) == (1, 0)
    assert row(table, "Ann", place="East")["missed_high"] > 0


def test_numbers_without_outlines_give_no_area() -> None:
    table = tables(found(Ann=[("yes", 2.0, np.nan), NONE, NONE, NONE]))
    assert row(table, "Ann")["missed"] == 4
    assert np.isnan(row(table, "Ann", "area_km2")["recall"])


def test_uncertain_ones_count_on_both_sides_or_on_none() -> None:
    table = tables(found(Ann=[("uncertain", 1.0, 10_000.0), NONE, NONE, NONE]))
    assert row(table, "Ann")["missed"] == 0
    assert row(table, "Ann", basis="all but no")["missed"] == 2


def test_undefined_cells_were_not_searched() -> None:
    table = tables(found(Ann=[*ANN[:2], ("undefined", np.nan, np.nan), NONE]))
    assert row(table, "Ann")["searched"] == 3
    assert row(table, "Ann")["missed"] == pytest.approx(8 / 3)


def test_consensus_of_cells() -> None:
    """Alike, alike in the answer alone, settled, and open."""
    searched = found(
        Ann=[("yes", 1.0, 20_000.0), ("yes", 2.0, 30_000.0), NONE, NONE],
        Bo=[("yes", 1.0, 30_000.0), ("yes", 1.0, 10_000.0), ("yes", 1.0, 10_000.0), NONE],
    )
    settled = pd.DataFrame([(ADJUDICATOR, IDS[2], *NONE)], columns=searched.columns)
    said = finds(pd.concat([searched, settled]), CELLS, REVIEWERS, ADJUDICATOR)[CONSENSUS]
    assert said["answer"].tolist() == ["yes", OPEN, "no", "no"]
    assert said["number"].tolist() == [1, 2, 0, 0]
    assert said["area_m2"].tolist() == [25_000, 30_000, 0, 0]


def test_nobody_has_searched() -> None:
    assert tables(found()).empty
