"""Climate at rock glaciers: maps read at markers, lapse rate, and what is missing."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from affine import Affine

from tests.attributes.conftest import WriteTile
from workflow_scripts.rogi.attributes.climatology import ClimateSettings, climate_attributes
from workflow_scripts.rogi.raster import write_raster
from workflow_scripts.summarize_climate import main as summarize

pytestmark = pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning")
TO_DEGREES = Affine(1, 0, 78, 0, -1, 36)  # two columns from 78° E, two rows from 36° N
NEAREST = ClimateSettings("nearest", None, 5000)


@pytest.fixture
def outlines() -> gpd.GeoDataFrame:
    """Two rock glaciers on the map and one far off it."""
    places = [(78.5, 35.5), (79.4, 34.4), (10.0, 10.0)]
    return gpd.GeoDataFrame(geometry=[shapely.Point(place).buffer(0.01) for place in places], crs=4326)


def maat_with_elevation(folder: str) -> str:
    """Write MAAT and the elevation of its cells as `summarize_climate` does."""
    bands = np.array([[[-1, -2], [-3, -4]], [[4000, 4100], [4200, 5000]]], "float32")
    write_raster(folder, bands, "EPSG:4326", TO_DEGREES, nodata=-9999.0)
    return folder


def test_values_come_from_the_cell_of_the_marker(outlines: gpd.GeoDataFrame, write_tile: WriteTile) -> None:
    values = np.array([[1, 2], [3, 4]], "float32")
    maat, ap, magt = (write_tile(f"{n}.tif", n * values, TO_DEGREES, nodata=-9999.0) for n in (1, 100, -1))
    table = climate_attributes(outlines, np.full(3, 4500.0), [maat], [ap], [magt], NEAREST)
    np.testing.assert_array_equal(table["MAAT"], [1, 4, np.nan])
    np.testing.assert_array_equal(table["AP"], [100, 400, np.nan])
    np.testing.assert_array_equal(table["MAGT"], [-1, -4, np.nan])
    np.testing.assert_array_equal(table["MAGT_DIST"], [0, 0, np.nan])
    assert table["MAAT_LAPSE"].isna().all()
    assert table.index.equals(outlines.index)


def test_a_lapse_rate_takes_the_air_to_the_rock_glacier(outlines: gpd.GeoDataFrame, tmp_path: object) -> None:
    maat = maat_with_elevation(f"{tmp_path}/maat.tif")
    settings = ClimateSettings("nearest", 6.5, 5000)
    table = climate_attributes(outlines, np.array([4200.0, 4600.0, 4000.0]), [maat], [], [], settings)
    np.testing.assert_array_equal(table["MAAT"], [-1, -4, np.nan])
    np.testing.assert_allclose(table["MAAT_LAPSE"], [-1 - 6.5 * 0.2, -4 + 6.5 * 0.4, np.nan])


def test_unknown_elevations_have_no_corrected_temperature(outlines: gpd.GeoDataFrame, tmp_path: object) -> None:
    maat = maat_with_elevation(f"{tmp_path}/maat.tif")
    table = climate_attributes(outlines, np.full(3, np.nan), [maat], [], [], ClimateSettings("nearest", 6.5, 5000))
    assert table["MAAT_LAPSE"].isna().all()
    assert table["MAAT"].notna().tolist() == [True, True, False]


def test_bilinear_corrects_a_plane_of_temperature_exactly(tmp_path: object) -> None:
    """Where it gets colder from cell to cell as the lapse rate says, the corrected one depends on height alone."""
    elevation = np.array([[4000.0, 4400], [4200, 4600]])
    path = f"{tmp_path}/plane.tif"
    bands = np.stack([10 - 0.0065 * elevation, elevation]).astype("float32")
    write_raster(path, bands, "EPSG:4326", TO_DEGREES, nodata=-9999.0)
    rng = np.random.default_rng(3)
    places = shapely.points(rng.uniform(78.6, 79.4, 20), rng.uniform(34.6, 35.4, 20))
    outlines = gpd.GeoDataFrame(geometry=shapely.buffer(places, 0.001), crs=4326)
    heights = rng.uniform(4000, 5000, 20)
    table = climate_attributes(outlines, heights, [path], [], [], ClimateSettings("bilinear", 6.5, 5000))
    np.testing.assert_allclose(table["MAAT_LAPSE"], 10 - 0.0065 * heights, atol=1e-4)


def test_empty_outlines_have_no_climate(outlines: gpd.GeoDataFrame, write_tile: WriteTile) -> None:
    path = write_tile("map.tif", np.ones((2, 2), "float32"), TO_DEGREES, nodata=-9999.0)
    outlines.loc[0, "geometry"] = shapely.Polygon()
    table = climate_attributes(outlines, np.zeros(3), [path], [path], [path], NEAREST)
    assert table["MAAT"].isna().tolist() == table["MAGT"].isna().tolist() == [True, False, True]


def test_a_study_without_maps_and_one_without_rock_glaciers(outlines: gpd.GeoDataFrame, write_tile: WriteTile) -> None:
    table = climate_attributes(outlines, np.zeros(3), [], [], [], NEAREST)
    assert table.shape == (3, 5)
    assert table.isna().all().all()
    path = write_tile("map.tif", np.ones((2, 2), "float32"), TO_DEGREES, nodata=-9999.0)
    empty = climate_attributes(outlines.iloc[:0], np.empty(0), [path], [path], [path], NEAREST)
    assert empty.shape == (0, 5)


def test_a_file_with_longitudes_of_0_to_360_gives_values_in_the_west(tmp_path: Path) -> None:
    """Rows run southwards, the grid is cut at Greenwich, and one column of cells lies on the date line."""
    times = pd.date_range("2020-01-01", periods=12, freq="MS")
    longitudes, latitudes = np.arange(0.0, 360, 30), np.arange(80.0, -90, -20)
    east = np.broadcast_to(longitudes, (12, len(latitudes), 12))
    values = 250 + east / 10 + latitudes[:, None] / 10
    data = xr.Dataset(
        {"t2m": (("time", "latitude", "longitude"), values, {"units": "K"})},
        {"time": times, "latitude": latitudes, "longitude": longitudes},
    )
    data.to_netcdf(tmp_path / "air.nc", engine="h5netcdf")
    path = str(tmp_path / "maat.tif")
    summarize([str(tmp_path / "air.nc")], [], path, "maat", "t2m", None, [2020, 2020], None)
    places = shapely.points([(-62, 41), (29, -58), (178, 1), (-178, 1)])
    outlines = gpd.GeoDataFrame(geometry=shapely.buffer(places, 0.01), crs=4326)
    found = climate_attributes(outlines, np.zeros(4), [path], [], [], NEAREST)["MAAT"]
    expected = 250 - 273.15 + np.array([300 + 40, 30 - 60, 180 + 0, 180 + 0]) / 10
    np.testing.assert_allclose(found, expected, atol=1e-4)
