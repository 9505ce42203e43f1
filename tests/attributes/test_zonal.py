"""Coverage-weighted statistics on rasters small enough to work out by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from workflow_scripts.rogi.attributes.zonal import circular_mean, zonal

GRID = Affine(1, 0, 0, 0, -1, 2)
CELLS = np.array([[1.0, 2.0], [3.0, np.nan]])


def frame(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:4326", index=range(10, 10 + len(shapes)))


def test_cells_count_by_the_share_covered() -> None:
    table = zonal(frame(shapely.box(0.5, 1, 2, 2)), {"z": CELLS}, GRID, ["mean", "min", "max"])
    assert table.loc[10].to_dict() == pytest.approx({"z_mean": (0.5 * 1 + 1 * 2) / 1.5, "z_min": 1, "z_max": 2})


def test_the_median_of_whole_cells_is_the_middle_one() -> None:
    assert zonal(frame(shapely.box(0, 0, 2, 2)), {"z": CELLS}, GRID, ["median"]).loc[10, "z_median"] == 2


def test_a_polygon_smaller_than_a_cell_takes_its_value() -> None:
    table = zonal(frame(shapely.box(0.4, 0.4, 0.5, 0.5)), {"z": CELLS}, GRID, ["mean", "max"])
    assert table.loc[10].tolist() == [3, 3]


def test_nan_cells_do_not_count_and_nothing_but_nan_is_nan() -> None:
    polygons = frame(shapely.box(0, 0, 2, 1), shapely.box(1.2, 0.2, 1.8, 0.8), shapely.box(8, 8, 9, 9))
    table = zonal(polygons, {"z": CELLS, "valid": np.isfinite(CELLS)}, GRID, ["mean"])
    np.testing.assert_array_equal(table["z_mean"], [3, np.nan, np.nan])
    assert table["valid_mean"].tolist()[:2] == [0.5, 0]
    assert table.index.tolist() == [10, 11, 12]


def test_columns_of_several_rasters_and_operations_are_not_mixed_up() -> None:
    table = zonal(frame(shapely.box(0, 1, 2, 2)), {"a": CELLS, "b": CELLS * 10}, GRID, ["min", "max"])
    assert table.loc[10].to_dict() == {"a_min": 1, "a_max": 2, "b_min": 10, "b_max": 20}


def test_one_raster_and_one_operation_have_the_same_naming() -> None:
    assert zonal(frame(shapely.box(0, 1, 2, 2)), {"a": CELLS}, GRID, ["max"]).columns.tolist() == ["a_max"]


def test_the_mean_direction_goes_across_north() -> None:
    angles = np.radians([350.0, 10.0])
    direction, length = circular_mean(np.sin(angles).mean(), np.cos(angles).mean())
    assert (direction + 180) % 360 == pytest.approx(180)
    assert direction < 360
    assert length == pytest.approx(np.cos(np.radians(10)))


def test_opposite_directions_cancel_out() -> None:
    angles = np.radians([90.0, 270.0])
    assert circular_mean(np.sin(angles).mean(), np.cos(angles).mean())[1] == pytest.approx(0, abs=1e-12)


def test_missing_directions_stay_missing() -> None:
    direction, length = circular_mean(np.array([np.nan, 1.0]), np.array([np.nan, 0.0]))
    np.testing.assert_array_equal(direction, [np.nan, 90])
    np.testing.assert_array_equal(length, [np.nan, 1])


def test_the_resultant_length_is_never_more_than_one() -> None:
    angles = np.linspace(0, 2 * np.pi, 1000, dtype=np.float32)
    sines, cosines = np.sin(angles).astype(float), np.cos(angles).astype(float)
    assert (np.hypot(sines, cosines) > 1).any()  # as cells in single precision are
    assert circular_mean(sines, cosines)[1].max() == 1
