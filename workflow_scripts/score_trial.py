"""Score one trial on the ground that it never saw, rock glacier by rock glacier."""

import logging
from typing import Any

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.inventory.scores import scores as scores_of
from workflow_scripts.rogi.inventory.subregions import polygons_only, read_subregion
from workflow_scripts.rogi.mapping.rules import rules_for
from workflow_scripts.rogi.raster import open_raster
from workflow_scripts.rogi.trials.scoring import (
    Reference,
    errors_by_area,
    errors_by_object,
    ground_by_level,
    level_table,
    score_table,
)


def main(
    probability: str,
    candidates: str,
    inventory: str,
    ground: str,
    scores: str,
    levels: str,
    fold: str,
    rules: dict[str, Any],
    object_iou: float,
) -> None:
    """Compare a map with the rock glaciers of the ground that its network was kept from.

    Args:
        probability: Probability raster of the ground.
        candidates: GeoPackage with the layer `candidates`, outlined from it.
        inventory: GeoPackage with the layer `rock_glaciers`, complete on the ground.
        ground: GeoPackage with the layer `subregions`; the slug of the ground is the name of the fold.
        scores: CSV to write: errors by area and by objects of every rock glacier.
        levels: CSV to write: ground by probability, under and beside every rock glacier.
        fold: Name of the fold.
        rules: The section `candidates` of the config; its threshold says what is mapped.
        object_iou: IoU above which two outlines show the same object.
    """
    rock_glaciers = read_vector(inventory, "rock_glaciers")
    with open_raster(probability) as dataset:
        held_out = read_subregion(ground, fold).to_crs(dataset.crs).union_all()
        known = rock_glaciers.to_crs(dataset.crs)
        reference = Reference.of(held_out, known.set_geometry(polygons_only(known.geometry)))
        by_level = ground_by_level(dataset, reference)
        threshold = rules_for(rules, probability, dataset.tags()).threshold
        mapped = read_vector(candidates, "candidates").geometry.to_crs(dataset.crs)
    by_area = errors_by_area(by_level, threshold)
    seen = by_level[..., 0].sum(axis=1) > 0
    by_object = errors_by_object(mapped, reference, seen, object_iou)
    write_table(scores, score_table(reference.uids, by_area, by_object))
    write_table(levels, level_table(reference.uids, by_level))
    area, objects = (scores_of(*errors.sum(axis=0)) for errors in (by_area, by_object))
    logging.getLogger("rogi").info(
        "%s: %.2f km² of held-out ground with imagery, %d rock glaciers on it, %d of them seen; at threshold %.3f IoU "
        "%s by area, F1 %s by area and %s by objects (%d found, %d false, %d missed)",
        *(fold, by_level.sum() / 1e6, len(reference.outlines), seen.sum(), threshold),
        *("none" if value is None else f"{value:.3f}" for value in (area.iou, area.f1, objects.f1)),
        *(int(number) for number in by_object.sum(axis=0)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
