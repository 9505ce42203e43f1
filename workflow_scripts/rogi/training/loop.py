"""The training loop, top to bottom: epochs of batches, scores after each, the best state kept, resumable."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from workflow_scripts.rogi.files import replacing
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.augmentation import augment, crop
from workflow_scripts.rogi.training.network import Normalized
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.scores import Overlap

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
Row = dict[str, float]


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted; the fields are the keys of `training` in the config."""

    epochs: int
    batch_size: int
    patches_per_epoch: int | None
    crop_px: int
    crop_focus: float
    optimizer: str
    learning_rate: float
    weight_decay: float
    momentum: float
    schedule: str
    poly_power: float
    warmup_share: float
    dice_weight: float
    augment: list[str]
    threshold: float
    seed: int


def fit(
    network: Normalized, patches: PatchFile, recipe: Recipe, device: torch.device, checkpoint: Path
) -> tuple[dict[str, torch.Tensor], list[Row]]:
    """Fit a network and return its best state and one row of scores per epoch.

    Best is the highest IoU on the validation patches, on the training patches where there is no validation. Every epoch
    starts from its own seed, and the state after each is kept in `checkpoint`, so an interrupted training goes on where
    it was and ends with the weights of an uninterrupted one.

    Raises:
        ValueError: There are no training patches, or the loss is no longer a number.
    """
    train, validation = patches.numbers(validation=False), patches.numbers(validation=True)
    if not len(train):
        raise ValueError("there are no training patches; see the QC table of the inventories")
    network.to(memory_format=torch.channels_last).to(device)
    optimizer = _optimizer(network, recipe)
    steps = _steps(len(train), recipe)
    state: dict[str, Any] = {"epoch": 0, "rows": [], "best": -1.0, "best_state": None}
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        logging.getLogger("rogi").info("resuming after epoch %d from %s", state["epoch"], checkpoint)
    for epoch in range(state["epoch"], recipe.epochs):
        torch.manual_seed(recipe.seed + epoch)
        row: Row = {"epoch": epoch + 1}
        row |= _train_epoch(network, optimizer, patches, train, recipe, steps, epoch, device)
        row |= _evaluate(network, patches, validation, recipe, device)
        state["rows"].append(row)
        if merit(row) > state["best"]:
            state |= {"best": merit(row), "best_state": _copy(network.network)}
        state |= {"epoch": epoch + 1, "network": _copy(network), "optimizer": optimizer.state_dict()}
        with replacing(checkpoint) as temporary:
            torch.save(state, temporary)
        logging.getLogger("rogi").info("%s", ", ".join(f"{name} {value:.4g}" for name, value in row.items()))
    return state["best_state"], state["rows"]


def merit(row: Row) -> float:
    """Return what decides which epoch is best: IoU on validation, on training where there is none, else 0."""
    return next((row[name] for name in ("val_iou", "train_iou") if not math.isnan(row[name])), 0.0)


def _optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(), recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)


def _steps(patches: int, recipe: Recipe) -> int:
    """Return the batches per epoch, at least one; a last batch that would not be full is left out."""
    return max(1, (recipe.patches_per_epoch or patches) // recipe.batch_size)


def rate_factor(step: int, total: int, recipe: Recipe) -> float:
    """Return the learning rate at a step as a share of the base rate: linear warm-up, then the schedule's decay."""
    warmup = int(recipe.warmup_share * total)
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, total - warmup)
    decays: dict[str, Callable[[float], float]] = {
        "constant": lambda done: 1.0,
        "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
        "poly": lambda done: (1 - done) ** recipe.poly_power,
    }
    return decays[recipe.schedule](done)


