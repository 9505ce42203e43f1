"""The export: every unit once, systems marked, and nothing made up."""

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from tests.inventory.study import subregions
from tests.rgik.sound import ALONE, NAMES, SMALLER, SYSTEM, UNIT, drawn, export, inventory, layers
from workflow_scripts import export_rgik
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.rgik.export import outlines, primary_markers
from workflow_scripts.rogi.rgik.schema import BY_CODE
from workflow_scripts.rogi.rgik.systems import systems
from workflow_scripts.rogi.rgik.validate import validate

# What the workflow knows; all other fields stay without an assessment.
KNOWN = {"PrimaryID", "AssocRGS", "WorkingID", "Comment", "PolyUID", "OutType"}


def test_layers_fields_and_kinds(tmp_path: Path) -> None:
    path = export(tmp_path)
    assert [name for name, _ in pyogrio.list_layers(path)] == [
        NAMES.replace("{layer}", code) for code in ("AOI", "PM", "GO", "MA")
    ]
    for code, geometry in (("AOI", "MultiPolygon"), ("PM", "Point"), ("GO", "MultiPolygon"), ("MA", "MultiPolygon")):
        info = pyogrio.read_info(path, layer=NAMES.replace("{layer}", code))
        assert (info["geometry_type"], info["crs"]) == (geometry, "EPSG:4326")
        assert set(info["fields"]) == set(BY_CODE[code].names)


def test_every_unit_has_a_marker_and_every_system_of_several() -> None:
    markers = layers()["PM"]
    assert markers["PrimaryID"].tolist() == [UNIT, SMALLER, ALONE, SYSTEM]
    assert markers["AssocRGS"].tolist()[:3] == [SYSTEM, SYSTEM, f"RGS{ALONE[3:]}"]
    assert markers["AssocRGS"].isna().tolist() == [False, False, False, True]
    assert (
        markers.geometry.iloc[3]
        == markers.geometry.iloc[0]
        == shapely.Point(*inventory()[["LONGITUDE", "LATITUDE"]].iloc[0])
    )


def test_outlines_are_those_of_the_inventory_and_those_drawn() -> None:
    found = layers()["GO"]
    assert shapely.equals(found.geometry.array[:3], inventory().geometry.array).all()
    assert found["PolyUID"].tolist() == [f"{UNIT}E", f"{SMALLER}E", f"{ALONE}E", f"{UNIT}R"]
    assert found["OutType"].tolist() == ["Extended"] * 3 + ["Restricted"]
    assert found["RelFr"].iloc[3] == 2
    assert found["Comment"].iloc[3] == "front hidden"


def test_nothing_is_made_up() -> None:
    frame = inventory()
    joined = systems(frame, 1)
    for code, layer in (("PM", primary_markers(frame, joined)), ("GO", outlines(frame, None))):
        for name in set(BY_CODE[code].names) - KNOWN:
            assert set(layer[name].dropna()) == {"UpslCon": {"Unknown"}, "KinAtt": {"Undefined"}}.get(name, set())


def test_remarks_and_candidates_are_told() -> None:
    frame = inventory().assign(ADDI_INF=[None, "doubtful", ""], CAND_IDS=["CAN1; CAN2", None, ""])
    markers = primary_markers(frame, systems(frame, 1))
    assert markers["Comment"].tolist()[:3] == [None, "doubtful", None]
    assert markers["WorkingID"].tolist()[:3] == ["CAN1; CAN2", None, None]


def test_reliabilities_in_words_are_kept(tmp_path: Path) -> None:
    restricted = drawn((79.011, 35.011, 79.019, 35.019), PrimaryID=[UNIT], RelFr=["high"], RelIndex=[5])
    found = outlines(inventory(), restricted)
    assert found["RelFr"].tolist() == [None, None, None, "high"]
    assert found["RelIndex"].iloc[3] == 5
    write_layers(tmp_path / "out.gpkg", {"GO": found})
    assert gpd.read_file(tmp_path / "out.gpkg")["RelFr"].isna().tolist() == [True, True, True, False]


def test_without_other_inputs_there_are_three_layers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="rogi")
    write_layers(tmp_path / "in.gpkg", {"rock_glaciers": inventory(), LAYER: subregions()}, "MultiPolygon")
    export_rgik.main(str(tmp_path / "in.gpkg"), [], [], str(tmp_path / "out.gpkg"), "{layer}", 1)
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "out.gpkg")] == ["AOI", "PM", "GO"]
    assert "3 units in 2 systems, 1 of them of several units; 3 extended and 0 restricted outlines" in caplog.text
    assert gpd.read_file(tmp_path / "out.gpkg", layer="AOI")["Name"].tolist() == ["West", "East", "Basin"]


def test_a_study_without_rock_glaciers_is_exported_too(tmp_path: Path) -> None:
    empty = inventory().iloc[:0]
    write_layers(tmp_path / "in.gpkg", {"rock_glaciers": empty, LAYER: subregions()}, "MultiPolygon")
    export_rgik.main(str(tmp_path / "in.gpkg"), [], [], str(tmp_path / "out.gpkg"), "{layer}", 1)
    found = validate(tmp_path / "out.gpkg")
    assert found["check"].tolist() == ["layer holds features"] * 2
    assert set(found["severity"]) == {"warning"}
