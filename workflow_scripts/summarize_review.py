"""What the review came to, per mapper and subregion, and what it changed."""

import logging
from pathlib import Path

import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table, write_text
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.packages.page import page
from workflow_scripts.rogi.packages.summary import Reviewed, change, read_log, summary, together


def main(
    candidates: list[str],
    reviewed: list[str],
    logs: list[str],
    conflicts: list[str],
    second_look: list[str],
    subregions: str,
    accuracy: str,
    table: str,
    change_table: str,
    summary_page: str,
    study: str,
) -> None:
    """Summarise the reviews of all subregions.

    Args:
        candidates: GeoPackages with the layer `candidates`, each in the folder of its subregion, in one order.
        reviewed: GeoPackages with the layer `rock_glaciers`, likewise.
        logs: Review logs, likewise.
        conflicts: Tables of decisions that differed, likewise.
        second_look: GeoPackages with the layer `second_look`, likewise.
        subregions: GeoPackage with the layer `subregions`.
        accuracy: Table of accuracy of candidates and of the reviewed inventory.
        table: CSV to write, a row per mapper and subregion.
        change_table: CSV to write, scores before and after the review.
        summary_page: HTML to write, both tables to read.
        study: Name of the study.
    """
    names = read_vector(subregions, LAYER).set_index("slug")["NAME"]
    reviews = [
        Reviewed(
            names[Path(log).parent.name],
            read_vector(found, "candidates").to_crs(WGS84),
            read_vector(final, "rock_glaciers").to_crs(WGS84),
            read_log(log),
            pd.read_csv(differing),
            read_vector(queue, "second_look"),
        )
        for found, final, log, differing, queue in zip(candidates, reviewed, logs, conflicts, second_look, strict=True)
    ]
    told = pd.concat([summary(one) for one in (*reviews, together(reviews))], ignore_index=True)
    changed = change(pd.read_csv(accuracy))
    write_table(table, told)
    write_table(change_table, changed)
    write_text(summary_page, page(study, told, changed))
    logging.getLogger("rogi").info(
        "%d decisions, %d of them changed something, %d rows undecided; %d candidates decided by two mappers; "
        "%d conflicts; %d for a second look",
        *told.iloc[-1][["decisions", "changed", "undecided", "shared", "conflicts", "second_look"]],
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
