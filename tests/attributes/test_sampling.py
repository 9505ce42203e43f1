"""Values of maps at markers, and the nearest valid cell on true ground."""

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from pyproj import Geod, Transformer
from shapely import Point

from tests.attributes.conftest import WriteTile
from workflow_scripts.rogi.attributes import sampling
from workflow_scripts.rogi.attributes.sampling import sample, sample_nearest_valid

# rasterstats still multiplies transforms with *
pytestmark = pytest.mark.filterwarnings("ignore:Use .@. matmul:PendingDeprecationWarning")

POLAR = "EPSG:3995"
NODATA = -9999.0


def points(*coordinates: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(xy) for xy in coordinates], crs="EPSG:4326")


@pytest.fixture
def degrees_map(write_tile: WriteTile) -> str:
    values = np.array([[1.0, 2.0], [3.0, NODATA]], "float32")
    return write_tile("map.tif", values, Affine(1, 0, 78, 0, -1, 36), nodata=NODATA)


def polar_map(write_tile: WriteTile, marker: tuple[float, float], values: np.ndarray, **more: object) -> str:
    """Write a map of 1 km cells whose middle cell has its centre under a marker."""
    x, y = Transformer.from_crs(4326, POLAR, always_xy=True).transform(*marker)
    half = values.shape[0] / 2 * 1000
    transform = Affine(1000, 0, x - half, 0, -1000, y + half)
    return write_tile("magt.tif", values.astype("float32"), transform, POLAR, **more)


def test_nearest_takes_the_cell_and_bilinear_mixes(degrees_map: str, write_tile: WriteTile) -> None:
    markers = points((78.9, 35.9), (78.5, 34.5), (79.5, 34.5), (10, 10))
    np.testing.assert_array_equal(sample(markers, degrees_map, "nearest"), [1, 3, np.nan, np.nan])
    even = write_tile("even.tif", np.array([[1, 2], [3, 4]], "float32"), Affine(1, 0, 78, 0, -1, 36), nodata=NODATA)
    assert sample(points((78.75, 35.25)), even, "bilinear")[0] == pytest.approx(1 + 0.25 * 1 + 0.25 * 2)


def test_markers_in_another_crs_are_brought_to_the_map(degrees_map: str) -> None:
    assert sample(points((78.5, 34.5)).to_crs(3857), degrees_map, "nearest").tolist() == [3]


def test_no_markers_give_no_values(degrees_map: str) -> None:
    assert sample(points(), degrees_map, "nearest").shape == (0,)


def test_the_own_cell_has_distance_0(write_tile: WriteTile) -> None:
    marker = (79.2, 35.1)
    path = polar_map(write_tile, marker, np.arange(9.0).reshape(3, 3), nodata=NODATA)
    values, distances = sample_nearest_valid(points(marker, (80.9, 35.1)), path, 500)
    np.testing.assert_array_equal(values, [4, np.nan])
    np.testing.assert_array_equal(distances, [0, np.nan])


@pytest.mark.parametrize("stated", [{"nodata": NODATA}, {}])
def test_the_nearest_valid_cell_is_found_in_true_metres(write_tile: WriteTile, stated: dict[str, float]) -> None:
    marker, values = (79.2, 35.1), np.full((21, 21), NODATA)
    values[10, 13], values[6, 10] = -3.5, -1.0
    path = polar_map(write_tile, marker, values, **stated)
    x, y = Transformer.from_crs(4326, POLAR, always_xy=True).transform(*marker)
    there = Transformer.from_crs(POLAR, 4326, always_xy=True).transform(x + 3000, y)
    expected = Geod(ellps="WGS84").inv(*marker, *there)[2]
    assert expected == pytest.approx(3000 / 1.236, rel=0.01)  # the map's scale at 35° N
    found, distances = sample_nearest_valid(points(marker), path, 5000)
    assert found.tolist() == [-3.5]
    assert distances[0] == pytest.approx(expected, abs=0.1)


def test_beyond_the_radius_there_is_nothing(write_tile: WriteTile) -> None:
    marker, values = (79.2, 35.1), np.full((21, 21), NODATA)
    values[10, 13] = -3.5
    path = polar_map(write_tile, marker, values, nodata=NODATA)
    for radius, valid in ((2400, False), (2460, True)):
        found, distances = sample_nearest_valid(points(marker), path, radius)
        assert np.isfinite([found[0], distances[0]]).tolist() == [valid, valid]


def test_a_marker_just_outside_the_map_takes_its_edge(write_tile: WriteTile) -> None:
    marker = (79.2, 35.1)
    path = polar_map(write_tile, marker, np.full((3, 3), -2.0), nodata=NODATA)
    x, y = Transformer.from_crs(4326, POLAR, always_xy=True).transform(*marker)
    outside = Transformer.from_crs(POLAR, 4326, always_xy=True).transform(x - 3000, y)
    values, distances = sample_nearest_valid(points(outside), path, 5000)
    assert values.tolist() == [-2]
    assert distances[0] == pytest.approx(2000 / 1.236, rel=0.01)


def test_many_markers_give_what_each_gives_alone(write_tile: WriteTile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading tile by tile changes nothing, whatever the tiles."""
    rng = np.random.default_rng(5)
    values = np.where(rng.random((60, 60)) < 0.7, NODATA, rng.uniform(-9, 2, (60, 60)))
    path = polar_map(write_tile, (79.2, 35.1), values, nodata=NODATA)
    markers = points(*zip(rng.uniform(78.9, 79.6, 40), rng.uniform(34.8, 35.4, 40), strict=True), (-60, -70))
    whole = sample_nearest_valid(markers, path, 4000)
    singly = np.array([np.ravel(sample_nearest_valid(markers.iloc[[row]], path, 4000)) for row in range(41)]).T
    np.testing.assert_array_equal(whole, singly)
    monkeypatch.setattr(sampling, "TILE_PX", 7)
    np.testing.assert_array_equal(sample_nearest_valid(markers, path, 4000), whole)
    assert np.isfinite(whole[0][:-1]).any()
    assert np.isnan(whole[0][-1])


def test_bilinear_beside_nodata_takes_the_nearest_cell(degrees_map: str) -> None:
    assert sample(points((78.9, 34.9)), degrees_map, "bilinear").tolist() == [3]


def test_a_map_without_crs_is_refused(write_tile: WriteTile) -> None:
    path = write_tile("bare.tif", np.ones((2, 2), "float32"), Affine(1, 0, 78, 0, -1, 36), crs=None)
    for read in (lambda: sample(points((78.5, 35.5)), path, "nearest"),
                 lambda: sample_nearest_valid(points((78.5, 35.5)), path, 100)):  # fmt: skip
        with pytest.raises(ValueError, match=r"bare.tif states no coordinate reference system; assign the right one"):
            read()
