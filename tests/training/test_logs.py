"""Scores of a running training: the table and TensorBoard say the same, and nothing twice."""

import math
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from workflow_scripts.rogi.training.logs import RunLog
from workflow_scripts.rogi.training.state import Row


def row(step: int, val_iou: float = 0.5) -> Row:
    return {"step": step, "learning_rate": 0.1 / step, "train_loss": 1.0, "train_iou": 0.25, "val_iou": val_iou}


def told(folder: Path, tag: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(tag)]


def test_both_grow_with_the_training(tmp_path: Path) -> None:
    log, rows = RunLog(tmp_path / "metrics.csv", tmp_path / "board"), [row(10), row(20, math.nan), row(30, 0.75)]
    for count in (1, 2, 3, 3):
        log(rows[:count])
        assert len(pd.read_csv(tmp_path / "metrics.csv")) == count
    log.close()
    assert told(tmp_path / "board", "iou/train") == [(10, 0.25), (20, 0.25), (30, 0.25)]
    assert told(tmp_path / "board", "iou/val") == [(10, 0.5), (30, 0.75)]
    assert told(tmp_path / "board", "run/learning_rate") == [
        (10, pytest.approx(0.01)),
        (20, pytest.approx(0.005)),
        (30, pytest.approx(0.1 / 30)),
    ]
    assert len(list((tmp_path / "board").iterdir())) == 1


def test_what_an_interrupted_training_wrote_comes_again_once(tmp_path: Path) -> None:
    for rows in ([row(10)], [row(10), row(20)]):
        log = RunLog(tmp_path / "metrics.csv", tmp_path / "board")
        log(rows)
        log.close()
    assert told(tmp_path / "board", "iou/val") == [(10, 0.5), (20, 0.5)]
    assert pd.read_csv(tmp_path / "metrics.csv")["step"].tolist() == [10, 20]


def test_without_scores_nothing_is_written(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "metrics.csv", tmp_path / "board")
    log([])
    log.close()
    assert list(tmp_path.iterdir()) == []
