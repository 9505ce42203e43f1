"""Candidate polygons of one subregion, from its probability raster."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_markers, unique_ids
from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.mapping.vectorize import candidates as find_candidates


def main(
    probability: str,
    source: str,
    subregions: str,
    candidates: str,
    subregion: str,
    mosaics: list[str],
    threshold: float,
    connectivity: int,
    max_hole_m2: float,
    min_area_m2: float,
) -> None:
    """Outline the candidates and keep those whose primary marker lies in this subregion."""
    found = find_candidates(probability, source, mosaics, threshold, connectivity, max_hole_m2, min_area_m2)
    found = found.to_crs(WGS84)
    markers = primary_markers(found.geometry)
    regions = read_vector(subregions)
    # What lies in the halo alone, outside the whole study, has a nearest subregion too, but is not part of it.
    mine = (owner(markers, regions) == subregion).to_numpy() & found.intersects(regions.union_all()).to_numpy()
    kept = found[mine].reset_index(drop=True)
    kept["candidate_id"], _ = unique_ids(primary_markers(kept.geometry), prefix="CAN")
    columns = ["candidate_id", "probability", "area_m2", "source", "geometry"]
    write_layers(candidates, {"candidates": kept[columns]}, geometry_type="MultiPolygon")
    logging.getLogger("rogi").info(
        "%s: %d candidates, %.3f km²; %d more in the halo belong to its neighbours or lie outside the study",
        *(subregion, len(kept), kept["area_m2"].sum() / 1e6, len(found) - len(kept)),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
