"""Channels: closed forms of terrain and rasters, the same values however the imagery is cut, and what is missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.windows import Window

from tests.attributes.surfaces import around, dome, plane, surface_on_grid
from tests.worlds import CLEAR, GRID, PIXEL, WHOLE, World
from workflow_scripts.rogi.attributes.terrain import slope_aspect, to_wgs84
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.imagery import terrain
from workflow_scripts.rogi.imagery.ahead import ReadAhead
from workflow_scripts.rogi.imagery.channels import Channels
from workflow_scripts.rogi.imagery.grid import within
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.terrain import TERRAIN
from workflow_scripts.rogi.raster import RasterError

MIDDLE = GRID.transform(WHOLE) @ (WHOLE.width / 2, WHOLE.height / 2)
CENTRE = to_wgs84(GRID.crs).transform(*MIDDLE)
SEAM = Window(WHOLE.col_off + 190, WHOLE.row_off + 190, 130, 110)
INNER = Window(WHOLE.col_off + 230, WHOLE.row_off + 230, 50, 40)
Write = Callable[..., str]


def declared(**sources: str) -> list[dict[str, Any]]:
    return [{"name": name, "source": source, "relative": False} for name, source in sources.items()]


ALL_TERRAIN = declared(**dict.fromkeys(TERRAIN, "terrain"))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes an array as a GeoTIFF and returns its path."""

    def write(name: str, values: np.ndarray, transform: Affine, crs: object = WGS84, **more: Any) -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        shape = {"height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": str(values.dtype)}
        with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **shape, **more) as dataset:
            dataset.write(values, 1)
        return str(path)

    return write


def rough(size: int = 160) -> np.ndarray:
    """Return heights with voids."""
    rng = np.random.default_rng(3)
    heights = rng.normal(4500, 20, (size, size)).astype(np.float32)
    heights[70:74, 60:90] = -32768
    return heights


def read(channels: Channels, window: Window = WHOLE) -> dict[str, np.ndarray]:
    found = channels.read(window)
    assert found.dtype == np.float32
    assert found.shape == (len(channels.names), window.height, window.width)
    return dict(zip(channels.names, found, strict=True))


@pytest.mark.parametrize(("slope", "aspect"), [(20, 45), (35, 200), (5, 300)])
def test_terrain_of_a_plane(write: Write, slope: float, aspect: float) -> None:
    """On EPSG:3857, whose metres are no metres, from a DEM in degrees."""
    transform = around(CENTRE, 40)
    dem = write("dem.tif", surface_on_grid(plane(slope, aspect), CENTRE, transform, (40, 40), WGS84), transform)
    found = read(Channels(ALL_TERRAIN, GRID, [dem], []), INNER)
    expected = surface_on_grid(
        plane(slope, aspect), CENTRE, GRID.transform(INNER), (INNER.height, INNER.width), GRID.crs
    )
    assert np.abs(found["elevation"] - expected).max() < 0.02
    assert found["slope"] == pytest.approx(np.full(expected.shape, slope), abs=0.05)
    assert found["aspect_sine"] == pytest.approx(np.full(expected.shape, np.sin(np.radians(aspect))), abs=0.003)
    assert found["aspect_cosine"] == pytest.approx(np.full(expected.shape, np.cos(np.radians(aspect))), abs=0.003)
    assert np.abs(found["curvature"]).max() < 0.01
    assert found["roughness"].max() < 1e-6


def test_curvature_of_a_sphere_is_one_over_its_radius_per_km(write: Write) -> None:
    transform = around(CENTRE, 40)
    dem = write("dem.tif", surface_on_grid(dome(8000), CENTRE, transform, (40, 40), WGS84), transform)
    found = read(Channels(declared(curvature="terrain"), GRID, [dem], []), INNER)
    assert np.median(found["curvature"]) == pytest.approx(1 / 8, rel=0.02)


