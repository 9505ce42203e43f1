"""Map of one fold's ground that no network made, in the form of a network's."""

import logging
from typing import Any

import numpy as np
from rasterio.features import geometry_mask
from rasterio.windows import Window

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.geodesy import buffer_true_m
from workflow_scripts.rogi.imagery.grid import aligned
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.rules import TAG
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.raster import BLOCK_PX, geotiff_profile, writing_cog
from workflow_scripts.rogi.trials.baselines import MAKERS, tiles_over

THRESHOLD = 0.5  # that of a network which nobody calibrated, as those of all trials


def main(
    indexes: list[str],
    ground: str,
    probability: str,
    source: str,
    baseline: str,
    fold: str,
    bands: list[str],
    nodata: float | None,
    damaged: str,
    screening: dict[str, Any],
    halo_m: float,
) -> None:
    """Write the rasters that `predict_subregion` writes of a ground and its halo, without a network.

    Args:
        indexes: Tile index of each mosaic.
        ground: GeoPackage with the layer `subregions`; the slug of the ground is the name of the fold.
        probability: Raster to write, uint8: 254 times the probability, nodata where there is no imagery.
        source: Raster to write, uint8: number of the mosaic, 0 where there is no imagery.
        baseline: Name of the baseline in paths.
        fold: Name of the fold.
        bands: Names of the image bands.
        nodata: Value of missing pixels, for imagery that does not state one.
        damaged: What to do with blocks that cannot be read: "stop" or "nodata".
        screening: The section `imagery.screening` of the config.
        halo_m: Width of the ground round the fold's that is mapped with it, true metres.
    """
    with Imagery(indexes, len(bands), nodata, Screening(**screening), damaged) as imagery:
        own = read_subregion(ground, fold).to_crs(imagery.grid.crs)
        area, pixels = buffer_true_m(own, halo_m).union_all(), imagery.grid
        extent = aligned(pixels.window(area.bounds), BLOCK_PX)
        tiles = tiles_over(area, extent, pixels)
        profile = geotiff_profile("uint8", pixels.crs, pixels.transform(extent), extent.height, extent.width)
        mapped = 0
        with (
            writing_cog(probability, profile | {"nodata": NODATA}, "average") as scores_file,
            writing_cog(source, profile | {"nodata": 0}, "nearest") as source_file,
            progress(f"mapping {fold}", sum(tile.width * tile.height for tile in tiles) / 1e6, "Mpx") as bar,
        ):
            scores_file.update_tags(units="probability times 254", **{TAG: THRESHOLD})
            scores_file.descriptions = ("probability",)
            for window, seen, likely in MAKERS[baseline](imagery, own.union_all(), tiles):
                seen[geometry_mask([area], seen.shape, pixels.transform(window))] = 0
                scores = np.where(seen > 0, np.rint(FULL * likely), NODATA).astype(np.uint8)
                row, column = window.row_off - extent.row_off, window.col_off - extent.col_off
                local = Window(column, row, window.width, window.height)
                scores_file.write(scores, 1, window=local)
                source_file.write(seen, 1, window=local)
                mapped += int(np.count_nonzero(seen))
                bar.advance(seen.size / 1e6)
    logging.getLogger("rogi").info("%s: %.1f Mpx mapped as the baseline %s", fold, mapped / 1e6, baseline)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
