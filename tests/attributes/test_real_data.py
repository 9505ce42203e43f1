"""The stage on real products of the Ötztal Alps, against published glacier attributes."""

import os
from pathlib import Path

import geopandas as gpd
import h5py
import numpy as np
import pandas as pd
import pytest

from workflow_scripts.rogi.attributes.climate import mean_annual_temperature
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.attributes.relief import relief

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("ROGI_REALDATA", ROOT.parent / "shared" / "realdata")) / "alps_kaiserberg"

pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no {FOLDER}; set ROGI_REALDATA to the folder that holds it"),
    pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning"),
]
PUBLISHED = ["Slope", "Aspect", "Zmin", "Zmax", "Zmed"]


def test_terrain_agrees_with_the_randolph_glacier_inventory() -> None:
    glaciers = gpd.read_file(FOLDER / "rgi_oetztal.shp")
    # Two outlines carry the attributes of the one glacier that they once were.
    glaciers = glaciers.drop_duplicates(PUBLISHED, keep=False)
    published = glaciers[PUBLISHED].astype(float)
    found = relief(glaciers, open_mosaics([str(FOLDER / "srtm_oetztal.tif")]), 120, 60)
    turn = (found["ASPECT"] - published["Aspect"] + 180) % 360 - 180
    assert len(found) == 18
    assert (found["SLO_MEAN"] - published["Slope"]).abs().mean() < 1.5
    assert turn.abs().mean() < 10
    assert (found["ELE_MEDIAN"] - published["Zmed"]).abs().mean() < 30
    assert (found["ELE_MIN"] - published["Zmin"]).abs().mean() < 30
    assert (found["ELE_MAX"] - published["Zmax"]).abs().mean() < 40
    assert (found["DEM_SHARE"] > 0.999).all()


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
