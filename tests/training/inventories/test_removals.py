"""The hard-negative loop: what mappers removed, and what somebody else kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests.review.scene import box, candidates, edit, square, write, write_package
from tests.training.inventories.entries import said
from workflow_scripts.rogi.review.edits import ReviewError
from workflow_scripts.rogi.training.inventories.removals import read_removals

GONE = edit("remove", "CAN0", square(0), reason="water")


def removed(folder: Path, *files: Sequence[dict[str, Any]], share: float = 0.1) -> Any:
    """Write plain review files of one subregion and return what they remove."""
    (folder / "west").mkdir(exist_ok=True)
    paths = [write(folder / "west" / f"{letter}.gpkg", edits) for letter, edits in zip("abc", files, strict=False)]
    (rows,) = read_removals(paths, share)
    return rows


def test_a_removal_becomes_a_negative_with_its_reason(tmp_path: Path) -> None:
    rows = removed(tmp_path, [GONE, edit("remove", "CAN1", square(1)), edit("remain", "CAN2", square(2))])
    assert rows["kind"].tolist() == ["removed: water", "removed"]
    assert rows["original_id"].tolist() == ["CAN0", "CAN1"]
    assert set(rows["inventory"]) == {"removed by review"}
    assert rows["uid"].tolist() == ["removed-west_a_gpkg_a-1", "removed-west_a_gpkg_a-2"]
    assert [shape.equals(square(number)) for number, shape in enumerate(rows.geometry)] == [True, True]
    assert said(rows) == [("kept", ""), ("kept", "")]


def test_the_outline_is_the_one_that_was_handed_out(tmp_path: Path) -> None:
    """Also where the mapper has changed the row, or emptied it."""
    (tmp_path / "west").mkdir()
    told = [
        edit("remove", "CAN0", square(0, side=0.001), reason="shadow"),
        edit("remove", "CAN1", None, reason="water"),
    ]
    path = write_package(tmp_path / "west" / "ann.gpkg", told, subregion="west", mapper="Ann")
    (rows,) = read_removals([path], 0.1)
    assert rows["kind"].tolist() == ["removed: shadow", "removed: water"]
    assert [shape.equals(square(number)) for number, shape in enumerate(rows.geometry)] == [True, True]


def test_candidates_that_nobody_touched_are_no_removals(tmp_path: Path) -> None:
    (tmp_path / "west").mkdir()
    told = [edit(None, f"CAN{number}", square(number)) for number in range(3)]  # and CAN3 deleted
    (rows,) = read_removals([write_package(tmp_path / "west" / "ann.gpkg", told, subregion="west")], 0.1)
    assert len(rows) == 0


def test_a_removal_without_any_outline_is_listed(tmp_path: Path) -> None:
    assert said(removed(tmp_path, [edit("remove", "CAN9", None)])) == [("dropped", "empty geometry")]


KEEPERS: list[tuple[dict[str, Any], str | None]] = [  # of candidate n, and what the reason starts with
    ({"operation": "remain", "date": "2024-08-01"}, "Bob keeps it: remain on 2024-08-01"),
    ({"operation": "remain", "date": "2024-01-01"}, "Bob keeps it: remain on 2024-01-01"),  # another one, whenever
    ({"operation": "remain", "mapper": "Ann", "date": "2024-08-01"}, "Ann keeps it: remain on 2024-08-01"),
    ({"operation": "remain", "mapper": "Ann", "date": "2024-01-01"}, None),  # Ann has changed her mind
    ({"operation": "remain", "mapper": "Ann"}, "Ann keeps it: remain on 2024-07-31"),  # on the same day: who knows
    ({"operation": "refine", "geometry": box(5, 0, 0.0002)}, "Bob keeps it: refine"),  # the same id
    ({"operation": None, "geometry": square(6, side=0.0015)}, "Bob keeps it: refine"),  # a change is a refine
    ({"operation": "remove"}, None),
    ({"operation": "retrieve", "candidate_id": None, "geometry": box(8, 0, 0.0004)}, "Bob keeps it: retrieve"),
    ({"operation": "retrieve", "candidate_id": None, "geometry": box(9, 0, 0.0001)}, None),  # 5 % of the ground
    ({"operation": "remain", "candidate_id": "CAN11", "geometry": square(11)}, None),
]


def test_what_somebody_keeps_is_no_negative(tmp_path: Path) -> None:
    (tmp_path / "west").mkdir()
    gone = [edit("remove", f"CAN{n}", square(n), reason="water") for n in range(len(KEEPERS))]
    kept = [edit("remain", f"CAN{n}", square(n), mapper="Bob") | keeper for n, (keeper, _) in enumerate(KEEPERS)]
    files = [
        write_package(tmp_path / "west" / f"{letter}.gpkg", told, candidates(12), subregion="west")
        for letter, told in (("a", gone), ("b", kept))
    ]
    (rows,) = read_removals(files, 0.1)
    by_ann = rows.iloc[: len(KEEPERS)]
    assert by_ann["outcome"].tolist() == ["kept" if why is None else "dropped" for _, why in KEEPERS]
    for found, (_, why) in zip(by_ann["reason"], KEEPERS, strict=True):
        assert found.startswith(why or "")
        assert (found == "") == (why is None)
    assert f"({files[1]}, layer candidates, feature 1)" in by_ann["reason"].iloc[0]
    assert said(rows)[len(KEEPERS) :] == [("kept", "")]  # Bob's own removal; the duplicate goes later


def test_folders_are_subregions_of_their_own(tmp_path: Path) -> None:
    """The same id in another subregion is another candidate."""
    for name in ("west", "east"):
        (tmp_path / name).mkdir()
    gone = write(tmp_path / "west" / "a.gpkg", [GONE])
    kept = write(tmp_path / "east" / "a.gpkg", [edit("remain", "CAN0", square(9))])
    frames = read_removals([gone, kept], 0.1)
    assert [said(rows) for rows in frames] == [[], [("kept", "")]]


def test_crossed_outlines_are_repaired(tmp_path: Path) -> None:
    crossed = shapely.Polygon([(79, 35), (79.002, 35.002), (79.002, 35), (79, 35.002)])
    nameless = edit("remove", None, square(3))  # and a retrieval without id is no answer to it
    rows = removed(tmp_path, [edit("remove", "CAN0", crossed), nameless, edit("retrieve", None, square(5))])
    assert rows["outcome"].tolist() == ["repaired", "kept"]
    assert rows.geometry.iloc[0].equals(shapely.make_valid(crossed))


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "west").mkdir()
    (tmp_path / "west" / "a.gpkg").write_text("<html></html>")
    candidates(2).to_file(tmp_path / "west" / "b.gpkg")
    with pytest.raises(
        ReviewError, match=r"(?s)west cannot be read .*removed_by_review.*a\.gpkg cannot.*b\.gpkg: no layer"
    ):
        read_removals([str(tmp_path / "west" / f"{letter}.gpkg") for letter in "ab"], 0.1)


def test_no_files_no_removals() -> None:
    assert read_removals([], 0.1) == []
