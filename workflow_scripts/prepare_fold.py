"""One fold of an ablation: the roles of its polygons and the ground to score on."""

import logging

import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.training.split import TEST, TRAINING, VALIDATION, read_roles


def main(splits: str, validation_ground: str, split: str, ground: str, fold: str) -> None:
    """Turn the validation polygons of a split into test polygons, and take its ground out of that of all splits.

    Training sees no pixel of test ground and chooses no weights by it, so that the scores there are those of ground
    that played no part; and it has no other ground to choose by, so it takes the weights of the last step.

    Args:
        splits: Table with the columns split, uid and role.
        validation_ground: GeoPackage with the layer `subregions`: the ground that each split holds out, by its slug.
        split: CSV to write: the rows of this split, `validation` replaced by `test`.
        ground: GeoPackage to write: the ground of this split alone.
        fold: Name of the split.
    """
    roles = read_roles(splits, fold).replace(VALIDATION, TEST)
    table = pd.DataFrame({"split": fold, "uid": roles.index, "role": roles.to_numpy()})
    write_table(split, table)
    of_all = read_vector(validation_ground, LAYER)
    write_layers(ground, {LAYER: of_all[of_all["slug"] == fold]}, "MultiPolygon")
    counts = table["role"].value_counts()
    logging.getLogger("rogi").info(
        "%s: %d polygons for training, %d held out to score on, %d between them unused",
        *(fold, counts.get(TRAINING, 0), counts.get(TEST, 0), len(table) - counts.reindex([TRAINING, TEST]).sum()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
