"""DEM tiles: what is read where, across seams, from zips, and where there is nothing."""

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer

from tests.attributes.conftest import WriteTile
from workflow_scripts.rogi.attributes.elevation import VOID, Mosaic, gdal_name, open_mosaics
from workflow_scripts.rogi.raster import RasterError

DEGREES = Affine(0.1, 0, 79, 0, -0.1, 36)


def nasadem(folder: Path, latitude: int, longitude: int, heights: np.ndarray) -> str:
    name = f"n{latitude:02d}e{longitude:03d}"
    path = folder / f"NASADEM_HGT_{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.num", b"\x00")
        archive.writestr(f"{name}.hgt", heights.astype(">i2").tobytes())
    return str(path)


def read_box(mosaic: Mosaic, bounds: tuple[float, float, float, float], halo_px: int) -> tuple[np.ndarray, Affine]:
    """Return elevations round a longitude-latitude box, and the transform of the first pixel."""
    box = Transformer.from_crs(4326, mosaic.crs, always_xy=True).transform_bounds(*bounds)
    window = mosaic.window(box, halo_px)
    return mosaic.read(window), mosaic.transform_of(window)


@pytest.fixture
def two_degrees(tmp_path: Path) -> list[str]:
    """Two SRTM tiles of 3 arc seconds side by side, whose heights count the columns from 79° E; the west has voids."""
    columns = np.broadcast_to(np.arange(1201), (1201, 1201))
    west = columns.copy()
    west[600, 1200] = west[600, 1190] = VOID
    return [nasadem(tmp_path, 35, 79, west), nasadem(tmp_path, 35, 80, columns + 1200)]


def test_adjacent_degree_tiles_share_one_column_and_make_one_grid(two_degrees: list[str]) -> None:
    (mosaic,) = open_mosaics(two_degrees)
    heights, transform = read_box(mosaic, (79.99, 35.4, 80.01, 35.41), halo_px=0)
    first = round((transform.c + transform.a / 2 - 79) * 1200)
    assert (heights == first + np.arange(heights.shape[1])).all()
    assert heights.shape[1] > 24


def test_a_void_is_nan_unless_the_next_tile_knows_the_height(two_degrees: list[str]) -> None:
    for paths in (two_degrees, two_degrees[::-1]):
        (mosaic,) = open_mosaics(paths)
        heights = mosaic.read(mosaic.window((79.99, 35.4999, 80.0, 35.5001), 2))
        assert np.isnan(heights).sum() == 1  # column 1190; the shared column 1200 is read from the eastern tile


def test_a_box_outside_all_tiles_is_nan(two_degrees: list[str]) -> None:
    (mosaic,) = open_mosaics(two_degrees)
    heights, _ = read_box(mosaic, (90.0, 20.0, 90.01, 20.01), halo_px=3)
    assert heights.shape[0] >= 18
    assert np.isnan(heights).all()


def test_a_box_over_the_edge_is_half_nan(write_tile: WriteTile, two_degrees: list[str]) -> None:
    (mosaic,) = open_mosaics([write_tile("dem.tif", np.ones((10, 10), "int16"), DEGREES)])
    heights, transform = read_box(mosaic, (78.5, 35.5, 79.5, 35.9), halo_px=0)
    inside = transform.c + transform.a * (np.arange(heights.shape[1]) + 0.5) > 79
    assert (np.isfinite(heights) == inside).all()


def test_halo_is_added_on_every_side(write_tile: WriteTile) -> None:
    (mosaic,) = open_mosaics([write_tile("dem.tif", np.ones((10, 10), "int16"), DEGREES)])
    bare, there = read_box(mosaic, (79.41, 35.41, 79.49, 35.49), halo_px=0)
    wide, origin = read_box(mosaic, (79.41, 35.41, 79.49, 35.49), halo_px=2)
    assert bare.shape == (1, 1)
    assert wide.shape == (5, 5)
    assert (there.c - origin.c, origin.f - there.f) == pytest.approx((0.2, 0.2))


