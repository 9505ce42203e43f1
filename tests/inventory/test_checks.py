"""Every check is passed by a sound inventory, and failed by one that breaks just that."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inventory.study import CONFLICT_SHARE, SLUGS, inventory, subregions
from workflow_scripts import check_inventory as script
from workflow_scripts.rogi.columns import COLUMNS, NAMES
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory.checks import COLUMNS as TABLE
from workflow_scripts.rogi.inventory.checks import check_inventory

SOUND = inventory()
BOW_TIE = shapely.Polygon([(79.01, 35.01), (79.02, 35.02), (79.02, 35.01), (79.01, 35.02)])


def failed(frame: gpd.GeoDataFrame, processed: list[str] | None = None) -> dict[str, tuple[int, str, str]]:
    table = check_inventory(frame, subregions(), SLUGS if processed is None else processed, CONFLICT_SHARE)
    broken = table[~table["passed"].astype(bool)]
    return {row.check: (row.count, row.severity, row.detail) for row in broken.itertuples(index=False)}


def changed(**values: object) -> gpd.GeoDataFrame:
    """Return the sound inventory with other values in its first row."""
    frame = inventory()
    for name, value in values.items():
        if name != "geometry":
            frame[name] = frame[name].astype(object)
        frame.loc[0, name] = value
    return frame


def test_a_sound_inventory_passes_every_check() -> None:
    table = check_inventory(SOUND, subregions(), SLUGS, CONFLICT_SHARE)
    assert table.columns.tolist() == list(TABLE)
    assert table["passed"].all()
    assert table["count"].sum() == 0
    assert table["check"].is_unique
    assert set(table["severity"]) == {"error", "warning"}


@pytest.mark.parametrize(
    ("frame", "check", "detail"),
    [
        (changed(ID=SOUND["ID"][1]), "IDs are unique", SOUND["ID"][1]),
        (changed(ID="RGU35N79E"), "IDs are well formed", "expected|RGU, 6 digits, .*not so: RGU35N79E"),
        (changed(ID="RGU350151N0790150E"), "IDs fit the coordinates", "not so: RGU350151N0790150E"),
        (changed(geometry=BOW_TIE), "outlines are valid", "RGU350150N0790150E"),
        (changed(geometry=None), "outlines are polygons", "RGU350150N0790150E"),
        (changed(geometry=shapely.Polygon()), "outlines are polygons", "RGU350150N0790150E"),
        (changed(geometry=shapely.Point(79.015, 35.015)), "outlines are polygons", "RGU350150N0790150E"),
        (changed(geometry=shapely.box(500, 400, 501, 401)), "outlines lie on the globe", "degrees"),
        (changed(geometry=SOUND.geometry[1]), "every rock glacier once", "RGU350150N0790150E and RGU350350N0790995E"),
        (changed(AREA=1.0), "AREA fits the outline", "ellipsoidal area, within 0.1%"),
        (changed(AREA=-1.0), "values of AREA", r"a number from 0 to 1e\+08 m², always given"),
        (changed(AREA=None), "values of AREA", "always given"),
        (changed(LATITUDE=35.05, ID="RGU350500N0790150E"), "markers lie inside", "RGU350500N0790150E"),
        (changed(LATITUDE=95.0), "values of LATITUDE", "a number from -90 to 90 °"),
        (changed(SUBREGION="Zanskar"), "subregions are known", "one of West, East, Basin"),
        (changed(SUBREGION="East"), "subregions hold the markers", "primary marker"),
        (changed(ELE_MEAN=12000.0), "values of ELE_MEAN", "a number from -500 to 9000 m a.s.l., may be empty"),
        (changed(MAAT="cold"), "values of MAAT", "a number from -60 to 40 °C"),
        (changed(MAAT=np.inf), "values of MAAT", "a number"),
        (changed(ELE_MIN=2.0), "order of ELE", "ELE_MIN <= ELE_MEAN"),
        (changed(ELE_MEDIAN=2.0), "order of ELE", "ELE_MEDIAN <= ELE_MAX"),
        (changed(SLO_MEAN=0.5), "order of SLO", "SLO_MIN <= SLO_MEAN"),
        (changed(OPERATION="perhaps"), "OPERATION is known", "unreviewed, remain, refine, split, merge, retrieve"),
        (changed(SOUR_DATA=""), "values of SOUR_DATA", "text, always given"),
        (changed(SOUR_DATA=None), "values of SOUR_DATA", "text, always given"),
        (SOUND.drop(columns="PISR"), "columns", "PISR is missing"),
        (SOUND.assign(fid_2=1), "columns", "fid_2 is not published"),
        (SOUND.to_crs(3857), "CRS", "EPSG:4326; not so: it is WGS 84 / Pseudo-Mercator"),
        (SOUND.set_crs(None, allow_override=True), "CRS", "it is not stated"),
    ],
)
def test_an_error_is_found_counted_and_named(frame: gpd.GeoDataFrame, check: str, detail: str) -> None:
    found = failed(frame)
    assert check in found
    count, severity, text = found[check]
    assert severity == "error"
    assert count == (2 if check == "IDs are unique" else 1)
    with pytest.raises(ValueError, match=detail):
        raise ValueError(text)


@pytest.mark.parametrize(
    ("frame", "check"),
    [
        (changed(DEM_SHARE=0.5), "elevation covers the outline"),
        (changed(MAGT=None), "gaps in MAGT"),
        (changed(PROB=None), "gaps in PROB"),
        (changed(SPREAD=None), "gaps in SPREAD"),
        (changed(geometry=shapely.box(79.01, 35.01, 79.096, 35.032)), "neighbours do not overlap"),
        (SOUND.iloc[:0], "there are rock glaciers"),
    ],
)
def test_a_warning_is_found_and_counted(frame: gpd.GeoDataFrame, check: str) -> None:
    count, severity, _ = failed(frame)[check]
    assert (count, severity) == (1, "warning")


def test_the_values_broken_alone_break_one_check_alone() -> None:
    assert set(failed(changed(MAAT=99.0))) == {"values of MAAT"}
    assert set(failed(changed(ELE_MEAN=3.0))) == {"order of ELE"}
    assert set(failed(changed(DEM_SHARE=0.0))) == {"elevation covers the outline"}


def test_a_retrieved_rock_glacier_needs_no_probability() -> None:
    retrieved = changed(PROB=None, SPREAD=None, SYSTEM=None, AREA_CAND=None, IOU_CAND=None, OPERATION="retrieve")
    assert failed(retrieved) == {}


def test_rock_glaciers_that_are_mapped_as_ice_are_listed_with_their_shares_and_stay() -> None:
    expected = r"less than 0.5 .*; not so: RGU350150N0790150E \(glacier 0.25, debris 0.75\)"
    count, severity, detail = failed(changed(GLAC_SHARE=0.25, DEB_SHARE=0.75))["no conflict with glaciers"]
    assert (count, severity) == (1, "warning")
    assert re.search(expected, detail)
    assert failed(changed(GLAC_SHARE=0.4999)) == {}
    assert failed(SOUND.assign(GLAC_SHARE=np.nan, DEB_SHARE=np.nan)) == {}


def test_no_glacier_near_is_no_gap() -> None:
    assert failed(changed(GLAC_DIST=None)) == {}


def test_a_single_model_has_no_spread() -> None:
    assert failed(SOUND.assign(SPREAD=np.nan)) == {}


def test_stepped_ids_fit_their_coordinates() -> None:
    small = SOUND.iloc[[0]].copy()
    small["ID"] = "RGU350150N0790151E"
    both = gpd.GeoDataFrame(pd.concat([small, SOUND], ignore_index=True), crs=4326)
    assert "IDs fit the coordinates" not in failed(both)
    both["ID"] = both["ID"].replace("RGU350150N0790151E", "RGU350150N0790160E")  # past IDs of an earlier version
    assert "IDs fit the coordinates" not in failed(both)
    both["ID"] = both["ID"].replace("RGU350150N0790160E", "RGU350150N0790161E")
    assert failed(both)["IDs fit the coordinates"][0] == 1


def test_every_subregion_must_have_been_processed() -> None:
    assert failed(SOUND, ["west", "basin"])["every subregion is processed"][2].endswith("not so: East")
    assert "mars is no subregion" in failed(SOUND, [*SLUGS, "mars"])["every subregion is processed"][2]
    table = check_inventory(SOUND, subregions(), SLUGS, CONFLICT_SHARE).set_index("check")
    assert "without rock glaciers: Basin" in table.loc["every subregion is processed", "detail"]


def test_many_offenders_are_counted_and_ten_named() -> None:
    frame = gpd.GeoDataFrame(pd.concat([SOUND] * 5, ignore_index=True), crs=4326).assign(OPERATION="?")
    count, _, detail = failed(frame)["OPERATION is known"]
    assert count == 15
    assert detail.endswith("and 5 more")


JUNK = st.sampled_from([None, "", "text", np.nan, np.inf, -1e30, 1e30, 0, True])


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from([*NAMES, "geometry"]), JUNK, max_size=6), st.booleans())
def test_junk_gives_failed_checks_and_no_exception(junk: dict[str, object], drop: bool) -> None:
    shapes: dict[object, object] = {
        None: None,
        "": shapely.Polygon(),
        "text": BOW_TIE,
        0: shapely.LineString([(0, 0), (1, 1)]),
    }
    values = {name: shapes.get(value) if name == "geometry" else value for name, value in junk.items()}
    frame = changed(**values)
    table = check_inventory(
        frame.drop(columns=[n for n in junk if n != "geometry"]) if drop else frame, subregions(), [], CONFLICT_SHARE
    )
    assert not table["passed"].all()  # no subregion was processed


def test_the_script_reads_what_merging_writes_and_counts_what_is_there(tmp_path: Path) -> None:
    write_layers(tmp_path / "merged.gpkg", {"rock_glaciers": SOUND}, "MultiPolygon")
    write_layers(tmp_path / "subregions.gpkg", {"subregions": subregions()}, "MultiPolygon")
    candidates = [tmp_path / slug / "candidates.gpkg" for slug in SLUGS]
    for path in candidates[:2]:
        write_layers(path, {"candidates": SOUND})
    out = tmp_path / "checks.csv"
    found = [str(path) for path in candidates]
    script.main(str(tmp_path / "merged.gpkg"), str(tmp_path / "subregions.gpkg"), found, str(out), CONFLICT_SHARE)
    table = pd.read_csv(out)
    assert table["check"][~table["passed"]].tolist() == ["every subregion is processed"]
    assert len(table) > len(COLUMNS)


def test_the_script_does_not_stop_at_a_file_without_crs(tmp_path: Path) -> None:
    bare = SOUND.set_crs(None, allow_override=True)
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        pyogrio.write_dataframe(bare, tmp_path / "merged.gpkg", layer="rock_glaciers")
    write_layers(tmp_path / "subregions.gpkg", {"subregions": subregions()}, "MultiPolygon")
    out = tmp_path / "checks.csv"
    script.main(str(tmp_path / "merged.gpkg"), str(tmp_path / "subregions.gpkg"), [], str(out), CONFLICT_SHARE)
    table = pd.read_csv(out).set_index("check")
    assert not table.loc["CRS", "passed"]