def _train_epoch(
    network: Normalized,
    optimizer: torch.optim.Optimizer,
    patches: PatchFile,
    numbers: np.ndarray,
    recipe: Recipe,
    steps: int,
    epoch: int,
    device: torch.device,
) -> Row:
    network.train()
    generator = torch.Generator().manual_seed(recipe.seed * 100003 + epoch)
    order = numbers[torch.randperm(len(numbers), generator=generator).numpy()]
    overlap, losses = Overlap(), []
    with progress(f"training, epoch {epoch + 1} of {recipe.epochs}", steps * recipe.batch_size, "patches") as bar:
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * rate_factor(epoch * steps + step, recipe.epochs * steps, recipe)
            start = step * recipe.batch_size
            chosen = order.take(range(start, start + recipe.batch_size), mode="wrap")
            batch = crop(*_tensors(patches, chosen), recipe.crop_px, recipe.crop_focus, generator)
            batch = augment(*batch, recipe.augment, generator)
            image, label, valid = (part.to(device, non_blocking=True) for part in batch)
            optimizer.zero_grad(set_to_none=True)
            logits = network(image, valid)
            loss = segmentation_loss(logits, label, valid, recipe.dice_weight)
            losses.append(loss.item())
            if not math.isfinite(losses[-1]):
                raise _diverged(losses[-1], epoch, step, optimizer)
            loss.backward()
            optimizer.step()
            overlap.add(torch.sigmoid(logits.detach()) >= recipe.threshold, label, valid)
            bar.advance(recipe.batch_size, f"loss {losses[-1]:.3f}, IoU {overlap.iou:.3f}")
    if not all(value.isfinite().all() for value in network.state_dict().values()):
        raise _diverged(math.nan, epoch, steps - 1, optimizer)
    rate = optimizer.param_groups[0]["lr"]
    return {"learning_rate": rate, "train_loss": float(np.mean(losses)), "train_iou": overlap.iou}


def _diverged(loss: float, epoch: int, step: int, optimizer: torch.optim.Optimizer) -> ValueError:
    return ValueError(
        f"the loss became {loss} in epoch {epoch + 1}, step {step + 1}, at a learning rate of "
        f"{optimizer.param_groups[0]['lr']:.3g}; lower training.learning_rate or raise training.warmup_share "
        "and run again"
    )


def segmentation_loss(
    logits: torch.Tensor, label: torch.Tensor, valid: torch.Tensor, dice_weight: float
) -> torch.Tensor:
    """Return binary cross-entropy mixed with soft Dice over the valid pixels of a batch.

    Args:
        logits: float (n, height, width).
        label: bool (n, height, width).
        valid: bool (n, height, width).
        dice_weight: Share of the Dice term, 0 to 1.
    """
    weight = valid.float()
    target = label.float()
    entropy = functional.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="sum")
    entropy = entropy / weight.sum().clamp(min=1)
    probability = torch.sigmoid(logits) * weight
    target = target * weight
    dice = 1 - (2 * (probability * target).sum() + 1) / (probability.sum() + target.sum() + 1)
    return (1 - dice_weight) * entropy + dice_weight * dice


@torch.no_grad()
def _evaluate(
    network: Normalized, patches: PatchFile, numbers: np.ndarray, recipe: Recipe, device: torch.device
) -> Row:
    network.eval()
    overlap, losses = Overlap(), []
    for batch in _batches(patches, numbers, recipe.batch_size):
        image, label, valid = (part.to(device) for part in batch)
        logits = network(image, valid)
        losses.append(segmentation_loss(logits, label, valid, recipe.dice_weight).item())
        overlap.add(torch.sigmoid(logits) >= recipe.threshold, label, valid)
    return {"val_loss": float(np.mean(losses)) if losses else math.nan, "val_iou": overlap.iou}


def _batches(patches: PatchFile, numbers: np.ndarray, size: int) -> Iterator[Batch]:
    for start in range(0, len(numbers), size):
        yield _tensors(patches, numbers[start : start + size])


def _tensors(patches: PatchFile, numbers: np.ndarray) -> Batch:
    image, label, valid = (torch.from_numpy(array) for array in patches.read(numbers))
    return image, label, valid


def _copy(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone().cpu() for name, value in module.state_dict().items()}
