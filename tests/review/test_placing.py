"""A review made with other candidates than the present ones: what is carried over, and what is looked at again."""

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.review.scene import (
    LIMITS,
    SIDE,
    Review,
    box,
    candidates,
    edit,
    published,
    returned,
    reviewed,
    same_ground,
    square,
)
from workflow_scripts.rogi.review.placing import SECOND_LOOK

WIDE = 100 * SIDE  # width of a candidate in columns


def models(*now: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return candidates of another model, under the ids of the first ones whatever they show."""
    return candidates(len(now), dict(enumerate(now)))


def apply(told: dict[str, Any], *now: shapely.Geometry, **more: Any) -> Review:
    return reviewed(returned([told], handed=candidates()), models(*now), **more)


def outcome(done: Review) -> tuple[str, Any, Any]:
    row = done.log[done.log["file"].notna()].iloc[0]
    return row["outcome"], row["candidate_ids"], row["matched_by"]


SHIFTED = box(1 + 0.1 * WIDE)  # IoU 0.82 with square(1)


def test_a_removed_place_stays_removed() -> None:
    done = apply(edit("remove", "CAN1", reason="water"), square(0), SHIFTED)
    assert published(done)["candidate_ids"].tolist() == ["CAN0"]
    assert outcome(done) == ("excluded: removed by a mapper: water", "CAN1", "overlap")
    assert done.second_look.empty


def test_a_removed_place_where_nothing_is_found_any_more_is_told() -> None:
    done = apply(edit("remove", "CAN1"), square(0))
    assert outcome(done)[0] == "removed: no candidate matches it any more"
    assert done.second_look.empty


def test_a_removed_place_at_the_border_where_nothing_is_found_any_more_is_looked_at() -> None:
    """The model may have moved its marker over the border, and with it the candidate into the neighbour's files."""
    across = box(29.9)
    done = reviewed(returned([edit("remove", "CAN1")], handed=candidates(2, {1: across})), models(square(0)))
    (look,) = done.second_look.to_dict("records")
    assert (look["decided_ids"], look["meanwhile"]) == ("CAN1", "a neighbouring subregion may publish it")
    assert look["geometry"].equals(across)


@pytest.mark.parametrize("drawn", [square(1, side=0.0021), box(1, 0, SIDE, 0.6 * SIDE)])
def test_a_refined_outline_stays_as_drawn(drawn: shapely.Polygon) -> None:
    done = apply(edit("refine", "CAN1", drawn), square(0), SHIFTED)
    row = published(done).set_index("operation").loc["refine"]
    assert same_ground(row.geometry, drawn)
    assert (row["candidate_id"], row["candidate_ids"]) == ("CAN1", "CAN1")
    assert len(published(done)) == 2
    assert done.second_look.empty


def test_a_refined_outline_that_the_new_model_finds_replaces_it() -> None:
    drawn = box(1, 0, SIDE, 0.3 * SIDE)  # IoU 0.3 with what was handed out
    done = apply(edit("refine", "CAN1", drawn), square(0), drawn)
    assert len(published(done)) == 2
    assert outcome(done) == ("refined", "CAN1", "overlap")


def test_what_remains_is_published_as_it_was_confirmed() -> None:
    done = apply(edit("remain", "CAN1"), square(0), SHIFTED)
    row = published(done).set_index("operation").loc["remain"]
    assert same_ground(row.geometry, square(1))
    np.testing.assert_allclose(row["iou_candidate"], 0.9 / 1.1, rtol=1e-3)
    np.testing.assert_allclose(row["probability"], 0.6)  # that of the present candidate


def test_what_remains_without_a_candidate_keeps_the_outline_as_handed_out() -> None:
    done = apply(edit("remain", "CAN1"), square(0))
    row = published(done).set_index("operation").loc["remain"]
    assert same_ground(row.geometry, square(1))
    assert row["candidate_ids"] == "CAN1"
    assert outcome(done) == ("kept; no candidate matches it any more", None, None)
    (look,) = done.second_look.to_dict("records")
    assert look["reason"] == "no candidate matches any more what this decision speaks of"
    assert look["meanwhile"] == "the outline stays as it was reviewed"


def test_a_retrieved_outline_takes_the_place_of_the_candidate_that_now_shows_it() -> None:
    done = apply(edit("retrieve", None, square(5)), square(0), box(5 + 0.1 * WIDE))
    row = published(done).set_index("operation").loc["retrieve"]
    assert same_ground(row.geometry, square(5))
    assert len(published(done)) == 2
    assert outcome(done) == ("retrieved", "CAN1", "overlap")


def test_split_parts_replace_what_is_now_found_whole_or_apart() -> None:
    halves = [box(1, 0, SIDE / 2), box(1 + WIDE / 2, 0, SIDE / 2)]
    told = returned([edit("split", "CAN1", half) for half in halves], handed=candidates())
    for now in ([SHIFTED], halves):
        done = reviewed(told, models(square(0), *now))
        assert published(done)["operation"].tolist().count("split") == 2
        assert len(published(done)) == 3
        assert done.second_look.empty


def test_a_merged_outline_replaces_what_is_now_found_as_one_or_as_two() -> None:
    over = box(1, 0, 0.01 + SIDE)
    for now in ([over], [box(1 + 0.1 * WIDE), square(2)]):
        done = apply(edit("merge", "CAN1", over), square(0), *now)
        assert published(done)["operation"].tolist().count("merge") == 1
        assert len(published(done)) == 2
        assert done.second_look.empty


def test_an_equal_id_with_another_outline_is_not_taken_for_the_same() -> None:
    """CAN1 is now what CAN2 was."""
    done = apply(edit("remove", "CAN1"), square(0), square(2), square(1))
    assert sorted(published(done)["candidate_ids"]) == ["CAN0", "CAN1"]
    assert outcome(done)[1:] == ("CAN2", "overlap")


def test_a_larger_candidate_over_a_removed_place_is_kept_and_looked_at() -> None:
    done = apply(edit("remove", "CAN1"), square(0), box(1, 0, 4 * SIDE))
    assert sorted(published(done)["operation"]) == ["unreviewed", "unreviewed"]
    (look,) = done.second_look.to_dict("records")
    assert list(done.second_look.columns) == list(SECOND_LOOK)
    assert look["reason"] == "it overlaps, by an IoU of 0.25, with what Ann decided on"
    assert look["meanwhile"] == "kept as unreviewed; ground that people drew stays theirs"


@pytest.mark.parametrize("told", [edit("remove", "CAN1"), edit("refine", "CAN1", square(1, side=0.0025))])
def test_a_candidate_far_larger_than_the_place_decided_on_is_looked_at(told: dict[str, Any]) -> None:
    done = apply(told, square(0), box(0.5, -1, 20 * SIDE, 20 * SIDE))
    assert "CAN1" in published(done)["candidate_ids"].tolist()
    assert outcome(done)[0].endswith("no candidate matches it any more")
    look = done.second_look.set_index("candidate_id").loc["CAN1"]
    assert look["iou"] < LIMITS.second_look_iou
    assert look["meanwhile"] == "kept as unreviewed; ground that people drew stays theirs"


def test_a_part_of_a_removed_place_stays_out_and_is_looked_at() -> None:
    done = apply(edit("remove", "CAN1"), square(0), box(1, 0, SIDE, 0.3 * SIDE))
    assert published(done)["candidate_ids"].tolist() == ["CAN0"]
    (look,) = done.second_look.to_dict("records")
    assert look["reason"] == "100% of it lies where Ann decided, and it matches none of these decisions"
    assert look["meanwhile"] == "left out; the decisions stand"


def test_one_of_two_candidates_for_a_decision_is_matched_and_the_other_looked_at() -> None:
    done = apply(edit("remain", "CAN1"), square(0), box(1, 0, SIDE, 0.6 * SIDE), box(1, 0.6 * WIDE, SIDE, 0.4 * SIDE))
    assert sorted(published(done)["operation"]) == ["remain", "unreviewed"]
    assert outcome(done)[1:] == ("CAN1", "overlap")
    assert done.second_look["candidate_id"].tolist() == ["CAN2"]


def test_one_candidate_for_two_decisions_goes_to_the_better_and_the_other_is_looked_at() -> None:
    handed = candidates(3, {1: box(1), 2: box(1 + WIDE)})
    told = returned([edit("remain", "CAN1"), edit("remain", "CAN2")], handed=handed)
    done = reviewed(told, models(square(0), box(1, 0, 1.9 * SIDE)))
    assert sorted(published(done)["operation"]) == ["remain", "remain", "unreviewed"]
    assert done.log["candidate_ids"].tolist()[0] == "CAN1"
    (look,) = done.second_look.to_dict("records")
    assert look["decided_ids"] == "CAN2"


def test_a_new_candidate_beside_a_drawn_outline_gives_the_shared_ground_away() -> None:
    drawn = square(1)
    beside = box(1 + 0.8 * WIDE, 0, 2 * SIDE)  # shares a tenth of itself
    done = apply(edit("refine", "CAN1", drawn), square(0), drawn, beside)
    row = published(done).set_index("operation").loc["unreviewed"].iloc[-1]
    assert same_ground(row.geometry, beside.difference(drawn))
    (told,) = done.log["outcome"][done.log["file"].isna()]
    assert told.startswith("unreviewed; gave ")


@pytest.mark.parametrize("operation", ["remain", "remove", "refine"])
def test_plain_files_of_an_older_model_are_placed_by_their_outlines(operation: str) -> None:
    told = edit(operation, "OLD7", square(1))
    done = reviewed(returned([told]), models(square(0), SHIFTED))
    assert outcome(done)[1:] == ("CAN1", "overlap")
    assert len(published(done)) == 2 - (operation == "remove")
    (row,) = done.log.to_dict("records")
    assert row["candidate_id"] == "OLD7"


def test_what_gave_way_in_a_conflict_and_nobody_else_decided_on_is_looked_at() -> None:
    merged = edit("merge", "CAN1", box(1, 0, 0.01 + SIDE), mapper="Bo")
    done = reviewed(returned([edit("remain", "CAN1"), merged], handed=candidates()), preferred="Ann")
    assert done.conflicts["taken"].tolist() == ["Ann"]
    assert published(done).set_index("candidate_ids").loc["CAN2", "operation"] == "unreviewed"
    (look,) = done.second_look.to_dict("records")
    assert (look["candidate_id"], look["mapper"]) == ("CAN2", "Bo")
    assert look["reason"] == "decided on, but that decision gave way to another one (conflicts.csv)"
