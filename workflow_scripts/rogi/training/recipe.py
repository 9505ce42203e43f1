"""How a network is fitted: the settings, the optimizer and the course of its rate."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Recipe:
    """The keys of `training` in the config, but for where it runs; its seed, or else the study's."""

    steps: int
    evaluate_every_steps: int
    patience: int | None
    checkpoint_min: float | None
    batch_size: int
    accumulate: int
    workers: int
    crop_px: int | None
    crop_focus: float
    sampling: str
    optimizer: str
    learning_rate: float
    weight_decay: float
    momentum: float
    schedule: str
    poly_power: float
    warmup_share: float
    ema_decay: float | None
    loss: str
    label_smoothing: float
    dice_weight: float
    tversky_alpha: float
    tversky_beta: float
    tversky_gamma: float
    augmentation: dict[str, Any]
    augment_negatives: bool
    precision: str
    deterministic: bool
    seed: int


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimizer; biases and the parameters of normalisations are not decayed."""
    wanted = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in wanted if parameter.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [parameter for parameter in wanted if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, recipe.learning_rate, momentum=recipe.momentum)
    return torch.optim.AdamW(groups, recipe.learning_rate)


def rate_factor(step: int, recipe: Recipe) -> float:
    """Return the learning rate at a step as a share of the base rate: linear warm-up, then the schedule's decay."""
    warmup = int(recipe.warmup_share * recipe.steps)
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, recipe.steps - warmup)
    decays: dict[str, Callable[[float], float]] = {
        "constant": lambda done: 1.0,
        "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
        "poly": lambda done: (1 - done) ** recipe.poly_power,
    }
    return decays[recipe.schedule](done)
