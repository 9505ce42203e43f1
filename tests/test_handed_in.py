import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.handed_in import (
    columns_as_texts,
    crs_fault,
    keys_and_values,
    read_file,
    shapes_in_degrees,
    text,
    texts,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  yes ", "yes"),
        ("", None),
        ("   ", None),
        (None, None),
        (float("nan"), None),
        (pd.NaT, None),
        (3.0, "3"),
        (2.5, "2.5"),
        (7, "7"),
        ("Jose\u0301", "José"),
        (datetime.datetime(2024, 7, 31), "2024-07-31"),
        (pd.Timestamp("2024-07-31 09:30"), "2024-07-31T09:30:00"),
        (["a", "b"], "['a', 'b']"),
    ],
)
def test_cells_become_texts(value: object, expected: str | None) -> None:
    assert text(value) == expected


def test_layers_come_in_degrees_flat_and_in_lower_case(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"ID": ["a"]}, geometry=[shapely.Point(500_000, 3_900_000, 5)], crs=32644)
    table = pd.DataFrame({"Key": ["reviewer", None], "VALUE": ["Ann", "x"]})
    write_layers(tmp_path / "a.gpkg", {"points": points, "told": table})
    faults: list[str] = []
    layers = read_file(str(tmp_path / "a.gpkg"), faults) or {}
    assert faults == []
    assert list(layers["points"].columns) == ["id", "geometry"]
    (point,) = shapes_in_degrees(layers["points"])
    assert isinstance(point, shapely.Point)
    assert not point.has_z
    assert point.x == pytest.approx(81)
    assert shapes_in_degrees(layers["told"]) == [None, None]
    assert keys_and_values(layers.values()) == {"reviewer": "Ann"}


def test_a_missing_column_is_empty() -> None:
    columns = columns_as_texts(pd.DataFrame({"a": [1.0, None]}), ["a", "b"])
    assert columns["a"].tolist() == ["1", None]
    assert columns["b"].tolist() == [None, None]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_text("nothing of the kind")
    faults: list[str] = []
    assert read_file(str(tmp_path / "a.gpkg"), faults) is None
    assert "a.gpkg cannot be read as a vector file" in faults[0]
    assert "save it again or take it out of the folder" in faults[0]


def test_fields_that_differ_by_case_alone_are_told(tmp_path: Path) -> None:
    """GeoJSON may hold both; which one is meant nobody knows."""
    features = gpd.GeoDataFrame({"Answer": ["yes"], "answer": ["no"]}, geometry=[shapely.Point(1, 2)], crs=4326)
    (tmp_path / "a.geojson").write_text(features.to_json())
    faults: list[str] = []
    assert read_file(str(tmp_path / "a.geojson"), faults) is None
    assert faults == [f"{tmp_path}/a.geojson, layer a has the field answer twice, in capital and small letters; "
                      "keep one of them"]  # fmt: skip


def test_shapes_without_crs_could_lie_anywhere() -> None:
    nowhere = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(1, 2)])
    assert "states no coordinate reference system" in (crs_fault(nowhere) or "")
    assert crs_fault(nowhere.set_crs(4326)) is None
    assert crs_fault(nowhere.set_geometry([None])) is None
    assert crs_fault(pd.DataFrame({"id": ["a"]})) is None


def test_answers_from_a_list_are_taken_in_any_case() -> None:
    assert texts(pd.Series([" Yes", None, "NO"]), lower=True).tolist() == ["yes", None, "no"]
