"""Terrain attributes of polygons on surfaces with known answers."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from tests.attributes.conftest import WriteTile
from tests.attributes.surfaces import SECOND, around, cone, plane, surface_on_grid
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.attributes.insolation import annual
from workflow_scripts.rogi.attributes.relief import RELIEF, relief
from workflow_scripts.rogi.geodesy import WGS84, local_projection

# rasterio still multiplies transforms with * when it rasterizes
pytestmark = pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning")

CENTRE = (79.5, 35.0)
SIZE = 200


def discs(*places: tuple[float, float, float], centre: tuple[float, float] = CENTRE) -> gpd.GeoDataFrame:
    """Return discs given by metres east and north of the centre and a radius."""
    shapes = [shapely.Point(east, north).buffer(radius) for east, north, radius in places]
    return gpd.GeoDataFrame(geometry=shapes, crs=local_projection(*centre)).to_crs(4326)


def sector(first: float, last: float) -> gpd.GeoDataFrame:
    """Return the part of a ring of 600 to 1500 m between two azimuths."""
    azimuths = np.radians(np.linspace(first, last, 200))
    outer = np.c_[np.sin(azimuths), np.cos(azimuths)]
    ring = shapely.Polygon(np.r_[outer * 1500, outer[::-1] * 600])
    return gpd.GeoDataFrame(geometry=[ring], crs=local_projection(*CENTRE)).to_crs(4326)


@pytest.mark.parametrize("latitude", [27.0, 40.0])
def test_a_plane_across_a_tile_seam(write_tile: WriteTile, latitude: float) -> None:
    centre = (80.0, latitude)
    west = Affine(SECOND, 0, 80 - 200.5 * SECOND, 0, -SECOND, latitude + 100.5 * SECOND)
    east = Affine(SECOND, 0, 80 - 0.5 * SECOND, 0, -SECOND, latitude + 100.5 * SECOND)
    paths = [
        write_tile(name, surface_on_grid(plane(22, 330), centre, transform, (201, 201), WGS84), transform)
        for name, transform in (("west.tif", west), ("east.tif", east))
    ]
    table = relief(discs((0, 0, 300), centre=centre), open_mosaics(paths), 60, 30)
    row = table.loc[0]
    assert (row[["SLO_MIN", "SLO_MEAN", "SLO_MEDIAN", "SLO_MAX"]].sub(22).abs() < 0.1).all()
    assert row["ASPECT"] == pytest.approx(330, abs=0.5)
    assert row["ASPECT_R"] == pytest.approx(1, abs=1e-4)
    assert row["ELE_MEAN"] == pytest.approx(4000, abs=1)
    assert row["ELE_MAX"] - row["ELE_MIN"] == pytest.approx(600 * np.tan(np.radians(22)), abs=30)
    assert row["DEM_SHARE"] == pytest.approx(1)


def test_insolation_of_a_plane_is_that_of_one_cell(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(20, 300), CENTRE, around(CENTRE, SIZE), SIZE)])
    expected = annual(np.array([20.0]), np.array([300.0]), np.array([35.0]), 30, 10)[0]
    assert relief(discs((50, 80, 200)), mosaics, 30, 10).loc[0, "PISR"] == pytest.approx(expected, rel=1e-3)


def test_the_aspect_of_a_cone_is_a_circular_mean(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", cone(30), CENTRE, around(CENTRE, SIZE), SIZE)])
    east, north, whole = (relief(sector(*ends), mosaics, 120, 60).loc[0] for ends in ((45, 135), (-45, 45), (0, 360)))
    assert east["ASPECT"] == pytest.approx(90, abs=0.5)
    assert min(north["ASPECT"], 360 - north["ASPECT"]) < 0.5
    assert north["ASPECT_R"] == pytest.approx(np.sin(np.pi / 4) / (np.pi / 4), abs=0.005)
    assert whole["ASPECT_R"] < 0.01
    assert whole["SLO_MEAN"] == pytest.approx(30, abs=0.1)


def test_flat_cells_do_not_turn_the_aspect(write_surface: WriteTile) -> None:
    def terrace(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return 4000 - np.maximum(north, 0) * 0.3  # flat in the south, falling northwards in the north

    mosaics = open_mosaics([write_surface("dem.tif", terrace, CENTRE, around(CENTRE, SIZE), SIZE)])
    row = relief(discs((0, 0, 400)), mosaics, 120, 60).loc[0]
    assert min(row["ASPECT"], 360 - row["ASPECT"]) < 0.5
    assert row["ASPECT_R"] == pytest.approx(1, abs=0.01)
    assert row["SLO_MIN"] == 0
    expected = annual(np.zeros(1), np.zeros(1), np.array([35.0]), 120, 60)[0]
    assert relief(discs((0, -500, 200)), mosaics, 120, 60).loc[0, "PISR"] == pytest.approx(expected, rel=1e-3)


def test_a_polygon_of_a_hundredth_of_a_square_kilometre(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, around(CENTRE, SIZE), SIZE)])
    table = relief(discs((100, 300, 56.4), (200, 0, 3)), mosaics, 60, 30)
    row = table.loc[0]
    azimuth = np.radians(10)
    height = 4000 - np.tan(np.radians(25)) * (100 * np.sin(azimuth) + 300 * np.cos(azimuth))
    assert row["ELE_MEAN"] == pytest.approx(height, abs=1)
    assert table["SLO_MEAN"].tolist() == pytest.approx([25, 25], abs=0.1)


def test_a_polygon_within_one_cell_has_a_slope_though_it_stands_alone(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, around(CENTRE, SIZE), SIZE)])
    assert relief(discs((15, 15, 3)), mosaics, 60, 30).loc[0, "SLO_MEAN"] == pytest.approx(25, abs=0.1)


def test_outside_the_dem_all_is_missing_and_a_share_is_told(write_surface: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, transform, SIZE)])
    edge = gpd.GeoDataFrame(
        geometry=[shapely.box(transform.c - 0.001, 35, transform.c + 0.003, 35.002), shapely.box(90, 30, 90.01, 30.01)],
        crs="EPSG:4326",
    )
    table = relief(edge, mosaics, 60, 30)
    assert table["DEM_SHARE"].tolist() == pytest.approx([0.75, 0])
    assert table.loc[1].drop("DEM_SHARE").isna().all()
    assert table.loc[0].notna().all()


def test_voids_are_left_out_and_spoil_no_neighbour(write_tile: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    heights = surface_on_grid(plane(25, 100), CENTRE, transform, (SIZE, SIZE), WGS84)
    heights[98:102, 98:102] = -32768
    table = relief(discs((0, 0, 300)), open_mosaics([write_tile("dem.tif", heights, transform)]), 60, 30)
    row = table.loc[0]
    assert 1 - row["DEM_SHARE"] == pytest.approx(16 * 30.82 * 25.36 / (np.pi * 300**2), rel=0.01)
    assert row["ELE_MIN"] > 3800
    assert (row["SLO_MIN"], row["SLO_MAX"]) == pytest.approx((25, 25), abs=0.1)


def test_the_dem_that_covers_a_polygon_best_is_used(write_surface: WriteTile) -> None:
    first = write_surface("first.tif", plane(10, 90), CENTRE, around(CENTRE, 60), 60)
    offset = Affine.translation(0.3 * SECOND, 0) @ around(CENTRE, SIZE)
    second = write_surface("second.tif", plane(30, 90), CENTRE, offset, SIZE)
    table = relief(discs((0, 0, 100), (-900, 0, 400)), open_mosaics([first, second]), 60, 30)
    assert table["SLO_MEAN"].tolist() == pytest.approx([10, 30], abs=0.1)
    assert table["DEM_SHARE"].tolist() == pytest.approx([1, 1])


def test_many_polygons_in_many_blocks_keep_their_rows(write_tile: WriteTile) -> None:
    transform = Affine(0.005, 0, 79.3, 0, -0.005, 35.2)
    heights = np.arange(6400, dtype="float32").reshape(80, 80)
    mosaics = open_mosaics([write_tile("dem.tif", heights, transform)])
    cells = np.random.default_rng(5).permutation(6400)[:60]
    x, y = 79.3 + 0.005 * (cells % 80), 35.2 - 0.005 * (cells // 80 + 1)
    polygons = gpd.GeoDataFrame(
        geometry=shapely.box(x + 0.001, y + 0.001, x + 0.004, y + 0.004), crs=4326, index=cells + 7
    )
    table = relief(polygons, mosaics, 240, 365)
    assert table["ELE_MEAN"].tolist() == cells.tolist()
    assert table.index.tolist() == (cells + 7).tolist()


def test_no_polygons_give_an_empty_table(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(10, 90), CENTRE, around(CENTRE, 20), 20)])
    table = relief(gpd.GeoDataFrame(geometry=[], crs=4326), mosaics, 60, 30)
    assert table.columns.tolist() == list(RELIEF)
    assert table.empty