def test_terrain_is_that_of_the_attributes(write: Write) -> None:
    """Where the imagery lies on the DEM's own postings, nothing is interpolated."""
    heights, transform = rough(), around(CENTRE, 160)
    slope, _ = slope_aspect(np.where(heights > 0, heights, np.nan), transform, WGS84)
    grid = type(GRID).of(CRS(WGS84), transform)
    row, column = grid.position(transform.c, transform.f)
    found = Channels(declared(slope="terrain"), grid, [write("dem.tif", heights, transform)], []).read(
        Window(column, row, 160, 160)
    )[0]
    assert np.array_equal(np.isnan(found), np.isnan(slope))
    assert found == pytest.approx(slope, abs=0.02, nan_ok=True)


def test_any_cut_of_the_imagery_has_the_same_values(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, across the borders of the blocks in which terrain is derived."""
    monkeypatch.setattr(terrain, "BLOCK_PX", 24)
    dem, coherence = write("dem.tif", rough(), around(CENTRE, 160)), write("s1.tif", rough(), around(CENTRE, 160))
    entries = [*ALL_TERRAIN, *declared(coherence=coherence)]
    whole = Channels(entries, GRID, [dem], [coherence]).read(WHOLE)
    assert np.isfinite(whole).any()
    assert np.isnan(whole).any()
    cut = Channels(entries, GRID, [dem], [coherence])
    rng = np.random.default_rng(8)
    for _ in range(25):
        (left, top), (width, height) = rng.integers(0, 400, 2), rng.integers(1, 110, 2)
        window = Window(WHOLE.col_off + int(left), WHOLE.row_off + int(top), int(width), int(height))
        assert np.array_equal(cut.read(window), whole[:, *within(window, WHOLE)], equal_nan=True)


def test_the_order_of_tiles_changes_no_bit_and_leaves_no_seam(write: Write) -> None:
    heights, transform = np.where(rough() > 0, rough(), 4500), around(CENTRE, 160)
    halves = [
        write(f"{start}.tif", heights[:, start : start + 80], transform @ Affine.translation(start, 0))
        for start in (0, 80)
    ]
    one_way, other_way = (Channels(ALL_TERRAIN, GRID, files, []).read(WHOLE) for files in (halves, halves[::-1]))
    assert np.array_equal(one_way, other_way, equal_nan=True)
    together = Channels(ALL_TERRAIN, GRID, [write("whole.tif", heights, transform)], []).read(WHOLE)
    assert np.array_equal(one_way, together, equal_nan=True)
    assert np.isfinite(one_way[0]).all()


def test_voids_and_what_lies_outside_are_missing(write: Write) -> None:
    dem = write("dem.tif", rough(60), around((CENTRE[0] - 0.003, CENTRE[1]), 60))
    found = read(Channels(ALL_TERRAIN, GRID, [dem], []))
    assert 0.2 < np.isfinite(found["elevation"]).mean() < 0.8
    for layer in found.values():
        assert np.isnan(layer[:, -60:]).all()
        assert not np.isfinite(layer[np.isnan(found["elevation"])]).any()


def test_a_second_dem_fills_what_the_first_lacks(write: Write) -> None:
    coarse = around(CENTRE, 80) @ Affine.scale(2)
    first = write("first.tif", rough(), around(CENTRE, 160))
    second = write("second.tif", np.full((80, 80), 4321, np.int16), coarse @ Affine.translation(-20, -20))
    names = declared(elevation="terrain")
    alone, both = (read(Channels(names, GRID, files, []))["elevation"] for files in ([first], [first, second]))
    gaps = np.isnan(alone)
    assert gaps.any()
    assert both[gaps] == pytest.approx(4321, abs=0.01)
    assert np.array_equal(both[~gaps], alone[~gaps])


def test_rasters_on_the_pixels_of_the_imagery_are_read_as_they_are(write: Write, rng: np.random.Generator) -> None:
    values = rng.normal(size=(WHOLE.height, WHOLE.width)).astype(np.float32)
    values[5, 9] = -1
    path = write("slope.tif", values, GRID.transform(WHOLE), GRID.crs, nodata=-1)
    found = read(Channels(declared(slope=path), GRID, [], [path]))["slope"]
    assert np.array_equal(found, np.where(values == -1, np.nan, values), equal_nan=True)


def test_rasters_of_any_crs_and_any_number_make_one_layer(write: Write) -> None:
    """A plane in true metres, in two UTM tiles that touch: no gap between them."""
    crs, side = CRS.from_epsg(32644), 40.0
    x, y = rasterio.warp.transform(WGS84, crs, [CENTRE[0]], [CENTRE[1]])
    files = []
    for number, west in enumerate((x[0] - 2000, x[0])):
        transform = Affine(side, 0, west, 0, -side, y[0] + 2000)
        columns, rows = np.meshgrid(west + side * (np.arange(50) + 0.5), y[0] + 2000 - side * (np.arange(100) + 0.5))
        packed = np.round((0.001 * (columns - x[0]) + 0.002 * (rows - y[0])) * 1000).astype(np.int16)
        path = write(f"s1/{number}.tif", packed, transform, crs, nodata=-32768)
        with rasterio.open(path, "r+") as dataset:
            dataset.scales, dataset.offsets = (0.001,), (5.0,)
        files.append(path)
    found = read(Channels(declared(coherence=str(Path(files[0]).parent / "*.tif")), GRID, [], files), SEAM)["coherence"]
    rows, columns = np.mgrid[: SEAM.height, : SEAM.width] + 0.5
    place = np.array(GRID.transform(SEAM) @ (columns, rows))
    east, north = np.array(rasterio.warp.transform(GRID.crs, crs, *place.reshape(2, -1)))
    expected = (5 + 0.001 * (east - x[0]) + 0.002 * (north - y[0])).reshape(found.shape)
    assert found == pytest.approx(expected, abs=0.03)  # half a pixel along the seam is flat


def test_every_channel_takes_the_files_of_its_own_pattern(write: Write, tmp_path: Path) -> None:
    small = np.full((4, 4), 1, np.uint8)
    files = [
        write(name, small * value, around(CENTRE, 160) @ Affine.scale(40))
        for name, value in (("a/x.tif", 1), ("b/x.tif", 2), ("b/y.png.tif", 3))
    ]
    sources = {"one": f"{tmp_path}/a/*.tif", "two": f"{tmp_path}/b/x*.tif", "three": f"{tmp_path}/*/y*"}
    found = Channels(declared(**sources), GRID, [], files).read(Window(WHOLE.col_off, WHOLE.row_off, 2, 2))
    assert found[:, 0, 0].tolist() == [1, 2, 3]


def test_a_raster_without_a_crs_is_refused(write: Write) -> None:
    path = write("bare.tif", np.zeros((3, 3), np.uint8), Affine(PIXEL, 0, 0, 0, -PIXEL, 0), None)
    with pytest.raises(RasterError, match=r"bare\.tif states no coordinate reference system"):
        Channels(declared(slope=path), GRID, [], [path])


def test_terrain_without_a_dem_is_refused() -> None:
    with pytest.raises(RasterError, match=r"none of the 0 DEM tiles can be used: no file was given; check the config"):
        Channels(ALL_TERRAIN, GRID, [], [])


def test_imagery_has_them_in_every_scene_whatever_thread_reads_it(world: World, write: Write) -> None:
    channels = Channels(ALL_TERRAIN, GRID, [write("dem.tif", rough(), around(CENTRE, 160))], [])
    windows = [Window(WHOLE.col_off + 60 * step, WHOLE.row_off + 30 * step, 64, 96) for step in range(7)]

    def opened() -> Imagery:
        return Imagery(world.indexes, 3, None, CLEAR, channels=channels)

    with ReadAhead(opened, 3) as reading:
        for window, scene in reading.scenes(windows):
            assert np.array_equal(scene.channels, channels.read(window), equal_nan=True)
    with Imagery(world.indexes, 3, None, CLEAR) as imagery:
        assert imagery.read(windows[0]).channels.shape == (0, 96, 64)
