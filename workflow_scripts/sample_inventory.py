"""The rock glaciers that independent reviewers look at, drawn with known chances."""

import logging
from typing import Any

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.validation.sample import LAYER, SampleDesign, draw_sample


def main(merged: str, sample: str, design: dict[str, Any], seed: str) -> None:
    """Draw the sample.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        sample: GeoPackage to write; layer `sample`, primary markers with stratum and design weight.
        design: Fields of `SampleDesign`.
        seed: Of the study and the round.
    """
    inventory = read_vector(merged, "rock_glaciers")
    drawn = draw_sample(inventory, SampleDesign(**design), seed)
    write_layers(sample, {LAYER: drawn}, "Point")
    logging.getLogger("rogi").info(
        "%d of %d rock glaciers drawn from %d strata; each stands for %.1f to %.1f",
        *(len(drawn), len(inventory), drawn["stratum"].nunique(), drawn["weight"].min(), drawn["weight"].max()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
