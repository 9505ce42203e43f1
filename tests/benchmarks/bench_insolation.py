"""Our insolation against r.horizon and r.sun of GRASS, and how its rate grows: `make bench-insolation`.

Both sides take the same cells of one DEM, the same sectors, radius and time step, on two cores, one after the other.
r.sun computes some days of the year; its time is scaled to 365.
"""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.benchmarks import radiation
from tests.benchmarks.machine import ROOT, describe, measured, table

SIDE_PX, CELLS, GROWTH_CELLS, THREADS = 3000, 240, 72, 2
DAYS = list(range(16, 365, 30))  # the middle of the months
INVENTORY_CELLS = 7e6  # of 1″ that 44 000 rock glaciers hold
Run = dict[str, float]
VARIED: dict[str, tuple[float, ...]] = {
    "time_step_min": (120, 60, 15, 5),
    "day_step": (5, 30),
    "sectors": (32, 128, 360),
    "search_radius_m": (5_000, 10_000, 40_000),
}


def main(folder: Path, rounds: int) -> None:
    """Print both sides, the growth, and the ratio in the last line."""
    print(describe("numba"), f"GRASS: {radiation.grass_version() or 'none (Debian: grass-core)'}", sep="\n", end="\n\n")
    settings = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["insolation"]
    settings |= {"time_step_min": 30, "day_step": 1, "sectors": 64, "search_radius_m": 20_000, "device": "cpu"}
    dem = str(folder / "dem.tif")
    measured("radiation.write_dem", path=dem, side=SIDE_PX)
    run, theirs = turns(folder, dem, settings, rounds)
    rate = run["cells"] / run["seconds"]
    print(f"ours: compiled in {run['compile_s']:.1f} s, which is not counted; mean PISR {run['pisr']:.0f} kWh m⁻² yr⁻¹")
    print(f"{INVENTORY_CELLS / 1e6:.0f} million cells at this rate: {INVENTORY_CELLS / rate / 3600:.2f} h", end="\n\n")
    ratio = compare(run, theirs) if theirs else float("nan")
    growth(dem, settings)
    print(f"insolation ratio_rsun={ratio:.1f} cell_years_s={rate:.0f}")


def turns(folder: Path, dem: str, settings: dict[str, Any], rounds: int) -> tuple[Run, Run | None]:
    """Run the sides in turns; return the best run of each, by the clock. Without GRASS, there is no other side."""
    runs: list[Run] = []
    others: list[Run] = []
    for _ in range(rounds):
        runs.append(measured("radiation.ours", dem=dem, cells=CELLS, threads=THREADS, settings=settings))
        if radiation.grass_version():
            given = {"dem": dem, "folder": str(folder), "cells": CELLS, "days": DAYS, "settings": settings}
            others.append(measured("radiation.grass", **given))
    best = min(runs, key=lambda run: run["seconds"])
    return best, min(others, key=lambda run: run["horizon_s"] + _year(run["sun_s"]), default=None)


def _year(seconds: float) -> float:
    return seconds * 365 / len(DAYS)


def compare(run: Run, theirs: Run) -> float:
    """Print what both sides take; return by how much ours is faster."""
    seconds, cpu_s = (theirs[f"horizon_{what}"] + _year(theirs[f"sun_{what}"]) for what in ("s", "cpu_s"))
    rows = [
        _row("ours: horizons and a year", run["seconds"], run["cpu_s"], f"{run['cells'] / run['seconds']:.0f}"),
        _row("r.horizon", theirs["horizon_s"], theirs["horizon_cpu_s"]),
        _row(f"r.sun, {len(DAYS)} days", theirs["sun_s"], theirs["sun_cpu_s"]),
        _row("r.horizon and r.sun, scaled to 365 days", seconds, cpu_s, f"{theirs['cells'] / seconds:.0f}"),
    ]
    table(f"{run['cells']:.0f} cells, two threads or processes | s | s of CPU | cell-years/s", rows)
    print(
        f"ratio by the time of the CPU, on a machine that does other work too: {cpu_s / run['cpu_s']:.1f}", end="\n\n"
    )
    return seconds / run["seconds"]


def _row(side: str, seconds: float, cpu_s: float, rate: str = "") -> tuple[str, ...]:
    return side, f"{seconds:.1f}", f"{cpu_s:.1f}", rate


def growth(dem: str, settings: dict[str, Any]) -> None:
    """Print how the CPU time of a cell changes with each setting, the others as they are."""
    changed = {f"{name} {value:g}": settings | {name: value} for name, values in VARIED.items() for value in values}
    times = measured("radiation.varied", dem=dem, cells=GROWTH_CELLS, settings={"as above": settings} | changed)
    rows = [(name, f"{1e6 * times[name]:.0f}", f"{1 / times[name]:.0f}") for name in ("as above", *changed)]
    table("setting | µs of CPU per cell | cell-years per second of CPU", rows)


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench_insolation_") as temporary:
        main(Path(temporary), options.rounds)
