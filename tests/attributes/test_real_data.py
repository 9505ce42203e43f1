"""The stage on real products of the Ötztal Alps, against published glacier attributes."""

import os
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import h5py
import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import CRS

from workflow_scripts.rogi.attributes.climate import mean_annual_precipitation, mean_annual_temperature
from workflow_scripts.rogi.attributes.climatology import ClimateSettings, climate_attributes
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.attributes.relief import Settings, relief
from workflow_scripts.rogi.attributes.terrain import pixel_shape, slope_aspect
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.insolation.annual import Insolation
from workflow_scripts.rogi.raster import write_raster
from workflow_scripts.summarize_climate import main as summarize

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ROGI_REALDATA", ROOT.parent / "shared" / "realdata"))
FOLDER = DATA / "alps_kaiserberg"
DEM = str(FOLDER / "srtm_oetztal.tif")
TILES = sorted((DATA / "hma_s2_dem_tiles").glob("image*.tif"))
SUN = Insolation(
    time_step_min=120,
    day_step=60,
    sectors=16,
    search_radius_m=1000,
    atmosphere="none",
    ground_albedo=0.2,
    device="cpu",
)
SETTINGS = Settings(flow_smoothing_m=60, headwall_distance_m=1000, insolation=SUN)

pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no {FOLDER}; set ROGI_REALDATA to the folder that holds it"),
    pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning"),
]
PUBLISHED = ["Slope", "Aspect", "Zmin", "Zmax", "Zmed", "Area", "Lmax"]
# Two parts that carry the attributes of the one glacier that they once were.
DIVIDED = ["RGI50-11.00719_d01", "RGI50-11.00719_d02"]


def turn(one: pd.Series, other: pd.Series) -> pd.Series:
    return ((one - other + 180) % 360 - 180).abs()


def test_terrain_agrees_with_the_randolph_glacier_inventory() -> None:
    glaciers = gpd.read_file(FOLDER / "rgi_oetztal.shp")
    glaciers = glaciers[~glaciers["RGIId"].isin(DIVIDED)]
    published = glaciers[PUBLISHED].astype(float)
    found = relief(glaciers, open_mosaics([DEM]), SETTINGS)
    assert len(found) == 18
    assert (found["SLO_MEAN"] - published["Slope"]).abs().mean() < 1.5
    assert turn(found["ASPECT"], published["Aspect"]).mean() < 10
    assert (found["ELE_MEDIAN"] - published["Zmed"]).abs().mean() < 30
    assert (found["ELE_MIN"] - published["Zmin"]).abs().mean() < 30
    assert (found["ELE_MAX"] - published["Zmax"]).abs().mean() < 40
    np.testing.assert_allclose(area_m2(glaciers.geometry) / 1e6, published["Area"], rtol=0.01)
    assert (found["DEM_SHARE"] > 0.999).all()
    # Lmax is the longest flow line of Machguth and Huss (2014), traced on another DEM.
    ratio = found["LENGTH"] / published["Lmax"]
    assert ratio.median() == pytest.approx(1, abs=0.15)
    assert ratio.between(0.6, 1.2).all()
    assert turn(found["FLOW_DIR"], published["Aspect"]).median() < 15


def test_the_kaiserberg_rock_glacier_is_as_published() -> None:
    outline = gpd.read_file(FOLDER / "rock_glacier_outline.shp")
    row = relief(outline, open_mosaics([DEM]), SETTINGS).loc[0]
    assert area_m2(outline.geometry)[0] == pytest.approx(0.115e6, rel=0.01)
    assert row["ELE_MEAN"] == pytest.approx(2651, abs=5)
    # On 19 cells of 90 m; those on the outline count in full for the extremes.
    assert row["ELE_MIN"] == pytest.approx(2603, abs=20)
    assert row["ELE_MAX"] == pytest.approx(2703, abs=20)
    assert row["SLO_MEAN"] == pytest.approx(15.7, abs=1)
    assert row["ASPECT"] == pytest.approx(37, abs=3)
    assert row["ELE_MIN"] <= row["FRONT_ALT"] < row["ELE_MEAN"]
    assert row["HEADWALL"] > 100


