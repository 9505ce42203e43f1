"""Proof, in every run, that no training patch shows validation ground, and what each split holds."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.samples import AT_ONCE, Samples
from workflow_scripts.rogi.training.split import GUARD, MAIN, ROCK_GLACIER, TRAINING, VALIDATION

PIXELS = ["valid_px", "rock_glacier_px", "shared_px"]
ROLES = (TRAINING, VALIDATION, GUARD)
OPTIMISTIC = "optimistic: polygons next to those of validation train"
LEFT_OUT = "left out: "


def audited(patches: PatchFile, splits: Mapping[str, Samples], divided: pd.DataFrame, method: str) -> pd.DataFrame:
    """Count what each split holds, and stop if it leaks.

    Args:
        patches: The file of patches, which is read once; a few patches are in memory at a time.
        splits: Samples of each split, by its name.
        divided: One row per split and polygon: split, uid, role and kind.
        method: How the main split was drawn; what single polygons say is optimistic, and the table says so.

    Returns:
        One row per split and role: rock_glaciers and other_polygons, patches, left_out (training patches of which
        blanking leaves too little), valid_px, rock_glacier_px, rock_glacier_share of the valid pixels, shared_px (the
        valid pixels of training patches in validation windows: 0), and remark: optimistic, or what a split lacks that
        is left out for it. Rows of guard polygons count what is not used.

    Raises:
        ValueError: A valid training pixel lies in the window of a validation patch.
    """
    pixels = _pixels(patches, splits)
    table = pd.DataFrame([row for name, samples in splits.items() for row in _rows(name, samples, pixels[name])])
    _check_apart(table, str(patches.path))
    is_rock_glacier = divided["kind"] == ROCK_GLACIER
    for column, chosen in (("other_polygons", ~is_rock_glacier), ("rock_glaciers", is_rock_glacier)):
        counted = divided[chosen].groupby(["split", "role"]).size()
        table.insert(2, column, counted.reindex(pd.MultiIndex.from_frame(table[["split", "role"]]), fill_value=0).array)
    lacking = {
        name: LEFT_OUT + ", ".join(faults) for name in splits if name != MAIN and (faults := absent(table, name))
    }
    remarks = lacking | optimism(method)
    return table.assign(remark=[remarks.get(name, "") for name in table["split"]])


def optimism(method: str) -> dict[str, str]:
    """Return what is to be said of the main split, by its name, where its method makes scores too good."""
    return {MAIN: OPTIMISTIC} if method == "rock_glacier" else {}


def _check_apart(table: pd.DataFrame, path: str) -> None:
    leaks = table[table["shared_px"] > 0]
    if leaks.empty:
        return
    named = ", ".join(f"{px} px in {split}" for split, px in zip(leaks["split"], leaks["shared_px"], strict=True))
    raise ValueError(
        f"training patches of {path} show validation ground: {named}; expected none. A model trained so would score "
        "too well: make the patches anew (rule cut_patches), and report this if it comes again"
    )


def _rows(name: str, samples: Samples, pixels: np.ndarray) -> Iterator[dict[str, object]]:
    guard = np.flatnonzero(samples.table["role"] == GUARD)
    for role, numbers in zip(ROLES, (samples.training, samples.validation, guard), strict=True):
        counts = dict(zip(PIXELS, pixels[numbers].sum(axis=0).tolist(), strict=True))
        yield {
            "split": name,
            "role": role,
            "patches": len(numbers),
            "left_out": len(samples.left_out) if role == TRAINING else 0,
            "rock_glacier_share": counts["rock_glacier_px"] / counts["valid_px"] if counts["valid_px"] else np.nan,
            **counts,
        }


def _pixels(patches: PatchFile, splits: Mapping[str, Samples]) -> dict[str, np.ndarray]:
    """Return PIXELS of every patch as each split shows it, arrays of shape (patches, 3) by the split's name."""
    counts = {name: np.zeros((len(patches), len(PIXELS)), np.int64) for name in splits}
    corners = patches.table[["row_off", "col_off"]].to_numpy(np.int64)
    windows = {name: corners[(of.table["role"] == VALIDATION).to_numpy()] for name, of in splits.items()}
    with progress("auditing the splits", len(patches), "patches") as bar:
        for start in range(0, len(patches), AT_ONCE):
            numbers = np.arange(start, min(start + AT_ONCE, len(patches)))
            stored = patches.read(numbers)
            for name, samples in splits.items():
                seen = samples.blanked(numbers, stored)
                valid = seen.valid.numpy()
                counts[name][numbers, 0] = valid.sum(axis=(1, 2))
                counts[name][numbers, 1] = (seen.label.numpy() & valid).sum(axis=(1, 2))
                for position in np.flatnonzero(np.isin(numbers, samples.training)):
                    covered = _covered(corners[numbers[position]], windows[name], samples.size_px)
                    counts[name][numbers[position], 2] = (valid[position] & covered).sum()
            bar.advance(len(numbers))
    return counts


def _covered(corner: np.ndarray, windows: np.ndarray, size: int) -> np.ndarray:
    """Return which pixels of a patch any window covers, boolean (size, size).

    On purpose not by what blanks them: the global row and column of every pixel is compared with all windows near it.
    """
    near = np.unique(windows[(np.abs(windows - corner) < size).all(axis=1)], axis=0)
    pixels = corner + np.arange(size)[:, np.newaxis]
    within = (pixels >= near[:, np.newaxis]) & (pixels < near[:, np.newaxis] + size)
    # Row and column of a pixel both lie in some window: a matrix product counts in how many.
    rows, columns = within[..., 0].astype(np.float32), within[..., 1].astype(np.float32)
    covered: np.ndarray = rows.T @ columns > 0
    return covered


def absent(table: pd.DataFrame, split: str) -> list[str]:
    """Return what a split lacks, such as "no rock glacier pixel in validation"; `table` is that of `audited`."""
    rows = table[table["split"] == split].set_index("role")
    background = rows["valid_px"] - rows["rock_glacier_px"]
    return [
        f"no {name} pixel in {role}"
        for role in (TRAINING, VALIDATION)
        for name, pixels in (("rock glacier", rows["rock_glacier_px"]), ("background", background))
        if not pixels[role]
    ]


def usable(table: pd.DataFrame) -> set[str]:
    """Return the names of the splits that lack no class; the main one is checked by `check_main`."""
    return set(table.loc[~table["remark"].str.startswith(LEFT_OUT), "split"])


def check_main(table: pd.DataFrame, validation_share: float) -> None:
    """Check that the main split has both classes to train on, and to validate on if it validates at all.

    Raises:
        ValueError: A class is absent; the message says what to change.
    """
    found = [fault for fault in absent(table, MAIN) if TRAINING in fault or validation_share > 0]
    if not found:
        return
    counts = "; ".join(
        f"{row['role']}: {row['rock_glaciers']} rock glaciers, {row['patches']} patches"
        for row in table[table["split"] == MAIN].to_dict("records")
    )
    ways = {
        TRAINING: "lower split.validation_share, split.guard_m or patches.min_valid_share to train on more",
        VALIDATION: "raise split.validation_share or lower split.block_m to validate on more, or set "
        "split.validation_share to 0 to do without",
    }
    ways_out = "; ".join(way for role, way in ways.items() if any(role in fault for fault in found))
    raise ValueError(f"split '{MAIN}' has {', '.join(found)} ({counts}); {ways_out}")
