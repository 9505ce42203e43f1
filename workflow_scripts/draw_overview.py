"""Map of imagery, candidates and reviewed outlines."""

from typing import Any

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.figures import draw_overview
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening


def main(
    indexes: list[str],
    subregions: str,
    candidates: list[str],
    inventory: str,
    figure: str,
    bands: list[str],
    nodata: float | None,
    damaged: str,
    screening: dict[str, Any],
) -> None:
    """Draw the map."""
    published = read_vector(inventory, "rock_glaciers")
    found = pd.concat([read_vector(path) for path in candidates], ignore_index=True)
    with Imagery(indexes, len(bands), nodata, Screening(**screening), damaged) as imagery:
        frame = gpd.GeoDataFrame(found, crs=published.crs)
        draw_overview(figure, imagery, read_vector(subregions), frame, published)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
