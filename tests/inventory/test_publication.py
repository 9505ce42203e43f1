import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from tests.disk import files_up_to
from tests.inventory.study import CONFLICT_SHARE, SLUGS, inventory, subregions
from workflow_scripts import package_inventory, publish_inventory
from workflow_scripts.rogi.columns import COLUMNS, NAMES
from workflow_scripts.rogi.files import write_layers, write_table
from workflow_scripts.rogi.inventory.checks import check_inventory
from workflow_scripts.rogi.inventory.publication import data_dictionary, primary_markers_layer, require_passed
from workflow_scripts.rogi.inventory.shapefiles import is_whole, write_shapefile

OUTPUTS = ("TPRoGI.gpkg", "Footprint.shp", "Marker.shp", "columns.csv", "checks.csv", "accuracy.csv")


def publish(source: Path, target: Path, frame: gpd.GeoDataFrame | None = None) -> Path:
    frame = inventory() if frame is None else frame
    write_layers(source / "merged.gpkg", {"rock_glaciers": frame}, "MultiPolygon")
    write_layers(source / "subregions.gpkg", {"subregions": subregions()}, "MultiPolygon")
    write_table(source / "checks.csv", check_inventory(frame, subregions(), SLUGS, CONFLICT_SHARE))
    write_table(source / "accuracy.csv", pd.DataFrame({"comparison": ["a"], "area_f1": [0.63]}))
    given = (source / name for name in ("merged.gpkg", "checks.csv", "subregions.gpkg", "accuracy.csv"))
    gpkg, footprint, marker, *tables = (str(target / name) for name in OUTPUTS)
    merged, checks, world, accuracy = map(str, given)
    package_inventory.main(merged, checks, world, accuracy, gpkg, [footprint], [marker], *tables)
    return target


def test_the_geopackage_has_its_four_layers(tmp_path: Path) -> None:
    out = publish(tmp_path, tmp_path / "out") / "TPRoGI.gpkg"
    assert dict(pyogrio.list_layers(out)) == {
        "rock_glaciers": "MultiPolygon",
        "primary_markers": "Point",
        "subregions": "MultiPolygon",
        "data_dictionary": None,
    }
    outlines, markers = (pyogrio.read_dataframe(out, layer=name) for name in ("rock_glaciers", "primary_markers"))
    assert outlines.columns.tolist() == [*NAMES, "geometry"]
    pd.testing.assert_frame_equal(markers.drop(columns="geometry"), outlines.drop(columns="geometry"))
    assert shapely.contains(outlines.geometry.array, markers.geometry.array).all()
    assert pyogrio.read_dataframe(out, layer="subregions")["slug"].tolist() == SLUGS
    assert pyogrio.read_dataframe(out, layer="data_dictionary")["name"].tolist() == list(NAMES)
    with closing(sqlite3.connect(out)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_shapefiles_hold_the_same_in_utf8(tmp_path: Path) -> None:
    frame = inventory()
    frame["MAPPER"] = pd.Series(["Žofia Müller", None, "胡妍"], dtype="str")
    out = publish(tmp_path, tmp_path / "out", frame)
    for name, kind in (("Footprint.shp", "Polygon"), ("Marker.shp", "Point")):
        found = pyogrio.read_dataframe(out / name)
        assert found.crs == 4326
        assert found.columns.tolist() == [*NAMES, "geometry"]
        assert found["MAPPER"].fillna("").tolist() == ["Žofia Müller", "", "胡妍"]
        assert set(found.geom_type) == {kind}
        np.testing.assert_allclose(found["AREA"], frame["AREA"])
        assert (out / name).with_suffix(".cpg").read_text().strip() == "UTF-8"
    outlines = pyogrio.read_dataframe(out / "Footprint.shp").geometry
    assert shapely.equals(outlines.array, frame.geometry.array).all()


def test_the_tables_come_along(tmp_path: Path) -> None:
    out = publish(tmp_path, tmp_path / "out")
    assert (out / "checks.csv").read_bytes() == (tmp_path / "checks.csv").read_bytes()
    assert (out / "accuracy.csv").read_bytes() == (tmp_path / "accuracy.csv").read_bytes()
    table = pd.read_csv(out / "columns.csv")
    assert table["name"].tolist() == [column.name for column in COLUMNS]
    assert table.loc[table["name"] == "PISR", "unit"].item() == "kWh m⁻² yr⁻¹"
    assert table["description"].notna().all()


def test_two_runs_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGR_CURRENT_DATE", "2024-01-01T00:00:00.000Z")
    one, other = publish(tmp_path, tmp_path / "one"), publish(tmp_path, tmp_path / "other")
    names = sorted(path.name for path in one.iterdir())
    assert len(names) == 14
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_an_inventory_that_fails_a_check_is_not_published(tmp_path: Path) -> None:
    frame = inventory()
    frame.loc[0, "MAAT"] = 99.0
    frame.loc[1, "ID"] = frame.loc[2, "ID"]
    with pytest.raises(ValueError, match="not published, because 3 checks failed") as raised:
        publish(tmp_path, tmp_path / "out", frame)
    message = str(raised.value)
    assert f"IDs are unique (2): no two rock glaciers share an ID; not so: {frame['ID'][2]}" in message
    assert "values of MAAT (1): a number from -60 to 40 °C" in message
    assert f"All checks are in {tmp_path / 'checks.csv'}" in message
    assert not (tmp_path / "out").exists()


def test_warnings_do_not_keep_it_back(tmp_path: Path) -> None:
    frame = inventory().assign(DEM_SHARE=0.5)
    assert (publish(tmp_path, tmp_path / "out", frame) / "TPRoGI.gpkg").exists()


def test_an_empty_inventory_can_be_published(tmp_path: Path) -> None:
    out = publish(tmp_path, tmp_path / "out", inventory().iloc[:0])
    assert pyogrio.read_info(out / "TPRoGI.gpkg", layer="rock_glaciers")["features"] == 0
    assert pyogrio.read_info(out / "Footprint.shp")["features"] == 0


def test_require_passed_reads_flags_as_flags() -> None:
    table = pd.DataFrame(
        {"check": ["a", "b"], "passed": [True, False], "count": [0, 1], "detail": "", "severity": ["error", "warning"]}
    )
    require_passed(table, "checks.csv")
    with pytest.raises(ValueError, match=r"- b \(1\)"):
        require_passed(table.assign(severity="error"), "checks.csv")


def test_markers_keep_all_attributes() -> None:
    frame = inventory()
    markers = primary_markers_layer(frame)
    assert markers.geometry.x.tolist() == frame["LONGITUDE"].tolist()
    assert markers.columns.tolist() == frame.columns.tolist()


def test_the_dictionary_states_the_limits_of_the_checks() -> None:
    table = data_dictionary().set_index("name")
    assert (table.loc["ASPECT", "lowest"], table.loc["ASPECT", "highest"]) == (0, 360)
    assert np.isnan(table.loc["MAGT_DIST", "highest"])
    assert table.loc["ID", "required"]


# ---- shapefiles, whole or not at all


def cut_off(path: Path, suffix: str) -> Path:
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[:-4])
    return path


