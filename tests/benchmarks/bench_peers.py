"""Our inference against torchgeo's grid sampler and geoai's `predict_geotiff`: `make bench-peers`.

Same network, same raster, same windows but for ours. Runs in an environment of its own, which holds the peers beside
the locked packages.
"""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.bench_inference import prepare
from tests.benchmarks.machine import describe, measured, rate, table

HEADER = "side | output Mpx/s | window Mpx/s | peak MiB | ours is faster by"


def main(folder: Path, windows: int) -> None:
    """Print all sides, and how many times faster ours is."""
    print(describe("torchgeo", "geoai-py"), end="\n\n", flush=True)
    raster, model = str(folder / "raster.tif"), str(folder / "model.pt")
    prepare(folder, raster, model, windows)
    theirs: dict[str, Any] = {"raster": raster, "model": model}
    sides: dict[str, tuple[str, dict[str, Any]]] = {
        "plain loop": ("plain_loop.run", theirs | {"part": 0, "parts": 1, "output": str(folder / "plain.tif")}),
        "torchgeo, grid sampler": ("peers.torchgeo_grid", theirs | {"output": str(folder / "torchgeo.tif")}),
        "geoai, predict_geotiff": ("peers.geoai_predict", theirs | {"output": str(folder / "geoai.tif")}),
        "ours": ("ours.run", {"folder": str(folder), "model": model, "output": str(folder / "ours")}),
    }
    runs = {name: measured(function, **given) for name, (function, given) in sides.items()}
    rows = []
    for name, run in runs.items():
        rates = (f"{rate(run, what):.3f}" for what in ("output_px", "window_px"))
        faster = rate(runs["ours"], "output_px") / rate(run, "output_px")
        rows.append((name, *rates, f"{run['peak_mib']:.0f}", f"{faster:.2f}"))
    table(HEADER, rows)


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=3, help="windows along one side of the raster")
    with TemporaryDirectory(prefix="bench_peers_") as temporary:
        main(Path(temporary), parser.parse_args().windows)
