"""The model card, and the best, median and worst outlines beside those that people drew."""

import logging
from typing import Any

import pandas as pd
import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_text
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.inventory.provenance import describe_files, versions
from workflow_scripts.rogi.training.breakdown import with_errors
from workflow_scripts.rogi.training.card import Sources, card
from workflow_scripts.rogi.training.network import load
from workflow_scripts.rogi.training.overlays import draw_overlays, panels
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.predictions import predicted, probabilities
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import MAIN, read_roles


def main(
    model: str,
    scores: str,
    metrics: str,
    inventories: str,
    audit: str,
    splits: str,
    patches: str,
    footprints: str,
    curves: str,
    reliability: str,
    page: str,
    overlays: str,
    study: str,
    channels: list[str],
    split: dict[str, Any],
    samples: int,
    confidence: float,
    seed: int,
    threads: int,
) -> None:
    """Write the card of a trained and calibrated network; `curves` and `reliability` are figures that it shows."""
    torch.set_num_threads(threads)
    shapes = read_vector(footprints, "polygons").set_index("uid")
    polygons = with_errors(pd.read_csv(scores, dtype={"uid": str, "inventory": str}))
    polygons["area_m2"] = area_m2(shapes.geometry[polygons["uid"]])
    with PatchFile(patches) as store:
        trained = load(model, store.bands, channels)
        shown = Samples(store, read_roles(splits, MAIN), channels)
        windows = read_vector(footprints, "patches")
        windows = windows[windows["used"].astype(bool)].reset_index(drop=True)
        found = panels(polygons, shown, windows, shapes.geometry)
        numbers = sorted({panel.number for panel in found})
        drawn = {
            patch.number: probabilities(patch.logits, trained.temperature)
            for patch in predicted(trained, shown, numbers, torch.device("cpu"), batch_size=1)
        }
        draw_overlays(overlays, found, shown, drawn, trained.threshold)
    sources = Sources(
        model=trained,
        inventories=pd.read_csv(inventories),
        audit=pd.read_csv(audit),
        metrics=pd.read_csv(metrics),
        polygons=polygons,
        files=describe_files([model, patches, splits, footprints], [], threads),
        versions=versions(),
        split=split,
    )
    write_text(page, card(study, sources, Bootstrap(samples, 0, confidence, seed)))
    logging.getLogger("rogi").info(
        "card of a network with temperature %.3f and threshold %.3f; %d polygons, %d of them drawn",
        *(trained.temperature, trained.threshold, len(polygons), len(found)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
