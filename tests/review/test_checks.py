from types import SimpleNamespace
from typing import Any

import pytest
import shapely

from tests.review.scene import edit, scene, square
from workflow_scripts.rogi.review.checks import edit_faults, is_iso_date, repair, same_outline

BOW_TIE = shapely.Polygon([(79, 35), (79.01, 35.01), (79.01, 35), (79, 35.01)])
LINE = shapely.LineString([(79, 35), (79.01, 35)])


def faults(told: dict[str, Any]) -> list[str]:
    return list(edit_faults(SimpleNamespace(**told), scene()))


@pytest.mark.parametrize(
    "told",
    [
        edit("remain", "CAN0", square(0)),
        edit("remain", "CAN0"),
        edit("remove", "CAN1", square(7)),
        edit("refine", "CAN2", square(2, side=0.003)),
        edit("retrieve", None, square(9, 9)),
    ],
)
def test_sound_edits_have_no_fault(told: dict[str, Any]) -> None:
    assert faults(told) == []


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (edit("delete", "CAN0"), "operation 'delete' is unknown; expected remain, remove, refine, retrieve"),
        (edit(None, "CAN0"), r"operation \(empty\) is unknown"),
        (edit("remove", "CAN0", mapper=None), "no mapper; every decision needs the name"),
        (edit("remove", "CAN0", date="31.7.2024"), "date '31.7.2024' is not a date; expected YYYY-MM-DD"),
        (edit("remove", "CAN0", date=None), r"date \(empty\) is not a date"),
        (edit("remove"), "remove without candidate_id; copy it from candidates.gpkg"),
        (edit("remain"), "remain without candidate_id"),
        (edit("remove", "CAN9"), "candidate_id 'CAN9' does not exist among 4 candidates; did you mean CAN3?"),
        (edit("remove", "old", square(2)), "candidate_id 'old' does not exist .*; its outline lies over CAN2"),
        (edit("remove", "zzz"), "'zzz' does not exist among 4 candidates; take the id from the candidates.gpkg"),
        (edit("retrieve", "CAN0", square(0)), "retrieve with candidate_id 'CAN0'; leave it empty"),
        (edit("refine", "CAN0"), "refine: no outline; draw one"),
        (edit("retrieve", None, shapely.Polygon()), "retrieve: no outline; draw one"),
        (edit("refine", "CAN0", LINE), "refine: the geometry is a LineString; expected a polygon"),
        (edit("refine", "CAN0", BOW_TIE), "refine: the outline is invalid .Self-intersection.* guessing: .*redraw it"),
        (edit("refine", "CAN0", square(3)), "refine: the outline does not touch CAN0"),
        (edit("retrieve", None, square(40)), "the outline lies outside west .at 79.4010°, 35.0010°, nearest: east."),
        (edit("remain", "CAN0", square(0, side=0.003)), "remain, but its outline is not that of CAN0; use refine"),
    ],
)
def test_each_fault_is_told_with_the_way_out(told: dict[str, Any], message: str) -> None:
    found = faults(told)
    assert len(found) == 1
    with pytest.raises(ValueError, match=message):
        raise ValueError(found[0])


def test_several_faults_of_one_edit_are_all_told() -> None:
    found = faults(edit("refine", "CAN9", LINE, mapper=None, date="soon"))
    assert len(found) == 4


def test_a_valid_outline_stays_as_drawn() -> None:
    assert repair(square(0)) is not None
    assert repair(square(0)).equals_exact(square(0), 0)


def test_a_harmless_fault_is_repaired_without_changing_the_area() -> None:
    # a ring that touches itself in one point: two squares that share a corner, drawn in one go
    ring = shapely.Polygon([(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (1, 2), (1, 1), (0, 1)])
    assert not ring.is_valid
    mended = repair(ring)
    assert mended.is_valid
    assert mended.area == pytest.approx(2)


def test_a_spike_is_not_repaired_into_a_collection() -> None:
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 2), (0.5, 1), (0, 1)])
    with pytest.raises(ValueError, match="gives a GeometryCollection"):
        repair(spike)


@pytest.mark.parametrize(
    ("text", "valid"),
    [("2024-07-31", True), ("2024-07-31T12:00:00", True), ("2024-02-30", False), ("20240731", False), (None, False)],
)
def test_dates(text: str | None, valid: bool) -> None:
    assert is_iso_date(text) is valid


def test_same_outline_measures_the_share_that_differs() -> None:
    one, other = shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 1.01)
    assert same_outline(one, other, 0.011)
    assert not same_outline(one, other, 0.009)
