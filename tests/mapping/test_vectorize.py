"""Probability rasters become polygons: areas, probabilities and shapes against hand counts and scipy."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy import ndimage

from tests.worlds import GRID, PIXEL, WHOLE
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.vectorize import candidates, fill_holes, outlines
from workflow_scripts.rogi.raster import write_raster

# An equal-area grid of 10 m pixels makes areas whole numbers: EASE-Grid 2.0 is equal-area on the WGS84 ellipsoid.
EASE = PixelGrid(CRS.from_epsg(6933), 10.0, 0.0, 0.0)
PLACE = Window(76_000, -42_000, 0, 0)


def write(
    folder: Path, scores: np.ndarray, grid: PixelGrid = EASE, source: np.ndarray | None = None
) -> tuple[str, str]:
    """Write a probability raster and a source raster, of mosaic 1 unless given, and return their paths."""
    column, row = (WHOLE.col_off, WHOLE.row_off) if grid is GRID else (PLACE.col_off, PLACE.row_off)
    transform = grid.transform(Window(column, row, 0, 0))
    paths = str(folder / "probability.tif"), str(folder / "source.tif")
    write_raster(paths[0], scores, grid.crs, transform, nodata=NODATA)
    number = (scores != NODATA).astype(np.uint8) if source is None else source
    write_raster(paths[1], number, grid.crs, transform, nodata=0)
    return paths


def found(folder: Path, scores: np.ndarray, *, grid: PixelGrid = EASE, **rules: float) -> gpd.GeoDataFrame:
    source = rules.pop("source", None)
    given = {"threshold": 0.5, "connectivity": 4, "max_hole_m2": 0.0, "min_area_m2": 0.0} | rules
    return candidates(*write(folder, scores, grid, source), ["Quarter 3", "Quarter 4"], **given)  # type: ignore[arg-type]


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
    frame = found(tmp_path, scores, source=source)  # type: ignore[arg-type]
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


@pytest.mark.parametrize(
    ("threshold", "lowest"),
    [(0.5, 127), (0.501, 128), (0.25, 64), (1 / 254, 1), (0.0001, 1), (253 / 254, 253), (0.9999, 254)],
)
def test_a_pixel_at_the_threshold_counts(tmp_path: Path, threshold: float, lowest: int) -> None:
    scores = np.tile(np.arange(256, dtype=np.uint8)[::2], (4, 1)).repeat(2, axis=1)
    scores = np.where(np.arange(256) % 2, scores + 1, scores).astype(np.uint8)
    assert scores[0].tolist() == list(range(256))
    path, _ = write(tmp_path, scores)
    burned = rasterize(outlines(path, threshold, 4), scores.shape, transform=EASE.transform(PLACE))
    assert np.flatnonzero(burned[0]).tolist() == list(range(lowest, FULL + 1))


@pytest.mark.parametrize("value", [0, 126, NODATA])
def test_an_empty_raster_gives_an_empty_frame(tmp_path: Path, value: int) -> None:
    frame = found(tmp_path, np.full((40, 40), value, np.uint8), min_area_m2=1.0)
    assert frame.empty
    assert {"probability", "area_m2", "source", "geometry"} <= set(frame.columns)
    assert frame.crs == EASE.crs


blobs = arrays(bool, (14, 17)).map(
    lambda noise: ndimage.binary_opening(noise, np.ones((1, 2))) | (noise & (noise.sum() < 60))
)


@settings(max_examples=40)
@given(wanted=arrays(bool, (14, 17)) | blobs, connectivity=st.sampled_from([4, 8]))
def test_polygons_are_valid_and_agree_with_scipy(
    tmp_path_factory: pytest.TempPathFactory, wanted: np.ndarray, connectivity: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    path, _ = write(folder, np.where(wanted, FULL, 0).astype(np.uint8))
    polygons = outlines(path, 0.5, connectivity)
    labels, count = ndimage.label(wanted, np.ones((3, 3)) if connectivity == 8 else None)
    assert len(polygons) == count
    assert polygons.is_valid.all()
    assert set(polygons.geom_type) <= {"Polygon", "MultiPolygon"}
    assert sorted(polygons.area / 100) == pytest.approx(sorted(np.bincount(labels.ravel())[1:]))
    if count:
        burned = rasterize(polygons, wanted.shape, transform=EASE.transform(PLACE))
        assert np.array_equal(burned > 0, wanted)


def test_odd_paths_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "a & b <c> 'd'"
    folder.mkdir()
    scores = blank()
    scores[3:9, 3:9] = 254
    assert len(found(folder, scores)) == 1


def test_the_raster_is_only_read(tmp_path: Path) -> None:
    scores = blank()
    scores[3:9, 3:9] = 254
    path, _ = write(tmp_path, scores)
    before = Path(path).read_bytes()
    outlines(path, 0.5, 4)
    assert Path(path).read_bytes() == before
    with rasterio.open(path) as dataset:
        assert np.array_equal(dataset.read(1), scores)


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
