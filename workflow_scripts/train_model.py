"""Fit the segmentation network on the training patches."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.figures import draw_learning_curves
from workflow_scripts.rogi.fingerprint import code_digest
from workflow_scripts.rogi.training.checkpoint import checkpoint_path, stale
from workflow_scripts.rogi.training.devices import arithmetic
from workflow_scripts.rogi.training.launch import fit_on
from workflow_scripts.rogi.training.logs import RunLog
from workflow_scripts.rogi.training.network import Architecture, Normalized, TrainedModel, build, save
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.recipe import Recipe
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import read_roles
from workflow_scripts.rogi.training.state import best_row

ROOT = Path(__file__).resolve().parents[1]


def main(
    patches: str,
    splits: str,
    encoder_weights: list[str],
    network: str,
    metrics: str,
    figure: str,
    tensorboard: str,
    split: str,
    architecture: dict[str, Any],
    channels: list[dict[str, Any]],
    recipe: dict[str, Any],
    pace: dict[str, Any],
    device: str,
    gpus: int,
    threads: int,
) -> None:
    """Train, keep the weights of the best evaluation, and write the network, its scores and their curves."""
    torch.set_num_threads(threads)
    settings = [architecture, channels, recipe, split, gpus, arithmetic(device, threads)]
    settings.append(code_digest(Path(__file__).resolve(), ROOT))
    checkpoint = checkpoint_path(network, [patches, splits, *encoder_weights], settings)
    left_behind = stale(network, checkpoint)
    with PatchFile(patches) as store:
        samples = Samples(store, read_roles(splits, split), [channel["name"] for channel in channels])
        made_of = Architecture.of(architecture, store.bands, channels)
        mean, std = samples.statistics(made_of.relative)
        torch.manual_seed(recipe["seed"])
        untrained = Normalized(build(made_of, *encoder_weights), made_of, mean, std)
        log = RunLog(metrics, tensorboard)
        best, rows = fit_on(gpus, device, untrained, samples, Recipe(**recipe, **pace), checkpoint, log)

    trained = untrained.network.cpu()
    trained.load_state_dict(best)
    top = best_row(rows)
    origin = {"architecture": architecture, "channels": channels, "recipe": recipe, "split": split, "scores": top}
    save(network, TrainedModel(trained, made_of, tuple(mean), tuple(std), 1.0, 0.5, origin))
    log(rows)
    log.close()
    draw_learning_curves(figure, pd.DataFrame(rows))
    for path in (checkpoint, *left_behind):
        path.unlink(missing_ok=True)
    logging.getLogger("rogi").info(
        "best after %d of %d steps: IoU %.3f on %d training, %.3f on %d validation patches",
        *(top["step"], rows[-1]["step"], top["train_iou"], len(samples.training)),
        *(top["val_iou"], len(samples.validation)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
