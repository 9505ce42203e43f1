"""Fit the segmentation network on the training patches."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.figures import draw_learning_curves
from workflow_scripts.rogi.files import write_table
from workflow_scripts.rogi.training.devices import choose_device
from workflow_scripts.rogi.training.loop import Recipe, fit, merit
from workflow_scripts.rogi.training.network import Architecture, Normalized, TrainedModel, build, save
from workflow_scripts.rogi.training.patches import PatchFile


def main(
    patches: str,
    encoder_weights: list[str],
    model: str,
    metrics: str,
    figure: str,
    architecture: dict[str, Any],
    recipe: dict[str, Any],
    device: str,
    threads: int,
) -> None:
    """Train, keep the best epoch, and write the model file, the scores per epoch and their figure."""
    torch.set_num_threads(threads)
    chosen = choose_device(device)
    store = PatchFile(patches)
    made_of = Architecture(
        architecture["architecture"],
        architecture["encoder"],
        tuple(store.bands),
        architecture["output_stride"],
        tuple(architecture["atrous_rates"]),
        architecture["decoder_channels"],
    )
    mean, std = store.statistics()
    torch.manual_seed(recipe["seed"])
    network = Normalized(build(made_of, encoder_weights[0] if encoder_weights else None), mean, std)
    checkpoint = _checkpoint(model, patches, encoder_weights, architecture, recipe)
    best, rows = fit(network, store, Recipe(**recipe), chosen, checkpoint)
    store.close()

    network.network.load_state_dict(best)
    scores = pd.DataFrame(rows)
    top = max(rows, key=merit)
    origin = {"architecture": architecture, "recipe": recipe, "scores": top}
    save(model, TrainedModel(network.network, made_of, mean, std, origin))
    write_table(metrics, scores)
    draw_learning_curves(figure, scores)
    checkpoint.unlink()
    logging.getLogger("rogi").info(
        "best epoch %d: IoU %.3f on training, %.3f on validation patches (device %s)",
        *(top["epoch"], top["train_iou"], top["val_iou"], chosen),
    )


def _checkpoint(
    model: str, patches: str, encoder_weights: list[str], architecture: dict[str, Any], recipe: dict[str, Any]
) -> Path:
    """Name the resume state by everything that shapes the training, so that another training cannot pick it up."""
    digest = hashlib.sha256(json.dumps([architecture, recipe], sort_keys=True).encode())
    for path in [patches, *encoder_weights]:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return Path(model).with_name(f".resume-{digest.hexdigest()[:16]}.pt")


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
