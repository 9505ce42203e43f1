from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from tests.review.scene import as_frame, candidates, edit, square, write, write_package
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.review.checks import is_iso_date
from workflow_scripts.rogi.review.edits import read_edits

EDITS = [
    edit("remain", "CAN0", square(0)),
    edit(" Refine", "CAN1", square(1, side=0.0015), comment="front was cut"),
    edit("retrieve", None, square(2.5, 1), mapper="Bo", date="2024-08-01"),
]


def read(paths: list[str]) -> tuple[gpd.GeoDataFrame, list[str]]:
    told = read_edits(paths)
    return told.edits, told.faults


@pytest.mark.parametrize(
    ("name", "crs"),
    [("edits.gpkg", 4326), ("edits.gpkg", 32644), ("edits.shp", 3857), ("edits.geojson", 4326)],
)
def test_every_format_and_crs_gives_the_same_edits(tmp_path: Path, name: str, crs: int) -> None:
    path = write(tmp_path / name, EDITS, crs)
    edits, faults = read([path])
    assert faults == []
    assert edits["candidate_id"].tolist() == ["CAN0", "CAN1", None]
    assert edits["operation"].tolist() == ["remain", "refine", "retrieve"]
    assert edits["mapper"].tolist() == ["Ann", "Ann", "Bo"]
    assert edits["date"].tolist() == ["2024-07-31", "2024-07-31", "2024-08-01"]
    assert edits["comment"].tolist() == [None, "front was cut", None]
    assert set(edits["file"]) == {path}
    assert edits.crs == 4326
    for found, drawn in zip(edits.geometry, EDITS, strict=True):
        assert found.symmetric_difference(drawn["geometry"]).area < 1e-5 * drawn["geometry"].area


def test_rows_carry_the_feature_ids_of_their_file(tmp_path: Path) -> None:
    path = write(tmp_path / "edits.gpkg", EDITS)
    edits, _ = read([path])
    assert edits["row"].tolist() == [1, 2, 3]  # GeoPackage counts from one
    assert set(edits["layer"]) == {"edits"}


def test_dates_of_date_type_become_text(tmp_path: Path) -> None:
    frame = as_frame(EDITS)
    frame["date"] = pd.to_datetime(frame["date"])
    frame.to_file(tmp_path / "edits.gpkg")
    edits, _ = read([str(tmp_path / "edits.gpkg")])
    assert edits["date"].tolist() == ["2024-07-31", "2024-07-31", "2024-08-01"]


def test_moments_as_qgis_writes_them_into_a_shapefile_are_dates(tmp_path: Path) -> None:
    said = ["2026/03/04 05:06:07.000", "2026/03/04", "04/03/2026", None]
    rows = [edit("remain", f"CAN{number}", square(number), date=date) for number, date in enumerate(said)]
    edits, _ = read([write(tmp_path / "edits.shp", rows)])
    assert edits["date"].tolist() == ["2026-03-04 05:06:07.000", "2026-03-04", "04/03/2026", None]
    assert [is_iso_date(date) for date in edits["date"]] == [True, True, False, False]


def test_a_table_without_geometry_can_hold_decisions(tmp_path: Path) -> None:
    table = pd.DataFrame([edit("remove", "CAN3")]).drop(columns=["geometry", "comment"])
    pyogrio.write_dataframe(table, tmp_path / "edits.gpkg", layer="told")
    edits, faults = read([str(tmp_path / "edits.gpkg")])
    assert faults == []
    assert edits["operation"].tolist() == ["remove"]
    assert edits.geometry.iloc[0] is None


def test_no_file_is_no_edit() -> None:
    edits, faults = read([])
    assert len(edits) == 0
    assert faults == []


def test_missing_fields_are_named_with_those_found(tmp_path: Path) -> None:
    frame = as_frame(EDITS).drop(columns=["mapper", "date"])
    frame.to_file(tmp_path / "edits.gpkg")
    _, faults = read([str(tmp_path / "edits.gpkg")])
    assert len(faults) == 1
    assert "edits.gpkg, layer edits lacks the fields mapper, date; found candidate_id, operation, comment" in faults[0]


