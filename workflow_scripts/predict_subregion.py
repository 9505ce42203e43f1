"""Rock glacier probability of one subregion, blended from overlapping windows."""

import logging
from typing import Any

import torch
from rasterio.windows import Window

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.geodesy import buffer_true_m
from workflow_scripts.rogi.imagery.grid import aligned
from workflow_scripts.rogi.imagery.index import missing_quads
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.mapping.blend import NODATA
from workflow_scripts.rogi.mapping.predict import Predictor, Tally, predict
from workflow_scripts.rogi.mapping.windows import windows_mpx
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.raster import BLOCK_PX, geotiff_profile, writing_raster
from workflow_scripts.rogi.training.network import Normalized, choose_device, load


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
        _report_missing(imagery, own.union_all(), subregion, missing)
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


def _report_missing(imagery: Imagery, area: Any, subregion: str, missing: str) -> None:
    """List the quads that lie in the subregion and that no mosaic has; stop if the config says so.

    Raises:
        ValueError: Quads are missing and `imagery.missing_quads` is "stop".
    """
    absent = [set(box.wkt for box in missing_quads(mosaic.quads, area)) for mosaic in imagery.mosaics]
    gaps = sorted(set.intersection(*absent))
    if not gaps:
        return
    message = f"{len(gaps)} quads inside {subregion} are missing from every mosaic: " + "; ".join(gaps)
    if missing == "stop":
        raise ValueError(f"{message}. Fetch them, or set imagery.missing_quads: nodata to map the rest")
    logging.getLogger("rogi").warning("%s. They become nodata", message)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
