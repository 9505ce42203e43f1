"""A network being fitted, and where its fitting stands."""

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from torch.optim.swa_utils import AveragedModel

from workflow_scripts.rogi.training.distributed import Process, shared, with_common_statistics
from workflow_scripts.rogi.training.network import Normalized
from workflow_scripts.rogi.training.precision import training_precision
from workflow_scripts.rogi.training.recipe import Recipe, make_optimizer

Row = dict[str, float]


class Training:
    """All that a step changes, and what says how.

    Attributes:
        network: What is fitted.
        model: The same, its gradients averaged over all processes.
        averaged: Running average of its weights; None where the recipe wants none.
        evaluated: What is evaluated and kept: the averaged network, if there is one.
        step: Steps done.
        history: Sums of the losses (see `losses.sums`) of each step since the last evaluation.
        seconds: What these steps took.
        rows: Scores of every evaluation.
        best: State of the network inside `network` at the best evaluation.
    """

    def __init__(self, network: Normalized, recipe: Recipe, device: torch.device, process: Process) -> None:
        """Begin."""
        self.recipe, self.device, self.process = recipe, device, process
        self.network = with_common_statistics(network, device).to(device).train()
        self.network.to(memory_format=torch.channels_last)
        self.model = shared(self.network, device)
        self.optimizer = make_optimizer(self.network, recipe)
        self.precision = training_precision(recipe.precision, device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.precision == torch.float16)
        self.averaged: AveragedModel | None = None
        self.evaluated = self.network
        if recipe.ema_decay is not None:
            self.averaged = AveragedModel(self.network, avg_fn=moving_average(recipe.ema_decay), use_buffers=True)
            self.evaluated = cast(Normalized, self.averaged.module)
        self.step, self.seconds = 0, 0.0
        self.history: list[torch.Tensor] = []
        self.rows: list[Row] = []
        self.best: dict[str, torch.Tensor] = {}

    @property
    def is_done(self) -> bool:
        """Whether the last step was taken, or the scores have not improved for too long."""
        if self.step >= self.recipe.steps:
            return True
        if self.recipe.patience is None or not self.rows or math.isnan(self.rows[-1]["val_iou"]):
            return False
        return len(self.rows) - 1 - self.rows.index(best_row(self.rows)) >= self.recipe.patience

    def add(self, row: Row) -> None:
        """Take note of an evaluation; keep the weights if it is the best."""
        self.rows.append(row)
        self.history, self.seconds = [], 0.0
        if best_row(self.rows) is row:
            state = self.evaluated.network.state_dict()
            self.best = {name: value.detach().cpu().clone() for name, value in state.items()}

    def state(self) -> dict[str, Any]:
        """Return all of it, as a file can hold it."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "rows": self.rows,
            "history": torch.stack(self.history).cpu() if self.history else None,
            "best": self.best,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict() if self.averaged is not None else None,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to what `state` returned."""
        self.step, self.seconds, self.rows = state["step"], state["seconds"], state["rows"]
        self.history = [] if state["history"] is None else list(state["history"].to(self.device))
        self.best = {name: value.cpu() for name, value in state["best"].items()}
        self.network.load_state_dict(state["network"])
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])


def best_row(rows: list[Row]) -> Row:
    """Return the row of the highest IoU on validation, the first of equals; the last one where there is no such IoU."""
    scored = [row for row in rows if not math.isnan(row["val_iou"])]
    return max(scored, key=lambda row: row["val_iou"]) if scored else rows[-1]


def moving_average(decay: float) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor | int], torch.Tensor]:
    """Return the exponential moving average of weights, which forgets its beginning faster than its later course.

    After n updates the decay is at most (1 + n) / (10 + n), as in TensorFlow's ExponentialMovingAverage.
    """

    def average(old: torch.Tensor, new: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
        if not old.is_floating_point():
            return new
        share = 1 - torch.clamp((1 + torch.as_tensor(count)) / (10 + torch.as_tensor(count)), max=decay)
        return old.lerp(new, share.to(old))

    return average
