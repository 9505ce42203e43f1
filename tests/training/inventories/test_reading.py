"""Inventories as files: formats, encodings, fields, and what cannot be read."""

import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.affinity import translate

from tests.training.inventories.entries import BOX, entry, rows_of, written
from workflow_scripts.rogi.training.inventories.compilation import read_all

SHARED = Path(__file__).parents[4] / "shared" / "realdata"
CHINESE = {"图号": ["石冰川一", "石冰川二"], "名": ["张三", None]}


@pytest.mark.parametrize("form", ["shp", "gpkg", "geojson", "kml"])
@pytest.mark.parametrize("crs", [4326, 32644, 3857])
def test_every_format_and_crs_gives_the_same_outlines(tmp_path: Path, form: str, crs: int) -> None:
    shapes = [BOX, shapely.force_3d(translate(BOX, 0.05), 5000.0)]
    crs = 4326 if form in ("kml", "geojson") else crs
    rows = rows_of(written(tmp_path, "A", shapes, crs=crs, form=form))
    assert rows["original_id"].tolist() == ["A0", "A1"]
    assert rows["uid"].tolist() == ["a-0", "a-1"]
    assert rows.crs.to_epsg() == 4326
    assert not rows.has_z.any()
    for found, drawn in zip(rows.geometry, shapes, strict=True):
        assert found.normalize().equals_exact(shapely.force_2d(drawn).normalize(), 1e-7)


@pytest.mark.filterwarnings("ignore:Measured:UserWarning")
def test_measures_are_left_out(tmp_path: Path) -> None:
    """GeoPackages of other tools hold them; the one here is rewritten by hand, since none of ours writes any."""
    measured = shapely.from_wkt("MULTIPOLYGON ZM (((79 35 1 2, 79.1 35 1 2, 79.1 35.1 1 2, 79 35 1 2)))")
    frame = gpd.GeoDataFrame(geometry=[shapely.MultiPolygon([BOX])], crs=4326)
    pyogrio.write_dataframe(frame, tmp_path / "a.gpkg", layer_options={"SPATIAL_INDEX": "NO"})
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as database, database:
        header = b"GP\0\1" + (4326).to_bytes(4, "little")  # OGC 12-128r18, 2.1.3: no envelope
        database.execute("UPDATE a SET geom = ?", [header + shapely.to_wkb(measured, flavor="iso", output_dimension=4)])
        database.execute("UPDATE gpkg_geometry_columns SET z = 1, m = 1")
    assert pyogrio.read_dataframe(tmp_path / "a.gpkg").has_z.all()
    (found,) = rows_of(entry(tmp_path / "a.gpkg")).geometry
    assert (found.has_z, found.has_m) == (False, False)
    assert found.area == pytest.approx(0.005)


def test_texts_in_another_encoding(tmp_path: Path) -> None:
    """A shapefile in GBK, once with its .cpg, once without and the config saying so."""
    path = tmp_path / "昆仑.shp"
    frame = gpd.GeoDataFrame(CHINESE, geometry=[BOX, translate(BOX, 0.05)], crs=4326)
    pyogrio.write_dataframe(frame, path, encoding="GBK")
    fields: dict[str, Any] = {"id_field": "图号", "fields": {"mapper": "名"}, "mapper": "李四"}
    with_cpg = rows_of(entry(path, "昆仑", **fields))
    path.with_suffix(".cpg").unlink()
    stated = rows_of(entry(path, "昆仑", encoding="GBK", **fields))
    for rows in (with_cpg, stated):
        assert rows["original_id"].tolist() == CHINESE["图号"]
        assert rows["mapper"].tolist() == ["张三", "李四"]
        assert rows["uid"].tolist() == ["昆仑-0", "昆仑-1"]
    path.with_suffix(".cpg").write_text("UTF-8")
    for encoding, what in ((None, "the encoding that the file states"), ("utf-8", "utf-8")):
        with pytest.raises(ValueError, match=rf"昆仑\.shp: its texts are not in {what} .* such as GBK or latin-1"):
            rows_of(entry(path, encoding=encoding, **fields))
    with pytest.raises(ValueError, match=r"昆仑\.shp: unknown encoding: GKB; name a known one .*such as GBK"):
        rows_of(entry(path, encoding="GKB", **fields))


def test_what_the_file_says_comes_before_what_the_config_says(tmp_path: Path) -> None:
    said = {
        "BY": ["Ann", None, " "],
        "WHEN": ["2016-08-01", "summer 2019", None],
        "TYPE": ["Extended", "Other", None],
    }
    fields = {"mapper": "BY", "year": "WHEN", "footprint": "TYPE"}
    rows = rows_of(
        written(
            tmp_path, "A", [BOX] * 3, said, fields=fields, mapper="Bob", year=2010, footprint="restricted", region="X"
        )
    )
    assert rows["mapper"].tolist() == ["Ann", "Bob", "Bob"]
    assert rows["year"].tolist() == [2016, 2019, 2010]
    assert rows["footprint"].tolist() == ["extended", "restricted", "restricted"]
    assert rows["region"].tolist() == ["X"] * 3


def test_what_nobody_says_is_missing(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, "A", [BOX]))
    assert rows[["mapper", "year", "region"]].isna().all(axis=None)
    assert rows["footprint"].tolist() == ["unknown"]


def test_years_that_are_none_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "rogi"):
        rows = rows_of(written(tmp_path, "A", [BOX] * 3, {"Y": ["n.a.", "2015.0", "?"]}, fields={"year": "Y"}))
    assert rows["year"].isna().tolist() == [True, False, True]
    assert caplog.messages == ["inventory A: 2 values of field 'Y' are no year, such as 'n.a.'; taken as unknown"]


