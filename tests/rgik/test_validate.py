"""A sound file passes; every fault is found, and only that; nothing that people may have done stops the validator."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rgik.sound import NAMES, UNIT, export, findings, layers, put
from workflow_scripts import validate_rgik
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.rgik.findings import Finding
from workflow_scripts.rogi.rgik.validate import as_text, main, validate


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("sound"))


def rewritten(path: Path, frames: dict[str, gpd.GeoDataFrame]) -> Path:
    write_layers(path, {NAMES.replace("{layer}", code): frame for code, frame in frames.items()})
    return path


def test_our_own_export_is_sound(sound: Path) -> None:
    table = validate(sound)
    assert table.columns.tolist() == list(Finding._fields)
    assert table.empty


def test_the_rule_writes_what_it_found(sound: Path, tmp_path: Path) -> None:
    frames = layers()
    frames["GO"]["RelFr"] = 7
    validate_rgik.main(str(rewritten(tmp_path / "odd.gpkg", frames)), str(tmp_path / "validation.csv"))
    table = pd.read_csv(tmp_path / "validation.csv", dtype=str)
    assert set(table["check"]) == {"value is on the list"}
    assert set(table["severity"]) == {"warning"}


def test_the_rule_stops_on_errors(tmp_path: Path) -> None:
    frames = layers()
    put("PM", 0, "ActiCl", "lively")(frames)
    path = rewritten(tmp_path / "bad.gpkg", frames)
    with pytest.raises(ValueError, match=r"bad.gpkg does not hold to its own form.*\n.*ActiCl.*found lively"):
        validate_rgik.main(str(path), str(tmp_path / "validation.csv"))
    assert not (tmp_path / "validation.csv").exists()


def test_a_finding_says_what_where_and_the_way_out() -> None:
    (found,) = findings(put("PM", 0, "ActiCl", "lively"))
    assert str(found) == (
        "error: layer ROGI_TEST_PM_fv01.0, feature 1, ActiCl: value is on the list: found lively; expected one of "
        "Active, Active uncertain, Transitional, Relict uncertain, Relict, Uncertain; choose one of the list"
    )


@pytest.mark.parametrize("code", ["PM", "GO"])
def test_a_layer_that_is_not_there_is_told_once(code: str) -> None:
    (found,) = findings(lambda there: there.pop(code))
    assert (found.severity, found.check, found.layer) == ("error", "layer is there", code)
    assert "ROGI_TEST_AOI_fv01.0" in found.found


@pytest.mark.parametrize("code", ["AOI", "MA"])
def test_other_layers_may_be_absent(code: str) -> None:
    assert findings(lambda there: there.pop(code)) == []


def test_an_empty_layer_is_told() -> None:
    (found,) = findings(lambda there: there.update(GO=there["GO"].iloc[:0]))
    assert (found.severity, found.check, found.layer) == ("warning", "layer holds features", "ROGI_TEST_GO_fv01.0")
    assert findings(lambda there: there.update(MA=there["MA"].iloc[:0])) == []


def test_errors_come_first(tmp_path: Path) -> None:
    frames = layers()
    put("AOI", 0, "Name", None)(frames)
    frames["AOI"] = frames["AOI"].drop(columns="Name")
    put("GO", 0, "OutType", "Large")(frames)
    table = validate(rewritten(tmp_path / "both.gpkg", frames))
    assert table["severity"].tolist() == ["error", "warning"]
    assert as_text(table).splitlines()[0].startswith("error: layer ROGI_TEST_GO_fv01.0, feature 1, OutType")


def test_the_exit_code_tells(sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sound)]) == 0
    assert capsys.readouterr().out == "0 errors, 0 warnings\n"
    frames = layers()
    put("PM", 0, "ActiCl", "lively")(frames)
    assert main([str(rewritten(tmp_path / "bad.gpkg", frames)), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["field"], found["found"]) == ("ActiCl", "lively")
    assert main([str(tmp_path / "none.gpkg")]) == 2
    assert "there is no " in capsys.readouterr().err


def test_the_same_in_a_folder_and_as_shapefiles(sound: Path, tmp_path: Path) -> None:
    shutil.copy(sound, tmp_path / "whole.gpkg")
    assert validate(tmp_path).empty
    (tmp_path / "shapes").mkdir()
    for code, frame in layers().items():
        columns = {name: frame[name].astype(str).replace("None", "") for name in frame if name != "geometry"}
        gpd.GeoDataFrame(columns, geometry=frame.geometry).to_file(tmp_path / "shapes" / f"rogi_{code}.shp")
    table = validate(tmp_path / "shapes")
    assert table[table["severity"] == "error"].empty, as_text(table)


ODD_VALUES = [None, np.nan, True, 3, 4.5, "", " ", "Extended", "ä" * 300, UNIT, b"bytes", pd.Timestamp(2020, 1, 1)]
ODD_SHAPES = [
    None,
    shapely.Point(),
    shapely.Point(79, 35, 4000),
    shapely.MultiPoint([(1, 2), (3, 4)]),
    shapely.LineString([(0, 0), (1, 1)]),
    shapely.Polygon(),
    shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
    shapely.box(500, 400, 501, 401),
    shapely.GeometryCollection([shapely.Point(1, 2), shapely.box(0, 0, 1, 1)]),
    shapely.Point(np.inf, 0),
]


@settings(max_examples=25)
@given(st.data())
def test_odd_columns_and_cells_never_stop_it(data: st.DataObject) -> None:
    frames = layers()
    for _ in range(data.draw(st.integers(1, 4))):
        code = data.draw(st.sampled_from(["AOI", "PM", "GO", "MA"]))
        field = data.draw(st.sampled_from([*frames[code].columns, "odd", "PrimaryID", "geometry"]))
        frames[code] = frames[code].assign(**({} if field in frames[code] else {field: None}))
        value = data.draw(st.sampled_from(ODD_SHAPES if field == "geometry" else ODD_VALUES))
        put(code, data.draw(st.integers(0, len(frames[code]) - 1)), field, value)(frames)
    assert all(isinstance(found, Finding) for found in findings(lambda there: there.update(frames)))
