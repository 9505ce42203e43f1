"""Rock glacier probability of one subregion, blended from overlapping windows."""

import logging
from typing import Any

import geopandas as gpd
import shapely
import torch
from rasterio.windows import Window

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.geodesy import WGS84, area_m2, buffer_true_m
from workflow_scripts.rogi.imagery.grid import aligned
from workflow_scripts.rogi.imagery.index import is_regular, missing_quads, planet_name, uncovered
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.mapping.blend import NODATA
from workflow_scripts.rogi.mapping.predict import Predictor, Tally, predict
from workflow_scripts.rogi.mapping.windows import windows_mpx
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.raster import BLOCK_PX, geotiff_profile, writing_raster
from workflow_scripts.rogi.training.network import Normalized, choose_device, load

LISTED = 50  # places that a message names
MIN_SHARED_PX = 1e-3  # neighbouring cells overlap by less, through rounding


def main(
    indexes: list[str],
    subregions: str,
    model: str,
    probability: str,
    source: str,
    subregion: str,
    bands: list[str],
    nodata: float | None,
    screening: dict[str, Any],
    missing: str,
    halo_m: float,
    window_px: int,
    overlap_px: int,
    batch_size: int,
    device: str,
    threads: int,
) -> None:
    """Map one subregion and a halo round it, so that objects on its border are whole."""
    torch.set_num_threads(threads)
    trained = load(model, bands)
    predictor = Predictor(Normalized(trained.network, trained.mean, trained.std), choose_device(device))
    tally = Tally()
    with Imagery(indexes, len(bands), nodata, Screening(**screening)) as imagery:
        own = read_subregion(subregions, subregion).to_crs(imagery.grid.crs)
        _report_missing(imagery, own, subregion, missing)
        area = buffer_true_m(own, halo_m).union_all()
        extent = aligned(imagery.grid.window(area.bounds), BLOCK_PX)
        profile = geotiff_profile(
            "uint8", imagery.grid.crs, imagery.grid.transform(extent), extent.height, extent.width
        )
        with (
            writing_raster(probability, profile | {"nodata": NODATA}) as scores_file,
            writing_raster(source, profile | {"nodata": 0}) as source_file,
            progress(f"mapping {subregion}", windows_mpx(extent, window_px, overlap_px), "Mpx") as bar,
        ):
            scores_file.update_tags(units="probability times 254")
            for rows in predict(imagery, predictor, area, extent, window_px, overlap_px, batch_size, tally, bar):
                local = Window(0, rows.window.row_off - extent.row_off, extent.width, rows.window.height)
                scores_file.write(rows.scores, 1, window=local)
                source_file.write(rows.source, 1, window=local)
    logging.getLogger("rogi").info(
        "%s: %.1f Mpx, %d windows computed, %d skipped outside, %d skipped without imagery",
        *(subregion, extent.width * extent.height / 1e6, tally.computed, tally.outside, tally.empty),
    )


def _report_missing(imagery: Imagery, own: gpd.GeoDataFrame, subregion: str, missing: str) -> None:
    """Log how much of the subregion no mosaic covers, and list the places; stop if the config says so.

    Raises:
        ValueError: Imagery is missing and `imagery.missing_quads` is "stop".
    """
    area = own.union_all()
    gap = uncovered([mosaic.quads for mosaic in imagery.mosaics], area)
    without, whole = area_m2(gpd.GeoSeries([gap, area], crs=own.crs))
    logging.getLogger("rogi").info("%s: %.2f %% of its area without any imagery", subregion, 100 * without / whole)
    if gap.is_empty:
        return
    message = f"{subregion}: {_listed(imagery, gap)}"
    if missing == "stop":
        raise ValueError(f"{message}. Fetch them, or set imagery.missing_quads: nodata to map the rest")
    logging.getLogger("rogi").warning("%s. They become nodata", message)


def _listed(imagery: Imagery, gap: shapely.MultiPolygon) -> str:
    """Name the missing quads of the first regular mosaic, or the bare places where no mosaic is regular."""
    quads = [mosaic.quads for mosaic in imagery.mosaics]
    index = next((index for index in quads if is_regular(index)), quads[0])
    rounding = MIN_SHARED_PX * imagery.grid.pixel**2
    cells = [cell for cell in missing_quads(index, gap) if cell.intersection(gap).area > rounding]
    centres = gpd.GeoSeries([cell.envelope.centroid for cell in cells], crs=imagery.grid.crs).to_crs(WGS84)
    names = [planet_name(imagery.grid, cell) for cell in cells]
    places = [
        f"{centre.x:.4f}/{centre.y:.4f}" + (f" {name}" if name else "")
        for centre, name in zip(centres[:LISTED], names[:LISTED], strict=True)
    ]
    more = [f"and {len(cells) - LISTED} more"] if len(cells) > LISTED else []
    kind = "quads" if is_regular(index) else "places"
    return f"{len(cells)} {kind} missing from every mosaic, centred at lon/lat " + "; ".join(places + more)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
