from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.raster import write_raster
from workflow_scripts.rogi.validation.ground import highest_score, terrain

UTM = CRS.from_epsg(32644)
CORNER = (300_000, 3_900_000)


def boxes() -> gpd.GeoSeries:
    """Return two squares of 500 m side by side, in degrees."""
    x, y = CORNER
    shapes = [shapely.box(x + left, y - 600, x + left + 500, y - 100) for left in (90, 610)]
    return gpd.GeoSeries(shapes, crs=UTM).to_crs(4326)


def test_score_is_the_highest_of_the_valid_pixels(tmp_path: Path) -> None:
    values = np.full((80, 120), 10, dtype=np.uint8)
    values[30, 30], values[5, 30] = FULL // 2, FULL  # inside, and north of the square
    values[:, 60:] = NODATA
    path = tmp_path / "probability.tif"
    write_raster(path, values, UTM, Affine(10, 0, CORNER[0], 0, -10, CORNER[1]), nodata=NODATA)
    inside, outside = highest_score(boxes(), str(path))
    assert inside == 0.5
    assert np.isnan(outside)


def test_terrain_of_a_plane(tmp_path: Path) -> None:
    """A plane that rises 20 m per 100 m eastwards, and nothing in the east."""
    x = np.arange(120) * 10 + 5
    heights = np.tile(4000 + 0.2 * x, (80, 1)).astype(np.float32)
    heights[:, 60:] = -32768
    path = tmp_path / "dem.tif"
    write_raster(path, heights, UTM, Affine(10, 0, CORNER[0], 0, -10, CORNER[1]), nodata=-32768)
    table = terrain(boxes(), [str(path)])
    assert table["elevation_m"].iloc[0] == pytest.approx(4000 + 0.2 * 340, abs=0.5)
    assert table["slope_deg"].iloc[0] == pytest.approx(np.degrees(np.arctan(0.2)), abs=0.02)
    assert table.iloc[1].isna().all()


def test_without_a_dem_terrain_is_unknown() -> None:
    assert terrain(boxes(), []).isna().all(axis=None)