def test_a_file_without_operations_is_named(tmp_path: Path) -> None:
    as_frame(EDITS)[["comment", "geometry"]].to_file(tmp_path / "edits.gpkg")
    _, faults = read([str(tmp_path / "edits.gpkg")])
    assert "no layer has the field 'operation'; found layer edits: comment, geometry; add it" in faults[0]


def test_a_background_layer_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "edits.gpkg", EDITS)
    glaciers = gpd.GeoDataFrame({"RGIId": ["RGI60-13.1"]}, geometry=[shapely.box(79, 35, 80, 36)], crs=4326)
    glaciers.to_file(path, layer="glaciers")
    edits, faults = read([path])
    assert (len(edits), faults) == (3, [])
    assert "layer glaciers has no field 'operation' and is left out" in caplog.text


def test_a_shapefile_without_projection_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "edits.shp", EDITS)
    (tmp_path / "edits.prj").unlink()
    _, faults = read([path])
    assert "edits.shp, layer edits states no coordinate reference system; assign the right one" in faults[0]


def test_a_file_that_is_no_vector_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "edits.gpkg").write_text("not a database")
    good = write(tmp_path / "good.gpkg", EDITS)
    edits, faults = read([str(tmp_path / "edits.gpkg"), good])
    assert len(edits) == 3
    assert "edits.gpkg cannot be read as a vector file" in faults[0]


def test_a_shapefile_that_misstates_its_encoding_is_named(tmp_path: Path) -> None:
    frame = as_frame([edit("remain", "CAN0", square(0), mapper="José")]).rename(columns={"candidate_id": "candidate_"})
    frame.to_file(tmp_path / "edits.shp", encoding="ISO-8859-1")
    (tmp_path / "edits.cpg").write_text("UTF-8", encoding="utf-8")
    _, faults = read([str(tmp_path / "edits.shp")])
    assert len(faults) == 1
    assert "edits.shp cannot be read as a vector file ('utf-8' codec can't decode" in faults[0]


def test_a_file_without_rows_is_no_edit(tmp_path: Path) -> None:
    write_layers(tmp_path / "empty.gpkg", {"edits": as_frame(EDITS).iloc[:0]}, "MultiPolygon")
    empty = str(tmp_path / "empty.gpkg")
    edits, faults = read([empty])
    assert (len(edits), faults) == (0, [])
    both, faults = read([empty, write(tmp_path / "edits.gpkg", EDITS)])
    assert (len(both), faults) == (3, [])
    assert both.crs == 4326


OPTIONAL = {"reason": "Water", "merge_into": "CAN2", "confidence": "LOW", "minutes": "2.5", "comment": "снежник"}


@pytest.mark.parametrize("name", ["edits.gpkg", "edits.shp", "edits.geojson"])
def test_every_field_comes_back_from_every_format(tmp_path: Path, name: str) -> None:
    edits, faults = read([write(tmp_path / name, [edit("remove", "CAN0", square(0), **OPTIONAL)])])
    assert faults == []
    expected = OPTIONAL | {"reason": "water", "confidence": "low"}
    assert edits[list(expected)].iloc[0].to_dict() == expected
    assert edits["asks_reason"].tolist() == [True]


def test_changed_types_of_fields_give_the_same_texts(tmp_path: Path) -> None:
    frame = as_frame([edit("remain", "CAN0", square(0)), edit("remain", "CAN1", square(1))])
    frame["mapper"], frame["minutes"] = [7.0, np.nan], [3, 4]
    frame["date"] = pd.to_datetime(["2024-07-31 00:00", "2024-07-31 14:05"])
    frame.to_file(tmp_path / "edits.gpkg")
    edits, _ = read([str(tmp_path / "edits.gpkg")])
    assert edits["mapper"].tolist() == ["7", None]
    assert edits["minutes"].tolist() == ["3", "4"]
    assert edits["date"].tolist() == ["2024-07-31", "2024-07-31T14:05:00"]


