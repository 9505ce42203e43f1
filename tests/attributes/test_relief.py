"""Terrain attributes of polygons on surfaces with known answers."""

import logging
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from shapely import affinity

from tests.attributes.conftest import WriteTile
from tests.attributes.surfaces import SECOND, around, cone, gaussian_hill, plane, surface_on_grid, tongue
from workflow_scripts.rogi.attributes import elevation
from workflow_scripts.rogi.attributes.elevation import Mosaic, Tile, open_mosaics
from workflow_scripts.rogi.attributes.relief import RELIEF, Settings, blocks, relief
from workflow_scripts.rogi.geodesy import WGS84, area_m2, local_projection
from workflow_scripts.rogi.insolation.annual import Insolation
from workflow_scripts.rogi.raster import open_dataset

# rasterio still multiplies transforms with * when it rasterizes
pytestmark = pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning")

CENTRE = (79.5, 35.0)
SIZE = 200
SUN = Insolation(
    time_step_min=120,
    day_step=60,
    sectors=16,
    search_radius_m=600,
    atmosphere="kumar_pressure",
    ground_albedo=0.2,
    device="cpu",
)
SETTINGS = Settings(flow_smoothing_m=60, headwall_distance_m=500, insolation=SUN)
SHAPES = ["LENGTH", "WIDTH", "ELONGATION", "FLOW_DIR", "FRONT_ALT", "HEADWALL"]


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
    table = relief(discs((0, 0, 300), centre=centre), open_mosaics(paths), SETTINGS)
    row = table.loc[0]
    assert (row[["SLO_MIN", "SLO_MEAN", "SLO_MEDIAN", "SLO_MAX"]].sub(22).abs() < 0.1).all()
    assert row["ASPECT"] == pytest.approx(330, abs=0.5)
    assert row["ASPECT_R"] == pytest.approx(1, abs=1e-4)
    assert row["ELE_MEAN"] == pytest.approx(4000, abs=1)
    assert row["ELE_MAX"] - row["ELE_MIN"] == pytest.approx(600 * np.tan(np.radians(22)), abs=30)
    assert row["DEM_SHARE"] == pytest.approx(1)


def test_insolation_of_level_ground_is_the_closed_form_of_every_day(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(0, 0), CENTRE, around(CENTRE, SIZE), SIZE)])
    settings = replace(SETTINGS, insolation=replace(SUN, time_step_min=30, day_step=1))
    row = relief(discs((50, 80, 100)), mosaics, settings).loc[0]
    day, latitude = np.arange(1, 366), np.radians(35)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    sunset = np.arccos(-np.tan(latitude) * np.tan(declination))
    height = np.cos(latitude) * np.cos(declination) * np.sin(sunset) + sunset * np.sin(latitude) * np.sin(declination)
    expected = (24 / np.pi * 1.367 * (1 + 0.0344 * np.cos(2 * np.pi * day / 365)) * height).sum()
    assert row["PISR"] == pytest.approx(expected, rel=2e-3)
    assert 0.7 * expected < row["PISR_CLEAR"] < expected
    assert row["HORIZON"] == pytest.approx(1)
    assert np.isnan(row["ASPECT"])
    assert (row["SLO_SHARE"], row["ASP_SHARE"]) == (pytest.approx(1), 0)
    assert row[SHAPES].drop("HEADWALL").isna().all()
    assert row["HEADWALL"] == 0


def test_slopes_to_the_sun_get_more_and_the_end_of_the_dem_shows_in_the_horizon(write_surface: WriteTile) -> None:
    south, north = (
        relief(discs((-2000, 0, 100)), open_mosaics([path]), SETTINGS).loc[0]
        for path in (
            write_surface(f"{azimuth}.tif", plane(20, azimuth), CENTRE, around(CENTRE, SIZE), SIZE)
            for azimuth in (180, 0)
        )
    )
    assert south["PISR"] > north["PISR"] + 500
    assert south["HORIZON"] < 1  # 500 m from the western edge, where 600 m are looked at


