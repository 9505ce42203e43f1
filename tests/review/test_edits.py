from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from tests.review.scene import as_frame, edit, square, write
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.review.edits import read_edits

EDITS = [
    edit("remain", "CAN0", square(0)),
    edit(" Refine", "CAN1", square(1, side=0.0015), comment="front was cut"),
    edit("retrieve", None, square(2.5, 1), mapper="Bo", date="2024-08-01"),
]


@pytest.mark.parametrize(
    ("name", "crs"),
    [("edits.gpkg", 4326), ("edits.gpkg", 32644), ("edits.shp", 3857), ("edits.geojson", 4326)],
)
def test_every_format_and_crs_gives_the_same_edits(tmp_path: Path, name: str, crs: int) -> None:
    path = write(tmp_path / name, EDITS, crs)
    edits, faults = read_edits([path])
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
    edits, _ = read_edits([path])
    assert edits["row"].tolist() == [1, 2, 3]  # GeoPackage counts from one
    assert set(edits["layer"]) == {"edits"}


def test_dates_of_date_type_become_text(tmp_path: Path) -> None:
    frame = as_frame(EDITS)
    frame["date"] = pd.to_datetime(frame["date"])
    frame.to_file(tmp_path / "edits.gpkg")
    edits, _ = read_edits([str(tmp_path / "edits.gpkg")])
    assert edits["date"].tolist() == ["2024-07-31", "2024-07-31", "2024-08-01"]


def test_a_table_without_geometry_can_hold_decisions(tmp_path: Path) -> None:
    table = pd.DataFrame([edit("remove", "CAN3")]).drop(columns=["geometry", "comment"])
    pyogrio.write_dataframe(table, tmp_path / "edits.gpkg", layer="told")
    edits, faults = read_edits([str(tmp_path / "edits.gpkg")])
    assert faults == []
    assert edits["operation"].tolist() == ["remove"]
    assert edits.geometry.iloc[0] is None


def test_no_file_is_no_edit() -> None:
    edits, faults = read_edits([])
    assert len(edits) == 0
    assert faults == []


def test_missing_fields_are_named_with_those_found(tmp_path: Path) -> None:
    frame = as_frame(EDITS).drop(columns=["mapper", "date"])
    frame.to_file(tmp_path / "edits.gpkg")
    _, faults = read_edits([str(tmp_path / "edits.gpkg")])
    assert len(faults) == 1
    assert "edits.gpkg, layer edits lacks the fields mapper, date; found candidate_id, operation, comment" in faults[0]


def test_a_file_without_operations_is_named(tmp_path: Path) -> None:
    as_frame(EDITS)[["comment", "geometry"]].to_file(tmp_path / "edits.gpkg")
    _, faults = read_edits([str(tmp_path / "edits.gpkg")])
    assert "no layer has the field 'operation'; found layer edits: comment, geometry; add it" in faults[0]


def test_a_background_layer_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "edits.gpkg", EDITS)
    glaciers = gpd.GeoDataFrame({"RGIId": ["RGI60-13.1"]}, geometry=[shapely.box(79, 35, 80, 36)], crs=4326)
    glaciers.to_file(path, layer="glaciers")
    edits, faults = read_edits([path])
    assert (len(edits), faults) == (3, [])
    assert "layer glaciers has no field 'operation' and is left out" in caplog.text


def test_a_shapefile_without_projection_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "edits.shp", EDITS)
    (tmp_path / "edits.prj").unlink()
    _, faults = read_edits([path])
    assert "edits.shp, layer edits states no coordinate reference system; assign the right one" in faults[0]


def test_a_file_that_is_no_vector_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "edits.gpkg").write_text("not a database")
    good = write(tmp_path / "good.gpkg", EDITS)
    edits, faults = read_edits([str(tmp_path / "edits.gpkg"), good])
    assert len(edits) == 3
    assert "edits.gpkg cannot be read as a vector file" in faults[0]


def test_a_file_without_rows_is_no_edit(tmp_path: Path) -> None:
    write_layers(tmp_path / "empty.gpkg", {"edits": as_frame(EDITS).iloc[:0]}, "MultiPolygon")
    empty = str(tmp_path / "empty.gpkg")
    edits, faults = read_edits([empty])
    assert (len(edits), faults) == (0, [])
    both, faults = read_edits([empty, write(tmp_path / "edits.gpkg", EDITS)])
    assert (len(both), faults) == (3, [])
    assert both.crs == 4326
