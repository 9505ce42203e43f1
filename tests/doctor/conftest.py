"""A tiny study whose inputs are all in order; tests damage copies of its config or of its files."""

import os
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from affine import Affine
from rasterio.crs import CRS

from tests.attributes.conftest import ClimateFiles
from tests.worlds import make_world, series, square, texture
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.raster import write_raster

ROOT = Path(__file__).parents[2]
SUBREGION = square(100, 100, 300)  # the world has 512 px
Config = dict[str, Any]


def load(path: str) -> Config:
    """Return a YAML file of the workflow."""
    content: Config = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every input of the study once; only to be copied."""
    folder = tmp_path_factory.mktemp("study")
    make_world(folder / "imagery", texture(1), texture(2))
    layer = {"NAME": ["Here"], "geometry": series([SUBREGION])}
    write_layers(folder / "subregions.gpkg", {"subregions": gpd.GeoDataFrame(layer).to_crs(4326)})
    outlines = series([square(150, 150, 20), square(250, 200, 30)])
    frame = gpd.GeoDataFrame({"name": ["a", "b"], "geometry": outlines})
    write_layers(folder / "inventory.gpkg", {"rock_glaciers": frame.to_crs(4326)})
    west, _, _, north = series([SUBREGION]).to_crs(4326).total_bounds
    heights = np.linspace(4000, 5000, 200 * 200).reshape(200, 200).astype("int16")
    degrees = Affine(1 / 3600, 0, west - 0.02, 0, -1 / 3600, north + 0.02)
    write_raster(folder / "dem.tif", heights, CRS.from_epsg(4326), degrees, nodata=-32768)
    ground = np.full((40, 40), -2.5, "float32")
    write_raster(folder / "magt.tif", ground, CRS.from_epsg(4326), Affine(0.01, 0, west - 0.2, 0, -0.01, north + 0.2))
    _climate(folder, west, north)
    return folder


def _climate(folder: Path, west: float, north: float) -> None:
    """Write a year of air temperature month by month, and one of precipitation in one file."""
    (folder / "fldas").mkdir()
    air = ClimateFiles(folder / "fldas")
    air.longitudes, air.latitudes = west + np.array([-0.1, 0.0, 0.1]), north + np.array([-0.08, 0.02])
    for month in range(1, 13):
        air.fldas(2019, month, np.full((2, 3), 260.0 + month))
    times = pd.date_range("2019-01-01", periods=12, freq="MS")
    coordinates = {"time": times, "lat": air.latitudes, "lon": air.longitudes}
    rain = xr.Dataset({"rain": (("time", "lat", "lon"), np.full((12, 2, 3), 40.0), {"units": "mm"})}, coordinates)
    rain.to_netcdf(folder / "rain.nc", engine="h5netcdf")


@pytest.fixture
def study(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The resolved config of the study, on files of its own, in a folder of its own that is the working folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "in", copy_function=os.link)
    config = deepcopy(load("config.yaml"))
    config["demo"]["enabled"] = False
    config["study"] = "Tiny"
    config["subregions"] = {
        "layers": [{"path": "in/subregions.gpkg", "name_field": "NAME"}],
        "names": ["Here"],
        "halo_m": 100,
    }
    config["imagery"]["mosaics"] = [
        {"name": f"Mosaic 2021 Q{quarter}", "quads": f"in/imagery/mosaic_{number}/*.tif"}
        for number, quarter in ((1, 3), (2, 4))
    ]
    config["elevation"]["tiles"] = f"{tmp_path}/in/dem.tif"  # tiles are kept open by name
    climate = config["climate"]
    climate["air_temperature"] |= {"files": "in/fldas/*.nc", "years": [2019, 2019]}
    climate["precipitation"] |= {"files": "in/rain.nc", "variable": "rain", "years": [2019, 2019]}
    climate["ground_temperature"] |= {"path": "in/magt.tif"}
    config["glaciers"] |= {"outlines": [], "debris": []}
    ours = {"name": "Ours", "path": "in/inventory.gpkg", "id_field": "name"}
    config |= {"inventories": [config["inventories"][0] | ours], "negatives": []}
    config["evaluation"]["references"] = []
    config["training"]["device"] = config["prediction"]["device"] = "cpu"
    return config
