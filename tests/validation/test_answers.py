"""Answers as people hand them in: taken where their meaning is certain, else refused with file, layer and feature."""

import unicodedata
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from tests.validation.scene import NAMES, answers, cells, inventory, outlines, package, square
from workflow_scripts.rogi.validation.answers import ValidationError, once, read_answers, table

FEW = inventory(3)


def told(*given: str | None, **more: object) -> gpd.GeoDataFrame:
    return answers(FEW, "ID", given, **more)


def refused(path: str, reviewers: list[str] = NAMES) -> str:
    with pytest.raises(ValidationError) as caught:
        read_answers([path], reviewers).require_sound()
    return str(caught.value)


def test_a_package_says_whose_it_is(tmp_path: Path) -> None:
    layers = {"rock_glaciers": told("yes", "no", None), "cells": answers(cells(), "cell_id", ["no"] * 4, missed=None)}
    layers["missed"] = outlines([square(79.1, 35.03)])
    returned = read_answers([package(tmp_path / "a.gpkg", layers, "Ann")], NAMES)
    assert returned.faults == []
    assert returned.rock_glaciers["answer"].tolist() == ["yes", "no"]  # nobody has decided on the third
    assert returned.rock_glaciers["item"].tolist() == FEW["ID"].tolist()[:2]
    assert set(returned.rock_glaciers["reviewer"]) == {"Ann"}
    assert returned.rock_glaciers["version"].nunique() == 1
    assert returned.cells["item"].tolist() == cells()["cell_id"].tolist()
    assert returned.missed["reviewer"].tolist() == ["Ann"]


def test_renamed_layers_extra_columns_and_a_third_coordinate(tmp_path: Path) -> None:
    frame = told("YES", " no ", "Uncertain", reviewer="Ann", note="x", height=1.5)
    frame = frame.rename(columns={"ID": "Id", "answer": "ANSWER"}).set_geometry(frame.geometry.force_3d(100))
    returned = read_answers([package(tmp_path / "renamed.gpkg", {"my answers": frame})], NAMES)
    assert returned.rock_glaciers["answer"].tolist() == ["yes", "no", "uncertain"]
    assert not returned.rock_glaciers.has_z.any()
    assert returned.rock_glaciers["layer"].unique().tolist() == ["my answers"]


