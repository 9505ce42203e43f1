"""The audit counts what training sees, by other means than what hides ground from it, and finds what leaks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.layout import LABEL, SIDE, SIZE, VALID, Spot, ground_of_windows, write
from workflow_scripts.rogi.training.audit import _covered, absent, audited, check_main, usable
from workflow_scripts.rogi.training.samples import Samples

ROLES = {"t": "training", "v": "validation", "g": "guard"}
SPOTS = [
    Spot("t0", 0, 0),
    Spot("t1", 30, 0, kind="water"),
    Spot("t1", 30, 0, "q3", "water"),
    Spot("t2", 8, 84),
    Spot("v0", 8, 8),
    Spot("v0", 8, 8, "q3"),
    Spot("v1", 8, 80),
    Spot("g0", 60, 60),
]


def divided(spots: list[Spot], splits: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Return the roles of all polygons in some splits, by the first letter of the uid or as a split says."""
    kinds = {spot.uid: spot.kind for spot in spots}
    rows = [
        {"split": name, "uid": uid, "kind": kind, "role": changed.get(uid, ROLES[uid[0]])}
        for name, changed in splits.items()
        for uid, kind in kinds.items()
    ]
    return pd.DataFrame(rows)


def audit(folder: Path, splits: dict[str, dict[str, str]], share: float = 0.0, method: str = "blocks") -> pd.DataFrame:
    with write(folder / "patches.h5", SPOTS, share) as store:
        table = divided(SPOTS, splits)
        parts = table.groupby("split", sort=False)
        samples = {str(name): Samples(store, part.set_index("uid")["role"]) for name, part in parts}
        return audited(store, samples, table, method)


def pixels(numbers: list[int], forbidden: np.ndarray) -> tuple[int, int]:
    """Count valid and rock glacier pixels of patches outside of some ground."""
    shown = VALID & ~forbidden
    parts = [SPOTS[number].part for number in numbers]
    return sum(int(shown[part].sum()) for part in parts), sum(int((shown & LABEL)[part].sum()) for part in parts)


def test_what_each_split_holds(tmp_path: Path) -> None:
    """Of t2, three quarters lie in v1's window, which is too much at a least share of 0.3."""
    table = audit(tmp_path, {"main": {}, "fold": {"v0": "training", "v1": "training", "t0": "validation"}}, 0.3)
    assert table["split"].tolist() == ["main"] * 3 + ["fold"] * 3
    assert table["role"].tolist() == ["training", "validation", "guard"] * 2
    assert table["rock_glaciers"].tolist() == [2, 2, 1, 3, 1, 1]
    assert table["other_polygons"].tolist() == [1, 0, 0, 1, 0, 0]
    assert table["patches"].tolist() == [3, 2, 1, 6, 1, 1]
    assert table["left_out"].tolist() == [1, 0, 0, 0, 0, 0]
    nothing = np.zeros((SIDE, SIDE), bool)
    main, fold = ground_of_windows(SPOTS[4:7]), ground_of_windows(SPOTS[:1])
    expected = [
        *(pixels([0, 1, 2], main), pixels([4, 6], nothing), pixels([7], nothing)),
        *(pixels([1, 2, 3, 4, 5, 6], fold), pixels([0], nothing), pixels([7], nothing)),
    ]
    assert list(zip(table["valid_px"], table["rock_glacier_px"], strict=True)) == expected
    assert (table["rock_glacier_share"] == table["rock_glacier_px"] / table["valid_px"]).all()
    assert (table["shared_px"] == 0).all()
    assert (table["remark"] == "").all()


def test_patches_are_counted_however_many_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = audit(tmp_path, {"main": {}})
    monkeypatch.setattr("workflow_scripts.rogi.training.audit.AT_ONCE", 3)
    pd.testing.assert_frame_equal(audit(tmp_path, {"main": {}}), whole)


def test_a_random_split_is_called_optimistic(tmp_path: Path) -> None:
    table = audit(tmp_path, {"main": {}, "fold": {}}, method="rock_glacier").set_index("split")
    assert (table.loc["main", "remark"] == "optimistic: polygons next to those of validation train").all()
    assert (table.loc["fold", "remark"] == "").all()


