"""The geometry of horizons and shadows against r.horizon and r.sun of GRASS."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import rasterio
from affine import Affine
from scipy.ndimage import gaussian_filter

from tests.insolation.scene import PIXEL_M, UTM, rough
from workflow_scripts.rogi.insolation.cells import Cells, latitudes_and_steps, normals
from workflow_scripts.rogi.insolation.devices import Results, empty_results, on_cpu
from workflow_scripts.rogi.insolation.horizon import terrain
from workflow_scripts.rogi.insolation.sun import HOURS_PER_RADIAN, Calendar

SIDE, RADIUS_M, STEP_H, SECTORS = 70, 4500, 0.1, 16
# On the central meridian of the zone, where grid north is true north
GRID = Affine(PIXEL_M, 0, 500_000 - SIDE / 2 * PIXEL_M, 0, -PIXEL_M, 3_886_000 + SIDE / 2 * PIXEL_M)
# GRASS counts from the east, anticlockwise; we count from the north, clockwise.
NAMES = [f"high_{(450 - 22.5 * sector) % 360:05.1f}".replace(".", "_") for sector in range(SECTORS)]
# r.sun follows a ray at every time step. In 8.2, horizons of r.horizon may be negative, which leads r.sun astray.
SCRIPT = f"""
set -e
r.in.gdal input=$1/dem.tif output=dem
g.region raster=dem
r.slope.aspect elevation=dem slope=slope aspect=aspect
r.horizon elevation=dem step=22.5 maxdistance={RADIUS_M} output=high
r.sun elevation=dem slope=slope aspect=aspect linke_value=0 day=20 step={STEP_H} beam_rad=beam
r.info -h beam >$1/sun.txt
r.stats -1 input=slope,aspect,beam,{",".join(NAMES)} output=$1/maps.txt
"""

pytestmark = pytest.mark.skipif(not shutil.which("grass"), reason="no grass on the PATH (Debian: grass-core)")


class Both(NamedTuple):
    """What both find on the cells away from the edge: horizons in degrees, clockwise from north; a day in kWh m⁻²."""

    their_horizons: np.ndarray
    our_horizons: np.ndarray
    their_day: np.ndarray
    our_day: np.ndarray


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Run GRASS and ours on the same heights, slopes and aspects, with the same declination and irradiance."""
    folder, heights = tmp_path_factory.mktemp("grass"), gaussian_filter(rough(SIDE, 3, 150), 4).astype(np.float32)
    maps, sun = _grass(folder, heights)
    rows, columns = np.nonzero(np.isfinite(maps[:3]).all(axis=0))
    slope, aspect, day, *high = maps[:, rows, columns]
    high_16, day_64 = (_ours(heights, rows, columns, slope, 90 - aspect, sun, sectors) for sectors in (SECTORS, 64))
    ours = np.degrees(np.arcsin(high_16.horizons[:, :-1]))
    return Both(np.clip(np.degrees(high), 0, None).T, ours, day / 1000, day_64.sums[:, 0])


def _grass(folder: Path, heights: np.ndarray) -> tuple[np.ndarray, Calendar]:
    shape = {"height": SIDE, "width": SIDE, "count": 1, "dtype": "float32"}
    with rasterio.open(folder / "dem.tif", "w", driver="GTiff", crs=UTM, transform=GRID, **shape) as dataset:
        dataset.write(heights, 1)
    (folder / "script.sh").write_text(SCRIPT)
    command = ["grass", "--tmp-location", "EPSG:32644", "--exec", "bash", str(folder / "script.sh"), str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    values = (folder / "maps.txt").read_text().replace("*", "nan").split()
    maps = np.array(values, dtype=float).reshape(SIDE, SIDE, -1).transpose(2, 0, 1)
    power, declination = re.findall(r"(?:irradiance|Declination) \(\S+\): +(\S+)", (folder / "sun.txt").read_text())
    weight = np.array([float(power) * HOURS_PER_RADIAN / 1000])
    angle = np.array([float(declination)])
    return maps, Calendar(np.sin(angle), np.cos(angle), weight, STEP_H / HOURS_PER_RADIAN)


def _ours(
    heights: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    slope: np.ndarray,
    aspect: np.ndarray,
    sun: Calendar,
    sectors: int,
) -> Results:
    latitude, steps = latitudes_and_steps(GRID, UTM, rows, columns)
    cells = Cells(rows, columns, latitude, steps, normals(slope, aspect), np.ones(len(rows)))
    results = empty_results(len(rows), sectors)
    on_cpu(cells, terrain(heights, RADIUS_M), sun, results)
    return results


def test_horizons_are_those_of_r_horizon(both: Both) -> None:
    off = np.abs(both.our_horizons - both.their_horizons)
    assert len(off) > 0.9 * SIDE**2
    assert off[:, ::4].max() < 0.02  # north, east, south and west
    # Between them, r.horizon takes the nearest cell rather than interpolate, so its near horizons are higher.
    assert np.median(off, axis=0).max() < 0.35
    assert (both.our_horizons <= both.their_horizons + 0.5).mean() > 0.95


def test_a_day_of_direct_light_is_that_of_r_sun(both: Both) -> None:
    off = np.abs(both.our_day - both.their_day) / both.their_day.mean()
    assert np.median(off) < 0.003
    assert off.mean() < 0.015
