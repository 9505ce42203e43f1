"""All that came back, item by item, and the scripts that write it down."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from tests.validation.scene import ADJUDICATOR, NAMES, REVIEWERS, answers, cells, inventory, outlines, package, square
from workflow_scripts import assess_validation, record_validation
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.validation.answers import ValidationError, read_answers
from workflow_scripts.rogi.validation.assessment import OUTSIDE, REPEATED, Drawn, assess, open_questions
from workflow_scripts.rogi.validation.sample import SampleDesign, draw_sample

ALL, CELLS = inventory(), cells()
SAMPLE = draw_sample(ALL, SampleDesign("random", 0.5, "proportional", 2, [], []), 1)
IDS = SAMPLE["ID"].tolist()
Answers = Sequence[str | None]
TABLES = ("table4", "agreement", "precision", "completeness", "answers")


def file(folder: Path, name: str, given: Answers, on_cells: Answers, drawn: int = 0) -> str:
    layers: dict[str, gpd.GeoDataFrame] = {"rock_glaciers": answers(SAMPLE, "ID", given)}
    layers["cells"] = answers(CELLS, "cell_id", on_cells, missed=pd.array([None] * 4, dtype="Int32"))
    layers["missed"] = outlines([square(79.025, 35.035)] * drawn)
    return package(folder / f"{name}.gpkg", layers, name, ALL)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two reviewers who differ on two rock glaciers and one cell; one of the three is settled."""
    folder = tmp_path_factory.mktemp("answers")
    return [
        file(folder, "Ann", ["yes"] * 8 + ["no", "no"], ["yes", "no", "no", "no"], 1),
        file(folder, "Bo", ["yes"] * 9 + ["uncertain"], ["no"] * 4),
        file(folder, ADJUDICATOR, [*[None] * 8, "yes", None], [None] * 4),
    ]


def test_answers_item_by_item(files: list[str]) -> None:
    drawn = Drawn(ALL, SAMPLE, CELLS)
    said = assess(read_answers(files, NAMES), drawn, NAMES, 10_000)
    assert said.answers.columns.tolist() == NAMES
    assert said.answers.loc[IDS[8]].tolist() == ["no", "yes", "yes"]
    assert len(said.found) == 8
    assert said.outlines["item"].tolist() == [CELLS["cell_id"][0]]
    assert len(said.log) == 10 + 10 + 1 + 8 + 1
    markers, searched = open_questions(said, drawn, NAMES)
    assert markers[["ID", "told"]].to_numpy().tolist() == [[IDS[9], "no; uncertain"]]
    assert searched[["cell_id", "told"]].to_numpy().tolist() == [[CELLS["cell_id"][0], "no 0; yes 1"]]


def test_rows_that_say_nothing_new_are_listed(files: list[str], tmp_path: Path) -> None:
    """A file twice, and an answer on a rock glacier that was not drawn."""
    rest = ALL[~ALL["ID"].isin(IDS)].head(1)
    more = package(tmp_path / "more.gpkg", {"a": answers(rest, "ID", ["no"])}, "Ann", ALL)
    paths = [*files, more, str(shutil.copy(files[1], tmp_path / "again.gpkg"))]
    said = assess(read_answers(paths, NAMES), Drawn(ALL, SAMPLE, CELLS), NAMES, 10_000)
    outcomes = said.log["outcome"].value_counts()
    assert (outcomes[OUTSIDE], outcomes[REPEATED]) == (1, 14)
    assert said.answers.index.tolist() == IDS


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    paths = [
        file(tmp_path, "Ann", ["yes"] * 9 + ["perhaps"], ["yes", "no", "no", "no"]),
        file(tmp_path, "Bo", ["yes"] * 10, ["no"] * 4, 1),
    ]
    with pytest.raises(ValidationError, match="the validation has 3 faults") as caught:
        assess(read_answers(paths, NAMES), Drawn(ALL, SAMPLE, CELLS), NAMES, 10_000)
    for part in ("answer 'perhaps'", "nothing is drawn", "with 1 outlines"):
        assert part in str(caught.value)


