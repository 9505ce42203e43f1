"""The script that trains: network, scores and figure, and a state that only the same training takes up."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from tests.architectures import SMALLEST
from tests.training.scene import LIVELY, RECIPE, equal, samples
from tests.training.test_network import encoder_state
from tests.worlds import BANDS
from workflow_scripts import train_model
from workflow_scripts.rogi.training import loop, network

ARCHITECTURE: dict[str, Any] = {
    "files": [],
    "architecture": "DeepLabV3Plus",
    "encoder": SMALLEST,
    "encoder_weights": None,
    "normalisation": "dataset",
    "colour": True,
    "reduction": 1,
    "output_stride": 16,
    "atrous_rates": [6, 12, 18],
    "decoder_channels": 32,
}
PACE = {"workers": 0, "checkpoint_min": None}
SHORT = {name: value for name, value in asdict(RECIPE).items() if name not in PACE} | {
    "steps": 4,
    "evaluate_every_steps": 1,
}


@pytest.fixture
def pixelwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build a 1 × 1 convolution instead of a large network."""

    def build(architecture: network.Architecture, encoder_weights: str | None = None) -> nn.Module:
        return nn.Conv2d(len(architecture.inputs), 1, 1)

    for module in (train_model, network):
        monkeypatch.setattr(module, "build", build)


def run(folder: Path, recipe: dict[str, Any] = SHORT, weights: list[str] | None = None, **changes: Any) -> None:
    if not (folder / "patches.h5").exists():
        world = samples(folder)
        table = pd.DataFrame({"split": "main", "uid": world.table["uid"], "role": world.table["role"]})
        table.to_csv(folder / "splits.csv", index=False)
        world.patches.close()
    names = {"patches": "patches.h5", "splits": "splits.csv", "network": "network.pt", "metrics": "metrics.csv"}
    names |= {"figure": "curves.png", "tensorboard": "board"}
    given: dict[str, Any] = {name: str(folder / path) for name, path in names.items()}
    given |= {"split": "main", "architecture": ARCHITECTURE, "channels": [], "device": "cpu", "gpus": 1, "threads": 1}
    given["pace"] = PACE
    train_model.main(**(given | {"encoder_weights": weights or [], "recipe": recipe} | changes))


@pytest.mark.usefixtures("pixelwise")
def test_network_scores_and_figure_are_written(tmp_path: Path) -> None:
    run(tmp_path)
    table = pd.read_csv(tmp_path / "metrics.csv")
    assert list(table.columns) == [
        "step", "learning_rate", "train_loss", "train_iou", "val_loss", "val_iou", "samples_per_s",
    ]  # fmt: skip
    assert table["step"].tolist() == [1, 2, 3, 4]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    model = network.load(tmp_path / "network.pt", BANDS, [])
    best = table.loc[table["val_iou"].idxmax()]
    assert model.origin["scores"]["step"] == best["step"]
    assert model.origin["scores"]["val_iou"] == pytest.approx(best["val_iou"])
    assert (model.origin["recipe"], model.origin["split"]) == (SHORT, "main")
    assert (model.temperature, model.threshold) == (1.0, 0.5)
    expected = ["board", "curves.png", "metrics.csv", "network.pt", "patches.h5", "splits.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == expected


@pytest.mark.usefixtures("pixelwise")
def test_normalisation_is_that_of_the_training_patches(tmp_path: Path) -> None:
    run(tmp_path)
    model = network.load(tmp_path / "network.pt", BANDS, [])
    given = samples(tmp_path)
    mean, std = given.statistics()
    given.patches.close()
    assert (model.mean, model.std) == (tuple(mean), tuple(std))


@pytest.mark.usefixtures("pixelwise")
def test_an_interrupted_training_goes_on_and_a_state_of_another_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run(tmp_path / "whole")
    (tmp_path / ".network.resume-0123.pt").write_bytes(b"of another config")
    true, calls = loop.evaluate, []

    def interrupted(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return true(*given)

    monkeypatch.setattr(loop, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    assert len(list(tmp_path.glob(".network.resume-*.pt"))) == 2
    assert not (tmp_path / "network.pt").exists()
    run(tmp_path, pace={"workers": 2, "checkpoint_min": 1}, device="auto")  # which is the CPU here, too
    assert len(calls) == 5, "the first two steps were trained again"
    assert ".network.resume-0123.pt is the state of a training with another config" in caplog.text
    scores = [
        pd.read_csv(folder / "metrics.csv").drop(columns="samples_per_s") for folder in (tmp_path, tmp_path / "whole")
    ]
    pd.testing.assert_frame_equal(*scores, check_exact=True)
    states = [
        network.load(folder / "network.pt", BANDS, []).network.state_dict() for folder in (tmp_path, tmp_path / "whole")
    ]
    assert equal(*states)
    assert list(tmp_path.glob(".*resume*")) == []


@pytest.mark.usefixtures("pixelwise")
@pytest.mark.parametrize("code", ["the same code", "other code"])
def test_a_state_of_other_code_is_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    asked: list[Path] = []
    true = train_model.checkpoint_path
    monkeypatch.setattr(train_model, "checkpoint_path", lambda *given: asked.append(true(*given)) or asked[-1])  # type: ignore[func-returns-value]
    for digest in ("the same code", code):
        monkeypatch.setattr(train_model, "code_digest", lambda script, root, digest=digest: digest)
        run(tmp_path, SHORT | {"steps": 1})
    assert (asked[0] == asked[1]) == (code == "the same code")


@pytest.mark.usefixtures("pixelwise")
@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": SHORT | {"seed": 4}},
        {"recipe": SHORT | {"augmentation": LIVELY | {"gain": 0.2}}},
        {"architecture": ARCHITECTURE | {"output_stride": 8}},
        {"threads": 2},
    ],
)
def test_another_config_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)  # or the tests after this have them
    with monkeypatch.context() as patch:
        patch.setattr(train_model, "save", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    steps: list[int] = []
    true = loop.take_step
    monkeypatch.setattr(loop, "take_step", lambda *given: steps.append(1) or true(*given))  # type: ignore[func-returns-value]
    run(tmp_path, **changes)
    assert len(steps) == 4


@pytest.mark.usefixtures("pixelwise")
def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown split 'fold 1'"):
        run(tmp_path, split="fold 1")


def test_a_deeplab_trains(tmp_path: Path) -> None:
    """The real thing, once: one step of DeepLabV3+, from encoder weights in a file."""
    made_of = network.Architecture.of(ARCHITECTURE, BANDS, [])
    torch.save(encoder_state(network.build(made_of)), tmp_path / "weights.pt")
    recipe = SHORT | {"steps": 1, "batch_size": 2, "crop_px": None}
    run(tmp_path, recipe, [str(tmp_path / "weights.pt")])
    assert network.load(tmp_path / "network.pt", BANDS, []).architecture == made_of