@pytest.mark.skipif(not TILES, reason=f"no tiles in {DATA / 'hma_s2_dem_tiles'}")
@pytest.mark.parametrize("path", TILES[:2], ids=lambda path: path.stem)
def test_slopes_of_the_himalaya_are_those_in_the_data_set(path: Path) -> None:
    slope, heights, dataset = bands_of(path)
    found = slope_aspect(heights, dataset.transform, CRS(dataset.crs.to_wkt()))[0]
    inner = np.s_[2:-2, 2:-2]
    assert np.abs(found - slope)[inner].mean() < 0.5  # whole degrees are stored
    assert (np.round(found) == slope)[inner].mean() > 0.99


def bands_of(path: Path) -> tuple[np.ndarray, np.ndarray, rasterio.DatasetReader]:
    with rasterio.open(path) as dataset:
        return dataset.read(8).astype(float), dataset.read(9).astype(float), dataset


@pytest.mark.skipif(not TILES, reason=f"no tiles in {DATA / 'hma_s2_dem_tiles'}")
@pytest.mark.skipif(shutil.which("gdaldem") is None, reason="no gdaldem on the PATH (Debian: gdal-bin)")
def test_gdaldem_finds_the_same_but_for_grid_north(tmp_path: Path) -> None:
    _, heights, dataset = bands_of(TILES[0])
    transform, crs = dataset.transform, dataset.crs
    write_raster(tmp_path / "dem.tif", heights[:200, :200].astype("float32"), crs, transform)
    slope, aspect = slope_aspect(heights[:200, :200], transform, CRS(crs.to_wkt()))
    east, north = pixel_shape(transform, CRS(crs.to_wkt()), (200, 200))[:, 0]
    grid_east = np.degrees(np.arctan2(north, east))  # how far columns run north of true east
    for what, ours in (("slope", slope), ("aspect", aspect)):
        command = ["gdaldem", what, "-q", str(tmp_path / "dem.tif"), str(tmp_path / f"{what}.tif")]
        subprocess.run(command, check=True)
        with rasterio.open(tmp_path / f"{what}.tif") as result:
            theirs = result.read(1)[1:-1, 1:-1]
        known = (theirs != -9999) & np.isfinite(ours[1:-1, 1:-1])
        off = (ours[1:-1, 1:-1] - theirs + (grid_east if what == "aspect" else 0))[known]
        assert np.abs((off + 180) % 360 - 180).max() < 0.05
        assert known.mean() > 0.95


def test_era5_land_temperatures_match_a_plain_reading() -> None:
    path = FOLDER / "climate" / "sel_era5_land_monthly_t2m_1981-2018.nc"
    means, transform = mean_annual_temperature([str(path)], "t2m", [1991, 1995])
    with h5py.File(path) as file:
        stored = file["t2m"]
        kelvin = stored[:] * float(stored.attrs["scale_factor"][0]) + float(stored.attrs["add_offset"][0])
    months = pd.period_range("1981-01", "2018-12", freq="M")
    chosen = (months.year >= 1991) & (months.year <= 1995)
    expected = np.average(kelvin[chosen], axis=0, weights=months.days_in_month[chosen]) - 273.15
    np.testing.assert_allclose(means, expected, atol=1e-6)
    assert tuple(transform)[:6] == pytest.approx((0.1, 0, 10.55, 0, -0.1, 47.15), abs=1e-5)


def plain(name: str, variable: str) -> np.ndarray:
    """Read a packed variable without any of our code."""
    with h5py.File(FOLDER / "climate" / name) as file:
        stored = file[variable]
        scale, offset = (float(np.ravel(stored.attrs.get(key, default))[0])
                         for key, default in (("scale_factor", 1), ("add_offset", 0)))  # fmt: skip
        return np.asarray(stored[:] * scale + offset)