def run(folder: Path, paths: list[str]) -> dict[str, pd.DataFrame]:
    """Write all tables of a study."""
    layers = {"merged": ("rock_glaciers", ALL), "sample": ("sample", SAMPLE), "cells": ("cells", CELLS)}
    for name, (layer, frame) in layers.items():
        write_layers(folder / f"{name}.gpkg", {layer: frame})
    csv = {name: str(folder / f"{name}.csv") for name in TABLES}
    merged, sample, searched = (str(folder / f"{name}.gpkg") for name in layers)
    assess_validation.main(
        merged, sample, searched, paths, [], csv["table4"], csv["agreement"], csv["precision"], csv["completeness"],
        str(folder / "adjudication.gpkg"), csv["answers"], REVIEWERS, ADJUDICATOR, 10_000, 0.95, 50, "answers", 1,
    )  # fmt: skip
    record_validation.main(merged, paths, [], str(folder / "validated.gpkg"), REVIEWERS, ADJUDICATOR)
    return {name: pd.read_csv(path) for name, path in csv.items()}


@pytest.fixture(scope="module")
def finished(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that has been validated."""
    folder = tmp_path_factory.mktemp("study")
    run(folder, files)
    return folder


def test_the_scripts_write_every_table(finished: Path) -> None:
    tables = {name: pd.read_csv(finished / f"{name}.csv") for name in TABLES}
    counts = tables["table4"].set_index(["reviewer", "answer"]).sort_index()["count"]
    assert counts["Ann", "no"] == 2
    assert (counts["consensus", "yes"], counts["consensus", "open"], counts["all alike", "yes"]) == (9, 1, 8)
    assert set(tables["agreement"]["what"]) == {"rock glaciers", "cells"}
    whole = tables["precision"].query("reviewer == 'consensus' and subregion == 'total' and measure == 'number'")
    assert whole["precision"].tolist() == pytest.approx([0.9, 1, 1])
    found = tables["completeness"].query("subregion == 'total' and measure == 'number' and basis == 'yes'")
    assert found.set_index("reviewer")["missed"].to_dict() == {"Ann": 2, "Bo": 0, "consensus": 0}
    assert len(tables["answers"]) == 30
    validated = read_vector(finished / "validated.gpkg", "rock_glaciers").set_index("ID")
    assert validated.loc[IDS[8], "REVIEWER"] == "Ann; Bo; Chris"
    assert validated.loc[IDS[8], "ADDI_INF"] == "validation: no by Ann, yes by Bo, yes by Chris"
    assert validated["REVIEWER"].notna().sum() == 10
    assert validated["ADDI_INF"].notna().sum() == 2


def test_the_list_for_adjudication_comes_back_as_it_is(finished: Path, files: list[str], tmp_path: Path) -> None:
    list_ = finished / "adjudication.gpkg"
    markers = pyogrio.read_dataframe(list_, layer="rock_glaciers").assign(answer="no")
    searched = pyogrio.read_dataframe(list_, layer="cells").assign(answer="no")
    returned = package(tmp_path / "settled.gpkg", {"rock_glaciers": markers, "cells": searched}, ADJUDICATOR, ALL)
    drawn = Drawn(ALL, SAMPLE, CELLS)
    said = assess(read_answers([*files, returned], NAMES), drawn, NAMES, 10_000)
    assert [len(left) for left in open_questions(said, drawn, NAMES)] == [0, 0]


def test_without_answers_the_tables_are_empty_and_the_inventory_is_as_it_was(tmp_path: Path) -> None:
    tables = run(tmp_path, [])
    assert all(table.empty for table in tables.values())
    assert pyogrio.read_info(tmp_path / "adjudication.gpkg", layer="rock_glaciers")["features"] == 0
    validated = read_vector(tmp_path / "validated.gpkg", "rock_glaciers")
    assert validated["REVIEWER"].isna().all()
    assert validated["ADDI_INF"].isna().all()
    assert validated.geometry.geom_equals(ALL.geometry).all()
