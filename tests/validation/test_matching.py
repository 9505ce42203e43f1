from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from tests.validation.scene import NAMES, answers, inventory, package, square
from workflow_scripts.rogi.validation.answers import read_answers
from workflow_scripts.rogi.validation.matching import BY_ID, BY_PLACE, GONE, TWICE, fingerprint, tied

NOW = inventory(6)
IDS = NOW["ID"].tolist()


def returned(
    path: Path, frame: gpd.GeoDataFrame, given: list[str], version: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    reviewer = None if version is None else "Ann"
    layers = {"a": answers(frame, "ID", given, reviewer="Ann")}
    return read_answers([package(path / "a.gpkg", layers, reviewer, version)], NAMES).rock_glaciers


def renamed(frame: gpd.GeoDataFrame, **names: str) -> gpd.GeoDataFrame:
    return frame.assign(ID=frame["ID"].replace(names))


def fault(rows: gpd.GeoDataFrame, present: gpd.GeoDataFrame = NOW) -> str:
    faults: list[str] = []
    tied(rows, present, faults)
    assert len(faults) == 1
    return faults[0]


def test_answers_on_this_version_hold_by_id(tmp_path: Path) -> None:
    faults: list[str] = []
    rows = tied(returned(tmp_path, NOW, ["yes"] * 6, NOW), NOW, faults)
    assert faults == []
    assert rows["item"].tolist() == IDS
    assert set(rows["outcome"]) == {BY_ID}


def test_a_changed_id_is_found_by_the_marker(tmp_path: Path) -> None:
    """An older version, in which the outline was drawn otherwise and so had another ID."""
    older = renamed(NOW, **{IDS[2]: "RGU350051N0790251E"})
    rows = tied(returned(tmp_path, older, ["no"] * 6, older), NOW, [])
    assert rows.set_index("item")["outcome"].to_dict() == {name: BY_PLACE if name == IDS[2] else BY_ID for name in IDS}


def test_an_outline_that_moved_keeps_its_answer_by_id(tmp_path: Path) -> None:
    moved = NOW.set_geometry(NOW.geometry.translate(0, 0.006))
    rows = tied(returned(tmp_path, NOW, ["no"] * 6, NOW), moved, [])
    assert rows["item"].tolist() == IDS


def test_a_rock_glacier_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    rows = tied(returned(tmp_path, NOW, ["no"] * 6, NOW), NOW.iloc[1:], [])
    assert rows["outcome"].value_counts().to_dict() == {BY_ID: 5, GONE: 1}


def test_two_that_became_one_count_only_where_they_agree(tmp_path: Path) -> None:
    """Markers of two earlier rock glaciers lie in one outline with an ID of its own."""
    both = NOW.iloc[[0, 1]].union_all().convex_hull
    merged = NOW.iloc[[0, *range(2, 6)]].assign(ID=["RGU350050N0790100E", *IDS[2:]])
    merged = merged.set_geometry([both, *merged.geometry.iloc[1:]], crs=4326)
    alike = tied(returned(tmp_path, NOW, ["yes"] * 6, NOW), merged, [])
    assert (alike["item"] == "RGU350050N0790100E").sum() == 1
    differ = tied(returned(tmp_path, NOW, ["yes", "no", *["yes"] * 4], NOW), merged, [])
    assert differ["outcome"].value_counts()[TWICE] == 2


def test_an_unknown_id_of_this_version_is_refused(tmp_path: Path) -> None:
    typed = renamed(NOW, **{IDS[0]: "RGU351111N0791111E"})
    away = typed.set_geometry([square(79.5, 35.5), *typed.geometry.iloc[1:]], crs=4326)
    text = fault(returned(tmp_path, away, ["no"] * 6, NOW))
    assert "a.gpkg, layer a, feature 1: RGU351111N0791111E is not in the inventory" in text
    assert "no outline lies at its point; copy the id from the package" in text
    assert "is not in the inventory" in fault(returned(tmp_path, away, ["no"] * 6, None))


def test_an_id_and_a_point_that_disagree_are_refused(tmp_path: Path) -> None:
    swapped = renamed(NOW.iloc[:1], **{IDS[0]: IDS[3]})
    text = fault(returned(tmp_path, swapped, ["no"], NOW))
    assert f"the point of {IDS[3]} lies in {IDS[0]}; correct the id or the point" in text


def test_a_point_in_two_outlines_is_refused(tmp_path: Path) -> None:
    twice = NOW.set_geometry([NOW.geometry[0].buffer(0.009), *NOW.geometry.iloc[1:]], crs=4326)
    older = renamed(NOW.iloc[[1]], **{IDS[1]: "RGU351111N0791111E"})
    text = fault(returned(tmp_path, older, ["no"], older), twice)
    assert f"the point of RGU351111N0791111E lies in {IDS[0]}, {IDS[1]}; name the one that is meant" in text


def test_the_fingerprint_knows_ids_and_outlines() -> None:
    assert fingerprint(NOW) == fingerprint(NOW[::-1])
    assert fingerprint(NOW) != fingerprint(renamed(NOW, **{IDS[0]: "RGU351111N0791111E"}))
    assert fingerprint(NOW) != fingerprint(NOW.set_geometry([shapely.box(0, 0, 1, 1), *NOW.geometry[1:]], crs=4326))


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_a_table_without_points_is_taken_by_id(tmp_path: Path, order: slice) -> None:
    rows = returned(tmp_path, NOW, ["yes"] * 6, NOW).iloc[order]
    rows = rows.set_geometry(gpd.GeoSeries([None] * 6, index=rows.index, crs=4326))
    assert sorted(tied(rows, NOW, [])["item"]) == IDS