def test_era5_land_precipitation_means_metres_a_day() -> None:
    """The file says m; ECMWF's monthly means of totals are per day."""
    name = "sel_era5_land_monthly_prcp_1981-2018.nc"
    path = str(FOLDER / "climate" / name)
    months = pd.period_range("1981-01", "2018-12", freq="M")
    chosen = (months.year >= 2001) & (months.year <= 2018)
    daily = plain(name, "tp")[chosen] * 1000
    expected = (daily * months.days_in_month.to_numpy()[chosen][:, None, None]).sum(axis=0) / 18
    found, _ = mean_annual_precipitation([path], "tp", [2001, 2018], "m/day")
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert 800 < found.mean() < 2000
    with pytest.raises(ValueError, match=r"'tp' is in 'm'; expected one of .* state what they mean in the config"):
        mean_annual_precipitation([path], "tp", [2001, 2018])


def test_histalp_has_its_rows_from_the_south() -> None:
    """Sums of months in kg m-2, degrees Celsius, 2556 months from October 1801 in one file."""
    path = str(FOLDER / "climate" / "HISTALP_oetztal.nc")
    months = pd.period_range("1801-10", periods=2556, freq="M")
    chosen = (months.year >= 1981) & (months.year <= 2010)
    days = months.days_in_month.to_numpy()[chosen]
    air, transform = mean_annual_temperature([path], "temp", [1981, 2010])
    rain, _ = mean_annual_precipitation([path], "prcp", [1981, 2010])
    raw = "HISTALP_oetztal.nc"
    np.testing.assert_allclose(air, np.average(plain(raw, "temp")[chosen], axis=0, weights=days)[::-1], atol=1e-5)
    wet = np.maximum(plain(raw, "prcp")[chosen], 0)  # a few months of some cells have -0.3
    np.testing.assert_allclose(rain, wet.sum(axis=0)[::-1] / 30, rtol=1e-5)
    assert tuple(transform)[:6] == pytest.approx((1 / 12, 0, 10.4583, 0, -1 / 12, 47.125), abs=1e-3)


def test_the_kaiserberg_rock_glacier_gets_its_air_temperature_from_its_elevation(tmp_path: Path) -> None:
    """ERA5-Land's geopotential over g is the height of its cells; 6.5 °C per km from there to the rock glacier."""
    folder = FOLDER / "climate"
    air = str(folder / "sel_era5_land_monthly_t2m_1981-2018.nc")
    rock_glacier = gpd.read_file(FOLDER / "rock_glacier_outline.shp")
    climate_map = str(tmp_path / "maat.tif")
    orography = [str(folder / "sel_era5_land_invariant.nc")]
    summarize([air], orography, climate_map, "maat", "t2m", None, [1991, 2018], "z")
    height = 2651.0
    table = climate_attributes(
        rock_glacier, np.full(len(rock_glacier), height), [climate_map], [], [], ClimateSettings("nearest", 6.5, 0)
    )
    marker = primary_markers(rock_glacier.geometry).iloc[0]
    row, column = round((47.1 - marker.y) / 0.1), round((marker.x - 10.6) / 0.1)
    months = pd.period_range("1981-01", "2018-12", freq="M")
    chosen = months.year >= 1991
    kelvin = plain("sel_era5_land_monthly_t2m_1981-2018.nc", "t2m")[chosen, row, column]
    maat = np.average(kelvin, weights=months.days_in_month[chosen]) - 273.15
    cell = plain("sel_era5_land_invariant.nc", "z")[0, row, column] / 9.80665
    assert table["MAAT"].iloc[0] == pytest.approx(maat, abs=1e-4)
    assert table["MAAT_LAPSE"].iloc[0] == pytest.approx(maat - 0.0065 * (height - cell), abs=1e-3)
    assert 1500 < cell < 3000
