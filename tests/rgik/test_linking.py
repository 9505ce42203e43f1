"""Drawn polygons given to units."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from tests.inventory.study import EAST, WEST
from tests.rgik.sound import ALONE, BESIDE_WEST, INSIDE_WEST, SMALLER, UNIT, drawn, inventory
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.rgik.linking import moving_areas, restricted_outlines, units_of

FAR = (79.25, 35.01, 79.26, 35.02)
BOTH = (79.018, 35.011, 79.0215, 35.019)  # four sevenths on UNIT, the rest on SMALLER
PATH = "drawn.gpkg"


def test_the_unit_below_is_taken_unless_one_is_named() -> None:
    polygons = drawn(INSIDE_WEST, BESIDE_WEST, BOTH, FAR, EAST, PrimaryID=["", None, SMALLER, "", "somebody else's"])
    assert units_of(polygons, inventory(), 0).tolist() == [UNIT, SMALLER, SMALLER, None, ALONE]
    assert units_of(polygons.drop(columns="PrimaryID"), inventory(), 0).tolist() == [UNIT, SMALLER, UNIT, None, ALONE]


def test_less_than_the_least_share_is_no_unit() -> None:
    half_out = drawn((79.005, 35.011, 79.0125, 35.019))  # a third on UNIT
    assert units_of(half_out, inventory(), 0.3).tolist() == [UNIT]
    assert units_of(half_out, inventory(), 0.34).tolist() == [None]


def test_restricted_outlines_know_their_units() -> None:
    found = restricted_outlines(drawn(EAST, INSIDE_WEST, **{"Rel.Fr": [1, 2]}), inventory(), 0.5, PATH)
    assert found["PrimaryID"].tolist() == [ALONE, UNIT]
    assert found["RelFr"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (drawn(INSIDE_WEST, FAR), r"drawn.gpkg: feature 2 lies in no rock glacier\. .*more than 50%.*rgik.restricted"),
        (drawn(INSIDE_WEST, WEST, EAST), f"feature 1 is not the only one of {UNIT}; feature 2 is not the only one"),
        (drawn(EAST).set_geometry([shapely.Point(79, 35)], crs=4326), "feature 1: Point, Valid Geometry"),
        (
            drawn(EAST, EAST).set_geometry([shapely.box(*EAST), None], crs=4326),
            "feature 2: no geometry; repair or delete",
        ),
    ],
)
def test_what_cannot_be_placed_is_refused(frame: gpd.GeoDataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        restricted_outlines(frame, inventory(), 0.5, PATH)


def test_an_outline_that_crosses_itself_is_refused() -> None:
    bow = shapely.Polygon([(79.01, 35.01), (79.02, 35.02), (79.02, 35.01), (79.01, 35.02)])
    with pytest.raises(
        ValueError, match=r"drawn.gpkg: 1 features are no valid polygons: feature 1: Polygon, Self-inter"
    ):
        moving_areas(drawn(EAST).assign(VelClass="1-3").set_geometry([bow], crs=4326), inventory(), PATH)


def test_moving_areas_keep_their_fields(tmp_path: Path) -> None:
    frame = drawn(INSIDE_WEST, FAR, VelClass=["3-10 cm/yr", "unheard of"], Sensor=["S1", "ALOS"], fid=[7, 7])
    frame = frame.to_crs(32644)
    frame.geometry = shapely.force_3d(frame.geometry.array, 4000)
    found = moving_areas(frame, inventory(), PATH)
    assert found["PrimaryID"].tolist() == [UNIT, None]
    assert found[["VelClass", "Sensor"]].to_numpy().tolist() == [["3-10 cm/yr", "S1"], ["unheard of", "ALOS"]]
    assert not found.has_z.any()
    write_layers(tmp_path / "out.gpkg", {"MA": found})
    assert read_vector(tmp_path / "out.gpkg")["source_fid"].tolist() == [7, 7]
    assert found.crs == inventory().crs


def test_an_id_of_another_inventory_is_kept_beside_ours() -> None:
    frame = drawn(INSIDE_WEST, EAST, FAR, VelClass="1-3", PrimaryID=["RGU9", ALONE, None])
    found = moving_areas(frame, inventory(), PATH)
    assert found["PrimaryID"].tolist() == [UNIT, ALONE, None]
    assert found["GivenID"].fillna("").tolist() == ["RGU9", "", ""]
    assert "GivenID" not in moving_areas(frame.iloc[1:], inventory(), PATH)


def test_moving_areas_without_velocities_are_refused() -> None:
    with pytest.raises(ValueError, match=r"drawn.gpkg has no field VelClass .*; it has Velocity; rename the one"):
        moving_areas(drawn(EAST, Velocity=["fast"]), inventory(), PATH)


def test_fields_that_a_geopackage_cannot_hold_beside_others_get_other_names(tmp_path: Path) -> None:
    odd = {
        "VelClass": "1-3",
        "VELCLASS": "a",
        "note": "b",
        "NOTE": "c",
        "geom": "d",
        "GivenID": "e",
        "source_note": "f",
    }
    found = moving_areas(
        drawn(EAST, **{name: [value] for name, value in odd.items()}, PrimaryID=["RGU9"]), inventory(), PATH
    )
    write_layers(tmp_path / "out.gpkg", {"MA": found})
    row = read_vector(tmp_path / "out.gpkg").iloc[0]
    assert set(odd.values()) <= set(row.drop("geometry"))
    assert (row["VelClass"], row["source_VELCLASS"], row["source_GivenID"]) == ("1-3", "a", "e")
    assert (row["PrimaryID"], row["GivenID"]) == (ALONE, "RGU9")


def test_moving_areas_of_no_class_are_refused() -> None:
    areas = drawn(EAST, WEST, FAR, VelClass=["1-3", None, " "])
    with pytest.raises(ValueError, match=r"drawn.gpkg: 2 features have no VelClass: 2, 3; write Undefined where"):
        moving_areas(areas, inventory(), PATH)
