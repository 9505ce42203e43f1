"""IDs that stay: who inherits, what happens to those who cannot, and that no ID is ever used twice."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.identity import coordinates_of, primary_markers, unique_ids
from workflow_scripts.rogi.inventory.versions import Names, Predecessor, best_first, give_names, read_version

A, B = shapely.box(79.01, 35.01, 79.02, 35.02), shapely.box(79.05, 35.01, 79.06, 35.02)
A_WIDER = shapely.box(79.01, 35.01, 79.022, 35.02)  # IoU 5/6
A_WEST, A_EAST = shapely.box(79.01, 35.01, 79.0144, 35.02), shapely.box(79.0144, 35.01, 79.02, 35.02)  # 0.44, 0.56


def version(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return a first version of some outlines."""
    frame = gpd.GeoDataFrame(geometry=list(shapes), crs=4326)
    markers = primary_markers(frame.geometry)
    return frame.assign(ID=unique_ids(markers)[0], LATITUDE=markers.y, LONGITUDE=markers.x)


def named(shapes: list[shapely.Geometry], previous: gpd.GeoDataFrame | None, iou: float = 0.5) -> Names:
    series = gpd.GeoSeries(shapes, crs=4326)
    return give_names(series, primary_markers(series), None if previous is None else Predecessor(previous, iou))


def test_a_first_version_is_named_by_its_markers() -> None:
    names = named([A, B], None)
    assert names.ids == ["RGU350150N0790150E", "RGU350150N0790550E"]
    assert (names.stepped, names.replaced) == ([], [])


def test_the_same_outlines_keep_everything_whatever_their_order() -> None:
    before = version(A, B)
    names = named([B, A], before)
    assert names.ids == before["ID"].tolist()[::-1]
    assert names.markers.x.tolist() == before["LONGITUDE"].tolist()[::-1]


def test_a_redrawn_outline_keeps_id_and_marker() -> None:
    names = named([A_WIDER], version(A))
    assert names.ids == ["RGU350150N0790150E"]
    assert names.markers.iloc[0].equals(primary_markers(gpd.GeoSeries([A], crs=4326)).iloc[0])


def test_below_the_iou_it_is_another_rock_glacier() -> None:
    names = named([A_WIDER], version(A), 0.84)
    assert names.ids == ["RGU350150N0790160E"]
    assert names.replaced == []


def test_of_the_parts_of_a_split_one_at_most_inherits() -> None:
    names = named([A_WEST, A_EAST], version(A))
    assert names.ids == ["RGU350150N0790122E", "RGU350150N0790150E"]  # the eastern part, with the larger overlap
    assert named([A_WEST, A_EAST], version(A), 0.44).ids == names.ids


def test_where_the_marker_lies_outside_both_are_new_and_told() -> None:
    names = named([A_WEST], version(A), 0.4)
    assert names.ids == ["RGU350150N0790122E"]
    ((position, before, iou),) = names.replaced
    assert (position, before) == (0, "RGU350150N0790150E")
    assert iou == pytest.approx(0.44, rel=1e-3)


def test_an_id_that_was_given_up_is_given_to_nobody_else() -> None:
    elsewhere = shapely.box(79.0145, 35.0145, 79.0155, 35.0155)  # inside A, with the same middle; IoU 0.01
    names = named([elsewhere], version(A))
    assert names.ids == ["RGU350150N0790151E"]
    assert names.stepped == [0]


def test_previous_outlines_may_be_in_any_crs() -> None:
    before = version(A, B)
    assert named([A, B], before.to_crs(32644)).ids == before["ID"].tolist()


