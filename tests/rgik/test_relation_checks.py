"""Layers against each other: each contradiction is found, and only that."""

import pandas as pd
import shapely

from tests.inventory.study import EAST
from tests.rgik.sound import ALONE, SMALLER, SYSTEM, UNIT, findings, layers, put, told

ABSENT = "RGU350999N0791550E"


def test_the_sound_file_is_what_the_faults_are_seeded_in() -> None:
    there = layers()
    assert there["PM"]["PrimaryID"].tolist() == [UNIT, SMALLER, ALONE, SYSTEM]
    assert there["GO"]["OutType"].tolist() == ["Extended"] * 3 + ["Restricted"]
    assert findings(lambda frames: None) == []


def test_a_marker_outside_of_its_outline_is_told() -> None:
    (found,) = findings(put("GO", 2, "geometry", shapely.box(79.16, 35.05, 79.17, 35.06)))
    assert (found.severity, found.check, found.feature) == ("error", "marker lies in its outline", "3")
    assert found.found == f"the marker of {ALONE} outside"


def test_outside_of_the_restricted_outline_is_a_warning() -> None:
    (found,) = findings(put("GO", 3, "geometry", shapely.box(79.011, 35.011, 79.0149, 35.019)))
    assert (found.severity, found.check, found.feature) == ("warning", "marker lies in its outline", "4")


def test_an_outline_without_marker_is_told() -> None:
    def spoil(there: dict) -> None:
        there["PM"] = there["PM"].iloc[[0, 1, 3]]
        there["MA"] = there["MA"].iloc[:1]

    found = findings(spoil)
    assert told(found) == [("error", "ID belongs to a marker", "3", "PrimaryID")]
    assert found[0].found == ALONE


def test_a_moving_area_of_no_marker_is_told() -> None:
    found = findings(put("MA", 1, "PrimaryID", ABSENT))
    assert told(found) == [("error", "ID belongs to a marker", "2", "PrimaryID")]
    assert findings(put("MA", 1, "PrimaryID", None)) == []


def test_a_marker_without_outline_is_a_warning() -> None:
    found = findings(lambda there: there.update(GO=there["GO"].iloc[[0, 1, 3]]))
    assert told(found) == [("warning", "unit has an outline", "3", "PrimaryID")]


def test_two_extended_outlines_of_a_unit_are_told() -> None:
    found = findings(put("GO", 3, "OutType", "Extended"))
    assert told(found) == [("error", "one outline of a type", number, "OutType") for number in ("1", "4")]
    assert found[0].found == f"Extended once more for {UNIT}"


def test_a_system_that_is_not_marked_is_told() -> None:
    found = findings(put("PM", 2, "AssocRGS", "RGS350999N0791550E"))
    assert told(found) == [("error", "system has a marker", "3", "AssocRGS")]


def test_where_no_system_is_marked_it_is_a_warning_for_each_unit() -> None:
    found = findings(lambda there: there.update(PM=there["PM"].iloc[:3]))
    assert told(found) == [("warning", "system has a marker", number, "AssocRGS") for number in ("1", "2")]


def test_a_unit_without_system_is_a_warning() -> None:
    assert told(findings(put("PM", 2, "AssocRGS", None))) == [("warning", "unit names its system", "3", "AssocRGS")]


def test_a_system_without_units_is_a_warning() -> None:
    def spoil(there: dict) -> None:
        markers = there["PM"]
        extra = markers.iloc[[2]].assign(PrimaryID="RGS350550N0791551E", AssocRGS=None)
        there["PM"] = pd.concat([markers, extra.set_axis(pd.MultiIndex.from_tuples([(markers.index[0][0], 9)]))])

    assert told(findings(spoil)) == [("warning", "system has units", "9", "PrimaryID")]


def test_the_marker_of_a_system_outside_of_its_units_is_told() -> None:
    def spoil(there: dict) -> None:
        put("PM", 3, "PrimaryID", "RGS350150N0790300E")(there)
        put("PM", 3, "geometry", shapely.Point(79.03, 35.015))(there)
        there["PM"]["AssocRGS"] = there["PM"]["AssocRGS"].replace(SYSTEM, "RGS350150N0790300E")

    found = findings(spoil)
    assert told(found) == [("error", "marker lies in its outline", "4", "")]
    assert found[0].found == "outside of all of them"


def test_an_unusable_outline_is_not_told_twice() -> None:
    assert len(findings(put("GO", 2, "geometry", None))) == 1
    assert shapely.box(*EAST).contains(layers()["PM"].geometry.iloc[2])


def test_features_without_id_do_not_belong_together() -> None:
    def spoil(there: dict) -> None:
        put("PM", 2, "PrimaryID", None)(there)
        put("GO", 0, "PrimaryID", "")(there)
        put("PM", 1, "AssocRGS", "")(there)

    assert "marker lies in its outline" not in {each.check for each in findings(spoil)}
