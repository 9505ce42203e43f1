"""Other people's files: layers and fields recognised, and told where they are called otherwise."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from tests.rgik.sound import layers
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.rgik.reading import field_names, layer_of_name, read_parts
from workflow_scripts.rogi.rgik.schema import BY_CODE

DOTTED = {"AssocRGS": "Assoc.RGS", "UpslCon": "Upsl.Con.", "ActiCl": "Acti.Cl.", "Destabili": "Destabili."}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ESACCI-PERMAFROST_ROGI_ALL-AREAS_PM_2025-fv02.0", "PM"),
        ("ESACCI-PERMAFROST_ROGI_ALL-AREAS_AOI_2025-fv02.0", "AOI"),
        ("Goms_ma", "MA"),
        ("Primary markers 2023", "PM"),
        ("geomorphological-outlines", "GO"),
        ("area_of_interest", "AOI"),
        ("PMs", None),
        ("gopher", None),
        ("AOI-PM-MA-GO", None),
    ],
)
def test_layers_by_name(name: str, code: str | None) -> None:
    found = layer_of_name(name)
    assert (found.code if found else None) == code


def written(path: Path, name: str, frame: pd.DataFrame) -> Path:
    write_layers(path, {name: frame})
    return path


def test_dotted_names_are_taken_and_told(tmp_path: Path) -> None:
    frame = layers()["PM"].rename(columns=DOTTED)
    (part,), found = read_parts(written(tmp_path / "a.gpkg", "x_PM", frame))
    assert set(part.layer.names) <= set(part.frame.columns)
    assert [each.field for each in found] == list(DOTTED.values())
    assert {each.severity for each in found} == {"warning"}
    assert found[0].found == "Assoc.RGS, the dotted name of PyRogi and the QGIS templates"
    assert found[0].expected == "AssocRGS"


def test_a_column_of_the_very_name_goes_first() -> None:
    assert field_names(["acticl", "ActiCl", "ACTI_CL", "odd"], BY_CODE["PM"]) == {"ActiCl": "ActiCl"}
    assert field_names(["acti_cl", "Acti.Cl."], BY_CODE["PM"]) == {"acti_cl": "ActiCl"}


def test_a_layer_may_be_known_by_its_fields(tmp_path: Path) -> None:
    (part,), (found,) = read_parts(written(tmp_path / "a.gpkg", "polygons", layers()["GO"]))
    assert part.layer.code == "GO"
    assert (found.severity, found.check, found.layer) == ("warning", "layer is named", "polygons")


def test_a_layer_that_is_nothing_of_this_is_told(tmp_path: Path) -> None:
    parts, (found,) = read_parts(written(tmp_path / "a.gpkg", "huts", layers()["AOI"][["Name", "geometry"]]))
    assert (parts, found.severity, found.layer) == ([], "warning", "huts")
    assert found.found == "a layer with the fields Name, geometry"
    parts, (found,) = read_parts(written(tmp_path / "b.gpkg", "PM", pd.DataFrame({"PrimaryID": ["x"]})))
    assert (parts, found.layer) == ([], "PM")


def test_styles_of_qgis_are_no_layer(tmp_path: Path) -> None:
    write_layers(tmp_path / "a.gpkg", {"PM": layers()["PM"], "layer_styles": pd.DataFrame({"styleName": ["x"]})})
    parts, found = read_parts(tmp_path / "a.gpkg")
    assert ([part.name for part in parts], found) == (["PM"], [])


def test_another_crs_is_a_warning_and_none_an_error(tmp_path: Path) -> None:
    frame = layers()["PM"]
    (part,), (found,) = read_parts(written(tmp_path / "a.gpkg", "PM", frame.to_crs(32644)))
    assert (found.severity, found.check, found.found) == ("warning", "CRS", "WGS 84 / UTM zone 44N")
    assert part.frame.geometry.x.tolist() == pytest.approx(frame.geometry.x.tolist(), abs=1e-9)
    bare = frame.set_crs(None, allow_override=True)[["PrimaryID", "geometry"]]
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        bare.to_file(tmp_path / "PM.shp")
    (part,), (found,) = read_parts(tmp_path / "PM.shp")
    assert (found.severity, found.check, found.found) == ("error", "CRS", "none stated")
    assert part.frame.geometry.x.tolist() == frame.geometry.x.tolist()


def test_features_are_named_by_layer_and_number(tmp_path: Path) -> None:
    (part,), _ = read_parts(written(tmp_path / "a.gpkg", "PM", layers()["PM"]))
    assert part.frame.index.tolist() == [("PM", number) for number in range(1, 5)]


def test_a_folder_is_read_file_by_file_and_a_damaged_one_told(tmp_path: Path) -> None:
    written(tmp_path / "b.gpkg", "PM", layers()["PM"])
    written(tmp_path / "Goms_GO.gpkg", "outlines_2023_v1", layers()["GO"])
    (tmp_path / "c.gpkg").write_bytes(b"no database")
    (tmp_path / "notes.txt").write_text("not read")
    parts, (found,) = read_parts(tmp_path)
    assert sorted(part.layer.code for part in parts) == ["GO", "PM"]
    assert (found.severity, found.check, found.layer) == ("error", "file or layer can be read", "c.gpkg")


def test_a_shapefile_in_another_encoding_is_told(tmp_path: Path) -> None:
    layers()["GO"][["PrimaryID", "geometry"]].assign(Comment="Häberli").to_file(tmp_path / "GO.shp", encoding="latin1")
    (tmp_path / "GO.cpg").write_text("UTF-8")
    parts, (found,) = read_parts(tmp_path / "GO.shp")
    assert (parts, found.severity, found.layer) == ([], "error", "GO")
    assert "can't decode byte 0xe4" in found.found


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere.gpkg"):
        read_parts(tmp_path / "nowhere.gpkg")
    with pytest.raises(FileNotFoundError, match=r"holds no vector file; looked for .gpkg, .shp"):
        read_parts(tmp_path)


def test_odd_columns_of_other_people(tmp_path: Path) -> None:
    frame = layers()["GO"].assign(
        **{"Primary.ID": 3, "Straße Nr.": "ä", "": "nameless", "when": pd.Timestamp(2020, 1, 1)}
    )
    frame.to_file(tmp_path / "go.gpkg", layer="GO")
    (part,), found = read_parts(tmp_path / "go.gpkg")
    assert isinstance(part.frame, gpd.GeoDataFrame)
    assert part.frame["PrimaryID"].str.startswith("RGU").all()
    assert found == []


def test_coordinates_of_no_place_on_the_globe_are_told(tmp_path: Path) -> None:
    drawing = layers()["PM"].set_crs('LOCAL_CS["drawing",UNIT["m",1]]', allow_override=True)
    parts, found = read_parts(written(tmp_path / "a.gpkg", "PM", drawing))
    assert parts == []
    assert ("error", "CRS", "drawing, which has no place on the globe") in [
        (e.severity, e.check, e.found) for e in found
    ]
