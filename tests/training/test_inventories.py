"""Training inventories: what is kept, repaired or dropped, and that the table says so of every polygon."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely.affinity import translate

from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.training.inventories import Rules, compile_all

RULES = Rules(min_area_m2=1000.0, duplicate_iou=0.6)
IMAGERY = shapely.box(79.0, 35.0, 79.2, 35.2)
BOX = shapely.box(79.05, 35.05, 79.06, 35.06)
BOW_TIE = shapely.Polygon([(79.08, 35.08), (79.09, 35.09), (79.09, 35.08), (79.08, 35.09)])
LARGE_SHARE = translate(BOX, 0.002, 0)  # IoU 8 / 12 with BOX
SMALL_SHARE = translate(BOX, 0.003, 0)  # IoU 7 / 13 with BOX


def source(
    folder: Path, name: str, shapes: list[Any], ids: list[Any] | None = None, crs: Any = 4326, **more: Any
) -> dict[str, Any]:
    """Write an inventory as GeoPackage and return its entry in the config."""
    path = folder / f"{name}.gpkg"
    columns = {"RG_ID": ids or [f"{name}{number}" for number in range(len(shapes))]}
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_crs(crs)
    frame.to_file(path, layer="outlines", engine="pyogrio")
    return {"name": name, "path": str(path), "layer": None, "id_field": "RG_ID"} | more


def compiled(*sources: dict[str, Any], rules: Rules = RULES) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    return compile_all(sources, IMAGERY, rules)


@pytest.mark.parametrize(
    ("shape", "outcome", "reason"),
    [
        (BOX, "kept", ""),
        (shapely.MultiPolygon([BOX, translate(BOX, 0.05)]), "kept", ""),
        (BOW_TIE, "repaired", "was invalid: Self-intersection"),
        (None, "dropped", "empty geometry"),
        (shapely.Polygon(), "dropped", "empty geometry"),
        (shapely.Point(79.1, 35.1), "dropped", "not a polygon"),
        (shapely.LineString([(79.1, 35.1), (79.11, 35.1)]), "dropped", "not a polygon"),
        (shapely.box(79.05, 35.05, 79.050005, 35.06), "dropped", "sliver under 1000 m²"),
        (shapely.Polygon([(79.05, 35.05), (79.06, 35.05), (79.05, 35.05)]), "dropped", "sliver under 1000 m²"),
        (shapely.box(80, 35.05, 80.01, 35.06), "dropped", "outside the imagery"),
        (shapely.box(79.199, 35.05, 79.22, 35.06), "kept", ""),
    ],
)
def test_what_happens_to_a_polygon(tmp_path: Path, shape: Any, outcome: str, reason: str) -> None:
    kept, table = compiled(source(tmp_path, "Mixed", [BOX.buffer(-0.004), shape]))
    assert table["outcome"].tolist() == ["kept", outcome]
    assert table["reason"].iloc[1].startswith(reason)
    assert (table["reason"].iloc[1] == "") == (outcome == "kept")
    assert len(kept) == 1 + (outcome != "dropped")
    assert kept.is_valid.all()


def test_a_bow_tie_keeps_the_area_of_its_two_halves(tmp_path: Path) -> None:
    kept, table = compiled(source(tmp_path, "Bow", [BOW_TIE]))
    box = gpd.GeoSeries([shapely.box(79.08, 35.08, 79.09, 35.09)], crs=4326)
    assert kept["area_m2"].iloc[0] == pytest.approx(area_m2(box)[0] / 2, rel=1e-4)
    assert table["area_m2"].iloc[0] == kept["area_m2"].iloc[0]


def test_of_duplicates_the_earlier_stays(tmp_path: Path) -> None:
    first = source(tmp_path, "First", [BOX], ["f"])
    second = source(tmp_path, "Second", [LARGE_SHARE, translate(BOX, 0.05)], ["s1", "s2"], crs=32644)
    kept, table = compiled(first, second)
    assert kept[["inventory", "original_id"]].values.tolist() == [["First", "f"], ["Second", "s2"]]
    assert table["reason"].tolist() == ["", "duplicate of First f", ""]
    kept, table = compiled(second, first)
    assert kept["original_id"].tolist() == ["s1", "s2"]
    assert table["reason"].tolist() == ["", "", "duplicate of Second s1"]


def test_neighbours_that_overlap_less_are_both_kept(tmp_path: Path) -> None:
    kept, _ = compiled(source(tmp_path, "A", [BOX, SMALL_SHARE]))
    assert len(kept) == 2
    kept, _ = compiled(source(tmp_path, "B", [BOX, SMALL_SHARE]), rules=Rules(1000.0, 0.5))
    assert len(kept) == 1


def test_a_dropped_polygon_takes_no_other_with_it(tmp_path: Path) -> None:
    """The second is a duplicate of the first; the third overlaps only the second enough, and stays."""
    chain = [BOX, LARGE_SHARE, translate(BOX, 0.004)]
    _, table = compiled(source(tmp_path, "Chain", chain))
    assert table["outcome"].tolist() == ["kept", "dropped", "kept"]


def test_every_polygon_has_one_row_with_where_it_comes_from(tmp_path: Path) -> None:
    numbers = source(tmp_path, "Numbers", [BOX, None], [17, 4])
    rows = source(tmp_path, "Rows", [translate(BOX, 0.1), BOW_TIE, BOX], id_field=None)
    kept, table = compiled(numbers, rows)
    assert table[["inventory", "original_id"]].values.tolist() == [
        *(["Numbers", "17"], ["Numbers", "4"]),
        *(["Rows", "0"], ["Rows", "1"], ["Rows", "2"]),
    ]
    assert kept["uid"].tolist() == ["numbers-0", "rows-0", "rows-1"]
    assert set(table["outcome"]) == {"kept", "repaired", "dropped"}
    assert kept.crs.to_epsg() == 4326


def test_heights_are_left_out(tmp_path: Path) -> None:
    kept, _ = compiled(source(tmp_path, "Z", [shapely.force_3d(BOX, 5000.0)]))
    assert not kept.has_z.any()
    assert kept.geometry.iloc[0].equals(BOX)


def test_an_empty_inventory_is_no_trouble(tmp_path: Path) -> None:
    kept, table = compiled(source(tmp_path, "Empty", []), source(tmp_path, "Full", [BOX]))
    assert (len(kept), len(table)) == (1, 1)


def test_an_unknown_field_is_named_with_the_nearest(tmp_path: Path) -> None:
    entry = source(tmp_path, "A", [BOX], id_field="RGID")
    with pytest.raises(ValueError, match=r"A\.gpkg: unknown field \(id_field\) 'RGID'\. Did you mean 'RG_ID'\?"):
        compiled(entry)


def test_an_unknown_layer_is_named_with_those_there_are(tmp_path: Path) -> None:
    entry = source(tmp_path, "A", [BOX], layer="lines")
    with pytest.raises(ValueError, match="no layer 'lines'; it holds outlines"):
        compiled(entry)


def test_a_shapefile_without_prj_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.shp"
    gpd.GeoDataFrame({"RG_ID": ["a"]}, geometry=[BOX], crs=4326).to_file(path, engine="pyogrio")
    path.with_suffix(".prj").unlink()
    with pytest.raises(ValueError, match=r"old\.shp states no coordinate reference system"):
        compiled({"name": "Old", "path": str(path), "layer": None, "id_field": "RG_ID"})


@pytest.mark.filterwarnings("ignore:Non closed ring detected:RuntimeWarning")
def test_an_unclosed_ring_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    rings = [[[79.05, 35.05], [79.06, 35.05], [79.06, 35.06], [79.05, 35.06]], list(map(list, BOX.exterior.coords))]
    features = [
        {"type": "Feature", "properties": {"RG_ID": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for name, ring in zip("ab", rings, strict=True)
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    entry = {"name": "A", "path": str(tmp_path / "a.geojson"), "layer": None, "id_field": "RG_ID"}
    kept, table = compiled(entry)
    assert table[["original_id", "outcome", "reason"]].values.tolist() == [
        ["a", "dropped", "empty geometry"],
        ["b", "kept", ""],
    ]
    assert kept["original_id"].tolist() == ["b"]