def test_features_that_the_config_leaves_out_are_listed(tmp_path: Path) -> None:
    fields = {"OutType": ["Extended", "Restricted", None], "primeclass": [9.0, 1.0, None]}
    rows = rows_of(written(tmp_path, "A", [BOX] * 3, fields, leave_out={"OutType": ["Restricted"], "primeclass": [9]}))
    assert rows["outcome"].tolist() == ["dropped", "dropped", "kept"]
    assert rows["reason"].tolist() == [
        "left out by the config: primeclass is 9",
        "left out by the config: OutType is Restricted",
        "",
    ]


def test_rows_without_an_id_have_their_number(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, "A", [BOX] * 3, {"N": [17.0, None, 4.0]}, id_field="N"))
    assert rows["original_id"].tolist() == ["17", "1", "4"]
    assert rows_of(written(tmp_path, "B", [BOX] * 2, id_field=None))["original_id"].tolist() == ["0", "1"]


def test_a_pattern_takes_several_files_and_their_uids_do_not_depend_on_one_another(tmp_path: Path) -> None:
    for name in ("west", "east"):
        written(tmp_path, name, [BOX, translate(BOX, 0.05)])
    rows = rows_of(entry(tmp_path / "*st.gpkg", "Alps"))
    assert rows["uid"].tolist() == [f"alps-{name}st_gpkg-{row}" for name in ("ea", "we") for row in (0, 1)]
    written(tmp_path, "best", [BOX])
    assert set(rows["uid"]) < set(rows_of(entry(tmp_path / "*st.gpkg", "Alps"))["uid"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id_field": "RGID"}, r"A\.gpkg: unknown field \(id_field\) 'RGID'\. Did you mean 'RG_ID'\? Known: RG_ID, BY"),
        ({"fields": {"mapper": "BYE"}}, r"A\.gpkg: unknown field \(fields\.mapper\) 'BYE'.*Known: RG_ID, BY"),
        ({"leave_out": {"kind": [1]}}, r"A\.gpkg: unknown field \(leave_out\) 'kind'.*Known: RG_ID, BY"),
        ({"fields": {"mapper": "geometry"}}, r"unknown field \(fields\.mapper\) 'geometry'"),
        ({"layer": "lines"}, r"A\.gpkg has no layer 'lines'; it holds A"),
    ],
)
def test_what_the_file_does_not_hold_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    stated = written(tmp_path, "A", [BOX], {"BY": ["Ann"]}) | change
    with pytest.raises(ValueError, match=message):
        rows_of(stated)


def test_no_file_no_crs_no_vector(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"inventory A: there is no file .*none\.shp"):
        rows_of(entry(tmp_path / "none.shp"))
    stated = written(tmp_path, "old", [BOX], form="shp")
    (tmp_path / "old.prj").unlink()
    with pytest.raises(ValueError, match=r"old\.shp states no coordinate reference system.*needs its \.prj"):
        rows_of(stated)
    (tmp_path / "page.gpkg").write_text("<html>not found</html>")
    with pytest.raises(RuntimeError, match=r"page\.gpkg.* not recognized"):
        rows_of(entry(tmp_path / "page.gpkg"))


def test_several_layers_need_a_name(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[BOX], crs=4326)
    for layer in ("go", "pm"):
        pyogrio.write_dataframe(frame, tmp_path / "rgik.gpkg", layer=layer, append=layer == "pm")
    with pytest.raises(ValueError, match=r"rgik\.gpkg holds the layers go, pm; name the one to read"):
        rows_of(entry(tmp_path / "rgik.gpkg"))
    assert len(rows_of(entry(tmp_path / "rgik.gpkg", layer="go"))) == 1


needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data are not here (../shared/realdata)")


@needs_data
def test_real_outlines_of_two_mountain_ranges() -> None:
    huasco = rows_of(entry(SHARED / "andes_huasco" / "rock_glaciers.gpkg", "Huasco", id_field="name"))
    assert len(huasco) == 8
    assert huasco["original_id"].str.match(r"glaciar_\d+_strict").all()
    assert huasco.total_bounds == pytest.approx([-69.7154, -28.4503, -69.5295, -28.2837], abs=1e-3)
    tibet = rows_of(entry(SHARED / "tables" / "guo_se_tibet_rg_polygons.gpkg", "Guo", id_field="rg_id"))
    assert sorted(tibet["original_id"]) == ["3768", "3769", "3770", "3773", "6339"]
    assert tibet.is_valid.all()


@needs_data
def test_a_real_outline_that_crosses_itself_keeps_its_area() -> None:
    """That of the Kaiserberg rock glacier, Tyrol."""
    stated = entry(SHARED / "alps_kaiserberg" / "rock_glacier_outline.shp")
    drawn = rows_of(stated).geometry.iloc[0]
    (rows,) = read_all([stated], None)
    assert rows["outcome"].tolist() == ["repaired"]
    assert rows["reason"].iloc[0].startswith("was invalid: Self-intersection[10.67")
    assert rows.geometry.iloc[0].symmetric_difference(drawn.buffer(0)).area < 0.01 * drawn.area


@needs_data
def test_a_real_inventory_as_a_table_has_no_outlines() -> None:
    """That of Argentina is handed out as points in a table."""
    path = SHARED / "tables" / "argentina_ING_rock_glaciers.csv"
    assert {"Longitud", "Latitud"} <= set(pd.read_csv(path, nrows=1).columns)
    with pytest.raises(
        ValueError, match=re.escape(f"{path} is a table without geometry; expected a layer of outlines")
    ):
        rows_of(entry(path))
