"""Candidate polygons of one subregion, from its probability raster."""

import logging
from dataclasses import replace
from typing import Any

import geopandas as gpd

from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84, area_m2, buffer_true_m
from workflow_scripts.rogi.identity import primary_markers, unique_ids
from workflow_scripts.rogi.inventory.subregions import owner, read_subregion
from workflow_scripts.rogi.mapping.rules import rules_for
from workflow_scripts.rogi.mapping.vectorize import candidates as find_candidates
from workflow_scripts.rogi.raster import open_raster

COLUMNS = ["candidate_id", "system_id", "probability", "spread", "area_m2", "source", "geometry"]
LISTED = 20  # places that a message names


def main(
    probability: str,
    source: str,
    subregions: str,
    dem: list[str],
    candidates: str,
    subregion: str,
    mosaics: list[str],
    halo_m: float,
    rules: dict[str, Any],
) -> None:
    """Outline the candidates and keep those whose primary marker lies in this subregion.

    Units of one system may belong to different subregions; every job that keeps one has seen the system whole.
    """
    own, regions = read_subregion(subregions, subregion), read_vector(subregions)
    with open_raster(probability) as dataset:
        mapped = buffer_true_m(own.to_crs(dataset.crs), halo_m).union_all()
        drawing = rules_for(rules, probability, dataset.tags())
    if drawing.units != "none" and not dem:
        logging.getLogger("rogi").warning(
            "%s: the study has no elevation to tell which way rock glaciers flow, so touching ones stay together",
            subregion,
        )
        drawing = replace(drawing, units="none")
    found = find_candidates(probability, source, mosaics, drawing, open_mosaics(dem) if dem else [], mapped)
    found = found.to_crs(WGS84)
    # What lies in the halo alone, outside the whole study, has a nearest subregion too, but is not part of it.
    mine = (owner(primary_markers(found.geometry), regions) == subregion) & found.intersects(regions.union_all())
    concerns = found["system_id"].isin(found["system_id"][mine | found.intersects(own.union_all())])
    _report_cut(found[found["at_edge"] & concerns], subregion, halo_m, drawing.cut_objects)
    kept = found[mine].reset_index(drop=True)
    kept["candidate_id"], _ = unique_ids(primary_markers(kept.geometry), prefix="CAN")
    write_layers(candidates, {"candidates": kept[COLUMNS]}, geometry_type="MultiPolygon")
    logging.getLogger("rogi").info(
        "%s, threshold %.3f: %d candidates in %d systems, %.3f km²; %d more in the halo belong to its neighbours or "
        "lie outside the study; %d reach missing imagery, beyond which they may go on",
        *(subregion, drawing.threshold, len(kept), kept["system_id"].nunique(), kept["area_m2"].sum() / 1e6),
        *(len(found) - len(kept), kept["at_gap"].sum()),
    )


def _report_cut(cut: gpd.GeoDataFrame, subregion: str, halo_m: float, cut_objects: str) -> None:
    """Name the systems that are cut at the edge of the mapped area; stop if the config says so.

    Raises:
        ValueError: There is one and `candidates.cut_objects` is "stop".
    """
    if cut.empty:
        return
    systems = cut.dissolve("system_id").geometry
    places = [
        f"{marker.x:.4f}/{marker.y:.4f} ({area / 1e6:.2f} km²)"
        for marker, area in zip(primary_markers(systems), area_m2(systems), strict=True)
    ]
    more = [f"and {len(places) - LISTED} more"] if len(places) > LISTED else []
    message = (
        f"{subregion}: {len(places)} objects are cut at the edge of the mapped area, {halo_m:g} m from the subregion, "
        f"at lon/lat {'; '.join(places[:LISTED] + more)}; raise subregions.halo_m so that they are whole"
    )
    if cut_objects == "stop":
        raise ValueError(f"{message}, or set candidates.cut_objects: keep to take them as they are")
    logging.getLogger("rogi").warning("%s. They are kept as they are", message)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
