"""One step of a training, and one evaluation."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.distributed import like_the_first, over_all
from workflow_scripts.rogi.training.feed import Feed, on
from workflow_scripts.rogi.training.losses import TERMS, gradient, sums
from workflow_scripts.rogi.training.recipe import rate_factor
from workflow_scripts.rogi.training.state import Training
from workflow_scripts.rogi.training.streams import Use, seed_of


def take_step(training: Training, batches: list[Batch]) -> torch.Tensor:
    """Change the weights once and return the sums (see `losses.sums`) of the step, of all processes, on the device.

    The loss is that of all batches together. To know its slope for one of them takes the sums of all, so with several
    batches each is computed once without gradient and once with.
    """
    for group in training.optimizer.param_groups:
        group["lr"] = training.recipe.learning_rate * rate_factor(training.step, training.recipe)
    training.optimizer.zero_grad(set_to_none=True)
    batches = [on(training.device, batch) for batch in batches]
    known = _all_sums(training, batches) if len(batches) > 1 else None
    for part, batch in enumerate(batches):
        is_last = part == len(batches) - 1
        with nullcontext() if is_last else _apart(training.model):
            found = _sums(training, batch, part)
            totals = over_all(found.detach()) if known is None else known
            _, slope = gradient(totals, training.recipe)
            # Gradients are averaged over the processes, and the loss is of their sum.
            training.scaler.scale((slope @ found) * training.process.count).backward()
    training.scaler.step(training.optimizer)
    training.scaler.update()
    if training.averaged is not None:
        training.averaged.update_parameters(training.network)
    return totals


def _apart(model: nn.Module) -> AbstractContextManager[None]:
    """Leave gradients in their process for now."""
    return model.no_sync() if isinstance(model, DistributedDataParallel) else nullcontext()


@torch.no_grad()
def _all_sums(training: Training, batches: list[Batch]) -> torch.Tensor:
    """Return the sums of all batches; the running statistics stay as they were."""
    before = [buffer.clone() for buffer in training.network.buffers()]
    found = torch.stack([_sums(training, batch, part) for part, batch in enumerate(batches)]).sum(0)
    for buffer, value in zip(training.network.buffers(), before, strict=True):
        buffer.copy_(value)
    return over_all(found)


def _sums(training: Training, batch: Batch, part: int) -> torch.Tensor:
    torch.manual_seed(seed_of(training.recipe.seed, Use.DROPOUT, training.step, training.process.rank, part))
    return _applied(training, training.model, batch)


def _applied(training: Training, model: nn.Module, batch: Batch) -> torch.Tensor:
    narrow = training.precision != torch.float32
    with torch.autocast(training.device.type, training.precision if narrow else None, enabled=narrow):
        logits = model(batch.image, batch.valid, batch.channels)
    return sums(logits, batch.label, batch.valid, training.recipe.label_smoothing)


@torch.no_grad()
def evaluate(training: Training, feed: Feed) -> torch.Tensor:
    """Return the sums over all valid pixels of the validation patches, of all processes."""
    network = training.evaluated.eval()
    like_the_first(network)
    totals = torch.zeros(TERMS, dtype=torch.float64, device=training.device)
    for batch in feed.validation(pin=training.device.type == "cuda"):
        totals += _applied(training, network, on(training.device, batch))
    training.network.train()
    return over_all(totals)
