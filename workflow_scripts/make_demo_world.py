"""Make the embedded demo world: a synthetic mountain range in the formats of the real products."""

import logging

import numpy as np

from workflow_scripts.rogi.demo.climate import check_months, write_fldas, write_imerg
from workflow_scripts.rogi.demo.elevation import write_tiles
from workflow_scripts.rogi.demo.frame import QUAD_PX, Frame
from workflow_scripts.rogi.demo.imagery import write_quads
from workflow_scripts.rogi.demo.inventories import write_vectors
from workflow_scripts.rogi.demo.permafrost import write_magt
from workflow_scripts.rogi.demo.scene import make_scene
from workflow_scripts.rogi.demo.subregions import draw_subregions
from workflow_scripts.rogi.entrypoint import job


def main(
    quads_q3: list[str], quads_q4: list[str], dem_tiles: list[str], fldas: list[str], imerg: list[str], magt: str,
    glaciers: str, debris: str, subregions: str, inventory_a: str, inventory_b: str, negatives: str,
    survey: str, survey_area: str, truth: str,
    seed: int, quads_x: int, quads_y: int, west_quad: int, south_quad: int, rock_glaciers: int,
    subregion_names: list[str], inventory_years: list[int], threads: int,
) -> None:  # fmt: skip
    """Write the demo world's imagery, elevation, climate, ground temperature, inventories and truth."""
    for files in (fldas, imerg):
        check_months(files, inventory_years)
    scene = make_scene(Frame(west_quad, south_quad, quads_x, quads_y), rock_glaciers, seed)
    drawing, mapping = np.random.default_rng([seed, 1]).spawn(2)
    write_quads(scene, quads_q3, quads_q4, threads)
    write_tiles(scene, dem_tiles)
    write_fldas(scene, fldas)
    write_imerg(scene, imerg)
    write_magt(scene, magt)
    vectors = {
        "glaciers": glaciers, "debris": debris, "subregions": subregions,
        "inventory_a": inventory_a, "inventory_b": inventory_b,
        "negatives": negatives, "survey": survey, "survey_area": survey_area, "truth": truth,
    }  # fmt: skip
    write_vectors(scene, vectors, draw_subregions(scene, subregion_names, drawing), mapping)
    logging.getLogger("rogi").info(
        "demo world: %d quads of %.1f Mpx, %s",
        *(len(quads_q3) + len(quads_q4), QUAD_PX**2 / 1e6, scene.landforms.summary()),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
