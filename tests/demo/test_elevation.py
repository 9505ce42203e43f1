import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from scipy import ndimage

from workflow_scripts.rogi.demo.elevation import POSTS, VOID, tile_corner, write_tiles
from workflow_scripts.rogi.demo.scene import Scene


def read(path: str, suffix: str, kind: str) -> np.ndarray:
    stem = Path(path).stem.removeprefix("NASADEM_HGT_")
    with zipfile.ZipFile(path) as archive:
        return np.frombuffer(archive.read(f"{stem}.{suffix}"), kind).reshape(POSTS, POSTS)


@pytest.fixture(scope="module")
def north_tile(world: dict[str, Any]) -> np.ndarray:
    return read(world["dem_tiles"][1], "hgt", ">i2")


def test_tiles_are_known_by_their_names() -> None:
    assert tile_corner("x/NASADEM_HGT_n35e079.zip") == (79, 35)
    assert tile_corner("NASADEM_HGT_s07w122.zip") == (-122, -7)
    with pytest.raises(ValueError, match=r"srtm\.zip is not named like a NASADEM tile"):
        tile_corner("srtm.zip")


def test_zips_hold_what_nasadems_hold(world: dict[str, Any]) -> None:
    for path in world["dem_tiles"]:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename.split(".")[1]: info.file_size for info in archive.infolist()}
        assert sizes == {"hgt": 3601 * 3601 * 2, "num": 3601 * 3601, "swb": 3601 * 3601}


def test_gdal_reads_them_in_place(world: dict[str, Any]) -> None:
    with rasterio.open(f"zip://{world['dem_tiles'][1]}!n35e079.hgt") as tile:
        assert tile.crs.to_epsg() == 4326
        assert tile.nodata == VOID
        assert tile.bounds.left == pytest.approx(79 - 0.5 / 3600)


def test_neighbours_share_a_row(world: dict[str, Any], north_tile: np.ndarray) -> None:
    south_tile = read(world["dem_tiles"][0], "hgt", ">i2")
    np.testing.assert_array_equal(south_tile[0], north_tile[-1])
    assert (south_tile[0] != VOID).sum() > 1000


def test_heights_are_known_a_tenth_of_a_degree_around_the_imagery(scene: Scene, north_tile: np.ndarray) -> None:
    west, _, east, north = scene.frame.bounds_lonlat()
    rows = round((36 - (north + 0.1)) * 3600), POSTS - 1
    columns = round((west - 0.1 - 79) * 3600), round((east + 0.1 - 79) * 3600)
    near = north_tile[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
    assert near.min() > 4000
    assert near.max() < 7000
    assert (north_tile[: rows[0] - 60] == VOID).all()


def sampled(tile: np.ndarray, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    return ndimage.map_coordinates(tile.astype(float), [(36 - latitude) * 3600, (longitude - 79) * 3600], order=1)


def test_rock_glaciers_run_downhill_and_have_a_front(scene: Scene, north_tile: np.ndarray) -> None:
    drops = []
    for tongue in scene.landforms.rock_glaciers:
        line = tongue.line[3:-3]
        ahead = line[-1] + (line[-1] - line[-4]) / 3 * np.arange(1, 11)[:, None]  # 100 m beyond the front
        profile = sampled(north_tile, *scene.frame.lonlat(*np.concatenate([line, ahead]).T))
        on, beyond = profile[: len(line)], profile[len(line) :]
        assert on[0] > on[-1]
        assert np.polyfit(np.arange(len(on)), on, 1)[0] < 0
        drops.append((on[-8] - beyond[-1]) / 180)
    assert np.median(drops) > 0.2  # steeper than the ground that they lie on


def test_rock_glaciers_are_some_twenty_metres_thick(scene: Scene, world: dict[str, Any]) -> None:
    added = scene.surface - scene.relief.height
    x, y = scene.frame.coarse_pixels(1), scene.frame.coarse_pixels(0)
    for tongue in scene.landforms.rock_glaciers:
        body = tongue.outline.buffer(-50 / scene.frame.pixel_m)
        west, north, east, south = tongue.outline.bounds
        window = np.ix_((y > north) & (y < south), (x > west) & (x < east))
        assert 12 < added[window].max() < 45, body.area


def test_lakes_are_flagged_as_water(scene: Scene, world: dict[str, Any]) -> None:
    water = read(world["dem_tiles"][1], "swb", "u1")
    assert set(np.unique(water)) == {0, 255}
    np.testing.assert_array_equal(read(world["dem_tiles"][1], "num", "u1") == 0, water == 255)
    lakes = gpd.read_file(world["negatives"]).query("kind == 'lake'")
    for point in lakes.representative_point():
        assert water[round((36 - point.y) * 3600), round((point.x - 79) * 3600)] == 255


def test_a_missing_tile_is_an_error(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"need NASADEM tiles at \[\(79, 34\)\], which were not asked for"):
        write_tiles(scene, [str(tmp_path / "NASADEM_HGT_n35e079.zip")])
