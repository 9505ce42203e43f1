"""The empty ground that independent reviewers search for missed rock glaciers, drawn with known chances."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.inventory.subregions import LAYER as SUBREGIONS
from workflow_scripts.rogi.validation.cells import LAYER, CellDesign, draw_cells, empty_ground, study_cells
from workflow_scripts.rogi.validation.ground import highest_score, terrain


def main(
    merged: str,
    subregions: str,
    probabilities: list[str],
    dem: list[str],
    cells: str,
    design: dict[str, Any],
    seed: str,
) -> None:
    """Draw the cells.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        subregions: GeoPackage with the layer `subregions`.
        probabilities: `<slug>/probability.tif` of every subregion.
        dem: DEM tiles; none leaves elevation and slope unknown.
        cells: GeoPackage to write; layer `cells` with stratum and design weight.
        design: Fields of `CellDesign`.
        seed: Of the study and the round.
    """
    how = CellDesign(**design)
    whole = study_cells(read_vector(subregions, SUBREGIONS), how.cell_m)
    ground = empty_ground(whole.geometry, read_vector(merged, "rock_glaciers").geometry)
    frame = whole[~ground.is_empty].assign(score=np.nan)
    ground = ground[~ground.is_empty]
    for path in probabilities:
        here = frame["slug"] == Path(path).parent.name
        if here.any():
            frame.loc[here, "score"] = highest_score(ground[here], path)
    frame = frame.join(terrain(ground, dem))
    drawn = draw_cells(frame, how, seed)
    write_layers(cells, {LAYER: drawn}, "MultiPolygon")
    _log(drawn, frame)


def _log(drawn: gpd.GeoDataFrame, frame: gpd.GeoDataFrame) -> None:
    unmapped = frame[frame["score"].isna()]
    logging.getLogger("rogi").info(
        "%d of %d cells drawn from %d strata, %.0f km²; %d cells without imagery (%.0f km²) cannot be drawn",
        *(len(drawn), len(frame) - len(unmapped), drawn["stratum"].nunique(), drawn["area_m2"].sum() / 1e6),
        *(len(unmapped), area_m2(unmapped.geometry).sum() / 1e6),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