def test_two_spellings_of_an_accent_are_one_name(tmp_path: Path) -> None:
    rows = [edit("remain", "CAN0", square(0), mapper=name) for name in ("Mu\u0308ller", "M\u00fcller", " Müller ")]
    edits, _ = read([write(tmp_path / "Müller.gpkg", rows)])
    assert set(edits["mapper"]) == {"Müller"}


def test_extra_columns_and_a_third_coordinate_are_no_matter(tmp_path: Path) -> None:
    frame = as_frame(EDITS).assign(seen="twice", area=7.0)
    frame = frame.set_geometry(shapely.force_3d(frame.geometry.array, 4500.0))
    frame.to_file(tmp_path / "edits.gpkg")
    edits, faults = read([str(tmp_path / "edits.gpkg")])
    assert faults == []
    assert not shapely.has_z(edits.geometry.array).any()
    assert edits.geometry.iloc[0].equals(square(0))
    assert "seen" not in edits.columns


def test_a_package_gives_what_was_handed_out_and_whose_it_is(tmp_path: Path) -> None:
    rows = [edit("remain", f"CAN{number}", square(number), mapper=None) for number in range(4)]
    path = write_package(tmp_path / "ann.gpkg", rows, mapper="Ann", subregion="west", fingerprint="f00", format="1")
    told = read_edits([path])
    assert told.faults == []
    assert set(told.edits["mapper"]) == {"Ann"}
    assert told.packages[path]["fingerprint"] == "f00"
    assert list(told.handed_out[path]) == ["CAN0", "CAN1", "CAN2", "CAN3"]
    assert told.handed_out[path]["CAN2"].equals(square(2))
    assert not told.edits["is_deleted"].any()


def test_rows_deleted_from_a_package_are_there_all_the_same(tmp_path: Path) -> None:
    path = write_package(tmp_path / "ann.gpkg", [edit("remain", "CAN1", square(1))], mapper="Ann")
    edits, _ = read([path])
    gone = edits[edits["is_deleted"]]
    assert gone["candidate_id"].tolist() == ["CAN0", "CAN2", "CAN3"]
    assert gone["row"].tolist() == [1, 3, 4]
    assert set(gone["layer"]) == {"handed_out"}
    assert gone["operation"].isna().all()


def test_an_empty_package_is_read_as_undecided(tmp_path: Path) -> None:
    edits, faults = read([write_package(tmp_path / "ann.gpkg", [], mapper="Ann")])
    assert faults == []
    assert edits["is_deleted"].tolist() == [True] * 4


def test_renamed_layers_are_told_apart_by_their_fields(tmp_path: Path) -> None:
    layers = {
        "my copy": as_frame(EDITS),
        "before": candidates(2)[["candidate_id", "geometry"]],
        "about": pd.DataFrame({"key": ["mapper"], "value": ["Bo"]}, dtype="str"),
        "places": gpd.GeoDataFrame({"name": ["Kunlun"]}, geometry=[square(1)], crs=4326),
    }
    write_layers(tmp_path / "a.gpkg", layers)
    told = read_edits([str(tmp_path / "a.gpkg")])
    assert told.faults == []
    assert set(told.edits["layer"]) == {"my copy"}
    assert list(told.handed_out[str(tmp_path / "a.gpkg")]) == ["CAN0", "CAN1"]


def test_a_renamed_field_is_named(tmp_path: Path) -> None:
    as_frame(EDITS).rename(columns={"candidate_id": "candidate"}).to_file(tmp_path / "edits.gpkg")
    _, faults = read([str(tmp_path / "edits.gpkg")])
    assert "layer edits lacks the fields candidate_id; found candidate, operation" in faults[0]
