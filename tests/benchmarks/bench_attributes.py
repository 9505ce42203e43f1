"""Our zonal statistics against rasterstats, and the rate at which terrain is derived: `make bench-attributes`.

Both sides read the same file, on one thread, in processes of their own, in turns; the best of each side's runs counts.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.machine import describe, measured, table

SIDE_PX, OUTLINES, SEED = 7200, 4000, 20240
LAYERS, TPROGI = 10, 44_273
ALL_COLUMNS = 150


def main(folder: Path, rounds: int) -> None:
    """Print both sides of every comparison, and the ratio in the last line."""
    print(describe("exactextract", "rasterstats", "richdem2", "numba"), end="\n\n", flush=True)
    files = {"dem": str(folder / "dem.tif"), "outlines": str(folder / "outlines.gpkg")}
    measured("attributes.prepare", **files, side=SIDE_PX, count=OUTLINES, seed=SEED)
    one, ten, theirs = [], [], []
    for _ in range(rounds):
        one.append(measured("attributes.ours", **files, layers=1))
        theirs.append(measured("attributes.by_rasterstats", **files))
        ten.append(measured("attributes.ours", **files, layers=LAYERS))
    sides = {
        "ours, 1 layer": (min(one, key=_seconds), 1),
        f"ours, {LAYERS} layers": (min(ten, key=_seconds), LAYERS),
        "rasterstats, 1 layer": (min(theirs, key=_seconds), 1),
    }
    rates = {name: OUTLINES * layers / run["seconds"] for name, (run, layers) in sides.items()}
    rows = [
        (name, f"{run['seconds']:.2f}", f"{rates[name]:.0f}", f"{run['mean']:.2f}", f"{run['peak_mib']:.0f}")
        for name, (run, _) in sides.items()
    ]
    table("side | s | polygons × layers / s | mean elevation | peak MiB", rows)
    polygons_s, per_layer, rasterstats_s = (rates[name] for name in (f"ours, {LAYERS} layers", *_single(sides)))
    print(f"{TPROGI} polygons × {LAYERS} layers: {TPROGI * LAYERS / polygons_s / 60:.1f} minutes on one core\n")
    derived = measured("attributes.derivation", dem=files["dem"], repeats=7)
    steps = [(name, f"{1e-6 / seconds:.1f}") for name, seconds in derived.items() if not name.endswith("_mib")]
    table("terrain, 1 Mcell at a time | Mcells/s on one core", steps)
    everything = measured("attributes.everything", **files, count=ALL_COLUMNS)
    rate = ALL_COLUMNS / everything["seconds"]
    print(f"all terrain columns, with insolation as in config.yaml: {rate:.1f} polygons/s on one core\n")
    print(f"attributes {polygons_s=:.0f} ratio_rasterstats={per_layer / rasterstats_s:.1f}")


def _seconds(run: dict[str, float]) -> float:
    return run["seconds"]


def _single(sides: dict[str, tuple[dict[str, float], int]]) -> list[str]:
    return [name for name, (_, layers) in sides.items() if layers == 1]


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side")
    options = parser.parse_args()
    # One thread: GDAL and numpy would otherwise use what the machine has.
    os.environ |= {"GDAL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with TemporaryDirectory(prefix="bench_attributes_") as temporary:
        main(Path(temporary), options.rounds)
