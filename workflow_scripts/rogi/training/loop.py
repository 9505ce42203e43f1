"""The training, top to bottom: steps, an evaluation now and then, the best weights kept, resumable anywhere."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch

from workflow_scripts.rogi.progress import Progress, progress
from workflow_scripts.rogi.training.checkpoint import keep, kept
from workflow_scripts.rogi.training.devices import explained
from workflow_scripts.rogi.training.distributed import Process
from workflow_scripts.rogi.training.feed import Feed
from workflow_scripts.rogi.training.losses import iou, loss_of
from workflow_scripts.rogi.training.network import Normalized
from workflow_scripts.rogi.training.precision import repeatable
from workflow_scripts.rogi.training.recipe import Recipe, rate_factor
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.state import Row, Training
from workflow_scripts.rogi.training.steps import evaluate, take_step

NOTE_EVERY_STEPS = 10  # a note waits for the device


def fit(
    network: Normalized,
    samples: Samples,
    recipe: Recipe,
    device: torch.device,
    checkpoint: Path,
    log: Callable[[list[Row]], None],
) -> tuple[dict[str, torch.Tensor], list[Row]]:
    """Fit a network and return its best state and one row of scores per evaluation.

    What is evaluated and kept are the averaged weights where the recipe asks for them. Best is the highest IoU on the
    validation patches; without validation patches it is the last state. Every step depends on the seed, its number and
    the weights before it alone, so a training that was killed anywhere and goes on from `checkpoint` ends with the
    weights of an uninterrupted one on the same device and number of threads.

    Args:
        network: What to fit, in place.
        samples: Training and validation patches.
        recipe: How.
        device: Where.
        checkpoint: File of the state; it stays when the training is done.
        log: Is given all rows after every evaluation, in the first process.

    Raises:
        ValueError: There are no training patches with a rock glacier, the loss is no longer a number, or the network
            normalises over a batch that is too small for that.
        MemoryError: The device's memory does not suffice.
    """
    process = Process.current()
    feed = Feed(samples, recipe, process)
    with repeatable(recipe.deterministic), explained():
        training = Training(network, recipe, device, process)
        if checkpoint.exists():
            training.restore(kept(checkpoint, device))
            logging.getLogger("rogi").info("going on after step %d from %s", training.step, checkpoint)
        left = (recipe.steps - training.step) * feed.patches_per_step
        with progress("training", left, "patches", shown=process.leads) as bar:
            _run(training, feed, checkpoint, log, bar)
    return training.best, training.rows


def _run(training: Training, feed: Feed, checkpoint: Path, log: Callable[[list[Row]], None], bar: Progress) -> None:
    if training.is_done:
        return
    note, marked, kept_at = "", time.monotonic(), time.monotonic()
    for batches in feed.steps(training.step, pin=training.device.type == "cuda"):
        training.history.append(take_step(training, batches))
        training.step += 1
        due = training.step % training.recipe.evaluate_every_steps == 0 or training.step == training.recipe.steps
        waits = (time.monotonic() - kept_at) / 60 >= (training.recipe.checkpoint_min or math.inf)
        if due or waits or training.step % NOTE_EVERY_STEPS == 0:
            note = _checked(training)
        bar.advance(feed.patches_per_step, note)
        training.seconds += time.monotonic() - marked
        if due:
            _evaluate(training, feed, log)
        if due or waits:
            if training.process.leads:
                keep(checkpoint, training.state())
            kept_at = time.monotonic()
        marked = time.monotonic()
        if training.is_done:
            break


def _evaluate(training: Training, feed: Feed, log: Callable[[list[Row]], None]) -> None:
    losses, overlap = _losses(training), iou(torch.stack(training.history).sum(0))
    speed = len(losses) * feed.patches_per_step / max(training.seconds, 1e-9)
    totals = evaluate(training, feed)
    _check_weights(training)
    there = len(feed.samples.validation) > 0
    row: Row = {
        "step": training.step,
        "learning_rate": training.recipe.learning_rate * rate_factor(training.step - 1, training.recipe),
        "train_loss": float(losses.mean()),
        "train_iou": overlap,
        "val_loss": float(loss_of(totals, training.recipe)) if there else math.nan,
        "val_iou": iou(totals),
        "samples_per_s": speed,
    }
    training.add(row)
    if training.process.leads:
        logging.getLogger("rogi").info("%s", ", ".join(f"{name} {value:.4g}" for name, value in row.items()))
        log(training.rows)


def _losses(training: Training) -> torch.Tensor:
    """Return the loss of each step since the last evaluation, (n,)."""
    return torch.stack([loss_of(totals, training.recipe) for totals in torch.stack(training.history).cpu()])


def _checked(training: Training) -> str:
    """Return what to show beside the progress: loss and IoU since the last evaluation.

    Raises:
        ValueError: The loss of a step was no number.
    """
    losses = _losses(training)
    if not losses.isfinite().all():
        first = int(losses.isfinite().logical_not().nonzero()[0])
        raise _diverged(float(losses[first]), training.step - len(losses) + first, training.recipe)
    return f"loss {losses[-NOTE_EVERY_STEPS:].mean():.3f}, IoU {iou(torch.stack(training.history).sum(0)):.3f}"


def _check_weights(training: Training) -> None:
    if not all(value.isfinite().all() for value in training.network.state_dict().values()):
        raise _diverged(math.nan, training.step - 1, training.recipe)


def _diverged(loss: float, step: int, recipe: Recipe) -> ValueError:
    return ValueError(
        f"the loss became {loss} in step {step + 1}, at a learning rate of "
        f"{recipe.learning_rate * rate_factor(step, recipe):.3g}; lower training.learning_rate or raise "
        "training.warmup_share and run again"
    )
