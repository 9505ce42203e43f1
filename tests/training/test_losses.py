"""Losses in closed form, and as sums that add up."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.scene import RECIPE
from workflow_scripts.rogi.training.losses import gradient, iou, loss_of, sums
from workflow_scripts.rogi.training.recipe import Recipe

FOCAL = replace(RECIPE, loss="focal_tversky")


def tensors(rng: np.random.Generator, count: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    shape = (count, 9, 8)
    logits = torch.from_numpy(rng.normal(0, 3, shape).astype(np.float32))
    return logits, torch.from_numpy(rng.random(shape) < 0.3), torch.from_numpy(rng.random(shape) < 0.7)


def plain(logits: torch.Tensor, label: torch.Tensor, valid: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    return 1 / (1 + np.exp(-logits[valid].numpy().astype(float))), label[valid].numpy().astype(float)


@pytest.mark.parametrize("dice_weight", [0.0, 0.3, 1.0])
def test_cross_entropy_and_dice_are_of_the_valid_pixels(dice_weight: float, rng: np.random.Generator) -> None:
    given = tensors(rng)
    p, y = plain(*given)
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    dice = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    loss = loss_of(sums(*given), replace(RECIPE, dice_weight=dice_weight))
    assert loss.item() == pytest.approx((1 - dice_weight) * entropy + dice_weight * dice, rel=1e-6)


def test_smoothed_labels_are_nearer_to_one_half_for_the_entropy_alone(rng: np.random.Generator) -> None:
    given = tensors(rng)
    p, y = plain(*given)
    softened = 0.9 * y + 0.05
    entropy = -(softened * np.log(p) + (1 - softened) * np.log(1 - p)).sum()
    totals = sums(*given, smoothing=0.1)
    assert totals[0].item() == pytest.approx(entropy, rel=1e-6)
    assert torch.equal(totals[1:], sums(*given)[1:])


def test_focal_tversky_is_that_of_abraham_and_khan(rng: np.random.Generator) -> None:
    given = tensors(rng)
    p, y = plain(*given)
    hit, missed, false = (p * y).sum(), ((1 - p) * y).sum(), (p * (1 - y)).sum()
    index = (hit + 1) / (hit + 0.7 * missed + 0.3 * false + 1)
    assert loss_of(sums(*given), FOCAL).item() == pytest.approx((1 - index) ** 0.75, rel=1e-6)


def test_focal_tversky_with_equal_weights_is_dice(rng: np.random.Generator) -> None:
    totals = sums(*tensors(rng)) * 1e6  # so that the smoothing, which counts half there, does not show
    even = replace(FOCAL, tversky_alpha=0.5, tversky_beta=0.5, tversky_gamma=1.0)
    dice = replace(RECIPE, dice_weight=1.0)
    assert loss_of(totals, even).item() == pytest.approx(loss_of(totals, dice).item(), rel=1e-6)


@pytest.mark.parametrize("recipe", [RECIPE, FOCAL], ids=["dice_bce", "focal_tversky"])
def test_the_slope_of_the_sums_leads_to_the_gradient_of_the_whole(recipe: Recipe, rng: np.random.Generator) -> None:
    logits, label, valid = tensors(rng)
    whole = logits.clone().requires_grad_()
    loss = loss_of(sums(whole, label, valid), recipe)
    loss.backward()
    parts = logits.clone().requires_grad_()
    totals = sums(logits, label, valid)
    same, slope = gradient(totals, recipe)
    for part in (slice(0, 1), slice(1, 4)):
        (slope @ sums(parts[part], label[part], valid[part])).backward()
    assert same.item() == pytest.approx(loss.item(), rel=1e-12)
    assert whole.grad is not None
    assert parts.grad is not None
    assert torch.allclose(parts.grad, whole.grad, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("recipe", [RECIPE, FOCAL], ids=["dice_bce", "focal_tversky"])
def test_invalid_pixels_give_neither_loss_nor_gradient(recipe: Recipe, rng: np.random.Generator) -> None:
    logits, label, valid = tensors(rng)
    logits.requires_grad_()
    loss_of(sums(logits, label, valid), recipe).backward()
    assert logits.grad is not None
    assert (logits.grad[valid] != 0).all()
    assert not logits.grad[~valid].any()
    assert loss_of(sums(logits, label, torch.zeros_like(valid)), RECIPE).item() == 0


@pytest.mark.parametrize(("recipe", "least"), [(RECIPE, 1e-6), (FOCAL, 1e-4)], ids=["dice_bce", "focal_tversky"])
def test_a_perfect_answer_costs_nothing_and_pulls_nowhere(recipe: Recipe, least: float) -> None:
    label = torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(1)) < 0.5
    logits = torch.where(label, 40.0, -40.0).requires_grad_()
    loss = loss_of(sums(logits, label, torch.ones_like(label)), recipe)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=least)
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_batches_add_up_to_the_iou_of_the_whole(rng: np.random.Generator) -> None:
    logits, label, valid = tensors(rng, 6)
    predicted = logits >= 0
    expected = (predicted & label & valid).sum() / ((predicted | label) & valid).sum()
    parts = [sums(logits[part], label[part], valid[part]) for part in (slice(0, 1), slice(1, 6))]
    assert iou(parts[0] + parts[1]) == pytest.approx(expected.item())
    assert np.isnan(iou(sums(logits, label, torch.zeros_like(valid))))
