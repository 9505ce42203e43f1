"""Score the trained network polygon by polygon, and rank the polygons for a second look by a person."""

import logging
from typing import Any

import pandas as pd
import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.training.devices import choose_device
from workflow_scripts.rogi.training.network import load
from workflow_scripts.rogi.training.own_ground import OwnGround
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.sample_scores import by_inventory, scored, tallied
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.second_look import LAYER, ranked
from workflow_scripts.rogi.training.split import VALIDATION, read_roles

OF_LABELS = ["uid", "quality", "poor_imagery", "shift_east_m", "shift_north_m", "shift_reliable"]


def main(
    model: str,
    patches: str,
    footprints: str,
    splits: str,
    label_quality: str,
    indexes: list[str],
    samples: str,
    second_look: str,
    split: str,
    channels: list[dict[str, Any]],
    around_m: float,
    batch_size: int,
    device: str,
    threads: int,
) -> None:
    """Apply the network to the patches of all polygons of a split.

    Args:
        model: A calibrated model.
        patches: Patch file.
        footprints: GeoPackage with the layer `polygons` beside it.
        splits: Table of roles.
        label_quality: Table of the labels' quality, `OF_LABELS` and more.
        indexes: Tile indexes of all mosaics, on one pixel grid.
        samples: CSV to write; a row per polygon: what `sample_scores.scored` returns, then `OF_LABELS`.
        second_look: GeoPackage to write; see `second_look.ranked`.
        split: Name of the split.
        channels: Channels of the study.
        around_m: How far the surroundings of a rock glacier reach, true metres.
        batch_size: Patches at a time.
        device: Where the network runs.
        threads: Of PyTorch.
    """
    torch.set_num_threads(threads)
    names = [channel["name"] for channel in channels]
    roles = read_roles(splits, split)
    polygons = read_vector(footprints, "polygons").assign(role=lambda frame: frame["uid"].map(roles))
    polygons = polygons[polygons["role"].notna()].reset_index(drop=True)
    ground = OwnGround(polygons, read_index(indexes[0]).attrs["grid"], around_m)
    with PatchFile(patches) as store:
        trained, shown = load(model, store.bands, names), Samples(store, roles, names)
        sums = tallied(trained, shown, polygons, ground, choose_device(device), batch_size)
    labels = pd.read_csv(label_quality, usecols=OF_LABELS)
    table = scored(sums).merge(labels, on="uid", how="left", validate="one_to_one")
    write_table(samples, table)
    write_layers(second_look, {LAYER: ranked(table, polygons)}, "MultiPolygon")
    _report(table, by_inventory(sums))


def _report(table: pd.DataFrame, inventories: pd.DataFrame) -> None:
    logger = logging.getLogger("rogi")
    logger.info("rock glaciers by role and inventory:\n%s", inventories.round(3).to_string(index=False))
    validation = table[table["role"] == VALIDATION]
    logger.info(
        "%d polygons scored, %d without a pixel to score; of %d for validation, the median IoU of rock glaciers is "
        "%.3f, and %.3f of other ground is taken for one",
        *(len(table), table["disagreement"].isna().sum(), len(validation), validation["iou"].median()),
        validation["false_positive_share"].mean(),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