def test_stated_nodata_nan_and_the_srtm_void_are_missing_and_zero_is_a_height(write_tile: WriteTile) -> None:
    heights = np.array([[0, -1, VOID, np.nan]] * 4, "float32")
    (mosaic,) = open_mosaics([write_tile("dem.tif", heights, DEGREES, nodata=-1.0)])
    (bare,) = open_mosaics([write_tile("bare.tif", heights, DEGREES)])
    box = (79.01, 35.61, 79.39, 35.99)
    np.testing.assert_array_equal(read_box(mosaic, box, 0)[0][0], [0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(read_box(bare, box, 0)[0][0], [0, -1, np.nan, np.nan])


def test_tiles_on_other_grids_make_other_mosaics(write_tile: WriteTile) -> None:
    heights = np.ones((4, 4), "int16")
    shifted = Affine(0.1, 0, 79.45, 0, -0.1, 36)  # half a pixel off
    utm = Affine(30, 0, 500000, 0, -30, 3900000)
    paths = [
        write_tile("a.tif", heights, DEGREES),
        write_tile("b.tif", heights, shifted),
        write_tile("c.tif", heights, utm, "EPSG:32644"),
        write_tile("d.tif", heights, Affine(0.1, 0, 79.4, 0, -0.1, 36)),
    ]
    assert [len(mosaic.tiles) for mosaic in open_mosaics(paths)] == [2, 1, 1]


def test_a_projected_dem_is_found_by_longitude_and_latitude(write_tile: WriteTile) -> None:
    transform = Affine(30, 0, 500000, 0, -30, 3900000)
    path = write_tile("utm.tif", np.arange(10000, dtype="int32").reshape(100, 100), transform, "EPSG:32644")
    (mosaic,) = open_mosaics([path])
    heights, there = read_box(mosaic, (81.01, 35.23, 81.011, 35.231), halo_px=0)
    row, column = round((3900000 - there.f) / 30), round((there.c - 500000) / 30)
    assert heights[0, 0] == row * 100 + column


def test_a_tile_that_cannot_be_used_is_named_and_the_others_go_on(
    write_tile: WriteTile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    good = write_tile("good.tif", np.ones((4, 4), "int16"), DEGREES)
    assert len(open_mosaics([str(tmp_path / "broken.zip"), good])) == 1
    assert "broken.zip is not a readable zip file" in caplog.text


def test_no_usable_tile_is_an_error_that_says_why(write_tile: WriteTile, tmp_path: Path) -> None:
    lost = write_tile("lost.tif", np.ones((4, 4), "int16"), DEGREES, crs=None)
    turned = write_tile("turned.tif", np.ones((4, 4), "int16"), Affine(0.1, 0.05, 79, 0.05, -0.1, 36))
    with pytest.raises(RasterError, match=r"none of the 2 DEM tiles .*lost.tif states no .*turned.tif is rotated"):
        open_mosaics([lost, turned])


def test_a_zip_without_dem_and_a_truncated_tile_are_errors(tmp_path: Path, write_tile: WriteTile) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(RasterError, match=r"x.zip holds no \.hgt or \.tif file"):
        gdal_name(str(tmp_path / "x.zip"))
    whole = Path(write_tile("cut.tif", np.ones((400, 400), "int16"), Affine(0.001, 0, 79, 0, -0.001, 36)))
    whole.write_bytes(whole.read_bytes()[:5000])
    (mosaic,) = open_mosaics([str(whole)])
    with pytest.raises(RasterError, match=r"cut.tif is damaged.*fetch it again"):
        read_box(mosaic, (79.0, 35.61, 79.39, 35.99), 0)


def set_unit(path: str, unit: str, scale: float = 1, offset: float = 0) -> str:
    with rasterio.open(path, "r+") as dataset:
        dataset.units, dataset.scales, dataset.offsets = (unit,), (scale,), (offset,)
    return path


@pytest.mark.parametrize(
    ("unit", "metres"), [("m", 1), ("metre", 1), ("ft", 0.3048), ("foot", 0.3048), ("US survey foot", 1200 / 3937)]
)
def test_heights_in_feet_by_the_files_own_metadata_are_read_as_metres(
    write_tile: WriteTile, unit: str, metres: float
) -> None:
    heights = np.array([[10000, VOID], [0, -100]], "int16")
    (mosaic,) = open_mosaics([set_unit(write_tile("dem.tif", heights, DEGREES), unit)])
    found = read_box(mosaic, (79.01, 35.81, 79.19, 35.99), 0)[0]
    np.testing.assert_allclose(found, [[10000 * metres, np.nan], [0, -100 * metres]])


def test_an_unknown_unit_is_refused(write_tile: WriteTile) -> None:
    path = set_unit(write_tile("dem.tif", np.ones((4, 4), "int16"), DEGREES), "fathom")
    with pytest.raises(RasterError, match=r"dem.tif has heights in 'fathom'; expected metres or feet"):
        open_mosaics([path])


def test_scale_and_offset_of_the_file_count(write_tile: WriteTile) -> None:
    path = set_unit(write_tile("dem.tif", np.full((4, 4), 100, "int16"), DEGREES), "", 0.1, 4000)
    (mosaic,) = open_mosaics([path])
    assert read_box(mosaic, (79.01, 35.91, 79.09, 35.99), 0)[0].tolist() == [[4010.0]]


@pytest.fixture
def index_of_two(two_degrees: list[str], tmp_path: Path) -> Path:
    """A tile index in a folder of its own, with one path relative to it and one absolute."""
    folder = tmp_path / "index"
    folder.mkdir()
    places = [f"../{Path(two_degrees[0]).name}", two_degrees[1]]
    boxes = [shapely.box(79, 35, 80, 36), shapely.box(80, 35, 81, 36)]
    gpd.GeoDataFrame({"location": places}, geometry=boxes, crs=4326).to_file(folder / "dem.gpkg")
    return folder / "dem.gpkg"


def test_a_tile_index_is_the_mosaic_of_its_tiles(index_of_two: Path, two_degrees: list[str]) -> None:
    (by_index,), (by_tiles,) = open_mosaics([str(index_of_two)]), open_mosaics(two_degrees)
    window = by_tiles.window((79.99, 35.4, 80.01, 35.41), 2)
    np.testing.assert_array_equal(by_index.read(window), by_tiles.read(window))
    assert len(by_index.tiles) == 2


def test_a_vector_file_without_locations_is_no_tile_index(tmp_path: Path) -> None:
    path = tmp_path / "glaciers.gpkg"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(79, 35, 80, 36)], crs=4326).to_file(path)
    with pytest.raises(RasterError, match=r"glaciers.gpkg is no index .* no field 'location' but name; .*gdaltindex"):
        open_mosaics([str(path)])


def test_a_virtual_raster_is_read_through_gdal(write_tile: WriteTile, tmp_path: Path) -> None:
    write_tile("dem.tif", np.arange(100, dtype="int16").reshape(10, 10), DEGREES)
    band = """<VRTRasterBand dataType="Int16" band="1"><SimpleSource><SourceBand>1</SourceBand>
        <SourceFilename relativeToVRT="1">dem.tif</SourceFilename></SimpleSource></VRTRasterBand>"""
    (tmp_path / "dem.vrt").write_text(
        f"""<VRTDataset rasterXSize="10" rasterYSize="10"><SRS>EPSG:4326</SRS>
        <GeoTransform>79, 0.1, 0, 36, 0, -0.1</GeoTransform>{band}</VRTDataset>"""
    )
    (mosaic,) = open_mosaics([str(tmp_path / "dem.vrt")])
    assert read_box(mosaic, (79.31, 35.51, 79.39, 35.59), 0)[0].tolist() == [[43.0]]
