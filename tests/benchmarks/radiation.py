"""The sides of the insolation benchmark: ours, and r.horizon with r.sun of GRASS, on the same cells of one DEM."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import rasterio
from affine import Affine
from pyproj import CRS

from tests.insolation.scene import rough
from workflow_scripts.rogi.attributes.terrain import slope_aspect
from workflow_scripts.rogi.insolation.annual import Insolation, insolation

POSTING_M, EPSG = 30, 32644
# Two processes at a time, each with half of the directions or every other day, as r.horizon has one thread.
SCRIPT = """
set -e
r.in.gdal input={dem} output=dem
g.region raster=dem
r.slope.aspect elevation=dem slope=slope aspect=aspect
g.region n={north} s=$(({north} - {size})) w={west} e=$(({west} + {size}))
TIMEFORMAT="%R %U %S"
horizons() {{
  r.horizon elevation=dem step={step} start=$1 end=$2 bufferzone={buffer} maxdistance={radius_m} output=high --quiet
}}
days() {{
  for day in "$@"; do
    r.sun elevation=dem slope=slope aspect=aspect horizon_basename=high horizon_step={step} day=$day \\
      step={hours} glob_rad=day_$day --quiet
  done
}}
exec 3>&2
{{ time {{ horizons 0 180 2>&3 & horizons 180 360 2>&3 & wait; }}; }} 2>{folder}/horizon.txt
# Below 0, which r.horizon 8.2 returns, r.sun goes astray.
for map in $(g.list raster pattern='high_*'); do echo "$map = max($map, 0)"; done >{folder}/clip.txt
r.mapcalc file={folder}/clip.txt --overwrite --quiet
{{ time {{ days {odd} 2>&3 & days {even} 2>&3 & wait; }}; }} 2>{folder}/sun.txt
for maps in high day; do g.list raster pattern="${{maps}}_*" | wc -l; done >{folder}/maps.txt
"""


class Scene(NamedTuple):
    """A DEM, and cells on it."""

    heights: np.ndarray
    transform: Affine
    crs: CRS
    rows: np.ndarray
    columns: np.ndarray
    slope: np.ndarray
    aspect: np.ndarray


def write_dem(path: str, side: int) -> None:
    """Write mountains of 30 m posting, whose slopes are 17° on average."""
    heights = rough(side, relief_m=side / 1.5).astype(np.float32)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": CRS.from_epsg(EPSG)}
    west, north = 500_000 - side // 2 * POSTING_M, 3_900_000 + side // 2 * POSTING_M
    transform = Affine(POSTING_M, 0, west, 0, -POSTING_M, north)
    with rasterio.open(path, "w", height=side, width=side, transform=transform, **profile) as dataset:
        dataset.write(heights, 1)


def ours(dem: str, cells: int, threads: int, settings: dict[str, Any]) -> dict[str, float]:
    """Time the radiation of a year on a square of cells in the middle, once it is compiled."""
    scene = _read(dem, cells)
    start = time.perf_counter()
    _run(scene, slice(1), settings, 1)
    compiled, busy = time.perf_counter(), time.process_time()
    table = _run(scene, slice(None), settings, threads)
    return {
        "compile_s": compiled - start,
        "seconds": time.perf_counter() - compiled,
        "cpu_s": time.process_time() - busy,
        "cells": cells**2,
        "pisr": table["PISR"].mean(),
    }


def varied(dem: str, cells: int, settings: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return the CPU time per cell of some settings, s."""
    scene = _read(dem, cells)
    _run(scene, slice(1), next(iter(settings.values())), 1)
    seconds = {}
    for name, values in settings.items():
        busy = time.process_time()
        _run(scene, slice(None), values, 1)
        seconds[name] = (time.process_time() - busy) / cells**2
    return seconds


def _read(dem: str, cells: int) -> Scene:
    with rasterio.open(dem) as dataset:
        heights, transform, crs = dataset.read(1).astype(float), dataset.transform, dataset.crs
    first = (len(heights) - cells) // 2
    rows, columns = np.mgrid[first : first + cells, first : first + cells].reshape(2, -1)
    part = heights[first - 1 : first + cells + 1, first - 1 : first + cells + 1]
    angles = slope_aspect(part, transform @ Affine.translation(first - 1, first - 1), crs)
    slope, aspect = (angle[1:-1, 1:-1].ravel() for angle in angles)
    return Scene(heights, transform, crs, rows, columns, slope, aspect)


def _run(scene: Scene, chosen: slice, settings: dict[str, Any], threads: int) -> pd.DataFrame:
    rows, columns, slope, aspect = (values[chosen] for values in scene[3:])
    return insolation(*scene[:3], rows, columns, slope, aspect, Insolation(**settings), threads)


def grass_version() -> str | None:
    """Return the version of GRASS, None where there is none."""
    if not shutil.which("grass"):
        return None
    return subprocess.run(["grass", "--config", "version"], capture_output=True, text=True, check=True).stdout.strip()


def grass(dem: str, folder: str, cells: int, days: list[int], settings: dict[str, Any]) -> dict[str, float]:
    """Time r.horizon, and r.sun on some days, on the same cells, in two processes at a time."""
    with rasterio.open(dem) as dataset:
        side, west, north = dataset.width, int(dataset.transform.c), int(dataset.transform.f)
    radius, margin = int(settings["search_radius_m"]), (side - cells) // 2 * POSTING_M
    script = SCRIPT.format(
        dem=dem,
        folder=folder,
        north=north - margin,
        west=west + margin,
        size=cells * POSTING_M,
        step=360 / settings["sectors"],
        buffer=-(-radius // POSTING_M) * POSTING_M,
        radius_m=radius,
        hours=settings["time_step_min"] / 60,
        odd=" ".join(map(str, days[::2])),
        even=" ".join(map(str, days[1::2])),
    )
    (Path(folder) / "script.sh").write_text(script)
    command = ["grass", "--tmp-location", f"EPSG:{EPSG}", "--exec", "bash", f"{folder}/script.sh"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"GRASS failed:\n{ran.stderr[-3000:]}")
    made = [int(count) for count in (Path(folder) / "maps.txt").read_text().split()]
    if made != [settings["sectors"], len(days)]:
        raise RuntimeError(f"GRASS made {made} maps of horizons and days, expected {[settings['sectors'], len(days)]}")
    horizon, sun = (
        [float(value) for value in (Path(folder) / name).read_text().split()] for name in ("horizon.txt", "sun.txt")
    )
    result = {"horizon_s": horizon[0], "horizon_cpu_s": sum(horizon[1:]), "sun_s": sun[0], "sun_cpu_s": sum(sun[1:])}
    return result | {"cells": cells**2}
