"""Maps without a network: distances in closed form, edges only where imagery ends, and the form of a network's map."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

from tests.worlds import (
    BANDS,
    CLEAR,
    GRID,
    SIDE,
    WEB_MERCATOR,
    WHOLE,
    World,
    square,
    texture,
    write_mosaic,
    write_subregions,
)
from workflow_scripts import map_baseline, predict_subregion, score_trial, vectorize_candidates
from workflow_scripts.rogi.config import slug
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.imagery.grid import grown, intersection, within
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.trials.baselines import (
    MAKERS,
    TILE_PX,
    Tile,
    distances,
    edge_distance,
    everything,
    tiles_over,
)
from workflow_scripts.rogi.trials.settings import BASELINES, EDGE, EVERYTHING

REACH = 2 * SIDE
FAR = square(0, 0, SIDE)
HALO_M = 100.0
RULES = {
    "threshold": "model", "seed_threshold": None, "connectivity": 4, "max_hole_m2": 0, "min_area_m2": 0,
    "smoothing_m": 0, "units": "none", "unit_max_neck": 1, "unit_flow_compression": 1, "unit_flow_smoothing_m": 0,
    "cut_objects": "keep",
}  # fmt: skip


def to_rim(side: int) -> np.ndarray:
    """Return the distance of each pixel of a square to the nearest pixel beyond it."""
    one = np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1))
    return np.minimum.outer(one, one)


def mosaic(folder: Path, seed: int = 1, hidden: Any = None) -> str:
    """Write a mosaic of which some pixels are hidden."""
    valid = np.ones((SIDE, SIDE), bool)
    if hidden is not None:
        valid[hidden] = False
    return write_mosaic(folder, texture(seed), valid)


def mapped(
    indexes: list[str], ground: shapely.Geometry, tiles: list[Window], reach_px: int = REACH
) -> tuple[np.ndarray, np.ndarray]:
    """Return probability and source of the world, mapped tile by tile."""
    probability, source = np.full((SIDE, SIDE), np.nan), np.zeros((SIDE, SIDE), np.uint8)
    with Imagery(indexes, len(BANDS), None, CLEAR) as imagery:
        for tile in edge_distance(imagery, ground, tiles, reach_px):
            _put(tile, probability, source)
    return probability, source


def _put(tile: Tile, probability: np.ndarray, source: np.ndarray) -> None:
    shared = intersection(tile.window, WHOLE)
    assert shared is not None
    here, there = within(shared, WHOLE), within(shared, tile.window)
    probability[here], source[here] = tile.probability[there], tile.source[there]


def test_distances_in_a_square_are_those_to_its_nearest_side() -> None:
    valid = np.zeros((11, 11), bool)
    valid[1:10, 1:10] = True
    np.testing.assert_array_equal(distances(valid, 100)[1:10, 1:10], to_rim(9))
    np.testing.assert_array_equal(distances(valid, 3)[1:10, 1:10], np.minimum(to_rim(9), 3))
    assert distances(valid, 100)[~valid].max() == 0


def test_a_hidden_pixel_is_an_edge_by_the_straight_line_and_the_rim_of_the_array_none() -> None:
    valid = np.ones((20, 20), bool)
    valid[0, 0] = False
    found = distances(valid, 100)
    assert found[3, 4] == 5
    assert found[19, 19] == pytest.approx(19 * np.sqrt(2))


def test_without_an_edge_all_is_as_far_as_one_looks() -> None:
    assert (distances(np.ones((4, 6), bool), 7) == np.full((4, 6), 7)).all()


def test_a_whole_mosaic_is_likeliest_in_its_middle(tmp_path: Path) -> None:
    probability, source = mapped([mosaic(tmp_path)], FAR, [WHOLE])
    np.testing.assert_allclose(probability, to_rim(SIDE) / (SIDE // 2), rtol=1e-6)
    assert (source == 1).all()


def test_no_value_of_a_pixel_changes_it(tmp_path: Path) -> None:
    hidden = np.s_[100:120, 300:310]
    one, other = (mapped([mosaic(tmp_path / str(seed), seed, hidden)], FAR, [WHOLE])[0] for seed in (1, 2))
    np.testing.assert_array_equal(one, other)
    assert one[110, 300] == 0
    assert one[110, 297] == pytest.approx(3 / one_largest(hidden))


def one_largest(hidden: Any) -> float:
    valid = np.zeros((SIDE + 2, SIDE + 2), bool)
    valid[1:-1, 1:-1] = True
    valid[1:-1, 1:-1][hidden] = False
    return float(distances(valid, REACH).max())


def test_tiles_of_any_size_and_place_give_the_same(tmp_path: Path) -> None:
    index = mosaic(tmp_path, 1, np.s_[200:230, 350:400])
    whole, source = mapped([index], FAR, [WHOLE])
    ends = [(0, 100), (100, 356), (356, SIDE)]
    tiles = [
        Window(WHOLE.col_off + left, WHOLE.row_off + top, right - left, bottom - top)
        for top, bottom in ends
        for left, right in ends
    ]
    for cut in (tiles, [grown(WHOLE, 300)]):
        again = mapped([index], FAR, cut)
        np.testing.assert_array_equal(again[0], whole)
        np.testing.assert_array_equal(again[1], source)


def test_ground_that_imagery_goes_on_beyond_has_no_edge_there(tmp_path: Path) -> None:
    """A strip of 40 pixels along the western edge: its other sides are none, and what lies beyond is no likelier."""
    strip = square(0, 150, 40, 200)
    tile = Window(WHOLE.col_off, WHOLE.row_off + 100, 256, 300)
    probability, _ = mapped([mosaic(tmp_path)], strip, [tile])
    expected = np.minimum((np.arange(256) + 1) / 40, 1)
    np.testing.assert_allclose(probability[150:350, :256], np.tile(expected, (200, 1)), rtol=1e-6)


def test_ground_without_an_edge_in_reach_is_all_likely(tmp_path: Path) -> None:
    middle = square(200, 200, 100)
    tile = Window(WHOLE.col_off + 200, WHOLE.row_off + 200, 100, 100)
    index = mosaic(tmp_path)
    probability, _ = mapped([index], middle, [tile], reach_px=150)
    assert (probability[200:300, 200:300] == 1).all()
    probability, _ = mapped([index], middle, [tile], reach_px=250)
    assert probability[200, 200] == pytest.approx(201 / 250)


def test_pixels_that_a_second_mosaic_fills_are_no_edge(tmp_path: Path) -> None:
    hidden = np.s_[240:260, 240:260]
    indexes = [mosaic(tmp_path / "one", 1, hidden), mosaic(tmp_path / "two", 2)]
    probability, source = mapped(indexes, FAR, [WHOLE])
    np.testing.assert_allclose(probability, to_rim(SIDE) / (SIDE // 2), rtol=1e-6)
    assert (source[hidden] == 2).all()


def test_ground_without_imagery_is_mapped_as_such(tmp_path: Path) -> None:
    away = Window(WHOLE.col_off + 10 * SIDE, WHOLE.row_off, 64, 32)
    with Imagery([mosaic(tmp_path)], len(BANDS), None, CLEAR) as imagery:
        (tile,) = edge_distance(imagery, square(10 * SIDE, 0, 64, 32), [away])
    assert tile.source.shape == tile.probability.shape == (32, 64)
    assert not tile.source.any()
    assert not tile.probability.any()


def test_everything_is_rock_glacier_where_there_is_imagery(tmp_path: Path) -> None:
    hidden = np.s_[5:9, 3:4]
    with Imagery([mosaic(tmp_path, 1, hidden)], len(BANDS), None, CLEAR) as imagery:
        (tile,) = everything(imagery, FAR, [WHOLE])
    assert (tile.probability == 1).all()
    assert np.argwhere(tile.source == 0).tolist() == [[5, 3], [6, 3], [7, 3], [8, 3]]


def test_tiles_cover_an_area_and_leave_out_what_lies_apart_from_it() -> None:
    extent = Window(0, 0, 3 * TILE_PX, TILE_PX + 512)
    corners = [Window(0, 0, 10, 10), Window(2 * TILE_PX + 5, TILE_PX + 5, 10, 10)]
    area = shapely.MultiPolygon([shapely.box(*GRID.bounds(corner)) for corner in corners])
    first, last = tiles_over(area, extent, GRID)
    assert first == Window(0, 0, TILE_PX, TILE_PX)
    assert last == Window(2 * TILE_PX, TILE_PX, TILE_PX, 512)


def test_every_baseline_is_made() -> None:
    assert list(MAKERS) == [slug(name) for name in BASELINES]


def run(world: World, folder: Path, baseline: str, grounds: dict[str, shapely.Geometry], fold: str) -> tuple[str, str]:
    """Map the ground of a fold as the rule does."""
    ground = write_subregions(folder / "ground.gpkg", grounds)
    files = str(folder / "probability.tif"), str(folder / "source.tif")
    map_baseline.main(world.indexes, ground, *files, slug(baseline), fold, **world.imagery, halo_m=HALO_M)
    return files


def test_the_map_has_the_form_and_the_ground_of_a_networks(world: World, tiny_model: Path, tmp_path: Path) -> None:
    west = {"west": square(60, 250, 200, 150)}  # the hole lies in it, and reaches out of it
    files = run(world, tmp_path, EDGE, west, "west")
    theirs = str(tmp_path / "network.tif"), str(tmp_path / "network_source.tif")
    prediction: dict[str, Any] = {
        "mode": "blend", "window_px": 128, "overlap_px": 32, "tprogi_stride_px": 320, "looks": "best",
        "further_looks": None, "test_time": "none", "precision": "float32", "compiled": False,
        "batch_size": 1, "device": "cpu",
    }  # fmt: skip
    predict_subregion.main(
        world.indexes, str(tmp_path / "ground.gpkg"), [str(tiny_model)], [], [], [], theirs[0], theirs[1],
        str(tmp_path / "report.json"), str(tmp_path / ".ledger"), "west", channels=[], missing="nodata",
        clarity={},
        halo_m=HALO_M, prediction=prediction, threads=1, **world.imagery,
    )  # fmt: skip
    for mine, other, nodata in zip(files, theirs, (NODATA, 0), strict=True):
        assert cog_validate(mine) == (True, [], [])
        with rasterio.open(mine) as ours, rasterio.open(other) as expected:
            assert ours.profile == expected.profile
            assert ours.nodata == nodata
            assert ours.tags() == expected.tags()
            assert ours.descriptions == expected.descriptions
            np.testing.assert_array_equal(ours.read(1) == nodata, expected.read(1) == nodata)
            if nodata == 0:
                np.testing.assert_array_equal(ours.read(1), expected.read(1))


def test_the_map_states_distances_from_edge_and_hole(world: World, tmp_path: Path) -> None:
    """In the world of both mosaics, the hole at columns 20 to 90 ends at row 340."""
    south = {"south": square(20, 300, 70, SIDE - 300)}
    probability, _ = run(world, tmp_path, EDGE, south, "south")
    with rasterio.open(probability) as dataset:
        row, column = GRID.position(dataset.bounds.left, dataset.bounds.top)
        found = dataset.read(1)[within(WHOLE, Window(column, row, dataset.width, dataset.height))]
    assert (found[300:340, 20:90] == NODATA).all()
    between = np.minimum(np.arange(1, 173), np.arange(172, 0, -1))  # the hole and the southern rim
    np.testing.assert_array_equal(found[340:, 55], np.rint(FULL * np.minimum(between, 56) / 86))


def test_everything_scores_the_share_of_rock_glacier(world: World, tmp_path: Path) -> None:
    """Through outlines and scores, as the rules do it; the hole counts nowhere."""
    shapes = {"place": square(10, 200, 200, 200)}
    files = run(world, tmp_path, EVERYTHING, shapes, "place")
    ground, known, candidates = (str(tmp_path / f"{name}.gpkg") for name in ("ground", "known", "candidates"))
    inventory = gpd.GeoDataFrame({"uid": ["a"]}, geometry=[square(100, 220, 50, 60)], crs=WEB_MERCATOR)
    write_layers(known, {"rock_glaciers": inventory}, "MultiPolygon")
    vectorize_candidates.main(*files, ground, [], candidates, "place", ["one", "two"], HALO_M, RULES)
    scores, levels = str(tmp_path / "scores.csv"), str(tmp_path / "levels.csv")
    score_trial.main(files[0], candidates, known, ground, scores, levels, "place", RULES, 0.5)
    row = pd.read_csv(scores).iloc[0]
    share = 50 * 60 / (200 * 200 - 40 * 70)
    assert row["area_tp_m2"] / row[["area_tp_m2", "area_fp_m2", "area_fn_m2"]].sum() == pytest.approx(share, rel=2e-3)
    assert row["area_fn_m2"] == 0
    assert row["area_tp_m2"] == pytest.approx(area_m2(inventory.geometry)[0], rel=1e-6)
    assert row[["objects_tp", "objects_fp", "objects_fn"]].tolist() == [0, 1, 1]
    assert pd.read_csv(levels)["level"].unique().tolist() == [FULL]


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_log_says_what_was_mapped(
    world: World, tmp_path: Path, baseline: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="rogi"):
        run(world, tmp_path, baseline, {"west": square(60, 60, 200, 150)}, "west")
    assert f"Mpx mapped as the baseline {slug(baseline)}" in caplog.text
