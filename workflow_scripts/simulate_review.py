"""Simulate the review of a demo subregion's candidates by two mappers, from the demo's known truth."""

import logging

import numpy as np
import pandas as pd

from workflow_scripts.rogi.demo.review import Habits, simulate
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.packages.sharing import share_out
from workflow_scripts.rogi.review.edits import OPERATIONS


def main(
    candidates: str, truth: str, subregions: str, review_a: str, review_b: str,
    subregion: str, seed: int, mappers: list[str], min_area_m2: float, error_rate: float, agreement: float,
    block_m: float, overlap_share: float,
) -> None:  # fmt: skip
    """Write the edits of two simulated mappers, who get the candidates that their packages hold."""
    regions = read_vector(subregions, "subregions").to_crs(4326)
    position = list(regions["slug"]).index(subregion) if subregion in set(regions["slug"]) else None
    if position is None:
        raise ValueError(f"{subregions} has no subregion '{subregion}'; it holds {', '.join(regions['slug'])}")
    found = read_vector(candidates, "candidates")
    # Generators per subregion: the others' candidates have no say here. 3 is that of the packages.
    shares = share_out(found, len(mappers), block_m, overlap_share, np.random.default_rng([seed, 3, position]))
    edits = simulate(
        found, read_vector(truth, "rock_glaciers"), regions.geometry.iloc[position], shares,
        Habits(mappers, error_rate, agreement), min_area_m2, np.random.default_rng([seed, 2, position]),
    )  # fmt: skip
    for path, part in zip((review_a, review_b), edits, strict=True):
        write_layers(path, {"edits": part}, "MultiPolygon")
    counts = pd.concat([part["operation"] for part in edits]).value_counts().reindex(OPERATIONS, fill_value=0)
    logging.getLogger("rogi").info(
        "%s: %s; %d candidates by both mappers",
        *(subregion, ", ".join(f"{count} {name}" for name, count in counts.items()), (shares.second >= 0).sum()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
