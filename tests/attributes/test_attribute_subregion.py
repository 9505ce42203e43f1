"""The two scripts of the stage, from product files to attributed rock glaciers."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine

from tests.attributes.conftest import ClimateFiles, WriteTile
from tests.attributes.surfaces import SECOND, plane
from workflow_scripts import attribute_subregion, summarize_climate
from workflow_scripts.rogi.columns import FILLED_ON_MERGING, NAMES
from workflow_scripts.rogi.files import read_vector, write_layers

pytestmark = pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning")

CELLS = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # southern row first


@pytest.fixture
def maps(climate_files: ClimateFiles, tmp_path: Path) -> tuple[str, str]:
    """Return maps of MAAT and AP of one year, whose cells are 1 to 6 times -1 °C and 365 mm."""
    months = range(1, 13)
    maat, ap = str(tmp_path / "maat.tif"), str(tmp_path / "ap.tif")
    warm = [climate_files.fldas(2019, month, 273.15 - CELLS) for month in months]
    wet = [climate_files.imerg(2019, month, CELLS / 24) for month in months]
    summarize_climate.main(warm, [], maat, "maat", "Tair_f_tavg", None, [2019, 2019], None)
    summarize_climate.main(wet, [], ap, "ap", "precipitation", None, [2019, 2019], None)
    return maat, ap


SUN = {
    "time_step_min": 120,
    "day_step": 60,
    "sectors": 16,
    "search_radius_m": 300,
    "atmosphere": "kumar_pressure",
    "ground_albedo": 0.2,
    "device": "cpu",
}
AT_MARKERS = {"interpolation": "nearest", "lapse_rate_c_per_km": None, "magt_radius_m": 5000}
NO_GLACIERS: dict[str, Any] = {"outlines": [], "debris": [], "search_radius_m": 5000, "conflict_share": 0.5}
SETTINGS = (60, 300, SUN, AT_MARKERS)


@pytest.fixture
def glaciers(tmp_path: Path) -> dict[str, Any]:
    """Return settings with a glacier over three fifths of the first rock glacier, all of it debris-covered."""
    ice = gpd.GeoDataFrame({"RGIId": ["a"]}, geometry=[shapely.box(79.112, 34.96, 79.12, 34.98)], crs=4326)
    write_layers(tmp_path / "ice.gpkg", {"ice": ice}, "MultiPolygon")
    source = {"name": "Ice", "path": str(tmp_path / "ice.gpkg"), "layer": None}
    return NO_GLACIERS | {"outlines": [source | {"leave_out": {"RGIId": ["b"]}}], "debris": [source]}


def write_reviewed(path: Path, shapes: list[shapely.Geometry]) -> str:
    count = len(shapes)
    columns = {
        "candidate_id": [f"CAN{position}" for position in range(count)],
        "operation": ["remain"] * count,
        "mapper": ["Mapper A"] * count,
        "date": ["2024-05-06"] * count,
        "comment": [None] * count,
        "system_id": [f"SYS{position}" for position in range(count)],
        "probability": [0.75] * count,
        "spread": [np.nan] * count,
        "source": ["Planet Basemap 2021 Q3"] * count,
        "area_m2": [1e5] * count,
        "candidate_ids": [f"CAN{position}" for position in range(count)],
        "area_before_m2": [9e4] * count,
        "iou_candidate": [0.9] * count,
        "confidence": ["high"] * count,
    }
    write_layers(path, {"rock_glaciers": gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)}, "MultiPolygon")
    return str(path)


@pytest.fixture
def dem(write_surface: WriteTile) -> str:
    grid = Affine(SECOND, 0, 79.1, 0, -SECOND, 35.0)
    return write_surface("dem.tif", plane(20, 45), (79.12, 34.98), grid, 144)


@pytest.fixture
def magt(write_tile: WriteTile) -> str:
    return write_tile("magt.tif", np.full((20, 20), -1.5, "float32"), Affine(0.02, 0, 79, 0, -0.02, 35.2), nodata=-99.0)


def test_the_climate_maps_are_north_up_in_degrees_with_a_nodata(maps: tuple[str, str]) -> None:
    for path, expected in zip(maps, (-CELLS[::-1], 365 * CELLS[::-1]), strict=True):
        with rasterio.open(path) as dataset:
            np.testing.assert_allclose(dataset.read(1), expected, rtol=1e-4)
            assert dataset.crs.to_epsg() == 4326
            assert dataset.nodata == -9999
            assert dataset.bounds == pytest.approx((79.0, 34.9, 79.3, 35.1))


def test_every_attribute_is_filled(
    maps: tuple[str, str],
    dem: str,
    magt: str,
    glaciers: dict[str, Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shapes = [shapely.box(79.11, 34.97, 79.115, 34.975), shapely.box(79.16, 34.97, 79.165, 34.975)]
    reviewed, target = write_reviewed(tmp_path / "reviewed.gpkg", shapes), str(tmp_path / "rock_glaciers.gpkg")
    with caplog.at_level(logging.INFO, "rogi"):
        attribute_subregion.main(reviewed, [dem], [maps[0]], [maps[1]], [magt], [], target, *SETTINGS, glaciers, 1)
    table = read_vector(target, "rock_glaciers")
    inside, outside = table.loc[0], table.loc[1]
    assert inside["SLO_MEAN"] == pytest.approx(20, abs=0.1)
    assert inside["ASPECT"] == pytest.approx(45, abs=0.5)
    assert inside["MAAT"] == pytest.approx(-2, abs=1e-3)
    assert inside["AP"] == pytest.approx(730, rel=1e-4)
    assert (inside["MAGT"], inside["MAGT_DIST"]) == (-1.5, 0)
    assert inside["SYSTEM"].startswith("SYS")
    assert inside[["CAND_IDS", "AREA_CAND", "IOU_CAND", "MAP_CONF"]].tolist() == ["CAN0", 9e4, 0.9, "high"]
    assert inside[["GLAC_SHARE", "DEB_SHARE", "GLAC_DIST"]].tolist() == pytest.approx([0.6, 0.6, 0], abs=1e-3)
    assert outside["GLAC_DIST"] == pytest.approx(0.04 * 91287, rel=1e-2)  # metres per degree of longitude at 35°
    empty = {"MAAT_LAPSE", "SPREAD", "REVIEWER", "ADDI_INF", *FILLED_ON_MERGING}
    assert inside[[name for name in NAMES if name not in empty]].notna().all()
    assert np.isnan(inside["SPREAD"])
    assert inside[["OPERATION", "MAPPER", "MAP_DATE", "PROB"]].tolist() == ["remain", "Mapper A", "2024-05-06", 0.75]
    assert outside["DEM_SHARE"] == 0
    assert outside[["ELE_MEAN", "SLO_MAX", "ASPECT", "PISR", "LENGTH", "HEADWALL", "SLO_SHARE"]].isna().all()
    assert outside["MAAT"] == pytest.approx(-2, abs=1e-3)
    assert "2 rock glaciers, 0.51 km²; DEM: 0 covered in part, 1 not at all; no value of LENGTH 1" in caplog.text
    assert "under a glacier or debris-covered ice by 0.5 or more: 1" in caplog.text


def test_an_empty_subregion_is_an_empty_layer_with_all_columns(
    maps: tuple[str, str], dem: str, magt: str, tmp_path: Path
) -> None:
    reviewed, target = write_reviewed(tmp_path / "reviewed.gpkg", []), str(tmp_path / "rock_glaciers.gpkg")
    attribute_subregion.main(reviewed, [dem], [maps[0]], [maps[1]], [magt], [], target, *SETTINGS, NO_GLACIERS, 1)
    table = read_vector(target, "rock_glaciers")
    assert table.empty
    assert table.crs.to_epsg() == 4326
    assert {name for name in NAMES if name not in FILLED_ON_MERGING} <= set(table.columns)
    fields = pyogrio.read_info(target, layer="rock_glaciers")
    types = dict(zip(fields["fields"], fields["ogr_types"], strict=True))
    assert (types["PISR"], types["REVIEWER"], types["OPERATION"]) == ("OFTReal", "OFTString", "OFTString")


def test_without_dem_and_climate_the_attributes_are_empty(tmp_path: Path) -> None:
    reviewed, target = (
        write_reviewed(tmp_path / "reviewed.gpkg", [shapely.box(79.11, 34.99, 79.115, 34.995)]),
        tmp_path / "o.gpkg",
    )
    attribute_subregion.main(reviewed, [], [], [], [], [], str(target), *SETTINGS, NO_GLACIERS, 1)
    row = read_vector(target, "rock_glaciers").loc[0]
    assert row[["ELE_MEAN", "PISR", "LENGTH", "GLAC_SHARE", "MAAT", "MAGT", "AP"]].isna().all()
    assert row["DEM_SHARE"] == 0
    assert row["AREA"] > 0
