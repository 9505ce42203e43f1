"""What one independent reviewer gets: markers to judge and empty cells to search, in QGIS forms."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.packages.geopackage import write_package
from workflow_scripts.rogi.validation import cells as terrain
from workflow_scripts.rogi.validation.matching import fingerprint
from workflow_scripts.rogi.validation.packages import facts, package_layers
from workflow_scripts.rogi.validation.sample import LAYER


def main(merged: str, sample: str, cells: str, package: str, reviewer: str, folder: str, seed: int) -> None:
    """Write a reviewer's package, without answers of others and without a mapper's name.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        sample: GeoPackage with the layer `sample`.
        cells: GeoPackage with the layer `cells`.
        package: GeoPackage to write.
        reviewer: The reviewer's name.
        folder: Where the answers come back, for the package's notice.
        seed: The study's seed, from which the reviewer's own order comes.
    """
    inventory = read_vector(merged, "rock_glaciers")
    markers, searched = read_vector(sample, LAYER), read_vector(cells, terrain.LAYER)
    told = facts(reviewer, fingerprint(inventory), folder)
    layers = package_layers(markers[["ID", "geometry"]], searched[["cell_id", "geometry"]], inventory, told, seed)
    write_package(package, layers)
    logging.getLogger("rogi").info("%s: %d markers, %d cells", reviewer, len(markers), len(searched))


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