def test_the_aspect_of_a_cone_is_a_circular_mean(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", cone(30), CENTRE, around(CENTRE, SIZE), SIZE)])
    east, north, whole = (relief(sector(*ends), mosaics, SETTINGS).loc[0] for ends in ((45, 135), (-45, 45), (0, 360)))
    assert east["ASPECT"] == pytest.approx(90, abs=0.5)
    assert min(north["ASPECT"], 360 - north["ASPECT"]) < 0.5
    assert north["ASPECT_R"] == pytest.approx(np.sin(np.pi / 4) / (np.pi / 4), abs=0.005)
    assert whole["ASPECT_R"] < 0.01
    assert whole["SLO_MEAN"] == pytest.approx(30, abs=0.1)


def test_flat_cells_do_not_turn_the_aspect(write_surface: WriteTile) -> None:
    def terrace(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return 4000 - np.maximum(north, 0) * 0.3  # flat in the south, falling northwards in the north

    mosaics = open_mosaics([write_surface("dem.tif", terrace, CENTRE, around(CENTRE, SIZE), SIZE)])
    row = relief(discs((0, 0, 400)), mosaics, SETTINGS).loc[0]
    assert min(row["ASPECT"], 360 - row["ASPECT"]) < 0.5
    assert row["ASPECT_R"] == pytest.approx(1, abs=0.01)
    assert row["SLO_MIN"] == 0
    assert row["ASP_SHARE"] == pytest.approx(0.5, abs=0.05)
    assert row["SLO_SHARE"] == pytest.approx(1)


def test_a_polygon_of_a_hundredth_of_a_square_kilometre(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, around(CENTRE, SIZE), SIZE)])
    table = relief(discs((100, 300, 56.4), (200, 0, 3)), mosaics, SETTINGS)
    row = table.loc[0]
    azimuth = np.radians(10)
    height = 4000 - np.tan(np.radians(25)) * (100 * np.sin(azimuth) + 300 * np.cos(azimuth))
    assert row["ELE_MEAN"] == pytest.approx(height, abs=1)
    assert table["SLO_MEAN"].tolist() == pytest.approx([25, 25], abs=0.1)


def test_a_polygon_within_one_cell_has_a_slope_though_it_stands_alone(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, around(CENTRE, SIZE), SIZE)])
    assert relief(discs((15, 15, 3)), mosaics, SETTINGS).loc[0, "SLO_MEAN"] == pytest.approx(25, abs=0.1)


def test_outside_the_dem_all_is_missing_and_a_share_is_told(write_surface: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, transform, SIZE)])
    edge = gpd.GeoDataFrame(
        geometry=[shapely.box(transform.c - 0.001, 35, transform.c + 0.003, 35.002), shapely.box(90, 30, 90.01, 30.01)],
        crs="EPSG:4326",
    )
    table = relief(edge, mosaics, SETTINGS)
    assert table["DEM_SHARE"].tolist() == pytest.approx([0.75, 0])
    assert table.loc[1].drop(["DEM_SHARE"]).isna().all()
    assert table.loc[0].notna().all()
    assert table.loc[0, "CURV_SHARE"] < table.loc[0, "SLO_SHARE"] < 0.75


def test_voids_are_left_out_and_spoil_no_neighbour(write_tile: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    heights = surface_on_grid(plane(25, 100), CENTRE, transform, (SIZE, SIZE), WGS84)
    heights[98:102, 98:102] = -32768
    table = relief(discs((0, 0, 300)), open_mosaics([write_tile("dem.tif", heights, transform)]), SETTINGS)
    row = table.loc[0]
    assert 1 - row["DEM_SHARE"] == pytest.approx(16 * 30.82 * 25.36 / (np.pi * 300**2), rel=0.01)
    assert row["ELE_MIN"] > 3800
    assert (row["SLO_MIN"], row["SLO_MAX"]) == pytest.approx((25, 25), abs=0.1)


def test_the_dem_that_covers_a_polygon_best_is_used(write_surface: WriteTile) -> None:
    first = write_surface("first.tif", plane(10, 90), CENTRE, around(CENTRE, 60), 60)
    offset = Affine.translation(0.3 * SECOND, 0) @ around(CENTRE, SIZE)
    second = write_surface("second.tif", plane(30, 90), CENTRE, offset, SIZE)
    table = relief(discs((0, 0, 100), (-900, 0, 400)), open_mosaics([first, second]), SETTINGS)
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
    table = relief(polygons, mosaics, SETTINGS)
    assert table["ELE_MEAN"].tolist() == cells.tolist()
    assert table.index.tolist() == (cells + 7).tolist()


def test_no_polygons_give_an_empty_table(write_surface: WriteTile) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(10, 90), CENTRE, around(CENTRE, 20), 20)])
    table = relief(gpd.GeoDataFrame(geometry=[], crs=4326), mosaics, SETTINGS)
    assert table.columns.tolist() == list(RELIEF)
    assert table.empty


