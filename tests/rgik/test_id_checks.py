"""IDs: each fault is found, and only that."""

import pandas as pd
import pytest
import shapely

from tests.rgik.sound import ALONE, SYSTEM, UNIT, Spoil, findings, layers, put, told
from workflow_scripts.rogi.rgik.id_checks import well_formed

ELSEWHERE = "RGU350550N0791560E"


def renamed(new: str, system: str | None = None) -> Spoil:
    """Give the unit that is alone another ID wherever it is named."""

    def spoil(there: dict) -> None:
        for frame in (there["PM"], there["GO"], there["MA"]):
            frame["PrimaryID"] = frame["PrimaryID"].replace(ALONE, new)
        systems = there["PM"]["AssocRGS"]
        there["PM"]["AssocRGS"] = systems.replace(f"RGS{ALONE[3:]}", system or f"RGS{new[3:]}")

    return spoil


@pytest.mark.parametrize(
    "bad", ["RGU35055N0791550E", "rgu350550N0791550E", "RGU990550N0791550E", "CAN350550N0791550E", "7"]
)
def test_a_malformed_id_is_told_where_it_stands(bad: str) -> None:
    found = findings(renamed(bad, f"RGS{ALONE[3:]}"))
    assert {each[:2] + each[3:] for each in told(found)} == {("error", "form of an ID", "PrimaryID")}
    assert [each.layer[10:12] for each in found] == ["PM", "GO", "MA"]
    assert {each.found for each in found} == {bad}


def test_a_malformed_system_is_told() -> None:
    found = findings(put("PM", 2, "AssocRGS", ALONE))
    assert told(found) == [("error", "form of an ID", "3", "AssocRGS")]
    assert found[0].expected == "RGS, 6 digits, N or S, 7 digits, E or W"


def test_an_id_of_another_place_is_told() -> None:
    (found,) = findings(renamed(ELSEWHERE))
    assert (found.check, found.feature) == ("ID is where the marker is", "3")
    assert found.found == f"{ELSEWHERE}, while the point gives {ALONE}"


@pytest.mark.parametrize(("steps", "severity"), [(2, "warning"), (10, "warning"), (11, "error"), (-2, "error")])
def test_an_id_may_be_stepped_past_others(steps: int, severity: str) -> None:
    (found,) = findings(renamed(f"RGU350550N{791550 + steps:07d}E"))
    assert (found.severity, found.check, found.feature) == (severity, "ID is where the marker is", "3")


def test_an_id_stepped_once_is_right() -> None:
    assert findings(renamed("RGU350550N0791551E")) == []


def test_a_marker_that_moved_within_its_outline_is_told() -> None:
    (found,) = findings(put("PM", 2, "geometry", shapely.Point(79.152, 35.052)))
    assert (found.check, found.feature) == ("ID is where the marker is", "3")


def test_a_marker_of_one_point_in_a_layer_of_several_is_compared_too() -> None:
    assert findings(put("PM", 2, "geometry", shapely.MultiPoint([layers()["PM"].geometry.iloc[2]]))) == []
    (found,) = findings(put("PM", 2, "geometry", shapely.MultiPoint([(79.152, 35.052)])))
    assert (found.check, found.feature) == ("ID is where the marker is", "3")


def test_an_id_there_twice_is_told_of_both() -> None:
    def spoil(there: dict) -> None:
        markers = there["PM"]
        again = markers.iloc[[2]].set_axis(pd.MultiIndex.from_tuples([(markers.index[0][0], 9)]))
        there["PM"] = pd.concat([markers, again])

    found = findings(spoil)
    assert told(found) == [("error", "ID is there once", number, "PrimaryID") for number in ("3", "9")]


def test_a_polygon_id_there_twice_is_told_of_both() -> None:
    found = findings(put("GO", 0, "PolyUID", f"{ALONE}E"))
    assert told(found) == [("error", "ID is there once", number, "PolyUID") for number in ("1", "3")]


def test_forms() -> None:
    ids = pd.Series([UNIT, SYSTEM, "RGU905000N0790000E", "RGU350000N1900000E", "", "RGU350150N0790150EE"])
    assert well_formed(ids, ("RGU",)).tolist() == [True, False, False, False, False, False]
    assert well_formed(ids, ("RGS", "RGU")).tolist() == [True, True, False, False, False, False]
