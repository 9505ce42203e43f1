"""Divide the polygons into training and validation, and prove that no validation pixel is trained on."""

import logging
from typing import Any

import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.training.audit import audited, check_main, usable
from workflow_scripts.rogi.training.guard import ground_of
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import GUARD, MAIN, VALIDATION, Rules, divide, held_out


def main(
    patches: str,
    footprints: str,
    subregions: str,
    splits: str,
    audit: str,
    validation_ground: str,
    rules: dict[str, Any],
    seed: int,
    threads: int,
) -> None:
    """Write the role of every polygon in every split, the audit of the splits, and the ground that each holds out.

    A fold of the cross-validation that lacks a class is listed in the audit and in the log, and is no split.
    """
    torch.set_num_threads(threads)
    how = Rules(**rules)
    ground = ground_of(read_vector(footprints, "patches"))
    places = read_vector(subregions, LAYER)
    divided = divide(read_vector(footprints, "polygons"), ground, places, how, seed)
    # Nothing of a polygon without patches validates, and patches of its neighbours may show it.
    divided.loc[(divided["role"] == VALIDATION) & ~divided["uid"].isin(ground.index), "role"] = GUARD
    with PatchFile(patches) as store:
        parts = divided.groupby("split", sort=False)
        samples = {name: Samples(store, part.set_index("uid")["role"]) for name, part in parts}
        table = audited(store, samples, divided, how.method)
    check_main(table, how.validation_share)
    kept = divided[divided["split"].isin(usable(table))]
    whole = places if how.cross_validation == "subregions" else None
    outside = held_out(kept, ground, whole)
    write_table(splits, kept[["split", "uid", "role"]])
    write_table(audit, table)
    write_layers(validation_ground, {LAYER: outside}, "MultiPolygon")
    logger = logging.getLogger("rogi")
    logger.info("who trains and who validates:\n%s", table.to_string(index=False, float_format="{:.4f}".format))
    if MAIN not in set(outside["slug"]):
        logger.warning("no polygon is for validation; raise split.validation_share to know how good the network is")
    logger.info(
        "%d polygons in %d splits, %d folds left out; 0 px of validation ground are trained on",
        *(kept["uid"].nunique(), kept["split"].nunique(), divided["split"].nunique() - kept["split"].nunique()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
