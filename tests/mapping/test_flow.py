"""The downslope direction on the imagery's pixels."""

from pathlib import Path

import numpy as np
import pytest
from rasterio.windows import Window

from tests.mapping.tongues import write_slope
from tests.worlds import GRID, WHOLE
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.mapping.flow import downslope
from workflow_scripts.rogi.raster import write_raster

PLACE = Window(WHOLE.col_off, WHOLE.row_off, 60, 40)


@pytest.mark.parametrize(("east", "south"), [(1.0, 0.0), (0.0, 2.0), (-3.0, 1.0), (1.0, -1.0)])
def test_a_plane_flows_one_way(tmp_path: Path, east: float, south: float) -> None:
    dem = write_slope(tmp_path / "dem.tif", GRID, PLACE.col_off, PLACE.row_off, east, south)
    flow = downslope(open_mosaics([dem]), GRID, PLACE, 10)
    assert flow.shape == (2, 40, 60)
    expected = np.array([east, south]) / np.hypot(east, south)
    np.testing.assert_allclose(flow, np.broadcast_to(expected[:, None, None], flow.shape), atol=1e-4)


def test_there_is_no_flow_without_heights(tmp_path: Path) -> None:
    assert not downslope([], GRID, PLACE, 10).any()
    dem = write_slope(tmp_path / "dem.tif", GRID, PLACE.col_off, PLACE.row_off, 1, 0)
    far = Window(PLACE.col_off + 5000, PLACE.row_off, 60, 40)
    assert not downslope(open_mosaics([dem]), GRID, far, 10).any()
    level = write_slope(tmp_path / "level.tif", GRID, PLACE.col_off, PLACE.row_off, 0, 0)
    assert not downslope(open_mosaics([level]), GRID, PLACE, 10).any()


def test_the_second_dem_fills_the_voids_of_the_first(tmp_path: Path) -> None:
    whole = write_slope(tmp_path / "whole.tif", GRID, PLACE.col_off, PLACE.row_off, 1, 0)
    half = np.tile(np.arange(100, 0, -1, dtype=np.float32), (200, 1))  # ends in the middle of the window
    corner = GRID.transform(Window(PLACE.col_off - 70, PLACE.row_off - 80, 0, 0))
    write_raster(tmp_path / "half.tif", half, GRID.crs, corner, nodata=-32768)
    west = open_mosaics([str(tmp_path / "half.tif")])
    alone = downslope(west, GRID, PLACE, 3)
    assert alone[0, 20, 5] == pytest.approx(1, abs=1e-3)
    assert not alone[:, 20, 45:].any()
    both = downslope([*west, *open_mosaics([whole])], GRID, PLACE, 3)
    assert both[0, 20, 55] == pytest.approx(1, abs=1e-3)


def test_windows_agree_where_they_overlap(tmp_path: Path) -> None:
    rough = np.random.default_rng(3).normal(0, 20, (400, 400)).cumsum(axis=0).astype(np.float32)
    place = GRID.transform(Window(PLACE.col_off - 150, PLACE.row_off - 150, 400, 400))
    write_raster(tmp_path / "dem.tif", rough, GRID.crs, place, nodata=-32768)
    mosaics = open_mosaics([str(tmp_path / "dem.tif")])
    whole = downslope(mosaics, GRID, PLACE, 5)
    part = downslope(mosaics, GRID, Window(PLACE.col_off + 20, PLACE.row_off + 11, 30, 9), 5)
    np.testing.assert_allclose(part, whole[:, 11:20, 20:50], atol=1e-9)