@given(st.lists(st.integers(0, 11), unique=True), st.lists(st.integers(0, 11), unique=True), st.floats(0, 0.0045))
def test_ids_stay_with_their_ground(older: list[int], newer: list[int], shift: float) -> None:
    def outlines(numbers: list[int], by: float = 0) -> list[shapely.Geometry]:
        return [shapely.box(79 + n / 50 + by, 35, 79.01 + n / 50 + by, 35.01) for n in numbers]

    before = version(*outlines(older))
    names = named(outlines(newer, shift), before, 0.3)
    ids = dict(zip(newer, names.ids, strict=True))
    assert len(set(names.ids)) == len(newer)
    for number, name in zip(older, before["ID"], strict=True):
        assert ids.get(number, name) == name
    new = [ids[number] for number in newer if number not in older]
    assert not set(new) & set(before["ID"])
    for number, marker in zip(newer, names.markers, strict=True):
        assert outlines([number], shift)[0].intersects(marker)
        assert coordinates_of(ids[number]) == pytest.approx((marker.x, marker.y), abs=0.51e-4)


def test_the_best_pairs_are_taken_first() -> None:
    pairs = pd.DataFrame({"one": [0, 0, 1, 2], "other": [0, 1, 1, 5], "iou": [0.6, 0.8, 0.7, 0.2]})
    found = best_first(pairs, 0.5)
    assert found[["one", "other"]].to_numpy().tolist() == [[0, 1]]
    found = best_first(pairs.assign(iou=[0.8, 0.6, 0.7, 0.5]), 0.5)
    assert found[["one", "other"]].to_numpy().tolist() == [[0, 0], [1, 1], [2, 5]]


def test_a_version_is_read_from_the_published_file_and_from_others(tmp_path: Path) -> None:
    frame = version(B, A)
    write_layers(tmp_path / "a.gpkg", {"rock_glaciers": frame, "subregions": frame[["geometry"]]}, "MultiPolygon")
    frame.to_crs(3857).to_file(tmp_path / "b.geojson")
    for name in ("a.gpkg", "b.geojson"):
        found = read_version(str(tmp_path / name))
        assert found["ID"].tolist() == sorted(frame["ID"])
        assert found.crs == frame.crs
        np.testing.assert_allclose(found.total_bounds, frame.total_bounds, atol=1e-9)


def test_a_file_that_is_no_version_is_refused(tmp_path: Path) -> None:
    version(A).drop(columns="ID").to_file(tmp_path / "a.gpkg")
    with pytest.raises(ValueError, match=r"a.gpkg lacks the columns ID; it has .*publication.previous"):
        read_version(str(tmp_path / "a.gpkg"))


FIRST = "RGU350150N0790150E"


@pytest.mark.parametrize("ids", [[FIRST, FIRST], [FIRST, None], [FIRST, ""], [17, 18]])
def test_ids_that_are_no_ids_are_refused(tmp_path: Path, ids: list[str | int | None]) -> None:
    version(A, B).assign(ID=ids).to_file(tmp_path / "a.gpkg")
    with pytest.raises(ValueError, match=r"a.gpkg: [12] rock glaciers have no ID of their own .*as it was published"):
        read_version(str(tmp_path / "a.gpkg"))


@pytest.mark.parametrize("longitudes", [[79.015, np.nan], [79.015, 790.55], ["79.015", "79,055"]])
def test_a_marker_that_is_nowhere_is_refused(tmp_path: Path, longitudes: list[float | str]) -> None:
    version(A, B).assign(LONGITUDE=longitudes).to_file(tmp_path / "a.gpkg")
    with pytest.raises(
        ValueError, match=r"1 rock glaciers have no LATITUDE and LONGITUDE in degrees: 'RGU350150N0790550E'"
    ):
        read_version(str(tmp_path / "a.gpkg"))


def test_coordinates_written_as_text_are_read(tmp_path: Path) -> None:
    version(A).assign(LONGITUDE=["79.015"]).to_file(tmp_path / "a.gpkg")
    assert read_version(str(tmp_path / "a.gpkg"))["LONGITUDE"].tolist() == [79.015]


def test_markers_are_no_version(tmp_path: Path) -> None:
    frame = version(A, B)
    frame.set_geometry(primary_markers(frame.geometry)).to_file(tmp_path / "a.gpkg")
    with pytest.raises(ValueError, match=r"a.gpkg: 2 rock glaciers have no polygon: 'RGU350150N0790150E', "):
        read_version(str(tmp_path / "a.gpkg"))
