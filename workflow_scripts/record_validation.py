"""The merged inventory with the names of its reviewers and with their doubts; without answers, as it was."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.validation.answers import read_answers, table
from workflow_scripts.rogi.validation.matching import USED, tied
from workflow_scripts.rogi.validation.record import recorded


def main(
    merged: str, answers: list[str], sidecars: list[str], validated: str, reviewers: list[str], adjudicator: str
) -> None:
    """Fill REVIEWER and ADDI_INF.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        answers: Files of reviewers and of the adjudicator, in any order; none leaves both columns as they are.
        sidecars: Files beside shapefiles, for Snakemake to watch.
        validated: GeoPackage to write; the same layer.
        reviewers: Names of the reviewers.
        adjudicator: Name of the adjudicator.
    """
    del sidecars
    inventory = read_vector(merged, "rock_glaciers")
    names = [*reviewers, adjudicator]
    returned = read_answers(answers, names)
    faults: list[str] = []
    told = tied(returned.rock_glaciers, inventory, faults)
    returned.require_sound(faults)
    said = table(told[told["outcome"].isin(USED)], "answer", inventory["ID"], names)
    written = recorded(inventory, said)
    write_layers(validated, {"rock_glaciers": written}, "MultiPolygon")
    logging.getLogger("rogi").info(
        "%d of %d rock glaciers were looked at, %d of them with a doubt or a no",
        *(said.notna().any(axis=1).sum(), len(inventory), (said.notna() & said.ne("yes")).any(axis=1).sum()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
