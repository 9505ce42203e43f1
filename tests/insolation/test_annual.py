"""Radiation on cells of a DEM: shadows against geometry, other grids, voids, and published numbers."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from affine import Affine
from pyproj import CRS, Transformer

from tests.insolation.scene import PIXEL_M, UTM, level_day, rough, utm_grid
from tests.rule_files import ROOT
from workflow_scripts.rogi.insolation.annual import COLUMNS, Insolation, insolation

SETTINGS = Insolation(30, 5, 64, 3000, "kumar_pressure", 0.2, "cpu")
LATITUDE = 35.1


def on_ground(
    heights: np.ndarray, rows: Any, columns: Any, slope: Any = 0.0, aspect: Any = 0.0, **settings: Any
) -> pd.DataFrame:
    """Return the radiation on cells of a UTM grid of 30 m around 79° E, 35.1° N."""
    cells = np.broadcast_arrays(*(np.asarray(value).ravel() for value in (rows, columns)))
    slopes, aspects = (np.broadcast_to(np.asarray(value, dtype=float), cells[0].shape) for value in (slope, aspect))
    chosen = replace(SETTINGS, **settings)
    return insolation(heights, utm_grid(len(heights)), UTM, cells[0], cells[1], slopes, aspects, chosen)


def degrees_grid(latitude: float, longitude: float = 79.0) -> Affine:
    return Affine(1 / 3600, 0, longitude, 0, -1 / 3600, latitude + 1 / 7200)


def test_the_config_is_taken_as_it_stands() -> None:
    section = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["insolation"]
    assert Insolation(**section).sectors >= 64
    assert Insolation(**section).search_radius_m >= 20_000


# ---- published numbers


def at_4729_m(latitude: float, slope: float, aspect: np.ndarray, **settings: Any) -> pd.DataFrame:
    heights, nowhere = np.full((3, 3), 4729.0), np.zeros(len(aspect), int)
    chosen = replace(SETTINGS, day_step=1, **settings)
    tilt = np.full(len(aspect), slope)
    return insolation(heights, degrees_grid(latitude), CRS("EPSG:4326"), nowhere, nowhere, tilt, aspect, chosen)


@pytest.mark.parametrize(
    ("atmosphere", "mean", "least", "most"),
    [("none", 2986, 2206, 3564), ("kumar", 2208, 1701, 2636), ("kumar_pressure", 2513, 1898, 3020)],
)
def test_mean_over_aspects_and_latitudes(atmosphere: str, mean: float, least: float, most: float) -> None:
    aspects = np.arange(0, 360, 45.0)
    found = pd.concat([at_4729_m(latitude, 17.7, aspects, atmosphere=atmosphere) for latitude in (29.5, 32, 35.5, 38)])
    clear = found["PISR_CLEAR"]
    assert (clear.mean(), clear.min(), clear.max()) == pytest.approx((mean, least, most), rel=2e-3)
    assert found["PISR"].mean() == pytest.approx(2986, rel=1e-3)


@pytest.mark.parametrize(("minutes", "off"), [(5, 0.0005), (15, 0.0005), (30, 0.0005), (60, 0.001), (120, 0.005)])
def test_the_time_step_changes_little(minutes: float, off: float) -> None:
    # Worked out independently: 2054.6 kWh for 5 minutes, 2055.0 for 30, 2061.0 for 120
    found = at_4729_m(34, 17.7, np.array([0.0]), time_step_min=minutes)
    assert found["PISR_CLEAR"][0] == pytest.approx(2054.6, rel=off)


# ---- shadows


def test_a_wall_in_the_east_takes_the_morning_on_the_equator() -> None:
    heights = np.zeros((401, 401))
    heights[:, 221:] = 21 * PIXEL_M * math.tan(math.radians(25))  # 25° high due east
    transform, crs = Affine(PIXEL_M, 0, 500_000 - 6000, 0, -PIXEL_M, 6000), CRS("EPSG:32631")
    args = np.array([200]), np.array([200]), np.zeros(1), np.zeros(1)
    chosen = replace(SETTINGS, day_step=1, time_step_min=5, sectors=360, search_radius_m=8000)
    table = insolation(heights, transform, crs, *args, chosen)
    share = table["PISR"][0] / sum(level_day(0, day) for day in range(1, 366))
    # By hand: the sun is behind the wall while tan(altitude) < tan(25°) sin(azimuth).
    assert share == pytest.approx(_lit_share_beside_an_eastern_wall(25), rel=2e-3)


def _lit_share_beside_an_eastern_wall(angle: float) -> float:
    day, hour = np.mgrid[1:366, 0.5:1440] * np.array([1, 2 * math.pi / 1440]).reshape(2, 1, 1)
    sun, hour = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365), hour - np.pi
    up, east = np.clip(np.cos(sun) * np.cos(hour), 0, None), np.cos(sun) * np.sin(hour)
    power = (1 + 0.0344 * np.cos(2 * np.pi * day / 365)) * up
    return float(power[up > math.tan(math.radians(angle)) * east].sum() / power.sum())


def test_at_the_bottom_of_a_shaft_there_is_diffuse_light_alone() -> None:
    shaft = np.full((5, 5), 9e5)
    shaft[2, 2] = 4000
    dark, free = on_ground(shaft, 2, 2), on_ground(np.full((5, 5), 4000.0), 2, 2)
    assert dark["PISR"][0] == 0
    without_air = on_ground(np.full((5, 5), 4000.0), 2, 2, atmosphere="none")
    assert (without_air["PISR"] == without_air["PISR_CLEAR"]).all()
    assert 0.03 < dark["PISR_CLEAR"][0] / free["PISR_CLEAR"][0] < 0.06


def test_more_time_steps_and_sectors_come_nearer() -> None:
    """In a narrow valley, where half of the light is taken away."""
    heights = rough(160, relief_m=400)
    rows, columns = np.random.default_rng(2).integers(60, 100, (2, 40))

    def pisr(minutes: float, sectors: int) -> np.ndarray:
        steps = {"time_step_min": minutes, "sectors": sectors}
        return on_ground(heights, rows, columns, 15.0, np.linspace(0, 351, 40), **steps)["PISR"].to_numpy()

    exact = pisr(5, 720)
    of_time = [np.abs(pisr(minutes, 720) / exact - 1) for minutes in (120, 30, 10)]
    of_sectors = [np.abs(pisr(5, sectors) / exact - 1) for sectors in (16, 64, 180)]
    for errors in (of_time, of_sectors):
        assert errors[0].mean() > 3 * errors[1].mean() > 6 * errors[2].mean()
    assert of_time[1].mean() < 0.006
    assert of_time[1].max() < 0.015
    assert of_sectors[1].mean() < 0.002
    assert of_sectors[1].max() < 0.007


# ---- planes, grids, voids


def test_the_annual_sum_is_the_same_in_the_east_and_in_the_west() -> None:
    columns = np.arange(201) * PIXEL_M * np.ones((201, 1))
    east = on_ground(6200 - 0.4 * columns, 100, 100, math.degrees(math.atan(0.4)), 90)
    west = on_ground(3800 + 0.4 * columns, 100, 100, math.degrees(math.atan(0.4)), 270)
    # Grid north differs from true north by 1.2° here, which turns the horizon a little.
    pd.testing.assert_frame_equal(east, west, rtol=2e-3)


def test_degrees_and_metres_give_the_same() -> None:
    """The same mountains, read from a grid in degrees and from one in metres."""

    def mountains(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return 4000 + 500 * np.sin(east / 700) * np.cos(north / 900) + 300 * np.sin((east + north) / 400)

    to_utm = Transformer.from_crs("EPSG:4326", UTM, always_xy=True)
    metres, degrees = utm_grid(300), degrees_grid(LATITUDE + 150 / 3600, 79 - 150 / 3600)
    tables = []
    for transform, crs in [(metres, UTM), (degrees, CRS("EPSG:4326"))]:
        rows, columns = np.mgrid[:300, :300] + 0.5
        x, y = transform.c + transform.a * columns, transform.f + transform.e * rows
        east, north = (x, y) if crs == UTM else to_utm.transform(x, y)
        place = np.array([78.9995, 79.0, 79.002]), np.array([35.1, 35.102, 35.099])
        at = to_utm.transform(*place) if crs == UTM else place
        where = ~transform @ at
        cells = np.floor(where[1]).astype(int), np.floor(where[0]).astype(int)
        tilt = np.array([20.0, 5, 30]), np.array([200.0, 20, 100])
        tables.append(insolation(mountains(east - 317_700, north - 3_886_000), transform, crs, *cells, *tilt, SETTINGS))
    pd.testing.assert_frame_equal(*tables, rtol=0.02)


def test_a_larger_array_changes_nothing() -> None:
    heights, transform = rough(180), utm_grid(180)
    cells = np.array([90, 80]), np.array([85, 99])
    tilt = np.array([20.0, 0]), np.array([200.0, np.nan])
    chosen = replace(SETTINGS, search_radius_m=1500)
    whole = insolation(heights, transform, UTM, *cells, *tilt, chosen)
    part = transform @ Affine.translation(13, 20)
    moved = insolation(heights[20:-10, 13:-5], part, UTM, cells[0] - 20, cells[1] - 13, *tilt, chosen)
    pd.testing.assert_frame_equal(whole, moved, rtol=1e-6)
    assert (whole["HORIZON"] == 1).all()


def test_cells_without_height_slope_or_aspect_have_no_radiation() -> None:
    heights = np.full((50, 50), 4000.0)
    heights[3, 3] = np.nan
    slope, aspect = np.array([10, np.nan, 10, 0, 10]), np.array([10, 10, np.nan, np.nan, 10])
    table = on_ground(heights, [3, 9, 9, 9, 9], 3, slope, aspect)
    assert list(table.columns) == list(COLUMNS)
    assert table.isna().all(axis=1).tolist() == [True, True, True, False, False]
    assert not table.iloc[3:].isna().any(axis=None)
    assert len(on_ground(heights, [3], 3)) == len(on_ground(heights, [3], 3).dropna()) + 1


def test_no_cells_give_an_empty_table() -> None:
    nothing = np.empty(0, int)
    table = on_ground(np.zeros((5, 5)), nothing, nothing, nothing, nothing)
    assert table.shape == (0, 3)


def test_the_dem_edge_shows_in_the_known_share_of_the_horizon() -> None:
    table = on_ground(np.full((301, 301), 4000.0), [150, 0, 0], [150, 150, 0], sectors=720)
    assert table["HORIZON"].tolist() == pytest.approx([1, 0.5, 0.25], abs=0.01)
