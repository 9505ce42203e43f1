from typing import Any

import pytest
import shapely

from tests.review.scene import SIDE, box, candidates, edit, returned, same_ground, scene, square
from workflow_scripts.rogi.review.decisions import Decision, decide
from workflow_scripts.rogi.review.edits import Returned, ReviewError
from workflow_scripts.rogi.review.rows import completed


def decisions(told: Returned) -> list[Decision]:
    return decide(told, completed(told, scene()), scene())


def refused(*told: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ReviewError) as raised:
        decisions(returned(told, **more))
    return str(raised.value)


def test_each_row_is_a_decision_sorted_by_candidate() -> None:
    found = decisions(returned([edit("retrieve", None, square(9)), edit("remove", "CAN2"), edit("remain", "CAN0")]))
    assert [(one.operation, one.ids) for one in found] == [
        ("remain", ("CAN0",)),
        ("remove", ("CAN2",)),
        ("retrieve", ()),
    ]
    assert [len(one.outlines) for one in found] == [1, 0, 1]
    assert found[0].outlines[0].equals(square(0))


def test_a_decision_carries_what_its_mapper_said() -> None:
    told = edit("remove", "CAN1", comment="fresh scar", reason="debris flow", confidence="low", date="2024-08-01T10:00")
    (found,) = decisions(returned([told]))
    assert (found.mapper, found.date, found.comment) == ("Ann", "2024-08-01", "fresh scar")
    assert (found.reason, found.confidence, found.edits) == ("debris flow", "low", (0,))


def test_the_parts_of_a_split_are_one_decision() -> None:
    parts = [box(1, 0, SIDE / 2), box(1 + 50 * SIDE, 0, SIDE / 2)]
    (found,) = decisions(returned([edit("split", "CAN1", part) for part in parts]))
    assert (found.operation, found.ids, found.edits) == ("split", ("CAN1",), (0, 1))
    assert {one.normalize().wkb for one in found.outlines} == {one.normalize().wkb for one in parts}


def test_a_split_into_three_is_possible_and_one_part_is_none() -> None:
    parts = [box(1 + 100 * SIDE * n / 3, 0, SIDE / 3) for n in range(3)]
    (found,) = decisions(returned([edit("split", "CAN1", part) for part in parts]))
    assert len(found.outlines) == 3
    assert "split, but CAN1 has a single part; add the other parts" in refused(edit("split", "CAN1", parts[0]))


def test_parts_of_a_split_that_show_the_same_ground_are_refused() -> None:
    message = refused(edit("split", "CAN1", square(1)), edit("split", "CAN1", box(1, 0, SIDE, SIDE / 2)))
    assert "split: two parts of CAN1 cover the same ground (a.gpkg, layer edits, feature 0; a.gpkg, layer" in message


def test_a_part_of_an_outline_far_from_the_others_is_refused() -> None:
    near = shapely.MultiPolygon([square(1), square(2.05), square(3.1)])  # 0.8 km from one to the next
    assert len(decisions(returned([edit("refine", "CAN1", near)]))) == 1
    message = refused(edit("refine", "CAN1", shapely.MultiPolygon([square(1), square(4)])))
    assert message.count("refine: a part of the outline lies 2.6 km from the others; delete it, or retrieve it") == 1


def test_rows_that_name_one_another_are_united() -> None:
    (found,) = decisions(returned([edit("merge", "CAN1", merge_into="CAN0"), edit("merge", "CAN2", merge_into="CAN1")]))
    assert (found.operation, found.ids) == ("merge", ("CAN0", "CAN1", "CAN2"))
    assert same_ground(found.outlines[0], shapely.union_all([square(0), square(1), square(2)]))


@pytest.mark.parametrize("said", ["merge", "remain", None])
def test_the_row_that_others_merge_into_takes_part_whatever_it_says(said: str | None) -> None:
    rows = [edit("merge", "CAN1", square(1), merge_into="CAN0"), edit(said, "CAN0", square(0))]
    (found,) = decisions(returned(rows, handed=candidates()))
    assert sorted(found.edits) == [0, 1]
    assert same_ground(found.outlines[0], square(0).union(square(1)))


