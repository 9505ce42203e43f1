"""The training loop: loss and rate in closed form, and the same weights whether interrupted or not."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from workflow_scripts.rogi.training import loop
from workflow_scripts.rogi.training.loop import Recipe, fit, merit, rate_factor, segmentation_loss
from workflow_scripts.rogi.training.network import Normalized
from workflow_scripts.rogi.training.patches import Patch, PatchFile, write_patches

SIZE = 16
CPU = torch.device("cpu")
RECIPE = Recipe(
    epochs=4,
    batch_size=4,
    patches_per_epoch=12,
    crop_px=12,
    crop_focus=0.5,
    optimizer="adamw",
    learning_rate=0.05,
    weight_decay=0.0,
    momentum=0.9,
    schedule="cosine",
    poly_power=0.9,
    warmup_share=0.1,
    dice_weight=0.5,
    augment=["flip", "rotate", "brightness"],
    threshold=0.5,
    seed=3,
)


def patch(rng: np.random.Generator, validation: bool) -> Patch:
    """A bright blob on dark ground is a rock glacier; a tenth of the pixels is missing."""
    label = np.zeros((SIZE, SIZE), bool)
    row, column = rng.integers(0, SIZE - 6, 2)
    label[row : row + 6, column : column + 6] = True
    valid = rng.random((SIZE, SIZE)) < 0.9
    image = rng.integers(40, 90, (3, SIZE, SIZE)) + 90 * label
    return Patch((image * valid).astype(np.uint8), label & valid, valid, validation)


def store(folder: Path, training: int = 14, validation: int = 5) -> PatchFile:
    rng = np.random.default_rng(11)
    folder.mkdir(exist_ok=True)
    kinds = [False] * training + [True] * validation
    write_patches(folder / "patches.h5", (patch(rng, kind) for kind in kinds), ["red", "green", "blue"], SIZE)
    return PatchFile(folder / "patches.h5")


def network() -> Normalized:
    """Return a small network with what makes resuming hard: batch statistics and dropout."""
    torch.manual_seed(5)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout2d(0.2), nn.Conv2d(6, 1, 1)
    return Normalized(nn.Sequential(*layers), (80.0,) * 3, (40.0,) * 3)


def fitted(
    folder: Path, recipe: Recipe = RECIPE, **counts: int
) -> tuple[dict[str, torch.Tensor], list[dict[str, float]]]:
    patches = store(folder, **counts)
    try:
        return fit(network(), patches, recipe, CPU, folder / "resume.pt")
    finally:
        patches.close()


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# ---- loss


def closed_form(logits: np.ndarray, label: np.ndarray, valid: np.ndarray, dice_weight: float) -> float:
    p, y = 1 / (1 + np.exp(-logits[valid])), label[valid].astype(float)
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    dice = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    return (1 - dice_weight) * entropy + dice_weight * dice


@pytest.mark.parametrize("dice_weight", [0.0, 0.3, 1.0])
def test_loss_is_cross_entropy_and_dice_of_the_valid_pixels(dice_weight: float, rng: np.random.Generator) -> None:
    logits = rng.normal(0, 3, (2, 9, 8))
    label, valid = rng.random((2, 9, 8)) < 0.3, rng.random((2, 9, 8)) < 0.7
    tensors = torch.from_numpy(logits), torch.from_numpy(label), torch.from_numpy(valid)
    loss = segmentation_loss(*tensors, dice_weight)
    assert loss.item() == pytest.approx(closed_form(logits, label, valid, dice_weight), rel=1e-6)


def test_invalid_pixels_give_neither_loss_nor_gradient() -> None:
    logits = torch.zeros(1, 4, 4, requires_grad=True)
    valid = torch.zeros(1, 4, 4, dtype=torch.bool)
    valid[0, 0] = True
    label = torch.rand(1, 4, 4) < 0.5
    segmentation_loss(logits, label, valid, 0.5).backward()
    assert logits.grad is not None
    assert (logits.grad[0, 0] != 0).all()
    assert not logits.grad[0, 1:].any()
    assert segmentation_loss(logits, label, torch.zeros_like(valid), 0.5).item() == 0


def test_a_perfect_answer_costs_nothing() -> None:
    label = torch.rand(2, 8, 8) < 0.5
    logits = torch.where(label, 40.0, -40.0)
    assert segmentation_loss(logits, label, torch.ones_like(label), 0.5).item() == pytest.approx(0, abs=1e-6)


# ---- learning rate


@pytest.mark.parametrize(("schedule", "half"), [("constant", 1.0), ("cosine", 0.5), ("poly", 0.5**0.9)])
def test_the_rate_rises_then_follows_its_schedule(schedule: str, half: float) -> None:
    recipe = replace(RECIPE, schedule=schedule, warmup_share=0.1)
    rates = [rate_factor(step, 100, recipe) for step in range(101)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1
    assert rates[55] == pytest.approx(half)
    assert rates[100] == pytest.approx(1.0 if schedule == "constant" else 0.0, abs=1e-12)
    assert (np.diff(rates[10:]) <= 0).all()


def test_without_warm_up_the_rate_starts_full() -> None:
    assert rate_factor(0, 100, replace(RECIPE, warmup_share=0.0)) == 1
    assert rate_factor(0, 1, RECIPE) == 1


def test_the_rate_of_each_epoch_is_written(tmp_path: Path) -> None:
    _, rows = fitted(tmp_path)
    steps = 12 // 4
    expected = [0.05 * rate_factor((epoch + 1) * steps - 1, 4 * steps, RECIPE) for epoch in range(4)]
    assert [row["learning_rate"] for row in rows] == pytest.approx(expected)


# ---- fitting


def test_it_learns(tmp_path: Path) -> None:
    _, rows = fitted(tmp_path, replace(RECIPE, epochs=8))
    assert [row["epoch"] for row in rows] == list(range(1, 9))
    assert rows[-1]["train_loss"] < 0.6 * rows[0]["train_loss"]
    assert rows[-1]["val_iou"] > 0.6


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_seed_gives_the_same_weights(tmp_path: Path, optimizer: str) -> None:
    recipe = replace(RECIPE, epochs=2, optimizer=optimizer)
    runs = [fitted(tmp_path / str(number), recipe) for number in (1, 2)]
    other, _ = fitted(tmp_path / "3", replace(recipe, seed=4))
    assert equal(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    assert not equal(runs[0][0], other)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("done", [1, 3])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int, optimizer: str
) -> None:
    recipe = replace(RECIPE, optimizer=optimizer)
    expected = fitted(tmp_path / "whole", recipe)
    train = loop._train_epoch

    def stops(*given: Any) -> Any:
        if given[6] == done:  # the epoch
            raise KeyboardInterrupt
        return train(*given)

    monkeypatch.setattr(loop, "_train_epoch", stops)
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path, recipe)
    monkeypatch.setattr(loop, "_train_epoch", train)
    state, rows = fitted(tmp_path, recipe)
    assert len(rows) == 4
    assert rows == expected[1]
    assert equal(state, expected[0])


def test_interrupted_after_the_last_epoch_trains_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fitted(tmp_path)
    monkeypatch.setattr(loop, "_train_epoch", lambda *given: pytest.fail("trained again"))
    state, rows = fitted(tmp_path)
    assert rows == expected[1]
    assert equal(state, expected[0])


def scripted(monkeypatch: pytest.MonkeyPatch, scores: list[tuple[float, float]]) -> None:
    """Let each epoch set the last bias to its number and score as told: (training, validation)."""

    def train(net: Normalized, *given: Any) -> dict[str, float]:
        layers = net.network
        assert isinstance(layers, nn.Sequential)
        last = layers[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.constant_(last.bias, float(given[5] + 1))
        return {"train_iou": scores[given[5]][0]}

    epochs = iter(scores)
    evaluate: Callable[..., dict[str, float]] = lambda *given: {"val_iou": next(epochs)[1]}  # noqa: E731
    monkeypatch.setattr(loop, "_train_epoch", train)
    monkeypatch.setattr(loop, "_evaluate", evaluate)


NAN = math.nan


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.1, 0.2), (0.2, 0.6), (0.9, 0.5), (0.9, 0.6)], 2),  # the first of two equals
        ([(0.1, 0.0), (0.9, 0.0), (0.9, 0.0), (0.9, 0.0)], 1),
        ([(0.1, NAN), (0.3, NAN), (0.2, NAN), (0.1, NAN)], 2),  # no validation: by training
        ([(NAN, NAN), (NAN, NAN), (0.2, NAN), (NAN, NAN)], 3),
    ],
)
def test_the_best_epoch_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[tuple[float, float]], best: int
) -> None:
    scripted(monkeypatch, scores)
    state, rows = fitted(tmp_path)
    assert state["4.bias"].item() == best
    assert max(rows, key=merit)["epoch"] == best


def test_without_validation_patches_there_is_no_validation_score(tmp_path: Path) -> None:
    _, rows = fitted(tmp_path, replace(RECIPE, epochs=1), validation=0)
    assert math.isnan(rows[0]["val_iou"])
    assert math.isnan(rows[0]["val_loss"])
    assert not math.isnan(rows[0]["train_iou"])


def test_no_training_patches_say_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no training patches; see the QC table"):
        fitted(tmp_path, training=0)


@pytest.mark.parametrize(
    ("patches", "drawn", "batches"),
    [(14, 12, 3), (14, None, 3), (9, None, 2), (3, None, 1), (1, None, 1), (14, 2, 1), (5, 100, 25)],
)
def test_every_batch_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patches: int, drawn: int | None, batches: int
) -> None:
    """Batch statistics of a single patch would be meaningless, and an error at the pooling branch of DeepLab."""
    seen: list[torch.Size] = []
    forward = Normalized.forward

    def watched(self: Normalized, image: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        if self.training:
            seen.append(image.shape)
        return forward(self, image, valid)

    monkeypatch.setattr(Normalized, "forward", watched)
    fitted(tmp_path, replace(RECIPE, epochs=1, patches_per_epoch=drawn), training=patches)
    assert seen == [torch.Size([4, 3, RECIPE.crop_px, RECIPE.crop_px])] * batches


def test_validation_is_scored_on_every_valid_pixel(tmp_path: Path) -> None:
    """The last epoch is the best here, so its state must give the scores that were written, patch by patch in numpy."""
    state, rows = fitted(tmp_path, replace(RECIPE, epochs=1))
    net, patches = network().eval(), store(tmp_path)
    net.network.load_state_dict(state)
    image, label, valid = patches.read(patches.numbers(validation=True))
    patches.close()
    with torch.inference_mode():
        predicted = torch.sigmoid(net(torch.from_numpy(image), torch.from_numpy(valid))).numpy() >= 0.5
    both, either = (predicted & label & valid).sum(), ((predicted | label) & valid).sum()
    assert rows[0]["val_iou"] == pytest.approx(both / either)


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([False] * 4 + [True])
    true_loss = segmentation_loss
    recipe = replace(RECIPE, schedule="constant", warmup_share=0.0)

    def breaks(*given: Any) -> torch.Tensor:
        return true_loss(*given) * (NAN if next(losses) else 1)

    monkeypatch.setattr(loop, "segmentation_loss", breaks)
    with pytest.raises(ValueError, match=r"nan in epoch 2, step 2, at a learning rate of 0\.05; lower training\.learn"):
        fitted(tmp_path, recipe, validation=0)
    kept = torch.load(tmp_path / "resume.pt", weights_only=True)
    assert kept["epoch"] == 1
    assert all(value.isfinite().all() for value in kept["best_state"].values())


def test_weights_that_the_last_step_spoilt_are_not_kept(tmp_path: Path) -> None:
    recipe = replace(RECIPE, optimizer="sgd", learning_rate=3e38, weight_decay=1e3, epochs=1, warmup_share=0.0)
    with pytest.raises(ValueError, match=r"nan in epoch 1, step [1-3], at a learning rate of "):
        fitted(tmp_path, recipe)
    assert not (tmp_path / "resume.pt").exists()
