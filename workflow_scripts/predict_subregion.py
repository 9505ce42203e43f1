"""Rock glacier probability of one subregion, blended from overlapping windows."""

import logging
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.fingerprint import code_digest
from workflow_scripts.rogi.geodesy import buffer_true_m
from workflow_scripts.rogi.imagery.ahead import ReadAhead
from workflow_scripts.rogi.imagery.channels import Channels
from workflow_scripts.rogi.imagery.gaps import report_missing
from workflow_scripts.rogi.imagery.grid import aligned, grown
from workflow_scripts.rogi.imagery.looks import Looks, looks_beside
from workflow_scripts.rogi.imagery.mosaic import Imagery, Scene
from workflow_scripts.rogi.imagery.quality import quality_of
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.mapping.accelerate import choose_precision, keep_freed_memory
from workflow_scripts.rogi.mapping.blend import NODATA
from workflow_scripts.rogi.mapping.ledger import Ledger, fingerprint
from workflow_scripts.rogi.mapping.output import Output
from workflow_scripts.rogi.mapping.predict import Tally, predict, windows_over
from workflow_scripts.rogi.mapping.report import hardware, identity, write_report
from workflow_scripts.rogi.mapping.scorer import make_scorer
from workflow_scripts.rogi.mapping.settings import Prediction
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.raster import BLOCK_PX, geotiff_profile, writing_cog
from workflow_scripts.rogi.training.devices import choose_device
from workflow_scripts.rogi.training.network import load

ROOT = Path(__file__).resolve().parents[1]


def main(
    indexes: list[str],
    subregions: str,
    models: list[str],
    further_looks: list[str],
    dem_files: list[str],
    channel_files: list[str],
    probability: str,
    source: str,
    report: str,
    ledger: str,
    subregion: str,
    bands: list[str],
    nodata: float | None,
    damaged: str,
    screening: dict[str, Any],
    clarity: dict[str, Any],
    channels: list[dict[str, Any]],
    missing: str,
    halo_m: float,
    prediction: dict[str, Any],
    threads: int,
) -> None:
    """Map one subregion and a halo round it, so that objects on its border are whole."""
    settings = Prediction(**prediction)
    torch.set_num_threads(threads)
    keep_freed_memory()
    device = choose_device(settings.device)
    precision = choose_precision(settings.precision, device)
    trained = [load(path, bands, [channel["name"] for channel in channels]) for path in models]
    scorer = make_scorer(trained, device, precision, settings.test_time, settings.batch_size, settings.compiled)

    limits = Screening(**screening)

    def opened(more: Channels | None = None) -> Imagery:
        return Imagery(indexes, len(bands), nodata, limits, damaged, more)

    def is_clear(scene: Scene) -> bool:
        found = quality_of(scene.image, scene.valid, bands, limits, clarity["snow_min_dn"])
        return scene.valid.mean() >= clarity["min_valid_share"] and found.poor_share <= clarity["max_poor_share"]

    def all_looks(more: Channels | None) -> Looks:
        imagery = opened(more)
        return Looks(imagery, looks_beside(imagery, indexes, further_looks, settings.looks == "each"), is_clear)

    with opened() as imagery:
        own = read_subregion(subregions, subregion).to_crs(imagery.grid.crs)
        report_missing(imagery, own, subregion, missing)
        area = buffer_true_m(own, halo_m).union_all()
        pixels = imagery.grid
        extent = aligned(pixels.window(area.bounds), BLOCK_PX)
        margin = settings.windows.window_px + len(indexes) * screening["block_px"]
        quads = imagery.locations(grown(extent, margin))  # all that a window over the extent may read
    layers_above = Channels(channels, pixels, dem_files, channel_files) if channels else None
    made_by = fingerprint(
        settings=[
            *(bands, nodata, damaged, screening, channels, clarity),
            *(settings.mode, settings.windows, settings.looks, settings.test_time),
        ],
        numbers=[str(precision), settings.compiled, *hardware(device, threads, settings.batch_size)],
        files=identity(models + quads + further_looks + dem_files + channel_files),
        code=code_digest(Path(__file__).resolve(), ROOT),
    )
    windows = windows_over(area, settings.windows.touching(extent), pixels)
    tally = Tally(outside=settings.windows.count(extent) - len(windows))
    profile = geotiff_profile("uint8", pixels.crs, pixels.transform(extent), extent.height, extent.width)
    layers = profile | {"nodata": NODATA, "count": scorer.layers}
    with Ledger(ledger, made_by) as kept:
        started = time.monotonic()
        with (
            writing_cog(probability, layers, "average", threads) as scores_file,
            writing_cog(source, profile | {"nodata": 0}, "nearest", threads) as source_file,
            ReadAhead(partial(all_looks, layers_above), max(2, threads // 2)) as reading,
            progress(f"mapping {subregion}", len(windows) * settings.windows.window_px**2 / 1e6, "Mpx") as bar,
        ):
            threshold = float(np.mean([model.threshold for model in trained]))
            scores_file.update_tags(units="probability times 254", threshold=threshold)
            scores_file.descriptions = ("probability", "spread")[: scorer.layers]
            output = Output(kept, scores_file, source_file, pixels, settings.windows, settings.joining, area, extent)
            predict(reading, scorer, kept, output, windows, tally, bar)
        tally.seconds = time.monotonic() - started
        broken = kept.damaged()
        about = {
            "subregion": subregion,
            "device": hardware(device, threads, settings.batch_size),
            "precision": str(precision),
            "mode": settings.mode,
            "batch_size": scorer.batch_size,
            "damaged_blocks": broken,
        }
        done = write_report(
            report, tally, settings.windows, scorer.samples, scorer.busy_s, output.pixels_written, about
        )
        kept.discard()
    logging.getLogger("rogi").info(
        "%s: %.1f Mpx mapped, %.2f Mpx/s, device busy %.0f %%, peak memory %d MiB; windows: %d computed (and %d other "
        "looks at them), %d kept from "
        "an interrupted run, %d skipped outside, %d skipped without imagery; %d damaged blocks",
        *(subregion, output.pixels_written / 1e6, done["output_mpx_per_s"], 100 * done["busy_share"]),
        *(done["peak_memory_mib"], tally.computed, tally.looks, tally.resumed, tally.outside, tally.empty),
        len(broken),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
