"""The imagery of one subregion as one virtual raster, for the QGIS projects of its review."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.geodesy import buffer_true_m
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.packages.imagery import write_vrt


def main(index: str, subregions: str, raster: str, subregion: str, halo_m: float, bands: list[str]) -> None:
    """Write a virtual raster of the quads that touch the subregion and its halo.

    Args:
        index: Tile index of the mosaic.
        subregions: GeoPackage with the layer `subregions`.
        raster: The .vrt to write; it names the quads relative to itself.
        subregion: Slug of the subregion.
        halo_m: Ground beyond the subregion.
        bands: Names of the imagery's bands.
    """
    quads = read_index(index)
    area = buffer_true_m(read_subregion(subregions, subregion), halo_m).to_crs(quads.crs)
    count = write_vrt(raster, quads, tuple(area.total_bounds), len(bands))
    logging.getLogger("rogi").info("%s: %d quads", subregion, count)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
