from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from tests.validation.scene import NAMES, answers, cells, inventory, outlines, package, square
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.validation.answers import read_answers
from workflow_scripts.rogi.validation.missed import (
    AGAIN,
    COUNTED,
    ELSEWHERE,
    IN_INVENTORY,
    NOT_DRAWN,
    SEARCHED,
    located,
    searched,
)

CELLS = cells()
IDS = CELLS["cell_id"].tolist()
X, Y = 79.025, 35.035  # centre of the first cell, which is 0.02° wide


def found(
    folder: Path, given: Sequence[str | None], shapes: Sequence[shapely.Geometry] = (),
    numbers: Sequence[int | None] = (None,) * 4, frame: gpd.GeoDataFrame = CELLS,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[str]]:  # fmt: skip
    """Return located outlines, searched cells and faults of one reviewer's file."""
    layers = {"cells": answers(frame, "cell_id", given, missed=pd.array(list(numbers), dtype="Int32"))}
    layers["missed"] = outlines(shapes)
    returned = read_answers([package(folder / "a.gpkg", layers, "Ann")], NAMES)
    faults = returned.faults
    drawn = located(returned.missed, CELLS, inventory(), 10_000, faults)
    return drawn, searched(returned.cells, drawn, CELLS, faults), faults


def test_drawn_and_counted(tmp_path: Path) -> None:
    drawn, rows, faults = found(tmp_path, ["yes", "no", "yes", "uncertain"], [square(X, Y)], [None, None, 2, None])
    assert faults == []
    assert drawn["outcome"].tolist() == [COUNTED]
    assert drawn["item"].tolist() == IDS[:1]
    assert rows["number"].tolist() == [1, 0, 2, 1]
    area = area_m2(drawn.geometry)[0]
    assert rows["area_m2"].tolist() == pytest.approx([area, 0, float("nan"), float("nan")], nan_ok=True)
    assert set(rows["outcome"]) == {SEARCHED}


def test_undefined_ground_was_not_searched(tmp_path: Path) -> None:
    _, rows, faults = found(tmp_path, ["undefined", "no", None, None])
    assert faults == []
    assert rows["number"].tolist() == pytest.approx([float("nan"), 0], nan_ok=True)


def test_the_marker_decides_on_the_cell(tmp_path: Path) -> None:
    """Across the edge, with more of it outside: not counted here, whatever cell it was drawn for."""
    drawn, rows, faults = found(tmp_path, ["yes", "no", "no", "no"], [square(X + 0.0108, Y)])
    assert faults == []
    assert drawn["outcome"].tolist() == [ELSEWHERE]
    assert rows["number"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("shape", "outcome"),
    [
        (square(X, Y, 0.0005), "not counted: smaller than 10000 m²"),
        (shapely.box(79.004, 35.004, 79.046, 35.066), IN_INVENTORY),  # holds markers of rock glaciers known
        (square(79.1, 35.2), ELSEWHERE),
    ],
)
def test_what_does_not_count(tmp_path: Path, shape: shapely.Polygon, outcome: str) -> None:
    drawn, _, _ = found(tmp_path, ["uncertain"] * 4, [shape])
    assert drawn["outcome"].tolist() == [outcome]


def test_drawn_twice_counts_once(tmp_path: Path) -> None:
    drawn, rows, faults = found(tmp_path, ["yes", "no", "no", "no"], [square(X, Y), square(X + 0.0002, Y)])
    assert faults == []
    assert sorted(drawn["outcome"]) == sorted([COUNTED, AGAIN])
    assert rows["number"].tolist()[0] == 1


def test_a_bow_tie_is_refused(tmp_path: Path) -> None:
    bow = shapely.Polygon([(X, Y), (X + 0.003, Y + 0.003), (X + 0.003, Y), (X, Y + 0.003)])
    assert "layer missed, feature 1: the outline is invalid" in found(tmp_path, ["yes", "no", "no", "no"], [bow])[2][0]


@pytest.mark.parametrize(
    ("given", "shapes", "numbers", "fault"),
    [
        (
            ["no"],
            [square(X, Y)],
            [None],
            "answer no in {}, with 1 outlines and missed 0; answer yes, or",
        ),
        (["no"], [], [2], "answer no in {}, with 0 outlines and missed 2"),
        (["undefined"], [square(X, Y)], [None], "answer undefined in {}, with 1 outlines and missed 0"),
        (["yes"], [], [None], "answer yes in {}, but nothing is drawn and no number given in missed; do one of them"),
        (["yes"], [square(X, Y), square(X + 0.005, Y)], [1], "missed 1 in {}, but 2 outlines have their marker there"),
        ([None], [square(X, Y)], [None], "an outline in {}, on which Ann has not answered; answer yes there"),
    ],
)
def test_answers_that_contradict_the_outlines(
    tmp_path: Path, given: list[str | None], shapes: list[shapely.Polygon], numbers: list[int | None], fault: str
) -> None:
    _, _, faults = found(tmp_path, [*given, None, None, None], shapes, [*numbers, None, None, None])
    assert len(faults) == 1
    assert fault.format(IDS[0]) in faults[0]


def test_cells_of_an_older_sample_are_passed_over_and_nonsense_is_refused(tmp_path: Path) -> None:
    older = CELLS.assign(cell_id=["CEL350350N0793250E", *IDS[1:]])
    _, rows, faults = found(tmp_path, ["no"] * 4, frame=older)
    assert faults == []
    assert rows["outcome"].value_counts().to_dict() == {SEARCHED: 3, NOT_DRAWN: 1}
    _, _, faults = found(tmp_path, ["no"] * 4, frame=CELLS.assign(cell_id=["seven", *IDS[1:]]))
    assert "layer cells, feature 1: cell_id 'seven' is none; copy it from the package" in faults[0]