def circles(count: int) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries.from_xy(np.linspace(79, 80, count), np.full(count, 35.0), crs=4326)
    buffers = shapely.buffer(shapes.array, 1e-3)
    return gpd.GeoDataFrame({"ID": [f"RGU{n}" for n in range(count)]}, geometry=buffers, crs=4326)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_full_disk_leaves_the_older_shapefile(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.shp"
    write_shapefile(path, circles(200))
    size = path.stat().st_size
    write_shapefile(path, circles(3))
    before = {part.name: part.read_bytes() for part in tmp_path.iterdir()}
    with files_up_to(int(share * size)), pytest.raises(OSError, match=r"could not write .*a\.shp.*is the disk full"):
        write_shapefile(path, circles(200))
    assert {part.name: part.read_bytes() for part in tmp_path.iterdir()} == before


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
def test_a_part_that_ends_early_is_noticed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "a.shp"
    write_shapefile(path, circles(5))
    assert is_whole(path, 5)
    assert not is_whole(path, 6)
    assert not is_whole(cut_off(path, suffix), 5)


def test_an_index_of_the_older_shapefile_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    write_shapefile(path, circles(200))
    for suffix in (".qix", ".sbn", ".txt"):
        path.with_suffix(suffix).write_text("old")
    write_shapefile(path, circles(3))
    assert {part.suffix for part in tmp_path.iterdir()} == {".shp", ".shx", ".dbf", ".prj", ".cpg", ".txt"}
    assert len(pyogrio.read_dataframe(path)) == 3


def test_long_texts_are_cut_between_characters_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_shapefile(tmp_path / "a.shp", circles(2).assign(ADDI_INF=["é" * 200, None]))
    found = pyogrio.read_dataframe(tmp_path / "a.shp")["ADDI_INF"]
    assert found[0] == "é" * 127
    assert pd.isna(found[1])
    assert "1 texts cut after 254 bytes" in caplog.text


def test_the_finished_package_takes_the_place_of_the_older_inventory(tmp_path: Path) -> None:
    package, published = ([str(tmp_path / folder / name) for name in ("a.gpkg", "b.csv")] for folder in ("new", "out"))
    for path, text in zip([*package, published[0]], ["new a", "new b", "old a"], strict=True):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
    publish_inventory.main(package, [], published)
    assert [Path(path).read_text() for path in published] == ["new a", "new b"]
    assert [Path(path).read_text() for path in package] == ["new a", "new b"]