def test_a_leak_is_found_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is hidden, the audit finds every valid pixel that t0 and t2 share with v0 and v1."""
    leaked = sum(
        int(VALID[SPOTS[number].part][ground_of_windows(SPOTS[4:7])[SPOTS[number].part]].sum()) for number in (0, 3)
    )
    monkeypatch.setattr(Samples, "hidden", lambda self, number: np.zeros((SIZE, SIZE), bool))
    with pytest.raises(ValueError, match=rf"patches\.h5 show validation ground: {leaked} px in main; expected none"):
        audit(tmp_path, {"main": {}})


def test_a_single_leaked_pixel_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = Samples.hidden
    row, column = np.argwhere(VALID[8:SIZE, 8:SIZE])[5] + 8

    def leaky(self: Samples, number: int) -> np.ndarray:
        mask = hidden(self, number)
        mask[row, column] &= number != 0
        return mask

    monkeypatch.setattr(Samples, "hidden", leaky)
    with pytest.raises(ValueError, match="show validation ground: 1 px in main"):
        audit(tmp_path, {"main": {}})


corners = st.tuples(st.integers(0, SIDE - SIZE), st.integers(0, SIDE - SIZE))


@given(corners, st.lists(corners, max_size=12))
def test_coverage_is_that_of_a_map(corner: tuple[int, int], windows: list[tuple[int, int]]) -> None:
    covered = _covered(np.array(corner), np.array(windows, np.int64).reshape(-1, 2), SIZE)
    forbidden = ground_of_windows([Spot("v", *window) for window in windows])
    assert np.array_equal(covered, forbidden[Spot("t", *corner).part])


# ---- classes


def table(main: dict[str, tuple[int, int]], fold: dict[str, tuple[int, int]] | None = None) -> pd.DataFrame:
    """Return a table of an audit: valid and rock glacier pixels by role."""
    rows = [
        {
            "split": split,
            "role": role,
            "valid_px": valid,
            "rock_glacier_px": rock_glacier,
            "rock_glaciers": 4,
            "patches": 9,
        }
        for split, counts in (("main", main), *([("fold", fold)] if fold else []))
        for role, (valid, rock_glacier) in counts.items()
    ]
    return pd.DataFrame(rows)


GOOD = {"training": (100, 10), "validation": (50, 20), "guard": (0, 0)}


def test_both_classes_everywhere_is_good() -> None:
    assert absent(table(GOOD), "main") == []
    check_main(table(GOOD), 0.3)


def test_all_that_is_absent_is_named() -> None:
    nothing = table({"training": (100, 100), "validation": (0, 0), "guard": (5, 5)})
    assert absent(nothing, "main") == [
        "no background pixel in training",
        "no rock glacier pixel in validation",
        "no background pixel in validation",
    ]


def test_a_class_absent_from_training_stops() -> None:
    with pytest.raises(
        ValueError,
        match=r"split 'main' has no rock glacier pixel in training \(training: 4 rock glaciers, 9 patches; validation: "
        r"4 .*lower split\.validation_share, split\.guard_m or patches\.min_valid_share to train on more$",
    ):
        check_main(table(GOOD | {"training": (100, 0)}), 0.3)


def test_a_class_absent_from_validation_stops_unless_there_shall_be_none() -> None:
    without = table(GOOD | {"validation": (0, 0)})
    with pytest.raises(ValueError, match=r"no background pixel in validation .*raise split\.validation_share or lower"):
        check_main(without, 0.3)
    check_main(without, 0.0)
    with pytest.raises(ValueError, match="no rock glacier pixel in training"):
        check_main(table({role: (0, 0) for role in GOOD}), 0.0)


def test_a_fold_that_lacks_a_class_is_no_split(tmp_path: Path) -> None:
    swapped = {"v0": "training", "v1": "training", "t1": "validation"}
    found = audit(tmp_path, {"main": {}, "fold": {"t0": "guard", "t1": "guard", "t2": "guard"}, "other": swapped})
    lacking = "left out: no rock glacier pixel in training, no background pixel in training"
    assert set(found.loc[found["split"] == "fold", "remark"]) == {lacking}
    assert usable(found) == {"main", "other"}