def test_a_redrawn_row_that_others_merge_into_keeps_its_drawing() -> None:
    rows = [edit("merge", "CAN1", merge_into="CAN0"), edit("refine", "CAN0", square(0, side=0.003))]
    (found,) = decisions(returned(rows))
    assert same_ground(found.outlines[0], square(0, side=0.003).union(square(1)))


@pytest.mark.parametrize("ids", [("old", "CAN1"), ("CAN0", "old"), ("old", "older")])
def test_a_merge_of_another_models_candidates_in_a_plain_file_is_known_by_what_it_shows(ids: tuple[str, str]) -> None:
    into, part = ids
    rows = [edit("merge", into, square(0), merge_into=into), edit("merge", part, square(1), merge_into=into)]
    (found,) = decisions(returned(rows))
    assert found.ids == tuple(sorted(ids))
    assert same_ground(found.outlines[0], square(0).union(square(1)))
    assert {subject.outline.normalize() for subject in found.subjects} == {square(0).normalize(), square(1).normalize()}


@pytest.mark.parametrize("other", [None, "remove", "absent"])
def test_one_outline_over_several_candidates_merges_them(other: str | None) -> None:
    over = box(0, 0, 0.01 + SIDE)  # CAN0 and CAN1 and what lies between
    rows = [edit("merge", "CAN0", over), edit(other, "CAN1", square(1))][: 1 if other == "absent" else 2]
    (found,) = decisions(returned(rows, handed=candidates()))
    assert (found.operation, found.ids) == ("merge", ("CAN0", "CAN1"))
    assert same_ground(found.outlines[0], over)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (edit("merge", "CAN0", square(0)), "merge, but only CAN0 takes part; name another candidate in merge_into"),
        (edit("merge", "CAN0", square(0), merge_into="CAN0"), "merge, but only CAN0 takes part"),
        (
            edit("merge", "CAN0", square(0), merge_into="CAN3"),
            "merge, but CAN0 lies 2.6 km from the others; check merge_into",
        ),
        (edit("merge", "CAN0", square(0), merge_into="CAN8"), "merge_into 'CAN8' is no candidate; take the id"),
    ],
)
def test_a_merge_with_nobody_is_refused(told: dict[str, Any], message: str) -> None:
    assert message in refused(told)


def test_merges_of_two_mappers_are_two_decisions() -> None:
    rows = [edit("merge", "CAN1", merge_into="CAN0"), edit("merge", "CAN1", merge_into="CAN0", mapper="Bo")]
    assert [one.mapper for one in decisions(returned(rows))] == ["Ann", "Bo"]


def test_every_fault_of_all_files_is_told_at_once() -> None:
    told = returned([edit("delete", "CAN0"), edit("remove", "CAN9")], [edit("split", "CAN1", square(1))])
    told.faults.append("c.gpkg cannot be read")
    told.packages["d.gpkg"] = {"subregion": "east"}
    with pytest.raises(ReviewError) as raised:
        decisions(told)
    message = str(raised.value)
    assert message.startswith("the review of west has 5 faults; nothing was changed:")
    assert message.count("\n  - ") == 5
    for part in (
        "c.gpkg cannot be read", "d.gpkg is a package of east", "a.gpkg, layer edits, feature 0: operation",
        "a.gpkg, layer edits, feature 1: candidate_id", "b.gpkg, layer edits, feature 0: split, but",
    ):  # fmt: skip
        assert part in message


def test_a_candidate_handed_back_without_a_decision_stays_undecided() -> None:
    untouched = edit(None, "CAN0", square(0), mapper=None, date=None)
    (found,) = decisions(returned([untouched, edit("remove", "CAN2")]))
    assert found.ids == ("CAN2",)


def test_a_changed_outline_without_an_operation_is_a_refinement() -> None:
    (found,) = decisions(returned([edit(None, "CAN0", square(0, side=0.0021))], handed=candidates()))
    assert (found.operation, found.ids) == ("refine", ("CAN0",))
    assert same_ground(found.outlines[0], square(0, side=0.0021))
