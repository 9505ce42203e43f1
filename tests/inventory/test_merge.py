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
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.inventory.merge import REPORT, merge
from workflow_scripts.rogi.inventory.place_checks import identity_checks
from workflow_scripts.rogi.inventory.versions import Predecessor

COPY = (79.095, 35.03, 79.1045, 35.04)  # of ON_BORDER, as the eastern file has it; IoU 0.95


def test_rows_columns_ids_and_owners(tmp_path: Path) -> None:
    world, files = write_study(tmp_path)
    out, report = tmp_path / "merged.gpkg", tmp_path / "report.csv"
    merge_inventory.main(files, world, [], str(out), str(report), 0.5, 0.5)
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


WIDER = (79.006, 35.01, 79.021, 35.02)  # WEST redrawn: IoU 2/3, another middle, the old marker still inside
SHORT = (79.0154, 35.01, 79.02, 35.02)  # WEST without its western part, where the marker was: IoU 0.46


def version(west: list[tuple[float, float, float, float]]) -> dict[str, gpd.GeoDataFrame]:
    return {"west": part(west), "east": part([EAST]), "basin": part([])}


def test_ids_and_markers_are_kept_from_version_to_version() -> None:
    before, _ = merge(version([WEST, ON_BORDER]), subregions(), 0.5)
    after, report = merge(version([WIDER, ON_BORDER]), subregions(), 0.5, Predecessor(before, 0.5))
    columns = ["ID", "LATITUDE", "LONGITUDE", "SUBREGION"]
    pd.testing.assert_frame_equal(after[columns], before[columns])
    assert after.geometry.iloc[0].equals(shapely.box(*WIDER))
    assert len(report) == 0
    assert all(check["passed"] for check in identity_checks(after, subregions()))


def test_a_version_of_itself_is_itself_whatever_the_order_of_files() -> None:
    told = version([WEST, ON_BORDER])
    expected, _ = merge(told, subregions(), 0.5)
    for order in permutations(told):
        found, report = merge(
            {slug: told[slug].iloc[::-1] for slug in order}, subregions(), 0.5, Predecessor(expected, 0.5)
        )
        pd.testing.assert_frame_equal(found.to_wkb(), expected.to_wkb())
        assert report.empty


def test_a_marker_outside_is_given_up_with_its_id_and_told() -> None:
    before, _ = merge(version([WEST]), subregions(), 0.5)
    after, report = merge(version([SHORT]), subregions(), 0.5, Predecessor(before, 0.4))
    assert after["ID"].tolist() == ["RGU350150N0790177E", "RGU350550N0791550E"]
    assert after["LONGITUDE"].iloc[0] == pytest.approx(79.0177)
    (row,) = report.to_dict("records")
    assert (row["event"], row["id"], row["other_id"]) == ("id replaced", "RGU350150N0790177E", "RGU350150N0790150E")
    assert row["iou"] == pytest.approx(0.46, rel=1e-3)
    assert "the marker of RGU350150N0790150E of the previous version lies outside the outline" in row["detail"]
    assert all(check["passed"] for check in identity_checks(after, subregions()))


def test_the_subregion_is_that_of_the_marker_that_is_kept() -> None:
    before, _ = merge(version([ON_BORDER]), subregions(), 0.5)
    eastwards = (79.0985, 35.03, 79.106, 35.04)  # its own marker would lie in the east
    after, _ = merge(version([eastwards]), subregions(), 0.5, Predecessor(before, 0.4))
    assert after["SUBREGION"].tolist() == before["SUBREGION"].tolist() == ["West", "East"]
    assert after["ID"].tolist() == before["ID"].tolist()


def test_the_rule_keeps_the_ids_of_the_version_that_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="rogi")
    world, files = write_study(tmp_path)
    before, _ = merge(version([WIDER]), subregions(), 0.5)
    write_layers(tmp_path / "previous.gpkg", {"rock_glaciers": before, "subregions": subregions()}, "MultiPolygon")
    older, merged, report = (str(tmp_path / name) for name in ("previous.gpkg", "merged.gpkg", "report.csv"))
    merge_inventory.main(files, world, [older], merged, report, 0.5, 0.5)
    assert read_vector(merged)["ID"].tolist() == ["RGU350150N0790135E", "RGU350350N0790995E", "RGU350550N0791550E"]
    assert "2 IDs of " in caplog.text
    assert "previous.gpkg kept, 0 given up (0 of them, because the marker lies outside now), 1 new" in caplog.text
