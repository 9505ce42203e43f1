"""Length, direction, front and headwall of polygons on a DEM, whatever its CRS."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from shapely import affinity

from tests.attributes.surfaces import SECOND, plane, surface_on_grid, tongue
from workflow_scripts.rogi.attributes.landform import LANDFORM, landforms, reach_m
from workflow_scripts.rogi.attributes.terrain import pixel_shape
from workflow_scripts.rogi.geodesy import WGS84, local_projection

pytestmark = pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning")

CENTRE = (78.2, 36.0)  # where grid north of UTM zone 44 is 1.6° off
SIDE = 120
RISE = np.tan(np.radians(20))


def grid(crs: str) -> Affine:
    """Return a grid of about 30 m round the centre."""
    x, y = Transformer.from_crs(WGS84, CRS(crs), always_xy=True).transform(*CENTRE)
    step = SECOND if crs == "EPSG:4326" else 30
    return Affine(step, 0, x - SIDE / 2 * step, 0, -step, y + SIDE / 2 * step)


def described(heights: np.ndarray, polygons: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    transform = grid(crs)
    shape = pixel_shape(transform, CRS(crs), heights.shape)
    return landforms(polygons.to_crs(crs), heights.astype(float), transform, shape, 40, 300)


def rectangle(azimuth: float, length_m: float, width_m: float, index: int = 0) -> gpd.GeoDataFrame:
    box = shapely.box(-width_m / 2, -length_m / 2, width_m / 2, length_m / 2)
    shape = affinity.rotate(box, -azimuth, origin=(0, 0))
    return gpd.GeoDataFrame(geometry=[shape], crs=local_projection(*CENTRE), index=[index])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32644"])
@pytest.mark.parametrize("azimuth", [10, 160, 285])
def test_metres_and_directions_are_true_in_any_crs(crs: str, azimuth: float) -> None:
    heights = surface_on_grid(plane(20, azimuth), CENTRE, grid(crs), (SIDE, SIDE), crs)
    row = described(heights, rectangle(azimuth, 500, 180), crs).loc[0]
    assert row["LENGTH"] == pytest.approx(500, rel=2e-3)
    assert row["FLOW_DIR"] == pytest.approx(azimuth, abs=0.5)
    assert row["FRONT_ALT"] == pytest.approx(4000 - 250 * RISE, abs=30 * RISE)
    assert row["HEADWALL"] == pytest.approx(300 * RISE, abs=31 * RISE)


def test_pits_and_furrows_do_not_stop_a_line() -> None:
    heights = surface_on_grid(tongue(180, 2, 12), CENTRE, grid("EPSG:4326"), (SIDE, SIDE), "EPSG:4326")
    heights[56:64:3, 50:70] -= 12  # furrows across, deeper than the slope is steep
    row = described(heights, rectangle(180, 700, 200), "EPSG:4326").loc[0]
    assert row["LENGTH"] == pytest.approx(700, rel=0.05)
    assert row["FLOW_DIR"] == pytest.approx(180, abs=8)


def test_rows_keep_their_index_and_unknown_ground_gives_nothing() -> None:
    heights = surface_on_grid(plane(20, 90), CENTRE, grid("EPSG:4326"), (SIDE, SIDE), "EPSG:4326")
    heights[:, :40] = np.nan
    shapes = pd.concat([rectangle(90, 200, 100, 7), rectangle(90, 200, 100, 3).translate(-900).to_frame("geometry")])
    table = described(heights, gpd.GeoDataFrame(shapes, geometry="geometry"), "EPSG:4326")
    assert table.index.tolist() == [7, 3]
    assert table.columns.tolist() == list(LANDFORM)
    assert table.loc[7].notna().all()
    assert table.loc[3].isna().all()


def test_an_outline_that_crosses_itself_is_described_as_what_it_covers() -> None:
    heights = surface_on_grid(plane(20, 90), CENTRE, grid("EPSG:4326"), (SIDE, SIDE), "EPSG:4326")
    crossed = rectangle(90, 400, 150)
    x, y = np.array(crossed.geometry[0].exterior.coords).T
    crossed.geometry = [shapely.Polygon(np.c_[x, y][[0, 2, 1, 3]])]
    assert not crossed.is_valid[0]
    row = described(heights, crossed, "EPSG:4326").loc[0]
    assert row.notna().all()
    assert 100 < row["LENGTH"] <= 401


def test_no_polygons_give_an_empty_table() -> None:
    heights = np.full((SIDE, SIDE), 4000.0)
    table = described(heights, rectangle(0, 100, 50).iloc[:0], "EPSG:4326")
    assert table.columns.tolist() == list(LANDFORM)
    assert table.empty


def test_the_heights_must_reach_as_far_as_the_headwall_or_the_smoothing_does() -> None:
    assert reach_m(60, 1000) == 1000
    assert reach_m(300, 1000) == 1200
