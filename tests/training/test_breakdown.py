"""Scores by role and class: sums by hand, and intervals that hold them."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.inventory.scores import scores
from workflow_scripts.rogi.training.breakdown import (
    by_class,
    by_role,
    false_ground,
    quality_classes,
    size_classes,
    with_errors,
)

INTERVALS = Bootstrap(400, 0, 0.95, 7)


def polygons(rng: np.random.Generator, count: int, role: str = "validation") -> pd.DataFrame:
    """Return rock glaciers with random errors."""
    columns = {name: rng.integers(50, 150, count) for name in ("tp_px", "fp_px", "fn_px")}
    frame = pd.DataFrame(columns).assign(role=role, kind="rock_glacier")
    return frame.assign(iou=frame["tp_px"] / frame[["tp_px", "fp_px", "fn_px"]].sum(axis=1))


def test_errors_are_those_that_the_shares_come_from() -> None:
    frame = pd.DataFrame(
        {
            "kind": ["rock_glacier", "rock_glacier", "water", "rock_glacier"],
            "pixels": [300, 7, 90, 0],
            "recall": [0.5, 0.0, np.nan, np.nan],
            "excess": [1 / 3, 2.0, np.nan, np.nan],
            "false_positive_share": [np.nan, np.nan, 0.1, np.nan],
        }
    )
    errors = with_errors(frame)[["tp_px", "fp_px", "fn_px"]]
    assert errors.to_numpy().tolist() == [[150, 100, 150], [0, 14, 7], [0, 9, 0], [0, 0, 0]]


def test_scores_are_pooled_and_intervals_hold_them(rng: np.random.Generator) -> None:
    frame = pd.concat([polygons(rng, 40), polygons(rng, 90, "training")], ignore_index=True)
    table = by_role(frame, INTERVALS).set_index("role")
    assert list(table.index) == ["training", "validation"]
    ours = frame[frame["role"] == "validation"]
    expected = scores(*ours[["tp_px", "fp_px", "fn_px"]].sum())
    row = table.loc["validation"]
    for name in ("precision", "recall", "f1", "iou"):
        assert row[name] == pytest.approx(getattr(expected, name))
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
    assert (row["rock_glaciers"], row["other_polygons"]) == (40, 0)
    assert row["median_iou"] == pytest.approx(ours["iou"].median())
    width = table["iou_high"] - table["iou_low"]
    assert width["validation"] / width["training"] == pytest.approx(1.5, rel=0.3)  # √(90 / 40)


def test_other_ground_counts_in_the_scores_and_not_in_the_median(rng: np.random.Generator) -> None:
    frame = polygons(rng, 3)
    other = pd.DataFrame({"tp_px": 0, "fp_px": 100, "fn_px": 0, "role": "validation", "kind": "water", "iou": [0.0]})
    with_water = by_role(pd.concat([frame, other], ignore_index=True), INTERVALS).iloc[0]
    without = by_role(frame, INTERVALS).iloc[0]
    assert with_water["precision"] < without["precision"]
    assert with_water["recall"] == without["recall"]
    assert with_water["median_iou"] == without["median_iou"]
    assert (with_water["rock_glaciers"], with_water["other_polygons"]) == (3, 1)


def test_classes_are_sorted_by_what_is_worst_or_by_their_order() -> None:
    frame = pd.DataFrame(
        {"tp_px": [10, 10, 90, 0], "fp_px": [0, 20, 5, 0], "fn_px": [10, 0, 5, 0], "iou": [0.5, 1 / 3, 0.9, np.nan]}
    )
    classes = pd.Series(["a", "a", "b", "c"])
    table = by_class(frame, classes)
    assert table["class"].tolist() == ["a", "b", "c"]
    assert table["iou"].tolist()[:2] == pytest.approx([20 / 50, 0.9])
    assert table["rock_glaciers"].tolist() == [2, 1, 1]
    assert table["median_iou"].iloc[0] == pytest.approx((0.5 + 1 / 3) / 2)
    assert np.isnan(table["iou"].iloc[2])
    assert by_class(frame, classes, ["b", "d", "a"])["class"].tolist() == ["b", "a"]
    assert by_class(frame[:0], classes[:0]).empty


def test_classes_hold_their_lower_ends() -> None:
    found, names = size_classes(pd.Series([10_000.0, 19_999, 20_000, 299_999, 300_000, 5e6]))
    assert found.tolist() == [names[0], names[0], names[1], names[3], names[4], names[4]]
    assert names[1] == "0.02 to 0.05 km²"
    found, names = quality_classes(pd.Series([0.0, 0.8, 0.949, 0.95, 1.0]))
    assert found.tolist() == [names[0], names[1], names[1], names[2], names[2]]
    assert names == ["0% to 80%", "80% to 95%", "95% to 100%"]


def test_false_ground_by_kind() -> None:
    frame = pd.DataFrame(
        {
            "kind": ["water", "debris", "water", "rock_glacier", "random terrain"],
            "fp_px": [5, 30, 15, 99, 0],
            "pixels": [100, 60, 100, 100, 0],
        }
    )
    table = false_ground(frame).set_index("kind")
    assert list(table.index) == ["debris", "water", "random terrain"]
    assert table["false_share"].tolist()[:2] == [0.5, 0.1]
    assert np.isnan(table.loc["random terrain", "false_share"])
    assert table.loc["water", "polygons"] == 2
