"""States are named by what shapes the training, and those of others are named and left alone."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from workflow_scripts.rogi.training.checkpoint import checkpoint_path, keep, kept, stale

SETTINGS: dict[str, Any] = {"steps": 3, "augmentation": {"flip": True}}


def test_the_name_tells_everything_that_shapes_the_training(tmp_path: Path) -> None:
    patches, weights, target = tmp_path / "patches.h5", tmp_path / "weights.pt", tmp_path / "network.pt"
    patches.write_bytes(b"one")
    weights.write_bytes(b"w")
    names = [checkpoint_path(target, [str(patches)], SETTINGS)]
    assert checkpoint_path(target, [str(patches)], json.loads(json.dumps(SETTINGS))) == names[0]
    names += [checkpoint_path(target, [str(patches)], SETTINGS | {"augmentation": {"flip": False}})]
    names += [checkpoint_path(target, [str(patches), str(weights)], SETTINGS)]
    patches.write_bytes(b"other")
    names += [checkpoint_path(target, [str(patches)], SETTINGS)]
    names += [checkpoint_path(tmp_path / "second.pt", [str(patches)], SETTINGS)]
    assert len(set(names)) == 5
    assert {path.parent for path in names} == {tmp_path}


def test_states_of_other_trainings_of_the_same_network_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "network.pt"
    own, other = (checkpoint_path(target, [], settings) for settings in ({"seed": 1}, {"seed": 2}))
    elsewhere = checkpoint_path(tmp_path / "variant.pt", [], {"seed": 1})
    for path in (own, other, elsewhere):
        path.touch()
    with caplog.at_level(logging.WARNING, "rogi"):
        assert stale(target, own) == [other]
    assert f"{other} is the state of a training with another config or other inputs" in caplog.text
    assert "removed when this training is done" in caplog.text


def test_a_state_comes_back(tmp_path: Path) -> None:
    keep(tmp_path / "state.pt", {"step": 3, "rows": [{"val_iou": 0.5}], "network": {"w": torch.arange(3)}})
    state = kept(tmp_path / "state.pt", torch.device("cpu"))
    assert (state["step"], state["rows"]) == (3, [{"val_iou": 0.5}])
    assert torch.equal(state["network"]["w"], torch.arange(3))
