"""Losses over all valid pixels of a step: functions of sums, which add up over batches, devices and processes.

What a batch contributes to the gradient follows from the sums of the whole step alone (`gradient`), so a step in
several batches or on several devices is, but for rounding, a step in one.
"""

import torch
from torch.nn import functional

from workflow_scripts.rogi.training.recipe import Recipe

TERMS = 7
SMOOTHING_PX = 1.0  # keeps the ratios defined where there is no rock glacier
NEARLY_PERFECT = 1e-6  # below it the slope of a power below 1 has no bound


def sums(logits: torch.Tensor, label: torch.Tensor, valid: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Return what losses and scores are made of.

    Args:
        logits: float (n, height, width).
        label: bool (n, height, width).
        valid: bool (n, height, width).
        smoothing: For the cross-entropy, labels are this much nearer to one half: 0 and 1 become s/2 and 1 - s/2
            (Szegedy et al. 2016), because outlines are not exact to the pixel.

    Returns:
        float64 (7,): cross-entropy, valid pixels, rock glacier pixels, predicted probability, that on rock glaciers;
        pixels that are rock glacier in prediction (a probability of at least 0.5) and reference, and in either.
    """
    logits, weight = logits.float(), valid.float()
    target = label.float() * weight
    softened = target * (1 - smoothing) + smoothing / 2
    entropy = functional.binary_cross_entropy_with_logits(logits, softened, weight=weight, reduction="sum")
    probability = torch.sigmoid(logits) * weight
    predicted = logits.detach() >= 0
    found = [entropy, weight.sum(), target.sum(), probability.sum(), (probability * target).sum()]
    found += [(predicted & label & valid).sum(), ((predicted | label) & valid).sum()]
    return torch.stack([value.double() for value in found])


def loss_of(totals: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Return the loss of a step from its sums."""
    entropy, valid, labelled, predicted, shared = totals[:5]
    if recipe.loss == "focal_tversky":
        missed, false = labelled - shared, predicted - shared
        weighted = shared + recipe.tversky_alpha * missed + recipe.tversky_beta * false
        index = (shared + SMOOTHING_PX) / (weighted + SMOOTHING_PX)
        return (1 - index).clamp(min=NEARLY_PERFECT) ** recipe.tversky_gamma
    dice = 1 - (2 * shared + SMOOTHING_PX) / (predicted + labelled + SMOOTHING_PX)
    return (1 - recipe.dice_weight) * entropy / valid.clamp(min=1) + recipe.dice_weight * dice


def gradient(totals: torch.Tensor, recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of a step and its derivative by the sums (7,): with it, every batch knows its part."""
    given = totals.detach().requires_grad_()
    loss = loss_of(given, recipe)
    (slope,) = torch.autograd.grad(loss, given)
    return loss.detach(), slope


def iou(totals: torch.Tensor) -> float:
    """Return intersection over union of the rock glacier class (Sun et al. 2024, Eq. 1); NaN when there is none."""
    both, either = totals[5:].tolist()
    return both / either if either else float("nan")
