from itertools import permutations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.inventory.study import EAST, ON_BORDER, WEST, part, parts, subregions, write_study
from workflow_scripts import merge_inventory
from workflow_scripts.rogi.columns import NAMES
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.inventory.merge import REPORT, merge

COPY = (79.095, 35.03, 79.1045, 35.04)  # of ON_BORDER, as the eastern file has it; IoU 0.95


def test_rows_columns_ids_and_owners(tmp_path: Path) -> None:
    world, files = write_study(tmp_path)
    out, report = tmp_path / "merged.gpkg", tmp_path / "report.csv"
    merge_inventory.main(files, world, str(out), str(report), 0.5)
    merged = read_vector(out, "rock_glaciers")
    assert merged.columns.tolist() == [*NAMES, "geometry"]
    assert merged["ID"].tolist() == ["RGU350150N0790150E", "RGU350350N0790995E", "RGU350550N0791550E"]
    assert merged["SUBREGION"].tolist() == ["West", "West", "East"]
    np.testing.assert_allclose(merged["LATITUDE"], [35.015, 35.035, 35.055])
    np.testing.assert_allclose(merged["LONGITUDE"], [79.015, 79.0995, 79.155])
    markers = gpd.points_from_xy(merged["LONGITUDE"], merged["LATITUDE"])
    assert shapely.contains(merged.geometry.array, markers).all()
    assert pd.read_csv(report).columns.tolist() == list(REPORT)
    assert len(pd.read_csv(report)) == 0


def test_a_rock_glacier_of_the_neighbour_gets_the_owner_of_its_marker() -> None:
    merged, _ = merge({"west": part([]), "east": part([WEST]), "basin": part([])}, subregions(), 0.5)
    assert merged["SUBREGION"].tolist() == ["West"]


@pytest.mark.parametrize(
    ("west", "east", "kept"),
    [
        ("unreviewed", "unreviewed", ON_BORDER),  # the marker lies in the west
        ("remain", "refine", ON_BORDER),
        ("unreviewed", "refine", COPY),  # reviewed before unreviewed
        ("remain", "unreviewed", ON_BORDER),
    ],
)
def test_of_two_copies_the_right_one_stays(west: str, east: str, kept: tuple[float, float, float, float]) -> None:
    pair = {"west": part([ON_BORDER], west), "east": part([COPY], east), "basin": part([])}
    merged, report = merge(pair, subregions(), 0.5)
    assert len(merged) == 1
    assert merged.geometry.iloc[0].equals(shapely.box(*kept))
    (row,) = report.to_dict("records")
    assert row["event"] == "duplicate dropped"
    assert row["id"] == merged["ID"].iloc[0]
    assert row["iou"] == pytest.approx(0.9 / 0.95, rel=1e-4)
    assert row["detail"] == (
        f"{east} in east dropped, {west} in west kept"
        if kept == ON_BORDER
        else f"{west} in west dropped, {east} in east kept"
    )


def test_overlapping_neighbours_stay_and_are_reported() -> None:
    other = (79.014, 35.01, 79.024, 35.02)
    merged, report = merge({"west": part([WEST, other]), "east": part([]), "basin": part([])}, subregions(), 0.3)
    assert len(merged) == 2
    (row,) = report.to_dict("records")
    assert row["event"] == "overlap stays"
    assert {row["id"], row["other_id"]} == set(merged["ID"])
    assert row["iou"] == pytest.approx(6 / 14, rel=1e-3)


def test_a_collision_is_reported_with_both_ids() -> None:
    # one square kilometre and a small polygon inside a hole of it, markers 1 m apart
    small = (79.01499, 35.01499, 79.015011, 35.015011)
    merged, report = merge({"west": part([WEST, small]), "east": part([]), "basin": part([])}, subregions(), 0.5)
    assert sorted(merged["ID"]) == ["RGU350150N0790150E", "RGU350150N0790151E"]
    row = report[report["event"] == "id stepped"].iloc[0]
    assert (row["id"], row["other_id"]) == ("RGU350150N0790151E", "RGU350150N0790150E")
    assert "RGU350150N0790150E was taken; longitude stepped eastwards" in row["detail"]


def test_the_order_of_files_and_rows_does_not_matter() -> None:
    told = {"west": part([WEST, ON_BORDER]), "east": part([COPY, EAST]), "basin": part([])}
    expected = merge(told, subregions(), 0.5)
    for order in permutations(told):
        found = merge({slug: told[slug].iloc[::-1] for slug in order}, subregions(), 0.5)
        pd.testing.assert_frame_equal(found[0].to_wkb(), expected[0].to_wkb())
        pd.testing.assert_frame_equal(found[1], expected[1])


def test_a_study_without_rock_glaciers_gives_an_empty_inventory(tmp_path: Path) -> None:
    merged, report = merge({slug: part([]) for slug in ("west", "east", "basin")}, subregions(), 0.5)
    assert (len(merged), len(report)) == (0, 0)
    assert merged.columns.tolist() == [*NAMES, "geometry"]


def test_a_file_without_a_column_is_named() -> None:
    broken = parts() | {"east": part([EAST]).drop(columns=["MAAT", "AP"])}
    with pytest.raises(
        ValueError, match=r"rock_glaciers.gpkg of east lacks the columns MAAT, AP; .*attribute_subregion"
    ):
        merge(broken, subregions(), 0.5)
