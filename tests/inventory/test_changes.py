"""What changed between two versions: every class by hand, and what holds for any two."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_scripts import diff_inventory
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import EQUAL_AREA, area_m2
from workflow_scripts.rogi.inventory.changes import CHANGES, Comparison, compare

# metres in an equal-area projection: areas are those of the boxes
WHOLE = shapely.box(0, 0, 100, 100)
WEST, EAST = shapely.box(0, 0, 40, 100), shapely.box(40, 0, 100, 100)
NORTH, SOUTH = shapely.box(0, 30, 100, 100), shapely.box(0, 0, 100, 30)
SHRUNK = shapely.box(0, 0, 80, 100)
FAR = shapely.box(500, 0, 600, 100)
SWAPPED = {"added": "removed", "removed": "added", "split": "merged", "merged": "split"}


def version(*shapes: shapely.Geometry, names: str = "abcdefghij") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"ID": list(names[: len(shapes)])}, geometry=list(shapes), crs=EQUAL_AREA)


def compared(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Comparison:
    return compare(before, after, 0.5, 0.999)


@pytest.mark.parametrize(
    ("before", "after", "change", "iou"),
    [
        ([WHOLE], [WHOLE], "unchanged", 1),
        ([WHOLE], [shapely.box(0, 0, 100.05, 100)], "unchanged", 1 / 1.0005),
        ([WHOLE], [shapely.box(0, 0, 100.2, 100)], "reshaped", 1 / 1.002),
        ([WHOLE], [SHRUNK], "reshaped", 0.8),
        ([WHOLE], [shapely.box(10, 10, 20, 20)], "reshaped", 0.01),
        ([WHOLE], [WEST, EAST], "split", 1),
        ([WHOLE], [WEST, shapely.box(50, 0, 100, 100)], "split", 0.9),
        ([WEST, EAST], [WHOLE], "merged", 1),
        ([WEST, EAST], [NORTH, SOUTH], "redivided", 1),
        ([], [WHOLE], "added", 0),
        ([WHOLE], [], "removed", 0),
    ],
)
def test_every_change_by_hand(
    before: list[shapely.Geometry], after: list[shapely.Geometry], change: str, iou: float
) -> None:
    found = compared(version(*before), version(*after))
    (row,) = found.changes.to_dict("records")
    assert row["change"] == change
    assert row["iou"] == pytest.approx(iou, rel=1e-4)
    assert (row["count_before"], row["count_after"]) == (len(before), len(after))
    assert row["area_before_m2"] == pytest.approx(sum(shape.area for shape in before), rel=1e-4)
    assert row["area_change_m2"] == pytest.approx(
        sum(shape.area for shape in after) - sum(shape.area for shape in before), abs=1
    )
    counted = found.summary.set_index("change")["changes"]
    assert counted[change] == counted.sum() == 1


def test_overlap_of_less_than_the_share_is_no_link() -> None:
    shifted = shapely.box(51, 0, 151, 100)
    assert sorted(compared(version(WHOLE), version(shifted)).changes["change"]) == ["added", "removed"]
    assert compare(version(WHOLE), version(shifted), 0.48, 0.999).changes["change"].tolist() == ["reshaped"]


def test_both_sides_are_told_with_ids_and_areas() -> None:
    found = compared(version(WHOLE, FAR), version(EAST, WEST, names="xy"))
    assert found.before["change"].tolist() == ["split", "removed"]
    assert found.after["ids_before"].tolist() == ["a", "a"]
    assert found.before["ids_after"].iloc[0] == "x; y"
    assert found.after["area_m2"].tolist() == pytest.approx([6000, 4000], rel=1e-4)
    assert shapely.equals(found.after.geometry.array, [EAST, WEST]).all()


def test_ids_in_both_are_counted() -> None:
    found = compared(version(WHOLE, FAR), version(SHRUNK, FAR, names="aq"))
    assert found.summary.set_index("change")["ids_in_both"].to_dict() == dict.fromkeys(CHANGES, 0) | {"reshaped": 1}


BOXES = st.lists(
    st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), *[st.integers(0, 60)] * 2, *[st.integers(5, 60)] * 2),
    max_size=6,
)


@settings(max_examples=30)
@given(BOXES, BOXES)
def test_the_other_way_round_it_is_the_reverse(one: list[shapely.Geometry], other: list[shapely.Geometry]) -> None:
    before, after = version(*one), version(*other, names="uvwxyz")
    forth, back = compared(before, after), compared(after, before)
    told = {(row.change, row.ids_before, row.ids_after) for row in forth.changes.fillna("").itertuples()}
    reverse = {
        (SWAPPED.get(row.change, row.change), row.ids_after, row.ids_before)
        for row in back.changes.fillna("").itertuples()
    }
    assert told == reverse
    assert forth.summary["count_before"].sum() == len(one)
    assert forth.summary["count_after"].sum() == len(other)
    gain = sum(area_m2(after.geometry)) - sum(area_m2(before.geometry))
    assert forth.summary["area_change_m2"].sum() == pytest.approx(gain, abs=1e-3)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 30), unique=True))
def test_with_itself_all_is_unchanged(places: list[int]) -> None:
    same = version(*[shapely.box(100 * n, 0, 100 * n + 50, 50) for n in places], names="".join(map(chr, range(65, 97))))
    found = compared(same, same)
    assert set(found.changes["change"]) <= {"unchanged"}
    assert found.summary["ids_in_both"].sum() == found.summary["changes"].sum() == len(places)


def write(path: Path, frame: gpd.GeoDataFrame) -> str:
    points = frame.representative_point().to_crs(4326)
    ids = [f"RGU35{ord(name):04d}N0790000E" for name in frame["ID"]]
    layers = {"rock_glaciers": frame.to_crs(4326).assign(ID=ids, LATITUDE=points.y, LONGITUDE=points.x)}
    write_layers(path, layers | {"subregions": frame.to_crs(4326)}, "MultiPolygon")
    return str(path)


def test_the_rule_writes_both_sides_and_two_tables(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="rogi")
    old = write(tmp_path / "old.gpkg", version(WHOLE, FAR))
    new = write(tmp_path / "new.gpkg", version(WEST, EAST, FAR, names="xyb"))
    diff = str(tmp_path / "diff.gpkg")
    diff_inventory.main([old], new, diff, 0.5, 0.999)
    assert read_vector(diff, "before")["change"].tolist() == ["split", "unchanged"]
    assert read_vector(diff, "after")["change"].tolist() == ["unchanged", "split", "split"]
    assert pd.DataFrame(read_table(diff, "summary"))["changes"].tolist() == [1, 0, 1, 0, 0, 0, 0]
    assert len(read_table(diff, "changes")) == 2
    assert "1 unchanged, 0 reshaped, 1 split, 0 merged, 0 redivided, 0 added, 0 removed; 1 IDs in both" in caplog.text


def read_table(path: str, layer: str) -> pd.DataFrame:
    return gpd.read_file(path, layer=layer)
