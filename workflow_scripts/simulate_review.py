"""Simulate the review of a demo subregion's candidates by two mappers, from the demo's known truth."""

import logging

import numpy as np
import pandas as pd

from workflow_scripts.rogi.demo.review import OPERATIONS, simulate
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers


def main(
    candidates: str, truth: str, subregions: str, review_a: str, review_b: str,
    subregion: str, seed: int, mappers: list[str], min_area_m2: float, error_rate: float,
) -> None:  # fmt: skip
    """Write the edits of two simulated mappers."""
    regions = read_vector(subregions, "subregions").to_crs(4326)
    found = np.flatnonzero(regions["slug"] == subregion)
    if len(found) != 1:
        raise ValueError(f"{subregions} has no subregion '{subregion}'; it holds {', '.join(regions['slug'])}")
    # A generator per subregion: the others' candidates have no say in this one's errors.
    rng = np.random.default_rng([seed, 2, int(found[0])])
    edits = simulate(
        read_vector(candidates, "candidates"), read_vector(truth, "rock_glaciers"), regions.geometry.iloc[found[0]],
        mappers, min_area_m2, error_rate, rng,
    )  # fmt: skip
    for path, part in zip((review_a, review_b), edits, strict=True):
        write_layers(path, {"edits": part}, "MultiPolygon")
    counts = pd.concat([part["operation"] for part in edits]).value_counts().reindex(OPERATIONS, fill_value=0)
    logging.getLogger("rogi").info("%s: %s", subregion, ", ".join(f"{count} {name}" for name, count in counts.items()))


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
