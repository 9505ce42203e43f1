from typing import Any

import pytest

from tests.review.scene import LIMITS, SIDE, box, edit, returned, same_ground, scene, square
from workflow_scripts.rogi.handed_in import place
from workflow_scripts.rogi.review.conflicts import CONFLICTS, STOP, Settled, contacts, settle
from workflow_scripts.rogi.review.decisions import decide
from workflow_scripts.rogi.review.rows import completed


def settled(*told: dict[str, Any], preferred: str = STOP) -> Settled:
    files = returned(told)
    rows = completed(files, scene())
    return settle(decide(files, rows, scene()), LIMITS, preferred, lambda index: place(rows.loc[index]))


BO = {"mapper": "Bo", "date": "2024-08-02"}
HALVES = box(1, 0, SIDE / 2), box(1 + 50 * SIDE, 0, SIDE / 2)
DIFFERENT = [
    (edit("remove", "CAN1"), edit("remain", "CAN1", **BO)),
    (edit("remain", "CAN1"), edit("refine", "CAN1", square(1, side=0.0021), **BO)),
    (edit("refine", "CAN1", square(1)), edit("refine", "CAN1", box(1, 0, SIDE, 0.7 * SIDE), **BO)),
    (edit("retrieve", None, square(9)), edit("retrieve", None, box(9, 0, SIDE, 0.6 * SIDE), **BO)),
    (edit("retrieve", None, square(9)), edit("retrieve", None, square(9, side=0.0007), **BO)),  # inside the other
    (edit("remove", "CAN1"), edit("retrieve", None, square(1), **BO)),
    (edit("refine", "CAN1", box(1, 0, 0.01 + SIDE)), edit("remain", "CAN2", **BO)),  # drawn over what the other kept
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_decisions_that_differ_are_listed_with_both_sides(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = settled(one, other)
    assert list(found.table.columns) == list(CONFLICTS)
    (row,) = found.open.to_dict("records")
    assert {row["operation_1"], row["operation_2"]} == {one["operation"], other["operation"]}
    assert {row["mapper_1"], row["mapper_2"]} == {"Ann", "Bo"}
    assert {row["place_1"], row["place_2"]} == {f"a.gpkg, layer edits, feature {number}" for number in (0, 1)}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
@pytest.mark.parametrize("preferred", ["Ann", "Bo"])
def test_a_named_mapper_settles_them(one: dict[str, Any], other: dict[str, Any], preferred: str) -> None:
    found = settled(one, other, preferred=preferred)
    assert found.open.empty
    assert found.table["taken"].tolist() == [preferred]
    assert [decision.mapper for decision in found.decisions] == [preferred]
    ((gone, why),) = found.aside
    assert gone.mapper != preferred
    assert why == f"set aside: it differs from the decision of {preferred}, which is taken"


def test_a_named_mapper_who_decided_nothing_settles_nothing() -> None:
    assert len(settled(*DIFFERENT[0], preferred="Cy").open) == 1


def test_a_named_mapper_with_whom_both_agree_settles_what_they_differ_in() -> None:
    heights = {"Bo": 0.8, "Ann": 1.0, "Cy": 1.3}  # IoU 0.8 and 0.77 with Ann's, 0.62 with each other
    edits = [edit("refine", "CAN1", box(1, 0, SIDE, SIDE * share), mapper=name) for name, share in heights.items()]
    assert len(settled(*edits).open) == 1
    found = settled(*edits, preferred="Ann")
    assert found.open.empty
    (decision,) = found.decisions
    assert same_ground(decision.outlines[0], square(1))


def test_one_mapper_with_two_minds_is_a_conflict_that_no_name_settles() -> None:
    found = settled(edit("remove", "CAN1"), edit("remain", "CAN1"), preferred="Ann")
    assert len(found.open) == 1


def test_a_third_decision_that_differs_from_one_that_gave_way_is_free_again() -> None:
    left, right = edit("refine", "CAN1", box(1, 0, 0.01 + SIDE), **BO), edit("remain", "CAN2", mapper="Cy")
    found = settled(edit("remain", "CAN1"), left, right, preferred="Ann")
    assert found.open.empty
    assert len(found.table) == 2
    assert [decision.mapper for decision in found.decisions] == ["Ann", "Cy"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (edit("remain", "CAN1"), edit("remain", "CAN1", **BO)),
        (edit("remove", "CAN1", reason="water"), edit("remove", "CAN1", reason="shadow", **BO)),
        (edit("refine", "CAN1", square(1)), edit("refine", "CAN1", box(1, 0, SIDE, 0.8 * SIDE), **BO)),
        (edit("retrieve", None, square(9)), edit("retrieve", None, box(9, 0, SIDE, 0.8 * SIDE), **BO)),
    ],
)
def test_decisions_alike_become_one_that_names_all(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = settled(one, other)
    assert found.table.empty
    (decision,) = found.decisions
    assert (decision.mapper, decision.date) == ("Ann; Bo", "2024-08-02")
    assert len(decision.edits) == 2
    assert decision.reason in (None, "shadow; water")


def test_splits_are_alike_part_by_part() -> None:
    parts = [edit("split", "CAN1", part, **who) for who in ({}, BO) for part in HALVES]
    assert len(settled(*parts).decisions) == 1
    parts[-1]["geometry"] = box(1 + 50 * SIDE, 0, SIDE / 2, SIDE / 2)
    assert len(settled(*parts).open) == 1


def test_of_outlines_alike_the_preferred_then_the_surer_then_the_later_is_taken() -> None:
    shapes = [square(1), box(1, 0, SIDE, 0.9 * SIDE)]
    ann, bo = (edit("refine", "CAN1", shape, **who) for shape, who in zip(shapes, ({}, BO), strict=True))
    cases = [({}, STOP, 1), ({"confidence": "high"}, STOP, 0), ({}, "Ann", 0)]
    for more, preferred, expected in cases:
        found = settled(ann | more, bo, preferred=preferred)
        (decision,) = found.decisions
        assert same_ground(decision.outlines[0], shapes[expected])
        name = ("Ann", "Bo")[expected]
        assert found.choices == {1 - expected: f", decided alike by several edits; the outline of {name} is taken"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (edit("retrieve", None, square(9)), edit("retrieve", None, square(9.15), **BO)),  # neighbours
        (edit("remove", "CAN1"), edit("retrieve", None, square(1))),  # removed and drawn anew by one mapper
        (edit("remain", "CAN1"), edit("remain", "CAN2", **BO)),
        (edit("remove", "CAN1"), edit("refine", "CAN2", box(1, 0, 0.01 + SIDE), **BO)),  # taken up by a neighbour
    ],
)
def test_different_rock_glaciers_are_no_conflict(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = settled(one, other)
    assert found.table.empty
    assert len(found.decisions) == 2


def test_contacts_name_the_largest_overlap() -> None:
    files = returned([edit("refine", "CAN1", square(1)), edit("refine", "CAN1", box(1, 0, SIDE, SIDE / 2), **BO)])
    found = contacts(decide(files, completed(files, scene()), scene()), LIMITS)
    assert found == [(0, 1, pytest.approx(1.0))]  # of the candidate that both speak of
