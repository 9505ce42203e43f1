"""Table 5: two inventories on the ground that both searched, counted by hand and turned round."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from tests.inventory.study import subregions
from workflow_scripts import compare_inventories as script
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import area_m2, local_projection
from workflow_scripts.rogi.inventory.comparison import COLUMNS, LAYERS, Comparison, compare_inventories
from workflow_scripts.rogi.inventory.references import Reference, read_references

Box = tuple[float, float, float, float]
SAME, OURS, PAIR, BEYOND = (
    (79.01, 35.01, 79.02, 35.02),
    (79.03, 35.03, 79.04, 35.04),
    (79.06, 35.01, 79.08, 35.02),
    (79.15, 35.05, 79.16, 35.06),
)
HALVES = ((79.06, 35.01, 79.069, 35.02), (79.071, 35.01, 79.08, 35.02))
THEIRS = (79.05, 35.08, 79.06, 35.09)
FOOTPRINT = shapely.box(79.0, 35.0, 79.1, 35.1)


def boxes(*bounds: Box) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(*box) for box in bounds], crs=4326)


def ours(*bounds: Box) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"ID": [f"RGU{number}" for number in range(len(bounds))]}, geometry=boxes(*bounds))


def theirs(*bounds: Box, footprint: shapely.Geometry | None = FOOTPRINT) -> Reference:
    outlines = boxes(*bounds)
    outlines.index += 1
    return Reference("Theirs", outlines, footprint)


def compared(mine: gpd.GeoDataFrame, reference: Reference) -> Comparison:
    return compare_inventories(mine, reference, subregions(), 0.5, 0.3, 100)


def test_counts_and_areas_by_hand() -> None:
    found = compared(ours(SAME, OURS, PAIR, BEYOND), theirs(SAME, *HALVES, THEIRS))
    assert list(found.table.columns) == list(COLUMNS)
    assert found.table["subregion"].tolist() == ["West", "total"]
    total = found.table.iloc[-1]
    counts = {"ours": 3, "theirs": 4, "matched": 1, "additional": 2, "missed": 3}
    assert total[list(counts)].to_dict() == counts
    assert (total["ours_overlapping"], total["theirs_overlapping"]) == (2, 3)
    same, alone, pair, halves, missed = area_m2(boxes(SAME, OURS, PAIR, HALVES[0], THEIRS)) / 1e6
    assert total["shared_km2"] == pytest.approx(same + 2 * halves, rel=1e-6)
    assert total["additional_km2"] == pytest.approx(alone + pair - 2 * halves, rel=1e-6)
    assert total["missed_km2"] == pytest.approx(missed, rel=1e-6)
    assert total["ground_km2"] == pytest.approx(area_m2(gpd.GeoSeries([FOOTPRINT], crs=4326))[0] / 1e6, rel=1e-6)
    assert total["ours_matched_share"] == pytest.approx(1 / 3)
    assert total["theirs_matched_share"] == pytest.approx(1 / 4)
    assert total["theirs_shared_share"] == pytest.approx(total["shared_km2"] / total["theirs_km2"])
    assert total["footprint"] == "stated"


def test_turned_round_the_columns_change_places() -> None:
    one, other = (SAME, OURS, PAIR), (SAME, *HALVES, THEIRS)
    there, back = compared(ours(*one), theirs(*other)).table, compared(ours(*other), theirs(*one)).table
    swapped = {
        "ours": "theirs", "additional": "missed", "matched": "matched", "ours_overlapping": "theirs_overlapping",
        "ours_km2": "theirs_km2", "additional_km2": "missed_km2", "shared_km2": "shared_km2",
        "ours_matched_share": "theirs_matched_share", "ours_shared_share": "theirs_shared_share",
    }  # fmt: skip
    for name, mirrored in (swapped | {after: before for before, after in swapped.items()}).items():
        assert there[name].tolist() == pytest.approx(back[mirrored].tolist()), name


def test_layers_hold_every_outline_once() -> None:
    layers = compared(ours(SAME, OURS, PAIR, BEYOND), theirs(SAME, *HALVES, THEIRS)).layers
    assert list(layers) == [*LAYERS]
    assert layers["matched"][["ID", "feature"]].to_numpy().tolist() == [["RGU0", 1]]
    assert layers["matched"]["best_iou"].iloc[0] == pytest.approx(1)
    assert layers["additional"]["ID"].tolist() == ["RGU1", "RGU2"]
    assert layers["additional"]["best_iou"].tolist() == pytest.approx([0, 0.45], abs=1e-5)
    assert layers["missed"]["feature"].tolist() == [2, 3, 4]
    assert layers["missed"]["area_m2"].to_numpy() == pytest.approx(area_m2(boxes(*HALVES, THEIRS)))
    assert layers["footprints"].geometry.iloc[0].equals(FOOTPRINT)
    assert all((layer["reference"] == "Theirs").all() for layer in layers.values())


def test_an_unstated_footprint_is_the_hull_with_a_margin() -> None:
    reference = theirs(SAME, OURS, THEIRS, footprint=None)
    ground = reference.ground(1.0, 100)
    hull = reference.outlines.union_all().convex_hull
    assert ground.contains(hull)
    centre = hull.centroid
    local = gpd.GeoSeries([ground, hull], crs=4326).to_crs(local_projection(centre.x, centre.y))
    width = shapely.hausdorff_distance(*local.exterior)
    assert width == pytest.approx(100, abs=0.5)
    total = compared(ours(SAME, BEYOND), reference).table.iloc[-1]
    assert total["footprint"] == "hull of its outlines"
    assert (total["ours"], total["theirs"], total["matched"]) == (1, 3, 1)


def test_the_hull_follows_a_bend() -> None:
    bend = [(79.01 + 0.005 * k, 35.01, 79.012 + 0.005 * k, 35.012) for k in range(16)]
    bend += [(79.01, 35.01 + 0.005 * k, 79.012, 35.012 + 0.005 * k) for k in range(16)]
    reference = theirs(*bend, footprint=None)
    assert reference.ground(0.1, 0).area < 0.3 * reference.ground(1.0, 0).area


def test_an_inventory_elsewhere_compares_to_nothing() -> None:
    away = compared(ours(SAME), theirs((90, 40, 91, 41), footprint=shapely.box(90, 40, 91, 41)))
    assert away.table["subregion"].tolist() == ["total"]
    assert away.table.iloc[0][["ours", "theirs", "matched"]].tolist() == [0, 0, 0]
    assert pd.isna(away.table.iloc[0]["ours_matched_share"])


def test_an_empty_inventory_is_missed_by_nobody() -> None:
    table = compared(ours(SAME), theirs(footprint=None)).table
    assert table["subregion"].tolist() == ["total"]
    assert table.iloc[0][["theirs", "missed"]].tolist() == [0, 0]
    assert compared(ours(), theirs(SAME)).table.iloc[-1][["ours", "missed"]].tolist() == [0, 1]


def entry(path: Path, footprint: Path | None = None) -> dict[str, str | None]:
    ground = None if footprint is None else str(footprint)
    return {"name": path.stem, "path": str(path), "layer": None, "footprint": ground}


def test_references_are_read_with_their_footprints(tmp_path: Path) -> None:
    shapes = gpd.GeoSeries([shapely.box(*SAME), shapely.Polygon(), shapely.box(*OURS)], crs=4326)
    shapes.to_crs(32644).to_file(tmp_path / "other.gpkg")
    gpd.GeoSeries([FOOTPRINT], crs=4326).to_crs(3857).to_file(tmp_path / "ground.shp")
    with_ground, without = read_references(
        [entry(tmp_path / "other.gpkg", tmp_path / "ground.shp"), entry(tmp_path / "other.gpkg")]
    )
    assert with_ground.outlines.index.tolist() == [1, 3]  # features of the file
    assert with_ground.footprint is not None
    assert with_ground.footprint.symmetric_difference(FOOTPRINT).area < 1e-9
    assert without.footprint is None


def test_a_footprint_without_polygons_is_refused(tmp_path: Path) -> None:
    boxes(SAME).to_file(tmp_path / "other.gpkg")
    gpd.GeoSeries([shapely.Point(79, 35)], crs=4326).to_file(tmp_path / "ground.gpkg")
    with pytest.raises(ValueError, match=r"ground\.gpkg holds no polygon.*set the reference's footprint to null"):
        read_references([entry(tmp_path / "other.gpkg", tmp_path / "ground.gpkg")])


def test_the_script_writes_table_and_outlines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_layers(tmp_path / "subregions.gpkg", {"subregions": subregions()}, "MultiPolygon")
    write_layers(tmp_path / "merged.gpkg", {"merged": ours(SAME, OURS)})
    boxes(SAME, THEIRS).to_file(tmp_path / "one.gpkg")
    boxes(OURS).to_file(tmp_path / "two.gpkg")
    out = tmp_path / "comparison.csv", tmp_path / "comparison.gpkg"

    def run(names: list[str]) -> pd.DataFrame:
        entries = [entry(tmp_path / f"{name}.gpkg") for name in names]
        mine, regions = str(tmp_path / "merged.gpkg"), str(tmp_path / "subregions.gpkg")
        script.main(mine, [], regions, str(out[0]), str(out[1]), entries, 0.5, {"ratio": 0.3, "margin_m": 100.0})
        return pd.read_csv(out[0])

    with caplog.at_level("INFO", logger="rogi"):
        table = run(["one", "two"])
    assert table.loc[table["subregion"] == "total", "matched"].tolist() == [1, 1]
    assert read_vector(out[1], "matched")["ID"].tolist() == ["RGU0", "RGU1"]
    assert read_vector(out[1], "missed")["reference"].tolist() == ["one"]
    assert "one: 2 rock glaciers" in caplog.text
    assert run([]).columns.tolist() == list(COLUMNS)
    assert [len(read_vector(out[1], layer)) for layer in LAYERS] == [0, 0, 0, 0]


def test_a_file_of_points_is_refused_and_single_ones_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    point, box = shapely.Point(79.01, 35.01), shapely.box(79.01, 35.01, 79.02, 35.02)
    entry = {"name": "x", "path": str(tmp_path / "x.geojson"), "layer": None, "footprint": None}
    gpd.GeoDataFrame(geometry=[point, point], crs=4326).to_file(entry["path"])
    with pytest.raises(ValueError, match=r"x.geojson: none of its 2 features is a polygon.*evaluation.references"):
        read_references([entry])
    gpd.GeoDataFrame(geometry=[point, box, None], crs=4326).to_file(entry["path"])
    (found,) = read_references([entry])
    assert found.outlines.index.tolist() == [2]
    assert "x.geojson: 2 features without a polygon are left out: 1, 3" in caplog.text


def test_matched_counts_ours_where_a_pair_lies_on_both_sides_of_a_border() -> None:
    inside, outside = (79.045, 35.01, 79.054, 35.02), (79.046, 35.01, 79.0562, 35.02)
    ground, counts = shapely.box(79, 35, 79.05, 35.1), ["ours", "theirs", "matched", "additional", "missed"]
    table = compared(ours(inside), theirs(outside, footprint=ground)).table
    assert table.iloc[-1][counts].tolist() == [1, 0, 1, 0, 0]
    table = compared(ours(outside), theirs(inside, footprint=ground)).table
    assert table.iloc[-1][counts].tolist() == [0, 1, 0, 0, 0]
