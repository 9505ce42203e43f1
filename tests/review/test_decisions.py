from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from tests.review.scene import FIELDS, edit, scene, square
from workflow_scripts.rogi.review.decisions import decide
from workflow_scripts.rogi.review.edits import ReviewError


def frame(*edits: dict[str, Any]) -> gpd.GeoDataFrame:
    columns = {name: pd.Series([told[name] for told in edits], dtype=object) for name in FIELDS}
    shapes = [told["geometry"] for told in edits]
    places = {"file": "a.gpkg", "layer": "edits", "row": range(len(edits))}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).assign(**places)


def test_one_decision_per_candidate_sorted_by_id() -> None:
    found = decide(frame(edit("retrieve", None, square(9)), edit("remove", "CAN2"), edit("remain", "CAN0")), scene())
    assert [(one.operation, one.candidate_id) for one in found] == [
        ("remain", "CAN0"),
        ("remove", "CAN2"),
        ("retrieve", None),
    ]


def test_identical_decisions_count_once_and_name_all_mappers() -> None:
    edits = frame(
        edit("refine", "CAN1", square(1, side=0.003), mapper="Bo", date="2024-08-02", comment="long front"),
        edit("refine", "CAN1", square(1, side=0.003 + 1e-8), date="2024-08-01T10:00:00"),
    )
    (found,) = decide(edits, scene())
    assert (found.mapper, found.date, found.comment) == ("Ann; Bo", "2024-08-02", "long front")
    assert found.edits == (0, 1)


def test_the_same_retrieved_outline_counts_once() -> None:
    edits = frame(edit("retrieve", None, square(9)), edit("retrieve", None, square(9), mapper="Bo"))
    (found,) = decide(edits, scene())
    assert found.mapper == "Ann; Bo"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (edit("remove", "CAN1"), edit("remain", "CAN1", mapper="Bo")),
        (edit("refine", "CAN1", square(1)), edit("refine", "CAN1", square(1, side=0.003))),
    ],
)
def test_different_decisions_are_refused_with_both_places(one: dict[str, Any], other: dict[str, Any]) -> None:
    with pytest.raises(ReviewError, match=r"different decisions on CAN1: .*feature 0.*feature 1.*keep one of them"):
        decide(frame(one, other), scene())


def test_two_outlines_of_one_retrieved_rock_glacier_are_refused() -> None:
    edits = frame(edit("retrieve", None, square(9)), edit("retrieve", None, square(9, side=0.0025), mapper="Bo"))
    with pytest.raises(ReviewError, match=r"different decisions on one retrieved rock glacier .*Ann.*Bo"):
        decide(edits, scene())


def test_retrieved_neighbours_that_overlap_a_little_are_two() -> None:
    edits = frame(edit("retrieve", None, square(9)), edit("retrieve", None, square(9.15)))
    assert len(decide(edits, scene())) == 2


def test_every_fault_is_told_at_once() -> None:
    edits = frame(edit("delete", "CAN0"), edit("remove", "CAN9"), edit("remove", "CAN1"), edit("remain", "CAN1"))
    with pytest.raises(ReviewError) as raised:
        decide(edits, scene(), ["b.gpkg cannot be read"])
    message = str(raised.value)
    assert message.startswith("the review of west has 4 faults; nothing was changed:")
    assert message.count("\n  - ") == 4
    for part in ("b.gpkg cannot be read", "a.gpkg, layer edits, feature 0: operation", "feature 1: candidate_id"):
        assert part in message
    assert "different decisions on CAN1" in message


def test_a_candidate_handed_back_without_a_decision_stays_undecided() -> None:
    untouched = edit(None, "CAN0", square(0), mapper=None, date=None)
    (found,) = decide(frame(untouched, edit("remove", "CAN2")), scene())
    assert found.candidate_id == "CAN2"


def test_a_changed_outline_without_an_operation_is_not_lost_silently() -> None:
    with pytest.raises(ReviewError, match=r"operation \(empty\) is unknown"):
        decide(frame(edit(None, "CAN0", square(0, side=0.004))), scene())
