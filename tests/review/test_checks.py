import math
from typing import Any

import pytest
import shapely

from tests.review.scene import candidates, edit, returned, scene, square
from workflow_scripts.rogi.review.checks import edit_faults, is_iso_date, package_faults
from workflow_scripts.rogi.review.edits import FORMAT
from workflow_scripts.rogi.review.rows import completed

BOW_TIE = shapely.Polygon([(79, 35), (79.01, 35.01), (79.01, 35), (79, 35.01)])
LINE = shapely.LineString([(79, 35), (79.01, 35)])


def faults(told: dict[str, Any], handed_out: bool = False, asks_reason: bool = False) -> list[str]:
    files = returned([told], handed=candidates() if handed_out else None, asks_reason=asks_reason)
    (row,) = completed(files, scene()).itertuples()
    return list(edit_faults(row, scene()))


@pytest.mark.parametrize(
    "told",
    [
        edit("remain", "CAN0", square(0)),
        edit("remain", "CAN0"),
        edit("remain", "CAN0", square(0, side=0.003)),  # a plain file may come from other candidates
        edit("remove", "CAN1", square(1, side=0.001)),
        edit("remove", "CAN1", BOW_TIE, candidate_id="CAN0"),
        edit("remove", "gone", square(2), reason="water", confidence="low", minutes="2.5"),
        edit("refine", "CAN2", square(2, side=0.003)),
        edit("refine", "CAN2", shapely.MultiPolygon([square(2), square(2.3)])),
        edit("split", "CAN2", square(2, side=0.001)),
        edit("merge", "CAN2", square(2), merge_into="CAN1"),
        edit("retrieve", None, square(9, 9)),
    ],
)
def test_sound_edits_have_no_fault(told: dict[str, Any]) -> None:
    assert faults(told) == []


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (edit("delete", "CAN0"), "operation 'delete' is unknown; expected remain, remove, refine, split, merge, ret"),
        (
            edit(None, None, square(0)),
            r"operation \(empty\) is unknown.*retrieve; delete the row if nobody decided on it",
        ),
        (edit(None, "X", square(0)), r"operation \(empty\) is unknown"),
        (edit("remove", "CAN0", mapper=None), "no mapper; every decision needs the name"),
        (
            edit(None, "CAN0", square(0, side=0.003), mapper=None),
            r"no mapper.*\(refine: its outline .*; delete the row if it",
        ),
        (edit("remove", "CAN0", date="31.7.2024"), "date '31.7.2024' is not a date; expected YYYY-MM-DD"),
        (edit("remove", "CAN0", date=None), r"date \(empty\) is not a date"),
        (edit("remove", "CAN0", reason="lava"), "reason 'lava' is none of debris-covered glacier, rock avalanche"),
        (edit("remain", "CAN0", confidence="sure"), "confidence 'sure' is none of low, medium, high"),
        (edit("remain", "CAN0", minutes="soon"), "minutes 'soon' is no number from 0 up"),
        (edit("remain", "CAN0", minutes="-1"), "minutes '-1' is no number from 0 up"),
        (edit("remain", "CAN0", minutes="inf"), "minutes 'inf' is no number from 0 up"),
        (edit("remain", "CAN0", merge_into="CAN1"), "remain with merge_into 'CAN1'; leave that empty, or make"),
        (edit("remove"), "remove without candidate_id; copy it from candidates.gpkg"),
        (edit("split", None, square(0)), "split without candidate_id"),
        (edit("remove", "CAN9"), "candidate_id 'CAN9' does not exist among 4 .* where it was; did you mean CAN3?"),
        (edit("remove", "zzz"), "'zzz' does not exist .*; take the id from the candidates.gpkg"),
        (edit("retrieve", "CAN0", square(0)), "retrieve with candidate_id 'CAN0'; leave it empty"),
        (edit("refine", "CAN0"), "refine: no outline; draw one"),
        (edit("split", "CAN0"), "split: no outline; draw one"),
        (edit("retrieve", None, shapely.Polygon()), "retrieve: no outline; draw one"),
        (edit("refine", "CAN0", LINE), "refine: the geometry is a LineString; expected a polygon"),
        (edit("remain", "CAN0", LINE), "remain: the geometry is a LineString"),
        (edit("retrieve", None, shapely.box(3e5, 3.9e6, 3.1e5, 3.91e6)), "retrieve: the coordinates are no longitudes"),
        (
            edit("refine", "CAN0", shapely.Polygon([(79, 35), (math.inf, 35), (79.1, 35.1)])),
            "check the CRS of the layer",
        ),
        (edit("refine", "CAN0", BOW_TIE), "refine: the outline is invalid .Self-intersection.* guessing: .*redraw it"),
        (edit("refine", "CAN0", square(3)), "refine: the outline does not touch CAN0"),
        (
            edit("remove", "CAN0", square(3)),
            "remove: the outline does not touch CAN0, which it speaks of; check the id",
        ),
        (edit("retrieve", None, square(40)), "the outline lies outside west .at 79.4010°, 35.0010°, nearest: east."),
        (edit("remove", "old", square(40)), "remove: the outline lies outside west"),
    ],
)
def test_each_fault_is_told_with_the_way_out(told: dict[str, Any], message: str) -> None:
    found = faults(told)
    assert len(found) == 1, found
    with pytest.raises(ValueError, match=message):
        raise ValueError(found[0])


def test_remain_with_another_outline_than_handed_out_is_refused() -> None:
    assert faults(edit("remain", "CAN0", square(0, side=0.002005)), handed_out=True) == []  # half a per cent
    (found,) = faults(edit("remain", "CAN0", square(0, side=0.003)), handed_out=True)
    assert found.startswith("remain, but its outline is not that of CAN0; use refine")


def test_a_file_that_asks_for_reasons_needs_them_for_removals_alone() -> None:
    (found,) = faults(edit("remove", "CAN0"), asks_reason=True)
    assert found.startswith("reason (empty) is none of debris-covered glacier")
    assert faults(edit("remain", "CAN0"), asks_reason=True) == []
    assert faults(edit("remove", "CAN0", reason="shadow"), asks_reason=True) == []


def test_several_faults_of_one_edit_are_all_told() -> None:
    assert len(faults(edit("refine", "CAN9", LINE, mapper=None, date="soon"))) == 4


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ({"subregion": "east"}, "a.gpkg is a package of east, not of west; move it to that subregion's folder"),
        ({"format": str(FORMAT + 1)}, rf"format '{FORMAT + 1}'; this version reads formats up to {FORMAT}"),
        ({"format": "new"}, "format 'new'"),
    ],
)
def test_packages_that_do_not_belong_here_are_refused(package: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        raise ValueError("\n".join(package_faults("a.gpkg", package, "west")))


@pytest.mark.parametrize("package", [{}, {"subregion": "west", "format": str(FORMAT)}, {"format": "0"}])
def test_plain_files_and_packages_up_to_this_format_are_read(package: dict[str, str]) -> None:
    assert list(package_faults("a.gpkg", package, "west")) == []


@pytest.mark.parametrize(
    ("text", "valid"),
    [("2024-07-31", True), ("2024-07-31T12:00:00", True), ("2024-02-30", False), ("20240731", False), (None, False)],
)
def test_dates(text: str | None, valid: bool) -> None:
    assert is_iso_date(text) is valid
