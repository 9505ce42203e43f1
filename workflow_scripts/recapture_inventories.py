"""How many rock glaciers there are, from how many model, mappers and other inventories share (capture-recapture)."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.completeness import Settings, recapture_table
from workflow_scripts.rogi.inventory.lists import RockGlacierList, sightings
from workflow_scripts.rogi.inventory.references import read_references
from workflow_scripts.rogi.inventory.stages import CANDIDATES, REVIEWED, read_stages
from workflow_scripts.rogi.inventory.subregions import LAYER


def main(
    candidates: list[str],
    reviewed: list[str],
    references: list[str],
    subregions: str,
    recapture: str,
    entries: list[dict[str, str | None]],
    confidence: float,
    hull: dict[str, float],
    match_iou: float,
    criterion: str,
    least_shared: int,
    trained_on: list[str],
) -> None:
    """Estimate the number of rock glaciers, and the share of them that the inventory holds.

    Args:
        candidates: GeoPackages with the layer `candidates`.
        reviewed: GeoPackages with the layers `rock_glaciers` and `excluded`, each in the folder of its subregion.
        references: Files of the other inventories, for Snakemake to watch; may be none.
        subregions: GeoPackage with the layer `subregions`.
        recapture: CSV to write.
        entries: Name, path, layer and footprint of each other inventory.
        confidence: Share of cases in which an interval shall hold the true number.
        hull: `ratio` and `margin_m` of the hull that stands for a footprint that nobody states.
        match_iou: IoU above which two outlines may show the same rock glacier.
        criterion: "aic" or "bic", which chooses between log-linear models.
        least_shared: Fewest rock glaciers on two lists for which there is an estimate.
        trained_on: Paths of the training inventories; one that is a reference too is not independent of the model.
    """
    del references
    regions, stages = read_vector(subregions, LAYER), read_stages(candidates, reviewed)
    others = read_references(entries)
    lists = [
        RockGlacierList(CANDIDATES, stages.candidates.geometry),
        RockGlacierList(REVIEWED, stages.reviewed.geometry, slugs=stages.judged),
        *(
            RockGlacierList(
                each.name,
                each.outlines,
                each.ground(hull["ratio"], hull["margin_m"]),
                is_guessed=each.footprint is None,
                is_trained_on=entry["path"] in trained_on,
            )
            for each, entry in zip(others, entries, strict=True)
        ),
    ]
    table = recapture_table(
        sightings(lists, regions, match_iou),
        lists,
        list(regions["NAME"]),
        list(regions["slug"].isin(stages.judged)),
        Settings(confidence, criterion, least_shared),
    )
    write_table(recapture, table)
    for row in table[(table["subregion"] == TOTAL) & (table["chosen"] == True)].itertuples():  # noqa: E712
        logging.getLogger("rogi").info(
            "%s of %s: %.0f rock glaciers (%.0f to %.0f), of which %d seen; the inventory holds %.2f of them; %s",
            *(row.method, row.lists, row.population, row.low, row.high, row.seen, row.inventory_share, row.caveat),
        )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
