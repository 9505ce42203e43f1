"""Calibrate a trained network on validation patches: its temperature, its threshold, and how reliable it is."""

import logging
from dataclasses import replace
from typing import Any

import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import write_table
from workflow_scripts.rogi.training.calibration import LogitCounts, Objective, calibrated, has_both_classes
from workflow_scripts.rogi.training.devices import choose_device
from workflow_scripts.rogi.training.figures import draw_reliability
from workflow_scripts.rogi.training.network import load, save
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.predictions import predicted
from workflow_scripts.rogi.training.reliability import Draws, reliability, reliability_table, summary, threshold_table
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import read_roles


def main(
    network: str,
    patches: str,
    splits: str,
    model: str,
    bins: str,
    thresholds: str,
    figure: str,
    split: str,
    channels: list[dict[str, Any]],
    calibration: dict[str, Any],
    samples: int,
    confidence: float,
    seed: int,
    batch_size: int,
    device: str,
    threads: int,
) -> None:
    """Fit temperature and threshold, and write them into the model file.

    Where the split has no validation pixel of each class, the temperature is 1 and the threshold 0.5, and log and model
    file say so.
    """
    torch.set_num_threads(threads)
    with PatchFile(patches) as store:
        names = [channel["name"] for channel in channels]
        trained, chosen = load(network, store.bands, names), choose_device(device)
        shown = Samples(store, read_roles(splits, split), names)
        counts, uid = LogitCounts(), shown.table["uid"]
        for patch in predicted(trained, shown, shown.validation, chosen, batch_size):
            counts.add(uid[patch.number], patch.logits, patch.label, patch.valid)
    each, objective = counts.stacked, Objective(calibration["objective"], calibration["recall"])
    pixels = each.sum(axis=0)
    temperature, threshold = calibrated(pixels, objective)
    about = summary(each, temperature, threshold, objective, calibration["bins"], Draws(samples, confidence, seed))
    origin = trained.origin | {"calibration": about}
    save(model, replace(trained, temperature=temperature, threshold=threshold, origin=origin))
    stages = {"before": 1.0, "after": temperature}
    table = reliability_table({name: reliability(pixels, of, calibration["bins"]) for name, of in stages.items()})
    scores = threshold_table(pixels, temperature)
    write_table(bins, table)
    write_table(thresholds, scores)
    draw_reliability(figure, table, scores, threshold)
    logger = logging.getLogger("rogi")
    if not has_both_classes(pixels):
        logger.warning("%s", about["note"])
    logger.info(
        "temperature %.3f, threshold %.3f from %d pixels of %d polygons of split %s; calibration error %.4f before, "
        "%.4f after, %.4f cross-fitted; F1 of pixels %.3f",
        *(temperature, threshold, pixels.sum(), len(each), split),
        *(about[name] for name in ("ece_before", "ece", "ece_cross_fitted", "f1")),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
