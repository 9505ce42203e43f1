"""Subregions of the study, chosen by name from boundary layers."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.inventory.subregions import LAYER, choose, read_boundaries


def main(layers: list[str], sidecars: list[str], subregions: str, name_fields: list[str], names: list[str]) -> None:
    """Write the configured subregions.

    Args:
        layers: Boundary layers, any vector format and CRS.
        sidecars: Files beside layers that are shapefiles, for Snakemake to watch.
        subregions: GeoPackage to write; layer `subregions` with NAME, slug and geometry in the order of `names`.
        name_fields: The field of each layer that holds the names.
        names: Names of the subregions to take.
    """
    del sidecars
    boundaries = [read_boundaries(path, field) for path, field in zip(layers, name_fields, strict=True)]
    chosen = choose(boundaries, names)
    write_layers(subregions, {LAYER: chosen}, "MultiPolygon")
    areas = ", ".join(f"{name} {area / 1e6:.0f}" for name, area in zip(names, area_m2(chosen.geometry), strict=True))
    logging.getLogger("rogi").info("%d subregions, areas in km²: %s", len(chosen), areas)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