@pytest.mark.parametrize("azimuth", [0, 75, 225])
def test_a_tongue_on_the_ellipsoid_has_its_length_width_direction_and_front(
    write_surface: WriteTile, azimuth: float
) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", tongue(azimuth, 3, 15), CENTRE, around(CENTRE, SIZE), SIZE)])
    shape = affinity.rotate(shapely.box(-110, -400, 110, 400), -azimuth, origin=(0, 0))
    outline = gpd.GeoDataFrame(geometry=[shape], crs=local_projection(*CENTRE)).to_crs(4326)
    row = relief(outline, mosaics, SETTINGS).loc[0]
    rise = np.tan(np.radians(15))
    assert row["LENGTH"] == pytest.approx(800, rel=0.02)
    assert row["WIDTH"] == pytest.approx(220, rel=0.02)
    assert row["ELONGATION"] == pytest.approx(800 / 220, rel=0.04)
    assert abs((row["FLOW_DIR"] - azimuth + 180) % 360 - 180) < 3
    assert row["FRONT_ALT"] == pytest.approx(4500 - 400 * rise, abs=10)
    assert row["HEADWALL"] == pytest.approx(500 * rise, abs=15)
    assert row["ELE_RANGE"] == row["ELE_MAX"] - row["ELE_MIN"]
    assert row["LENGTH"] * row["WIDTH"] == pytest.approx(area_m2(outline.geometry)[0])
    # An upright cylinder is half as curved as 2 · 3 / 100² per metre, and a tilted one by the cosine less.
    assert row["CURV_MEAN"] == pytest.approx(0.3 * np.cos(np.radians(15)), rel=0.05)
    assert 0 < row["ROUGHNESS"] < 1e-3


