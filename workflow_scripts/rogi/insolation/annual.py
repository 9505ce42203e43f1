"""Potential incoming solar radiation of cells of a DEM over a year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from affine import Affine
from pyproj import CRS

from workflow_scripts.rogi.insolation.atmosphere import clear_sky, pressure_ratio
from workflow_scripts.rogi.insolation.cells import Cells, latitudes_and_steps, normals
from workflow_scripts.rogi.insolation.devices import choose, run
from workflow_scripts.rogi.insolation.horizon import terrain
from workflow_scripts.rogi.insolation.sun import calendar

COLUMNS = ("PISR", "PISR_CLEAR", "HORIZON")


@dataclass(frozen=True)
class Insolation:
    """The section `insolation` of the config, where its keys are described."""

    time_step_min: float
    day_step: int
    sectors: int
    search_radius_m: float
    atmosphere: str
    ground_albedo: float
    device: str


def insolation(
    heights: np.ndarray,
    transform: Affine,
    crs: CRS,
    rows: np.ndarray,
    columns: np.ndarray,
    slope: np.ndarray,
    aspect: np.ndarray,
    settings: Insolation,
    threads: int = 1,
) -> pd.DataFrame:
    """Return the radiation of a year on cells, with the shadow that terrain casts (Kumar, Skidmore & Knowles 1997).

    A cell is lit while the sun stands above the plane of the horizon, in front of the cell's own slope, and above the
    terrain in its direction. The result for a cell depends on the heights within the search radius alone.
    Memory: 4 bytes per pixel of `heights` while it works, and some 150 bytes per cell.

    Args:
        heights: Array of shape (height, width), m, NaN in voids, which cast no shadow. It should reach out to the
            search radius around the cells wherever the DEM does.
        transform: Pixels to `crs`.
        crs: CRS of the DEM.
        rows: Rows of the n cells in `heights`.
        columns: Their columns.
        slope: Degrees, shape (n,).
        aspect: Downslope azimuth, degrees clockwise from true north, shape (n,); not looked at where the slope is 0.
        settings: Steps, horizon and atmosphere.
        threads: On a CPU, how many cells are worked on at once.

    Returns:
        One row per cell. PISR: outside the atmosphere, kWh m⁻² yr⁻¹. PISR_CLEAR: through the atmosphere of the
        settings, under a clear sky, kWh m⁻² yr⁻¹. HORIZON: share of the rays (sectors × distance) on valid heights.
        NaN where height, slope or aspect is.

    Raises:
        DeviceError: The settings ask for a GPU, and there is none.
    """
    table = pd.DataFrame(np.nan, index=range(len(rows)), columns=list(COLUMNS))
    own, normal = heights[rows, columns].astype(float), normals(slope, aspect)
    valid = np.isfinite(own) & np.isfinite(normal).all(axis=1)
    if valid.any():
        rows, columns, own, normal = rows[valid], columns[valid], own[valid], normal[valid]
        latitude, steps = latitudes_and_steps(transform, crs, rows, columns)
        cells = Cells(rows, columns, latitude, steps, normal, pressure_ratio(own, settings.atmosphere))
        around = terrain(heights, settings.search_radius_m)
        year = calendar(settings.time_step_min, settings.day_step)
        known, sums = run(cells, around, year, settings.sectors, choose(settings.device), threads)
        clear = clear_sky(sums, slope[valid], settings.ground_albedo, settings.atmosphere)
        table.loc[valid] = np.column_stack([sums[:, 0], clear, known])
    return table
