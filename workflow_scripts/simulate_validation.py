"""Simulate the answers of the demo's independent reviewers and of their adjudicator, from the demo's known truth."""

import logging

import pandas as pd

from workflow_scripts.rogi.demo.validation import differing, is_true, overlooked, settled, simulated_package
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.validation import cells as terrain
from workflow_scripts.rogi.validation.answers import PACKAGE
from workflow_scripts.rogi.validation.matching import fingerprint
from workflow_scripts.rogi.validation.packages import facts, package_table
from workflow_scripts.rogi.validation.sample import LAYER

KINDS = {"rock_glaciers": "Point", "cells": "MultiPolygon", "missed": "MultiPolygon"}


def main(
    merged: str, sample: str, cells: str, truth: str, answers: list[str],
    reviewers: list[str], adjudicator: str, error_rate: float, doubt_rate: float, folder: str, seed: int,
) -> None:  # fmt: skip
    """Write a file per reviewer, and last the adjudicator's, who is always right and has not settled everything yet.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        sample: GeoPackage with the layer `sample`.
        cells: GeoPackage with the layer `cells`.
        truth: GeoPackage with the layer `rock_glaciers`.
        answers: GeoPackages to write.
        reviewers: Names of the reviewers.
        adjudicator: Name of the adjudicator.
        error_rate: Chance of a wrong answer.
        doubt_rate: Chance of "uncertain".
        folder: Where answers come back, for the packages' notice.
        seed: The study's seed.
    """
    inventory, known = read_vector(merged, "rock_glaciers"), read_vector(truth, "rock_glaciers")
    markers, searched = read_vector(sample, LAYER), read_vector(cells, terrain.LAYER)
    right = pd.Series(is_true(inventory, known), index=inventory["ID"])[markers["ID"]].to_numpy()
    missed = overlooked(inventory, known)
    packages = {
        name: simulated_package(markers, searched, right, missed, name, error_rate, doubt_rate, seed)
        for name in reviewers
    }
    on_markers = differing(packages.values(), "rock_glaciers") & settled(markers["ID"], seed)
    on_cells = differing(packages.values(), "cells") & settled(searched["cell_id"], seed)
    packages[adjudicator] = simulated_package(
        markers[on_markers], searched[on_cells], right[on_markers], missed, adjudicator, 0, 0, seed
    )
    version = fingerprint(inventory)
    for path, (name, layers) in zip(answers, packages.items(), strict=True):
        write_layers(path, layers | {PACKAGE: package_table(facts(name, version, folder))}, KINDS)
    logging.getLogger("rogi").info(
        "%d of %d markers are rock glaciers, %d are missed; the adjudicator settles %d markers and %d cells",
        *(right.sum(), len(right), len(missed), on_markers.sum(), on_cells.sum()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