def test_in_a_closed_hollow_nothing_flows(write_surface: WriteTile) -> None:
    def bowl(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return 4000 + 0.3 * np.hypot(east, north)

    mosaics = open_mosaics([write_surface("dem.tif", bowl, CENTRE, around(CENTRE, SIZE), SIZE)])
    row = relief(discs((0, 0, 200)), mosaics, SETTINGS).loc[0]
    assert row[SHAPES].drop("HEADWALL").isna().all()
    assert (row["ELE_MEAN"], row["ASPECT_R"]) == pytest.approx((4040, 0), abs=1)


def test_noise_makes_a_surface_rougher(write_tile: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    smooth = surface_on_grid(plane(15, 45), CENTRE, transform, (SIZE, SIZE), WGS84)
    noise = np.random.default_rng(1).normal(0, 4, smooth.shape).astype("float32")
    calm, rough = (
        relief(discs((0, 0, 300)), open_mosaics([write_tile(name, heights, transform)]), SETTINGS).loc[0]
        for name, heights in (("smooth.tif", smooth), ("rough.tif", smooth + noise))
    )
    assert rough["ROUGHNESS"] > 100 * calm["ROUGHNESS"]
    assert calm["CURV_MEAN"] == pytest.approx(0, abs=0.01)


def test_a_gaussian_hill_has_the_same_slopes_on_both_sides_of_a_tile_seam(write_tile: WriteTile) -> None:
    centre = (104.0, 40.0)
    paths = []
    for name, column in (("west.tif", -200.5), ("east.tif", -0.5)):  # they share a column
        transform = Affine(SECOND, 0, 104 + column * SECOND, 0, -SECOND, 40 + 100.5 * SECOND)
        paths.append(
            write_tile(name, surface_on_grid(gaussian_hill(), centre, transform, (201, 201), WGS84), transform)
        )
    narrow = discs(*((east, 1200, 12) for east in (-400, -30, -12, 0, 12, 30, 400)), centre=centre)
    table = relief(narrow, open_mosaics(paths), SETTINGS)
    east = np.array([-400, -30, -12, 0, 12, 30, 400])
    distance = np.hypot(east, 1200)
    expected = np.degrees(np.arctan(800 * np.exp(-(distance**2) / 4.5e6) * distance / 1500**2))
    np.testing.assert_allclose(table["SLO_MEAN"], expected, atol=0.1)
    away = np.degrees(np.arctan2(east, 1200))
    np.testing.assert_allclose((table["ASPECT"] - away + 180) % 360, 180, atol=1)  # of a cell up to 15 m away
    assert (table[["DEM_SHARE", "CURV_SHARE"]] > 0.999).all().all()


def test_heights_below_the_sea_and_of_zero_are_heights(write_tile: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    rows = np.arange(SIZE)[:, None] - SIZE / 2
    heights = np.broadcast_to(rows, (SIZE, SIZE)).astype("int16")
    row = relief(discs((0, 0, 200)), open_mosaics([write_tile("dem.tif", heights, transform)]), SETTINGS).loc[0]
    assert row["DEM_SHARE"] == pytest.approx(1)
    assert row["ELE_MIN"] < -5
    assert row["ELE_MAX"] > 5
    assert row["ELE_MEAN"] == pytest.approx(-0.5, abs=0.6)


def test_outlines_that_lie_nowhere_or_across_180_degrees_get_nothing_and_are_counted(
    write_surface: WriteTile, caplog: pytest.LogCaptureFixture
) -> None:
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 10), CENTRE, around(CENTRE, SIZE), SIZE)])
    east, west = shapely.box(179.99, 35, 180, 35.01), shapely.box(-180, 35, -179.99, 35.01)
    good = discs((0, 0, 100)).geometry[0]
    torn = shapely.MultiPolygon([good, affinity.translate(good, 0, 2)])
    shapes = [good, shapely.Polygon(), None, shapely.MultiPolygon([east, west]), torn]
    table = relief(gpd.GeoDataFrame(geometry=shapes, crs=4326), mosaics, SETTINGS)
    assert table["DEM_SHARE"].tolist() == pytest.approx([1, 0, 0, 0, 0])
    assert table.loc[1:, [name for name in RELIEF if name != "DEM_SHARE"]].isna().all().all()
    assert table.loc[0].notna().all()
    assert "4 outlines get no terrain, because they are empty or span more than 1°, as one" in caplog.text
    assert "does: rows 1, 2, 3, 4" in caplog.text


def test_a_dem_that_cannot_show_where_an_outline_lies_leaves_it_to_the_others(write_surface: WriteTile) -> None:
    utm = write_surface("utm.tif", plane(10, 90), CENTRE, Affine(30, 0, 3e5, 0, -30, 4e6), 20, "EPSG:32644")
    places = [(79.5, 35.0), (171.0, 0.0)]  # at 90° from the meridian of the zone
    local = [write_surface(f"{x}.tif", plane(25, 10), (x, y), around((x, y), SIZE), SIZE) for x, y in places]
    outlines = pd.concat([discs((0, 0, 100), centre=place) for place in places], ignore_index=True)
    table = relief(outlines, open_mosaics([utm, *local]), SETTINGS)
    assert table["SLO_MEAN"].tolist() == pytest.approx([25, 25], abs=0.1)
    assert relief(outlines, open_mosaics([utm]), SETTINGS)["DEM_SHARE"].tolist() == [0, 0]


