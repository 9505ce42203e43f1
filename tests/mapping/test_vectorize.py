"""Probability rasters become polygons: areas, probabilities and shapes against hand counts and scipy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.crs import CRS
from rasterio.windows import Window
from scipy import ndimage

from tests.mapping.tongues import PLAIN, UNITS, ellipse, pair, write_slope
from tests.worlds import GRID, PIXEL, WHOLE
from workflow_scripts.rogi.attributes.elevation import Mosaic, open_mosaics
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.rules import CandidateRules
from workflow_scripts.rogi.mapping.smooth import smoothed
from workflow_scripts.rogi.mapping.systems import fill_holes
from workflow_scripts.rogi.mapping.vectorize import candidates
from workflow_scripts.rogi.raster import write_raster

# An equal-area grid of 10 m pixels makes areas whole numbers: EASE-Grid 2.0 is equal-area on the WGS84 ellipsoid.
EASE = PixelGrid(CRS.from_epsg(6933), 10.0, 0.0, 0.0)
PLACE = Window(76_000, -42_000, 0, 0)


def write(
    folder: Path,
    scores: np.ndarray,
    grid: PixelGrid = EASE,
    source: np.ndarray | None = None,
    place: Window | None = None,
) -> tuple[str, str]:
    """Write a probability raster and a source raster, of mosaic 1 unless given, and return their paths."""
    transform = grid.transform(place or (WHOLE if grid is GRID else PLACE))
    paths = str(folder / "probability.tif"), str(folder / "source.tif")
    write_raster(paths[0], scores, grid.crs, transform, nodata=NODATA)
    number = (scores != NODATA).astype(np.uint8) if source is None else source
    write_raster(paths[1], number, grid.crs, transform, nodata=0)
    return paths


def found(
    folder: Path,
    scores: np.ndarray,
    *,
    grid: PixelGrid = EASE,
    source: np.ndarray | None = None,
    mosaics: Sequence[Mosaic] = (),
    mapped: shapely.Geometry | None = None,
    **rules: Any,
) -> gpd.GeoDataFrame:
    given = CandidateRules(**PLAIN | rules)
    return candidates(*write(folder, scores, grid, source), ["Quarter 3", "Quarter 4"], given, mosaics, mapped)


def blank(side: int = 60) -> np.ndarray:
    return np.zeros((side, side), np.uint8)


def test_a_rectangle_has_its_area_and_mean_probability(tmp_path: Path) -> None:
    scores = blank()
    scores[10:30, 20:35] = 200
    scores[10:20, 20:35] = 254
    (row,) = found(tmp_path, scores).to_dict("records")
    assert row["area_m2"] == pytest.approx(20 * 15 * 100, rel=1e-4)
    assert row["probability"] == pytest.approx((200 + 254) / 2 / FULL)
    assert row["source"] == "Quarter 3"
    west, north = (PLACE.col_off + 20) * 10, -(PLACE.row_off + 10) * 10
    assert row["geometry"].equals(shapely.box(west, north - 200, west + 150, north))


def test_sources_are_named_in_order_of_preference(tmp_path: Path) -> None:
    scores = blank()
    scores[5:15, 5:15] = scores[30:40, 5:15] = scores[30:40, 30:40] = 254
    source = np.ones_like(scores)
    source[8:, 5:15] = 2
    source[30:40, 30:32] = 0  # no candidate lies where there is no imagery, but a filled hole may
    frame = found(tmp_path, scores, source=source)
    assert sorted(frame["source"]) == ["Quarter 3", "Quarter 3; Quarter 4", "Quarter 4"]


def test_objects_across_block_borders_stay_whole(tmp_path: Path) -> None:
    scores = np.zeros((1100, 1100), np.uint8)
    scores[500:530, 100:1090] = 254
    scores[500:1095, 1000:1030] = 254
    frame = found(tmp_path, scores)
    assert len(frame) == 1
    assert frame["area_m2"].iloc[0] == pytest.approx((30 * 990 + 565 * 30) * 100, rel=1e-4)


def test_pixels_that_touch_at_a_corner(tmp_path: Path) -> None:
    scores = blank()
    scores[10:20, 10:20] = scores[20:30, 20:30] = 254
    for connectivity, count in ((4, 2), (8, 1)):
        frame = found(tmp_path, scores, connectivity=connectivity)
        assert len(frame) == count
        assert frame["area_m2"].sum() == pytest.approx(200 * 100, rel=1e-4)
        assert frame.is_valid.all()


def test_small_holes_are_filled_and_large_ones_stay(tmp_path: Path) -> None:
    scores = blank()
    scores[10:50, 10:50] = 254
    scores[15:20, 15:20] = 0  # 25 px, 2500 m²
    scores[30:36, 30:36] = 127 - 1  # 36 px, 3600 m²
    (row,) = found(tmp_path, scores, max_hole_m2=2600).to_dict("records")
    assert row["area_m2"] == pytest.approx((1600 - 36) * 100, rel=1e-4)
    assert len(row["geometry"].interiors) == 1
    assert row["probability"] == pytest.approx((1600 - 36 - 25) / (1600 - 36))
    (row,) = found(tmp_path, scores, max_hole_m2=1e6).to_dict("records")
    assert row["area_m2"] == pytest.approx(1600 * 100, rel=1e-4)
    (row,) = found(tmp_path, scores).to_dict("records")
    assert len(row["geometry"].interiors) == 2


def test_holes_of_multipolygons_are_filled_part_by_part() -> None:
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    both = shapely.MultiPolygon([ring, shapely.affinity.translate(ring, 20, 0)])
    series = gpd.GeoSeries([both], crs="EPSG:6933")
    assert fill_holes(series, 5).area.item() == pytest.approx(200)
    assert fill_holes(series, 3).area.item() == pytest.approx(192)


def test_minimum_area_is_true_ground_and_not_web_mercator(tmp_path: Path) -> None:
    """21 × 21 px of 4.777 m are 10 065 m² in web-Mercator metres, and about 6750 m² at 35.1° N."""
    scores = blank()
    scores[10:31, 10:31] = 254
    assert 21 * 21 * PIXEL**2 > 10_000
    frame = found(tmp_path, scores, grid=GRID)
    latitude = np.degrees(np.arctan(np.sinh(-WHOLE.row_off * PIXEL / 6378137)))
    # Scale of web-Mercator on the ellipsoid, east and north (Snyder 1987, eqs 4-20 and 4-21, over the sphere's).
    e2, sine, cosine = 0.00669437999, np.sin(np.radians(latitude)), np.cos(np.radians(latitude))
    true = 21 * 21 * PIXEL**2 * cosine**2 * (1 - e2) / (1 - e2 * sine**2) ** 2
    assert frame["area_m2"].iloc[0] == pytest.approx(true, rel=1e-3)
    assert found(tmp_path, scores, grid=GRID, min_area_m2=10_000).empty
    assert len(found(tmp_path, scores, grid=GRID, min_area_m2=0.99 * true)) == 1


@pytest.mark.parametrize("value", [0, 126, NODATA])
def test_an_empty_raster_gives_an_empty_frame(tmp_path: Path, value: int) -> None:
    frame = found(tmp_path, np.full((40, 40), value, np.uint8), min_area_m2=1.0)
    assert frame.empty
    assert {"system_id", "probability", "spread", "area_m2", "source", "at_edge", "at_gap"} <= set(frame.columns)
    assert frame.crs == EASE.crs


def test_odd_paths_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "a & b <c> 'd'"
    folder.mkdir()
    scores = blank()
    scores[3:9, 3:9] = 254
    assert len(found(folder, scores)) == 1


@pytest.mark.parametrize(("max_hole_m2", "areas"), [(40_000.0, [900]), (39_000.0, [500, 100])])
def test_an_island_in_a_filled_hole_is_no_second_candidate(
    tmp_path: Path, max_hole_m2: float, areas: list[int]
) -> None:
    scores = blank()
    scores[10:40, 10:40] = 254
    scores[15:35, 15:35] = 0  # a hole of 400 px
    scores[20:30, 20:30] = 254
    frame = found(tmp_path, scores, max_hole_m2=max_hole_m2 * 1.001, min_area_m2=5000.0)
    assert sorted(frame["area_m2"] / 100, reverse=True) == pytest.approx(areas, rel=1e-3)


def test_hysteresis_keeps_objects_that_hold_a_certain_pixel(tmp_path: Path) -> None:
    scores = blank()
    scores[5:15, 5:15] = 150
    scores[10, 10] = 204
    scores[30:40, 5:15] = 203
    scores[30:40, 30:40] = 150
    scores[40, 40] = 254  # touches the corner of the last
    seeded = found(tmp_path, scores, seed_threshold=0.8, min_area_m2=200.0)
    assert (seeded["probability"] * FULL).tolist() == pytest.approx([(99 * 150 + 204) / 100])
    assert len(found(tmp_path, scores, seed_threshold=0.5, min_area_m2=200.0)) == 3
    assert found(tmp_path, scores, seed_threshold=0.99, min_area_m2=200.0).empty


def test_the_spread_is_the_mean_of_the_second_band(tmp_path: Path) -> None:
    scores, spread = blank(), blank()
    scores[10:20, 10:30] = 254
    spread[10:20, 10:20], spread[10:20, 20:30] = 20, 40
    path, source = write(tmp_path, scores)
    assert found(tmp_path, scores)["spread"].isna().all()
    transform = EASE.transform(PLACE)
    write_raster(path, np.stack([scores, spread]), EASE.crs, transform, nodata=NODATA)
    frame = candidates(path, source, ["Quarter 3"], CandidateRules(**PLAIN))
    assert frame["spread"].tolist() == pytest.approx([30 / FULL])
    assert frame["probability"].tolist() == pytest.approx([1.0])
    seeded = candidates(path, source, ["Quarter 3"], CandidateRules(**PLAIN | {"seed_threshold": 0.9}))
    assert len(seeded) == 1


@pytest.mark.parametrize("smoothing_m", [0.0, 15.0])
def test_tongues_side_by_side_are_units_of_one_system(tmp_path: Path, smoothing_m: float) -> None:
    truth = pair()
    alone = ellipse((200, 100), 150, 50, 30, 14)
    scores = np.where(np.pad(truth > 0, ((0, 100), (0, 0))) | alone, FULL, 0).astype(np.uint8)
    dem = write_slope(tmp_path / "dem.tif", EASE, PLACE.col_off + 50, PLACE.row_off + 100, 0, 3)
    frame = found(tmp_path, scores, mosaics=open_mosaics([dem]), **UNITS | {"smoothing_m": smoothing_m})
    assert len(frame) == 3
    sizes = frame.groupby("system_id").size()
    assert sorted(sizes) == [1, 2]
    assert sizes.index.str.fullmatch(r"SYS\d{6}N\d{7}E").all()
    both = frame[frame["system_id"] == sizes.idxmax()].geometry
    assert shapely.coverage_is_valid(both.array)
    assert (both.area / 100).tolist() == pytest.approx([(truth == 1).sum(), (truth == 2).sum()], rel=0.02)
    assert both.union_all().area / 100 == pytest.approx((truth > 0).sum(), rel=0.01)
    turned = write_slope(tmp_path / "turned.tif", EASE, PLACE.col_off + 50, PLACE.row_off + 100, 3, 0)
    assert len(found(tmp_path, scores, mosaics=open_mosaics([turned]), **UNITS)) == 2


def test_smoothing_is_in_true_metres_and_keeps_areas(tmp_path: Path) -> None:
    """6 m are 1.26 px of the web-Mercator grid, and 1.53 px on the ground at 35.1° N."""
    scores = np.where(ellipse((100, 100), 50, 50, 40, 25), FULL, 0).astype(np.uint8)
    (rough,), (smooth,) = (found(tmp_path, scores, grid=GRID, smoothing_m=width).geometry for width in (0.0, 6.0))
    assert smooth.area == pytest.approx(rough.area, rel=1e-3)
    assert smooth.length < 0.82 * rough.length
    pixels = np.array([shapely.affinity.scale(rough, 1 / PIXEL, 1 / PIXEL, origin=(0, 0))])
    corners = shapely.transform(pixels, np.rint)
    scale = np.cos(np.radians(35.1))
    (expected,) = smoothed(corners, 6 / (PIXEL * scale), None, 0)
    back = shapely.affinity.scale(expected, PIXEL, PIXEL, origin=(0, 0))
    assert shapely.hausdorff_distance(smooth, back) < 0.05


def test_what_reaches_the_edge_or_missing_imagery_is_marked(tmp_path: Path) -> None:
    scores = blank()
    scores[5:15, 0:10] = scores[25:35, 25:35] = scores[45:55, 25:35] = 254
    scores[30:32, 35] = NODATA
    west, north = PLACE.col_off * 10, -PLACE.row_off * 10
    mapped = shapely.box(west, north - 600, west + 600, north)
    frame = found(tmp_path, scores, mapped=mapped).sort_values("area_m2")
    places = frame.geometry.centroid
    assert frame["at_edge"].tolist() == (places.x < west + 200).tolist()
    inside = frame[~frame["at_edge"]]
    assert inside["at_gap"].tolist() == (inside.geometry.centroid.y > north - 400).tolist()
    assert not found(tmp_path, scores)["at_edge"].any()


@pytest.mark.parametrize("seed", range(6))
def test_jobs_that_see_a_system_whole_draw_it_alike(tmp_path: Path, seed: int) -> None:
    """To the last bit: outlines, statistics and system ids of two overlapping cuts of one raster."""
    rng = np.random.default_rng(seed)
    rough = np.asarray(ndimage.gaussian_filter(rng.normal(size=(160, 160)), 4) > 0.03)
    scores = np.where(rough, rng.integers(150, 254, rough.shape), 0).astype(np.uint8)
    dem = write_slope(tmp_path / "dem.tif", EASE, PLACE.col_off, PLACE.row_off, 1, 3)
    rules = CandidateRules(**UNITS | {"smoothing_m": 12.0, "min_area_m2": 2000.0})
    seen = []
    for rows, columns in (((0, 130), (0, 160)), ((20, 160), (11, 149))):
        place = Window(PLACE.col_off + columns[0], PLACE.row_off + rows[0], 0, 0)
        paths = write(tmp_path, scores[slice(*rows), slice(*columns)], place=place)
        west, south, east, north = EASE.bounds(Window(*(place.col_off, place.row_off), np.ptp(columns), np.ptp(rows)))
        frame = candidates(*paths, ["a"], rules, open_mosaics([dem]), shapely.box(west, south, east, north))
        whole = frame[~frame["at_edge"]]
        seen.append(set(zip(whole["system_id"], whole["probability"], whole.geometry.to_wkb(), strict=True)))
    one, other = seen
    shared = {system for system, *_ in one} & {system for system, *_ in other}
    assert shared
    assert {row for row in one if row[0] in shared} == {row for row in other if row[0] in shared}
