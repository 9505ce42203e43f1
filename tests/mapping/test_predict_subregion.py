"""The script that maps one subregion: its raster, its halo, its missing quads."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Geod
from rasterio.windows import Window

from tests.worlds import (
    CLEAR,
    GRID,
    PIXEL,
    QUAD,
    SIDE,
    WHOLE,
    World,
    series,
    square,
    texture,
    write_mosaic,
    write_subregions,
)
from workflow_scripts import predict_subregion
from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.imagery.index import read_index, uncovered, write_index
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.mapping.blend import FULL, NODATA

HALO_M = 150.0
WEST, EAST = square(60, 60, 200, 150), square(260, 60, 200, 150)


@pytest.fixture(scope="module")
def mapped(world: World, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of two neighbouring subregions, mapped."""
    folder = tmp_path_factory.mktemp("mapped")
    subregions = write_subregions(folder / "subregions.gpkg", {"west": WEST, "east": EAST})
    for slug in ("west", "east"):
        run(world.indexes, world.imagery, subregions, tiny_model, folder / slug, slug)
    return {slug: folder / slug for slug in ("west", "east")}


def run(
    indexes: list[str],
    imagery: dict[str, Any],
    subregions: str,
    model: Path,
    out: Path,
    slug: str,
    missing: str = "stop",
) -> None:
    files: dict[str, Any] = {
        "model": str(model),
        "probability": str(out / "probability.tif"),
        "source": str(out / "source.tif"),
    }
    cutting: dict[str, Any] = {"window_px": 128, "overlap_px": 32, "batch_size": 1, "device": "cpu", "threads": 1}
    ground: dict[str, Any] = {"subregion": slug, "missing": missing, "halo_m": HALO_M}
    predict_subregion.main(indexes, subregions, **files, **ground, **imagery, **cutting)


def read(path: Path) -> tuple[np.ndarray, Window]:
    with rasterio.open(path) as dataset:
        row, column = GRID.position(dataset.bounds.left, dataset.bounds.top)
        return dataset.read(1), Window(column, row, dataset.width, dataset.height)


def test_rasters_are_tiled_compressed_and_state_their_nodata(mapped: dict[str, Path]) -> None:
    for name, nodata in (("probability", NODATA), ("source", 0)):
        with rasterio.open(mapped["west"] / f"{name}.tif") as dataset:
            assert dataset.dtypes == ("uint8",)
            assert dataset.nodata == nodata
            assert dataset.crs == GRID.crs
            assert dataset.block_shapes == [(512, 512)]
            assert dataset.compression.name == "deflate"
    with rasterio.open(mapped["west"] / "probability.tif") as dataset:
        assert dataset.tags()["units"] == "probability times 254"


def test_rasters_start_and_end_at_blocks_of_the_global_grid(mapped: dict[str, Path]) -> None:
    for folder in mapped.values():
        scores, window = read(folder / "probability.tif")
        source, same = read(folder / "source.tif")
        assert window == same
        assert all(number % 512 == 0 for number in (window.col_off, window.row_off, window.width, window.height))
        assert np.array_equal(scores == NODATA, source == 0)
        assert scores[scores != NODATA].max() <= FULL


def test_the_halo_is_true_ground(mapped: dict[str, Path]) -> None:
    """Going west from the middle of the border, mapping ends 150 m on the ground away, by the geodesic."""
    scores, window = read(mapped["west"] / "probability.tif")
    row = WHOLE.row_off + 60 + 75 - window.row_off
    first = np.flatnonzero(scores[row] != NODATA)[0] + window.col_off
    edge, border = ((column * PIXEL, -(WHOLE.row_off + 135) * PIXEL) for column in (first, WHOLE.col_off + 60))
    line = series([shapely.LineString([edge, border])]).to_crs(4326).item()
    assert Geod(ellps="WGS84").geometry_length(line) == pytest.approx(HALO_M, abs=PIXEL)


def test_both_sides_of_a_border_agree_where_their_halos_meet(mapped: dict[str, Path]) -> None:
    (one, here), (other, there) = (read(folder / "probability.tif") for folder in mapped.values())
    shared = intersection(here, there)
    assert shared is not None
    one, other = one[within(shared, here)], other[within(shared, there)]
    both = (one != NODATA) & (other != NODATA)
    assert both.sum() > 10_000
    assert np.array_equal(one[both], other[both])


