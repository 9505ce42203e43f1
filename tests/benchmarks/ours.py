"""Our own mapping, called as the workflow calls it, and the bare network that it uses."""

import json
import os
import time
from pathlib import Path
from typing import Any

import segmentation_models_pytorch  # noqa: F401, before the clock starts: `load` would import it
import torch

from tests.benchmarks.machine import work
from tests.benchmarks.rasters import SUBREGION
from tests.benchmarks.settings import CONFIG
from workflow_scripts import predict_subregion
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.mapping.accelerate import accelerated, choose_precision, keep_freed_memory
from workflow_scripts.rogi.mapping.settings import Prediction
from workflow_scripts.rogi.training.devices import choose_device
from workflow_scripts.rogi.training.network import TrainedModel, load

IMAGERY = CONFIG["imagery"]
THREADS = os.cpu_count() or 1


def run(folder: str, model: str, output: str, **changes: Any) -> dict[str, float]:
    """Map the subregion of a folder that `rasters.write_mosaic` filled, see `map_subregion`."""
    return map_subregion([f"{folder}/index.gpkg"], f"{folder}/subregions.gpkg", SUBREGION, model, output, changes)


def map_subregion(
    indexes: list[str], subregions: str, subregion: str, model: str, output: str, changes: dict[str, Any]
) -> dict[str, float]:
    """Map one subregion without a halo, as config.yaml says but for some changes.

    Args:
        indexes: Tile indexes of the mosaics.
        subregions: Their file.
        subregion: Which of them.
        model: Model file.
        output: Folder for `probability.tif` and what goes with it.
        changes: To the section `prediction`.

    Returns:
        See `work`; the seconds are those from the model file to the closed rasters. And `mapped_px`, pixels that got a
        probability, `computed` and `skipped` windows, and `busy_share`.
    """
    names = {"probability": "probability.tif", "source": "source.tif", "report": "report.json", "ledger": "ledger.db"}
    files = {key: f"{output}/{name}" for key, name in names.items()}
    started = time.perf_counter()
    predict_subregion.main(
        indexes, subregions, [model], [], [], [], **files, subregion=subregion, channels=[],
        bands=IMAGERY["bands"], nodata=IMAGERY["nodata"], damaged=IMAGERY["damaged_blocks"],
        screening=IMAGERY["screening"], clarity={}, missing="nodata", halo_m=0,
        prediction=CONFIG["prediction"] | changes, threads=THREADS,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    report = json.loads(Path(files["report"]).read_text(encoding="utf-8"))
    windows = report["windows"]
    return {
        **work(seconds, windows["computed"], report["window_px"], report["step_px"]),
        "mapped_px": report["pixels"],
        "computed": windows["computed"],
        "skipped": windows["outside"] + windows["empty"],
        "busy_share": report["busy_share"],
    }


def forward(folder: str, model: str) -> dict[str, float]:
    """Run the accelerated network, and nothing else, on the windows that `run` computes.

    Returns:
        See `work`; the seconds are those in the network.
    """
    settings = Prediction(**CONFIG["prediction"])
    torch.set_num_threads(THREADS)
    keep_freed_memory()
    device = choose_device("cpu")
    precision = choose_precision(settings.precision, device)
    trained = load(model, IMAGERY["bands"], [])
    inputs = _inputs(folder, settings, trained, precision)
    network = accelerated(trained.network, len(IMAGERY["bands"]), device, precision)
    with torch.inference_mode():
        network(inputs[0])
        started = time.perf_counter()
        for window in inputs:
            network(window)
        seconds = time.perf_counter() - started
    return work(seconds, len(inputs), settings.windows.window_px, settings.windows.step_px)


def _inputs(folder: str, settings: Prediction, trained: TrainedModel, precision: torch.dtype) -> list[torch.Tensor]:
    """Return all windows over the subregion that hold imagery, normalised."""
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (trained.mean, trained.std))
    inputs = []
    with Imagery([f"{folder}/index.gpkg"], 3, None, Screening(**IMAGERY["screening"])) as imagery:
        own = read_subregion(f"{folder}/subregions.gpkg", SUBREGION).to_crs(imagery.grid.crs)
        for window in settings.windows.touching(imagery.grid.window(tuple(own.total_bounds))):
            scene = imagery.read(window)
            if scene.valid.any():
                normal = (torch.from_numpy(scene.image).float() - mean) / std * torch.from_numpy(scene.valid)
                inputs.append(normal.unsqueeze(0).to(precision, memory_format=torch.channels_last))
    return inputs
