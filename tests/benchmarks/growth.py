"""How time and memory of our mapping grow with the raster: linear and flat, also where most of it is not there."""

from pathlib import Path

from tests.benchmarks.machine import measured, table
from tests.benchmarks.rasters import diagonal, write_empty, write_mosaic

ENCODER, DECODER_CHANNELS = "tu-mobilenetv3_small_050", 32
QUAD_PX = 2304
SIDES = (1, 2, 4)  # of dense mosaics, in quads
SPARSE_PX, VALID_QUADS = (30_000, 60_000), 4
HEADER = "raster | Mpx mapped | windows computed, skipped | s | Mpx/s | peak MiB | of which before the run"


def growth(folder: Path) -> float:
    """Print both tables and return by how many MiB the peak of the large sparse raster exceeds the small one's."""
    quad, empty, model = (str(folder / name) for name in ("quad.tif", "empty.tif", "small.pt"))
    measured("rasters.write_cut", raster=quad, column=0, row=0, side=QUAD_PX)
    measured("networks.write_network", model=model, raster=quad, encoder=ENCODER, decoder_channels=DECODER_CHANNELS)
    write_empty(empty, QUAD_PX)
    runs = {}
    for side in SIDES:
        cells = [(row, column) for row in range(side) for column in range(side)]
        write_mosaic(str(folder / f"dense_{side}"), {quad: cells}, side * QUAD_PX)
        runs[f"{side * QUAD_PX} × {side * QUAD_PX}, dense"] = _run(folder / f"dense_{side}", model)
    for side in SPARSE_PX:
        valid, beside = diagonal(side // QUAD_PX, VALID_QUADS)
        write_mosaic(str(folder / f"sparse_{side}"), {quad: valid, empty: beside}, side)
        runs[f"{side} × {side}, sparse"] = _run(folder / f"sparse_{side}", model)
    table(HEADER, [_row(name, run) for name, run in runs.items()])
    small, large = (runs[f"{side} × {side}, sparse"]["peak_mib"] for side in SPARSE_PX)
    return large - small


def _run(folder: Path, model: str) -> dict[str, float]:
    return measured("ours.run", folder=str(folder), model=model, output=str(folder / "out"))


def _row(name: str, run: dict[str, float]) -> tuple[str, ...]:
    mapped, rate = run["mapped_px"] / 1e6, run["mapped_px"] / run["seconds"] / 1e6
    windows = f"{run['computed']}, {run['skipped']}"
    memory = f"{run['peak_mib']:.0f}", f"{run['base_mib']:.0f}"
    return name, f"{mapped:.1f}", windows, f"{run['seconds']:.1f}", f"{rate:.2f}", *memory