def test_clouded_ground_comes_from_the_second_mosaic(mapped: dict[str, Path]) -> None:
    source, window = read(mapped["east"] / "source.tif")
    row, column = WHOLE.row_off - window.row_off, WHOLE.col_off - window.col_off
    assert source[row + 128, column + 352] == 2
    clear, _ = read(mapped["west"] / "source.tif")
    assert (clear == 1).any()


def test_a_second_run_gives_the_same_bytes(
    world: World, tiny_model: Path, tmp_path: Path, mapped: dict[str, Path]
) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "west")
    for name in ("probability.tif", "source.tif"):
        assert (tmp_path / name).read_bytes() == (mapped["west"] / name).read_bytes()


@pytest.fixture(scope="module")
def gappy(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return two mosaics that both lack the quad at the top right; the second lacks another one too."""
    folder, valid = tmp_path_factory.mktemp("gappy"), np.ones((SIDE, SIDE), bool)
    gaps = {"1": [(0, 1)], "2": [(0, 1), (1, 0)]}
    return [write_mosaic(folder / name, texture(1), valid, missing) for name, missing in gaps.items()]


def test_missing_quads_stop_when_the_config_says_so(
    gappy: list[str], world: World, tiny_model: Path, tmp_path: Path
) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"both": WEST.union(EAST).buffer(100)})
    with pytest.raises(ValueError, match=r"both: 1 quads missing from every mosaic, centred .*Fetch them, or"):
        run(gappy, world.imagery, subregions, tiny_model, tmp_path, "both")
    assert not (tmp_path / "probability.tif").exists()


def test_missing_quads_are_listed_and_become_nodata(
    gappy: list[str], world: World, tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"both": square(60, 60, 400, 300)})
    with caplog.at_level(logging.INFO, "rogi"):
        run(gappy, world.imagery, subregions, tiny_model, tmp_path, "both", missing="nodata")
    place = series([square(QUAD, 0, QUAD).centroid]).to_crs(4326).item()
    assert f"1 quads missing from every mosaic, centred at lon/lat {place.x:.4f}/{place.y:.4f}. They" in caplog.text
    # Of 400 × 300 px, (460 - 256) × (256 - 60) have no imagery.
    share = float(caplog.messages[0].removeprefix("both: ").split(" %")[0])
    assert share == pytest.approx(100 * 204 * 196 / (400 * 300), abs=0.02)
    assert "They become nodata" in caplog.text
    assert "windows computed" in caplog.messages[-1]
    scores, window = read(tmp_path / "probability.tif")
    top, left = WHOLE.row_off + QUAD - window.row_off, WHOLE.col_off + QUAD - window.col_off
    gap = scores[:top, left:]
    assert (gap == NODATA).all()
    for part in (scores[:top, :left], scores[top:, :left], scores[top:, left:]):
        assert (part != NODATA).any()


def test_bare_ground_of_irregular_mosaics_stops_too(
    world: World, tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = write_mosaic(tmp_path / "quads", texture(1), np.ones((SIDE, SIDE), bool), [(0, 1)])
    quads = read_index(index)
    quads.loc[0, "width"] -= 1
    write_index(index, quads, 3)
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"both": square(60, 60, 400, 300)})
    place = series([square(QUAD, 60, 204, 196).centroid]).to_crs(4326).item()
    with (
        caplog.at_level(logging.INFO, "rogi"),
        pytest.raises(ValueError, match=rf"1 places missing .* {place.x:.4f}/{place.y:.4f}\. Fetch"),
    ):
        run([index], world.imagery, subregions, tiny_model, tmp_path, "both")
    assert "% of its area without any imagery" in caplog.messages[0]


def test_no_more_than_fifty_places_are_listed(gappy: list[str]) -> None:
    with Imagery(gappy, 3, None, CLEAR) as imagery:
        # 10 × 10 cells, of which the world holds 4, one missing.
        listed = predict_subregion._listed(imagery, uncovered([imagery.mosaics[0].quads], square(0, 0, 10 * QUAD)))
    assert listed.startswith("97 quads missing")
    assert listed.count("/") == 1 + 50
    assert listed.endswith("; and 47 more")


def test_an_unknown_subregion_is_named_with_those_there_are(world: World, tiny_model: Path, tmp_path: Path) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST, "east": EAST})
    with pytest.raises(ValueError, match="no subregion 'north'; it holds west, east"):
        run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "north")
