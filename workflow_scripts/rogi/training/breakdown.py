"""Scores of a network by role, inventory, size and imagery, and the ground that it wrongly takes for rock glaciers."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from workflow_scripts.rogi.inventory.bootstrap import Bootstrap, estimate
from workflow_scripts.rogi.inventory.scores import SCORES, score_arrays
from workflow_scripts.rogi.training.split import ROCK_GLACIER, TRAINING, VALIDATION

ERRORS = ["tp_px", "fp_px", "fn_px"]
# Classes for the card, our own choice.
SIZES_M2 = (0, 20_000, 50_000, 100_000, 300_000, np.inf)
QUALITIES = (0, 0.8, 0.95, 1)


def with_errors(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores of polygons with their ERRORS in pixels, 0 where nothing was seen.

    Args:
        scores: As `sample_scores.scored` returns them. Ground that is no rock glacier has false positives alone.
    """
    pixels = scores["pixels"].to_numpy(float)
    shares = scores["recall"], scores["excess"].fillna(scores["false_positive_share"])
    tp, fp = ((share * pixels).fillna(0).round().astype(int) for share in shares)
    fn = scores["pixels"].where(scores["kind"] == ROCK_GLACIER, 0) - tp
    return scores.assign(**dict(zip(ERRORS, (tp, fp, fn), strict=True)))


def by_role(polygons: pd.DataFrame, intervals: Bootstrap) -> pd.DataFrame:
    """Return pooled scores of training and validation, with intervals from polygons drawn with replacement.

    Args:
        polygons: One row per polygon: role, kind, iou and ERRORS.
        intervals: How the ends of the intervals are drawn; polygons take the place of blocks.

    Returns:
        One row per role that has polygons: role, rock_glaciers, other_polygons, median_iou of the rock glaciers,
        SCORES, and their ends NAME_low and NAME_high; NaN where there is nothing to tell.
    """
    roles = [role for role in (TRAINING, VALIDATION) if (polygons["role"] == role).any()]
    return pd.DataFrame([_scored(polygons[polygons["role"] == role], role, intervals) for role in roles])


def _scored(polygons: pd.DataFrame, role: str, intervals: Bootstrap) -> dict[str, object]:
    rock_glaciers = polygons["kind"] == ROCK_GLACIER
    count = len(polygons)
    found = estimate(polygons[ERRORS].to_numpy(float), np.zeros(count, int), np.arange(count), 1, intervals)
    row: dict[str, object] = {
        "role": role,
        "rock_glaciers": int(rock_glaciers.sum()),
        "other_polygons": int((~rock_glaciers).sum()),
        "median_iou": polygons.loc[rock_glaciers, "iou"].median(),
    }
    for name, value, low, high in zip(
        SCORES, score_arrays(found.errors[-1]), found.low[-1], found.high[-1], strict=True
    ):
        row |= {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
    return row


def by_class(polygons: pd.DataFrame, classes: "pd.Series[str]", order: Sequence[str] | None = None) -> pd.DataFrame:
    """Return count, median IoU, and pooled IoU, precision and recall of rock glaciers per class.

    Args:
        polygons: One row per rock glacier: iou and ERRORS.
        classes: Class of each, of the same index.
        order: Of the classes; None sorts by IoU, the worst first.
    """
    rows = []
    for name, found in polygons.groupby(classes, sort=True, observed=True):
        scores = dict(zip(SCORES, score_arrays(found[ERRORS].sum().to_numpy(float)), strict=True))
        rows.append({"class": name, "rock_glaciers": len(found), "median_iou": found["iou"].median()} | scores)
    table = pd.DataFrame(rows, columns=["class", "rock_glaciers", "median_iou", *SCORES])
    if order is None:
        return table.sort_values(["iou", "class"], na_position="last").reset_index(drop=True)
    return table.set_index("class").reindex([name for name in order if name in set(table["class"])]).reset_index()


def size_classes(area_m2: "pd.Series[float]") -> tuple["pd.Series[str]", list[str]]:
    """Return the size class of areas, and the names of all classes from small to large."""
    names = [f"{low / 1e6:g} to {high / 1e6:g} km²" for low, high in pairwise(SIZES_M2[:-1])]
    names.append(f"{SIZES_M2[-2] / 1e6:g} km² and more")
    return pd.cut(area_m2, SIZES_M2, right=False, labels=names).astype(object), names


def quality_classes(quality: "pd.Series[float]") -> tuple["pd.Series[str]", list[str]]:
    """Return the class of shares of pixels that show the ground, and the names of all classes from poor to good."""
    names = [f"{low:.0%} to {high:.0%}" for low, high in pairwise(QUALITIES)]
    return pd.cut(quality, [*QUALITIES[:-1], 1.001], right=False, labels=names).astype(object), names


def false_ground(polygons: pd.DataFrame) -> pd.DataFrame:
    """Return, per kind of ground that is no rock glacier, the share of it that is taken for one, the worst first.

    Args:
        polygons: One row per polygon: kind, pixels and ERRORS.
    """
    others = polygons[polygons["kind"] != ROCK_GLACIER]
    sums = others.groupby("kind").agg(polygons=("kind", "size"), pixels=("pixels", "sum"), fp_px=("fp_px", "sum"))
    sums["false_share"] = sums["fp_px"] / sums["pixels"].where(sums["pixels"] > 0)
    return sums.sort_values("false_share", ascending=False).reset_index()
