"""Our vectorising against GDAL's, and how its time and memory grow: `make bench-vectorize`.

Both sides read the same file, on one thread, in processes of their own, in turns; the best of each side's runs counts.
GDAL's tool runs once, from a mask to a FlatGeobuf file.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import polygonize_tool
from tests.benchmarks.machine import describe, measured, table

SPARSE_PX, DENSE_PX, PATTERN_PX, GROWTH_PX = 10_000, 3072, 5000, (10_000, 20_000, 40_000)
HEADER = "raster | side | s | Mpx/s | peak MiB | of which before the run"
SIDES = {"ours": "ours", "shapes": "rasterio.features.shapes", "polygonize": f"{polygonize_tool.TOOL} -8"}
Sides = dict[str, dict[str, float]]


def main(folder: Path, rounds: int) -> None:
    """Print both sides of every comparison, and the ratios in the last line."""
    print(describe("shapely", "numba", "geopandas"), end="\n\n", flush=True)
    warm_up = str(folder / "small.tif")
    measured("probabilities.write_empty", raster=warm_up)
    compiled, loaded = (measured("vectorizers.compile_ours", raster=warm_up)["seconds"] for _ in range(2))
    print(f"first run {compiled:.1f} s (numba compiles, unless it has before), first of a process {loaded:.1f} s\n")
    absent = "not on the PATH, so not measured (Debian: gdal-bin and python3-gdal)"
    print(f"{polygonize_tool.TOOL}: {polygonize_tool.version() or absent}", end="\n\n", flush=True)
    rasters = prepare(folder)
    runs = {name: compare(folder, name, warm_up, rounds) for name in rasters}
    table(HEADER, [row for name, sides in runs.items() for row in _rows(name, rasters[name], sides)])
    growth(folder, warm_up)
    ratios = {name: sides["shapes"]["seconds"] / sides["ours"]["seconds"] for name, sides in runs.items()}
    mpx_s = rasters["sparse"] ** 2 / runs["sparse"]["ours"]["seconds"] / 1e6
    dense = min(ratios["blobs"], ratios["noise"])
    print(f"vectorize {mpx_s=:.0f} ratio_shapes_sparse={ratios['sparse']:.1f} ratio_shapes_dense={dense:.1f}")


def prepare(folder: Path) -> dict[str, int]:
    """Write the rasters that are compared; return the pixels along a side of each."""
    sides = {"sparse": SPARSE_PX, "blobs": DENSE_PX, "noise": DENSE_PX}
    for name, side in sides.items():
        more = {"pattern": PATTERN_PX} if name == "sparse" else {}
        measured(f"probabilities.write_{name}", **_files(folder, name), side=side, **more)
    return sides


def compare(folder: Path, name: str, warm_up: str, rounds: int) -> Sides:
    """Run the sides in turns on one raster and check that they found the same."""
    files = _files(folder, name)
    checked = measured("vectorizers.compare", raster=files["raster"])
    if not checked["same"]:
        raise SystemExit(f"{name}: ours and rasterio.features.shapes differ")
    print(f"{name}: {checked['objects']:.0f} objects, the same, bit by bit", flush=True)
    turns = [
        {
            "ours": measured("vectorizers.ours", raster=files["raster"], warm_up=warm_up, repeats=3),
            "shapes": measured("vectorizers.by_shapes", raster=files["raster"], repeats=1),
        }
        for _ in range(rounds)
    ]
    best = {side: min((turn[side] for turn in turns), key=lambda run: run["seconds"]) for side in turns[0]}
    if polygonize_tool.version():  # once: it is slow
        best["polygonize"] = measured("polygonize_tool.run", mask=files["mask"], output=str(folder / f"{name}.fgb"))
    return best


def growth(folder: Path, warm_up: str) -> None:
    """Print how our time and memory grow with the raster, at equal objects per area."""
    rows = []
    for side in GROWTH_PX:
        files = _files(folder, f"growth_{side}")
        measured("probabilities.write_sparse", **files, side=side, pattern=PATTERN_PX)
        run = measured("vectorizers.ours", raster=files["raster"], warm_up=warm_up, repeats=3)
        rows += _rows(f"sparse, {side} × {side}", side, {"ours": run})
    table(HEADER, rows)


def _files(folder: Path, name: str) -> dict[str, str]:
    return {"raster": str(folder / f"{name}.tif"), "mask": str(folder / f"{name}_mask.tif")}


def _rows(name: str, side: int, runs: Sides) -> list[tuple[str, ...]]:
    """Return the rows of one raster; a tool in a process of its own has no memory before the run."""
    rows: list[tuple[str, ...]] = []
    for who, run in runs.items():
        rate = f"{side**2 / run['seconds'] / 1e6:.1f}"
        memory = (run["tool_mib"], 0) if "tool_mib" in run else (run["peak_mib"], run["base_mib"])
        rows.append((name, SIDES[who], f"{run['seconds']:.2f}", rate, *(f"{mib:.0f}" for mib in memory)))
    return rows


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side")
    options = parser.parse_args()
    # One thread: GDAL and numpy would otherwise use what the machine has.
    os.environ |= {"GDAL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with TemporaryDirectory(prefix="bench_vectorize_") as temporary:
        main(Path(temporary), options.rounds)