@pytest.mark.parametrize("suffix", ["shp", "geojson", "gpkg"])
def test_other_formats_and_crs(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"antworten_ü.{suffix}"
    frame = told("yes", "no", "undefined", reviewer="Ann")
    frame.to_crs(4326 if suffix == "geojson" else 3857).to_file(path, engine="pyogrio")
    returned = read_answers([str(path)], NAMES)
    assert returned.faults == []
    assert returned.rock_glaciers["answer"].tolist() == ["yes", "no", "undefined"]
    ours, theirs = (one.geometry.to_crs(32644) for one in (returned.rock_glaciers, told("", "", "")))
    assert ours.distance(theirs).max() < 0.1  # m


def test_a_name_in_another_spelling_of_unicode(tmp_path: Path) -> None:
    frame = told("yes", "no", "no", reviewer=unicodedata.normalize("NFD", "José Ñandú"))
    returned = read_answers([package(tmp_path / "a.gpkg", {"a": frame})], ["José Ñandú"])
    assert returned.faults == []
    assert set(returned.rock_glaciers["reviewer"]) == {"José Ñandú"}


def test_changed_field_types(tmp_path: Path) -> None:
    frame = answers(cells(), "cell_id", ["yes", "no", "no", "no"], missed=["2", None, "0", None], reviewer="Ann")
    numbers = frame.assign(missed=[2.0, None, 0.0, None], date=pd.Timestamp("2024-07-31"))
    for one in (frame, numbers):
        returned = read_answers([package(tmp_path / "a.gpkg", {"cells": one})], NAMES)
        assert returned.cells["number"].tolist() == ["2", None, "0", None]
        assert set(returned.cells["date"]) == {"2024-07-31"}


def test_a_number_without_an_answer_is_refused(tmp_path: Path) -> None:
    frame = answers(cells(), "cell_id", [None, "no", "no", "no"], missed=["3", None, None, None], reviewer="Ann")
    assert "feature 1: answer (empty) is none of yes, no" in refused(package(tmp_path / "a.gpkg", {"cells": frame}))


def test_an_empty_package_says_nothing(tmp_path: Path) -> None:
    path = package(tmp_path / "a.gpkg", {"rock_glaciers": told(None, None, None)}, "Ann")
    returned = read_answers([path], NAMES)
    returned.require_sound()
    assert returned.rock_glaciers.empty
    assert read_answers([], NAMES).rock_glaciers.empty


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"answer": "maybe"}, "feature 1: answer 'maybe' is none of yes, no, uncertain, undefined"),
        ({"ID": None}, "feature 1: an answer without id; copy it from the package"),
        ({"reviewer": None}, "feature 1: reviewer (empty) is not in the config"),
        ({"reviewer": "An"}, "'An' is not in the config (validation.reviewers, adjudicator); did you mean 'Ann'?"),
        ({"reviewer": "Zoë"}, "expected Ann, Bo, Chris"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(tmp_path: Path, given: dict[str, str | None], fault: str) -> None:
    frame = told("yes", "no", "no", reviewer="Ann")
    for name, value in given.items():
        frame[name] = frame[name].astype(object)
        frame.loc[0, name] = value
    text = refused(package(tmp_path / "a.gpkg", {"first": frame}))
    assert "the validation has 1 faults; nothing was estimated" in text
    assert f"{tmp_path}/a.gpkg, layer first, " in text
    assert fault in text


def test_a_number_that_is_none(tmp_path: Path) -> None:
    frame = answers(cells(), "cell_id", ["yes"] * 4, missed=["many", "1", "1", "1"], reviewer="Ann")
    assert "missed 'many' is no whole number" in refused(package(tmp_path / "a.gpkg", {"cells": frame}))


def test_files_that_hold_no_answers(tmp_path: Path) -> None:
    other = package(tmp_path / "other.gpkg", {"x": FEW[["PROB", "geometry"]]})
    assert "no layer has the fields id or cell_id, and answer; found layer x: prob, geometry" in refused(other)
    (tmp_path / "text.gpkg").write_text("no GeoPackage")
    assert "text.gpkg cannot be read as a vector file" in refused(str(tmp_path / "text.gpkg"))


def test_a_file_without_crs(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    told("yes", "no", "no", reviewer="Ann").to_file(path, engine="pyogrio")
    path.with_suffix(".prj").unlink()
    assert "layer a states no coordinate reference system; assign the right one" in refused(str(path))


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    paths = [package(tmp_path / name, {"a": told("yes", "no", "no")}, "Ann") for name in ("a.gpkg", "copy.gpkg")]
    faults: list[str] = []
    rows = once(read_answers(paths, NAMES).rock_glaciers, "rock glacier", faults)
    assert faults == []
    assert len(rows) == 3
    package(tmp_path / "copy.gpkg", {"a": told("yes", "yes", "no")}, "Ann")
    once(read_answers(paths, NAMES).rock_glaciers, "rock glacier", faults)
    assert len(faults) == 1
    assert (
        f"Ann answers differently on rock glacier {FEW['ID'][1]}: no ({tmp_path}/a.gpkg, layer a, feature 2)"
        in faults[0]
    )


def test_the_order_of_files_makes_no_difference(tmp_path: Path) -> None:
    paths = [package(tmp_path / f"{name}.gpkg", {"a": told("yes", "no", "no")}, name) for name in ("Bo", "Ann")]
    one, other = (read_answers(order, NAMES).rock_glaciers for order in (paths, paths[::-1]))
    assert one.drop(columns="geometry").equals(other.drop(columns="geometry"))


def test_a_table_has_every_item_and_reviewer() -> None:
    rows = pd.DataFrame({"item": ["a", "b"], "reviewer": ["Ann", "Bo"], "answer": ["yes", "no"]})
    wide = table(rows, "answer", ["b", "a", "c"], ["Ann", "Bo"])
    assert wide.to_numpy().tolist() == [[None, "no"], ["yes", None], [None, None]]
    assert table(rows.iloc[:0], "answer", ["a"], ["Ann"]).to_numpy().tolist() == [[None]]
