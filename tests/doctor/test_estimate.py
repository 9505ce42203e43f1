"""Hours, memory and disk from areas and rates, against sums by hand."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from tests.doctor.conftest import Config, load
from tests.worlds import GRID, PIXEL, series, square
from workflow_scripts.rogi.doctor.covers import Area
from workflow_scripts.rogi.doctor.estimate import estimate, patches_gib
from workflow_scripts.rogi.doctor.rates import Rate, Rates
from workflow_scripts.rogi.geodesy import WGS84, area_m2

RATES = Rates(Rate(2, ""), Rate(1, ""), Rate(0.5, ""), Rate(10, ""), Rate(0.25, ""), Rate(2000, ""), Rate(0.1, ""))


@pytest.fixture
def config() -> Config:
    return load("config.yaml")


@pytest.fixture
def area() -> Area:
    """One subregion of 3000 × 2000 px whose halo is itself."""
    shape = series([square(0, 0, 3000, 2000)]).to_crs(WGS84)
    return Area(gpd.GeoDataFrame({"NAME": ["Here"], "slug": ["here"]}, geometry=shape, crs=WGS84), shape)


@pytest.fixture
def index() -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(geometry=series([square(0, 0, 256)]))
    frame.attrs["grid"] = GRID
    return frame


def test_sums_by_hand(config: Config, area: Area, index: gpd.GeoDataFrame) -> None:
    row = estimate(config, area, index, RATES, "cpu").iloc[0]
    km2 = area_m2(area.halos)[0] / 1e6
    windows = 6 * (1024 / 896) ** 2
    assert row["mapped_mpx"] == pytest.approx(6)
    assert row["window_mpx"] == pytest.approx(windows)
    assert row["gpu_hours"] == 0
    assert row["cpu_hours"] == pytest.approx((windows / 2 + 6 * 0.5 + 0.1 * km2 * 10) / 3600)
    assert row["disk_gib"] == pytest.approx(2 * 6e6 * 0.25 / 2**30)
    assert (row["subregion"], row["memory_mib"]) == ("Here", 2000)


def test_views_models_and_geometry_multiply(config: Config, area: Area, index: gpd.GeoDataFrame) -> None:
    config["prediction"] |= {"mode": "tprogi", "tprogi_stride_px": 160, "test_time": "dihedral"}
    config["model"]["files"] = ["a.pt", "b.pt"]
    row = estimate(config, area, index, RATES, "cuda").iloc[0]
    assert row["window_mpx"] == pytest.approx(6 * 9 * 8 * 2)
    assert row["gpu_hours"] == pytest.approx(6 * 9 * 8 * 2 / 2 / 3600)


def test_unknown_rates_give_unknown_hours(config: Config, area: Area, index: gpd.GeoDataFrame) -> None:
    unknown = Rates(None, *(getattr(RATES, name) for name in list(Rates.__dataclass_fields__)[1:]))
    on_gpu, on_cpu = (estimate(config, area, index, unknown, device).iloc[0] for device in ("cuda", "cpu"))
    assert np.isnan(on_gpu["gpu_hours"])
    assert on_gpu["cpu_hours"] > 0
    assert np.isnan(on_cpu["cpu_hours"])


def test_patches_fill_the_buffer_of_every_polygon(config: Config, index: gpd.GeoDataFrame) -> None:
    metres = PIXEL * np.cos(np.radians(index.to_crs(WGS84).total_bounds[1]))
    side = np.ceil(2 * 1500 / metres / 320) + 1
    assert patches_gib(config, 10, index) == pytest.approx(10 * side**2 * 480**2 * 5 / 2**30)
    config["imagery"]["channels"] = [{"name": "slope", "source": "terrain", "relative": False}] * 2
    assert patches_gib(config, 10, index) == pytest.approx(10 * side**2 * 480**2 * 13 / 2**30)
    config["model"]["files"] = [str(Path("model.pt"))]
    assert patches_gib(config, 10, index) == 0
