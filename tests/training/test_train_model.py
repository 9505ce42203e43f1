"""The script that trains: model file, scores, figure, and a resume state that only the same training picks up."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from tests.training.test_loop import RECIPE, store
from tests.training.test_network import encoder_state
from tests.worlds import BANDS
from workflow_scripts import train_model
from workflow_scripts.rogi.training import loop, network

ARCHITECTURE: dict[str, Any] = {
    "file": None,
    "architecture": "DeepLabV3Plus",
    "encoder": "tu-mobilenetv3_small_050",
    "encoder_weights": None,
    "output_stride": 16,
    "atrous_rates": [6, 12, 18],
    "decoder_channels": 32,
}
SHORT = asdict(RECIPE) | {"epochs": 2, "patches_per_epoch": 4}


@pytest.fixture
def pixelwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build a 1 × 1 convolution instead of a large network."""

    def build(architecture: network.Architecture, encoder_weights: str | None = None) -> nn.Module:
        return nn.Conv2d(len(architecture.bands), 1, 1)

    for module in (train_model, network):
        monkeypatch.setattr(module, "build", build)


def run(folder: Path, recipe: dict[str, Any] = SHORT, weights: list[str] | None = None) -> None:
    if not (folder / "patches.h5").exists():
        store(folder).close()
    outputs = str(folder / "model.pt"), str(folder / "metrics.csv"), str(folder / "curves.png")
    train_model.main(str(folder / "patches.h5"), weights or [], *outputs, ARCHITECTURE, recipe, "cpu", 1)


@pytest.mark.usefixtures("pixelwise")
def test_model_scores_and_figure_are_written(tmp_path: Path) -> None:
    run(tmp_path, SHORT | {"epochs": 5})
    table = pd.read_csv(tmp_path / "metrics.csv")
    assert table["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert {"train_iou", "val_iou", "train_loss", "val_loss", "learning_rate"} <= set(table.columns)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    model = network.load(tmp_path / "model.pt", BANDS)
    best = table.loc[table["val_iou"].idxmax()]
    assert model.origin["scores"]["epoch"] == best["epoch"]
    assert model.origin["scores"]["val_iou"] == pytest.approx(best["val_iou"])
    assert model.origin["recipe"] == SHORT | {"epochs": 5}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "metrics.csv", "model.pt", "patches.h5"]


@pytest.mark.usefixtures("pixelwise")
def test_normalisation_is_that_of_the_training_patches(tmp_path: Path) -> None:
    run(tmp_path)
    patches = store(tmp_path)
    model = network.load(tmp_path / "model.pt", BANDS)
    assert (model.mean, model.std) == patches.statistics()
    patches.close()


@pytest.mark.usefixtures("pixelwise")
def test_a_killed_training_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "whole")
    evaluate, calls = loop._evaluate, []

    def dies(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return evaluate(*given)

    monkeypatch.setattr(loop, "_evaluate", dies)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    assert len(list(tmp_path.glob(".resume-*.pt"))) == 1
    assert not (tmp_path / "model.pt").exists()
    run(tmp_path)
    assert len(calls) == 3, "the first epoch was trained again"
    assert (tmp_path / "metrics.csv").read_text() == (tmp_path / "whole" / "metrics.csv").read_text()
    weights = [
        network.load(folder / "model.pt", BANDS).network.state_dict() for folder in (tmp_path, tmp_path / "whole")
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert list(tmp_path.glob(".resume-*.pt")) == []


def test_the_resume_state_is_named_by_everything_that_shapes_the_training(tmp_path: Path) -> None:
    patches, weights = tmp_path / "patches.h5", tmp_path / "weights.pt"
    patches.write_bytes(b"one")
    weights.write_bytes(b"w")

    def name(files: list[str], architecture: dict[str, Any], recipe: dict[str, Any]) -> Path:
        return train_model._checkpoint(str(tmp_path / "model.pt"), str(patches), files, architecture, recipe)

    names = [name([], ARCHITECTURE, SHORT)]
    assert name([], ARCHITECTURE, json.loads(json.dumps(SHORT))) == names[0]
    names += [name([], ARCHITECTURE | {"output_stride": 8}, SHORT), name([], ARCHITECTURE, SHORT | {"seed": 9})]
    names += [name([str(weights)], ARCHITECTURE, SHORT)]
    patches.write_bytes(b"other")
    names += [name([], ARCHITECTURE, SHORT)]
    assert len(set(names)) == 5


def test_a_deeplab_trains(tmp_path: Path) -> None:
    """The real thing, once: one step of DeepLabV3+, from encoder weights in a file."""
    made_of = network.Architecture("DeepLabV3Plus", ARCHITECTURE["encoder"], tuple(BANDS), 16, (6, 12, 18), 32)
    torch.save(encoder_state(network.build(made_of)), tmp_path / "weights.pt")
    recipe = SHORT | {"epochs": 1, "batch_size": 2, "patches_per_epoch": 2, "crop_px": 16}
    run(tmp_path, recipe, [str(tmp_path / "weights.pt")])
    model = network.load(tmp_path / "model.pt", BANDS)
    assert model.architecture == made_of