def test_the_width_is_that_of_the_part_on_the_dem(write_surface: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    mosaics = open_mosaics([write_surface("dem.tif", plane(25, 90), CENTRE, transform, SIZE)])
    edge = (transform.c - CENTRE[0]) * 3600 * 25.36
    outline = gpd.GeoDataFrame(geometry=[shapely.box(edge - 400, -100, edge + 400, 100)], crs=local_projection(*CENTRE))
    row = relief(outline.to_crs(4326), mosaics, SETTINGS).loc[0]
    assert row["DEM_SHARE"] == pytest.approx(0.5, abs=0.01)
    assert (row["LENGTH"], row["WIDTH"]) == pytest.approx((400, 200), rel=0.1)  # the line ends a cell before the edge


def test_heights_that_no_land_has_spoil_no_outline_beside_them(write_tile: WriteTile) -> None:
    transform = around(CENTRE, SIZE)
    heights = surface_on_grid(plane(25, 100), CENTRE, transform, (SIZE, SIZE), WGS84)
    heights[98:102, 98:102] = -9999
    beside = discs((100, 0, 48))
    row = relief(beside, open_mosaics([write_tile("dem.tif", heights, transform)]), SETTINGS).loc[0]
    assert row["DEM_SHARE"] == pytest.approx(1)
    assert row["CURV_MEAN"] == pytest.approx(0, abs=0.01)
    assert (row["ASPECT"], row["FLOW_DIR"]) == pytest.approx((100, 100), abs=0.5)


def test_a_fine_dem_is_not_read_without_end(write_tile: WriteTile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow_scripts.rogi.attributes.relief.HALO_MAX_PX", 4)
    transform = around(CENTRE, SIZE)
    heights = surface_on_grid(plane(20, 90), CENTRE, transform, (SIZE, SIZE), WGS84)
    mosaics = open_mosaics([write_tile("dem.tif", heights, transform)])
    row = relief(discs((0, 0, 100)), mosaics, SETTINGS).loc[0]
    assert row["SLO_MEAN"] == pytest.approx(20, abs=0.1)
    assert 0.3 < row["HORIZON"] < 0.9  # looks 600 m far, of which a few cells are known


def test_blocks_of_a_fine_dem_are_small_and_hold_what_touches_a_tile() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(79, 79.1, 400), rng.uniform(35, 35.1, 400)
    boxes = gpd.GeoDataFrame(geometry=shapely.box(x, y, x + 1e-4, y + 1e-4), crs=4326)
    boxes.loc[400] = [shapely.box(80, 35, 80.01, 35.01)]
    for size_m, widest in ((30, 0.1), (1, 0.1 / 12)):
        side = 40_000 // size_m
        tile = Tile("", 0, 0, side, side, 1.0)
        mosaic = Mosaic(CRS.from_epsg(32644), Affine(size_m, 0, 300_000, 0, -size_m, 3_905_000), (tile,))
        found = list(blocks(boxes, mosaic))
        assert sorted(pd.concat(found).index) == list(range(400))
        assert 0.7 * widest < max(np.ptp(block.bounds["minx"]) for block in found) <= widest


def test_each_tile_is_opened_once_for_many_blocks(
    write_tile: WriteTile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    transform = Affine(0.001, 0, 79, 0, -0.001, 36)
    heights = np.broadcast_to(np.arange(400, dtype="float32"), (400, 400))
    mosaics = open_mosaics([write_tile("dem.tif", heights, transform)])
    opened: list[str] = []

    def counted(path: str | Path) -> rasterio.DatasetReader:
        opened.append(str(path))
        return open_dataset(path)

    monkeypatch.setattr(elevation, "open_dataset", counted)
    x, y = np.meshgrid([79.05, 79.15, 79.25], [35.75, 35.85])
    spots = gpd.GeoDataFrame(geometry=shapely.box(x.ravel(), y.ravel(), x.ravel() + 0.002, y.ravel() + 0.002), crs=4326)
    with caplog.at_level(logging.ERROR):
        table = relief(spots, mosaics, SETTINGS)
    assert (table["DEM_SHARE"] > 0.999).all()
    assert len(opened) == 1


def test_neighbours_change_nothing(write_surface: WriteTile) -> None:
    surface = gaussian_hill(800, 1500)
    mosaics = open_mosaics([write_surface("dem.tif", surface, CENTRE, around(CENTRE, SIZE), SIZE)])
    both = discs((300, 200, 120), (-900, -700, 150))
    alone = pd.concat([relief(both.loc[[number]], mosaics, SETTINGS) for number in both.index])
    pd.testing.assert_frame_equal(relief(both, mosaics, SETTINGS), alone, check_exact=False, rtol=1e-6)
