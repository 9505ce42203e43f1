"""Scores of polygons: a network that works pixel by pixel, so that what it says is known however patches are cut."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from tests.architectures import architecture
from tests.training.view import SHAPES, SIDE_PX, VIEW, brightness, polygons, samples
from tests.worlds import GRID
from workflow_scripts.rogi.training.cutting import burn
from workflow_scripts.rogi.training.network import TrainedModel
from workflow_scripts.rogi.training.own_ground import OwnGround
from workflow_scripts.rogi.training.sample_scores import COUNTS, NAMES, by_inventory, scored, tallied
from workflow_scripts.rogi.training.samples import Samples

SIZE, AROUND_M = 32, 20.0  # 20 m are 5.1 pixels


def model() -> TrainedModel:
    """Return a network whose logit is a tenth of what a pixel is brighter than 100; its threshold is 0.7."""
    network = nn.Conv2d(3, 1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(1 / 3)
    return TrainedModel(network, architecture(), (100.0,) * 3, (10.0,) * 3, 2.0, 0.7, {})


def sums(shown: Samples, batch_size: int = 3) -> pd.DataFrame:
    frame = polygons()
    ground = OwnGround(frame, GRID, AROUND_M)
    try:
        return tallied(model(), shown, frame, ground, torch.device("cpu"), batch_size).set_index("uid", drop=False)
    finally:
        shown.patches.close()


def whole(uid: str) -> list[tuple[int, int, str]]:
    return [(0, 0, uid)]


def test_sums_are_those_of_the_pixels(tmp_path: Path) -> None:
    found = sums(samples(tmp_path / "p.h5", whole("a"), SIDE_PX))
    probability = 1 / (1 + np.exp(-(brightness() - 100) / 10 / 2))
    inside = burn(np.array([SHAPES["a"]]), GRID, VIEW)
    assert found.loc["a", "inside"] == inside.sum() == 400
    assert found.loc["a", "hits"] == (probability[inside] >= 0.7).sum()
    assert found.loc["a", "probability_inside"] == pytest.approx(probability[inside].sum(), rel=1e-5)
    # Round a square of 20 pixels, five more on every side, the corners rounded.
    assert found.loc["a", "around"] == pytest.approx(4 * 20 * 5 + np.pi * 5.1**2, rel=0.05)
    lake = burn(np.array([SHAPES["lake"]]), GRID, VIEW)
    assert found.loc["lake", ["inside", "hits"]].tolist() == [144, (probability[lake] >= 0.7).sum()]
    assert found.loc["lake", ["around", "false", "probability_around"]].tolist() == [0, 0, 0]


def test_polygons_are_scored_on_patches_of_their_role(tmp_path: Path) -> None:
    found = sums(samples(tmp_path / "p.h5", whole("a"), SIDE_PX))
    assert not found.loc[["b", "far"], list(COUNTS)].any(axis=None)
    assert found["patches"].tolist() == [1, 0, 1, 0]
    other = sums(samples(tmp_path / "q.h5", whole("b"), SIDE_PX))
    assert other["patches"].tolist() == [0, 1, 0, 0]


def test_only_the_composite_is_looked_at(tmp_path: Path) -> None:
    found = sums(samples(tmp_path / "p.h5", whole("a"), SIDE_PX, look="another day"))
    assert not found[list(COUNTS)].any(axis=None)


def test_every_pixel_counts_once_however_patches_overlap(tmp_path: Path) -> None:
    one = sums(samples(tmp_path / "one.h5", whole("a"), SIDE_PX))
    corners = [(row, column, "a") for row in (0, 20, 40, 64) for column in (0, 16, 32, 64)]
    several = sums(samples(tmp_path / "several.h5", [*corners, corners[3]], SIZE), batch_size=5)
    assert several.loc["a", "patches"] > 3
    rest = list(COUNTS[1:])
    assert several[rest].to_numpy(float) == pytest.approx(one[rest].to_numpy(float), rel=1e-5)


def test_blanked_ground_is_not_counted(tmp_path: Path) -> None:
    """The validation patch takes the columns from 30 on away from the training patch."""
    found = sums(samples(tmp_path / "p.h5", [(8, 8, "a"), (8, 30, "b")], SIZE))
    assert found.loc["a", "inside"] == 20 * 10
    assert found.loc["b", "inside"] == 16 * 2


def table(**columns: Any) -> pd.DataFrame:
    values: dict[str, Any] = dict.fromkeys(NAMES, "x") | dict.fromkeys(COUNTS, 0.0) | {"kind": "rock_glacier"}
    return pd.DataFrame([values | columns])


def test_scores_of_a_rock_glacier() -> None:
    counts = {"inside": 100, "hits": 60, "probability_inside": 50, "around": 80, "false": 20, "probability_around": 25}
    (row,) = scored(table(patches=2, **counts)).to_dict("records")
    wanted = {"iou": 0.5, "precision": 0.75, "recall": 0.6, "excess": 0.2, "probability_inside": 0.5}
    wanted |= {"probability_around": 0.3125, "disagreement": 1 - 50 / 125, "patches": 2, "pixels": 100}
    assert {name: row[name] for name in wanted} == pytest.approx(wanted)
    assert np.isnan(row["false_positive_share"])


def test_scores_of_other_ground() -> None:
    (row,) = scored(table(kind="lake", inside=50, hits=10, probability_inside=15)).to_dict("records")
    assert (row["false_positive_share"], row["disagreement"]) == (0.2, 0.3)
    assert np.isnan([row[name] for name in ("iou", "precision", "recall", "excess", "probability_around")]).all()


def test_disagreement_goes_from_none_to_all() -> None:
    agreed = {"inside": 10, "probability_inside": 10}
    assert scored(table(**agreed))["disagreement"].tolist() == [0]
    assert scored(table(inside=10, probability_around=4))["disagreement"].tolist() == [1]
    assert scored(table(kind="lake", **agreed))["disagreement"].tolist() == [1]


def test_what_was_not_seen_has_no_scores() -> None:
    for kind in ("rock_glacier", "lake"):
        row = scored(table(kind=kind, false=3, around=9, probability_around=3)).iloc[0]
        shown = ["iou", "recall", "excess", "probability_inside", "false_positive_share", "disagreement"]
        assert row[shown].isna().all()


def test_inventories_are_pooled_pixel_by_pixel() -> None:
    rows = [
        table(inventory="A", role="training", inside=100, hits=80, false=20),
        table(inventory="A", role="training", inside=300, hits=100),
        table(inventory="A", role="validation", inside=50, hits=50),
        table(inventory="A", role="training", inside=0, false=9),
        table(inventory="A", role="training", inside=90, hits=90, kind="lake"),
        table(inventory="B", role="training", inside=10),
    ]
    found = by_inventory(pd.concat(rows, ignore_index=True)).set_index(["role", "inventory"])
    assert found.loc[("training", "A")].to_dict() == pytest.approx(
        {"rock_glaciers": 2, "iou": 180 / 420, "precision": 0.9, "recall": 0.45}
    )
    assert found.loc[("validation", "A"), ["iou", "recall"]].tolist() == [1, 1]
    assert found.loc[("training", "B"), "recall"] == 0
    assert np.isnan(found.loc[("training", "B"), "precision"])
