"""The script that maps one subregion: its raster, its halo, its missing quads."""

import json
import logging
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
import torch
from affine import Affine
from pyproj import Geod
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate
from torch import nn

from tests.architectures import architecture
from tests.rule_files import ROOT
from tests.worlds import (
    CLEAR,
    GRID,
    PIXEL,
    QUAD,
    SCREENING,
    SIDE,
    WHOLE,
    World,
    damage_block,
    series,
    square,
    texture,
    write_mosaic,
    write_quad,
    write_subregions,
)
from workflow_scripts import predict_subregion
from workflow_scripts.rogi.imagery import gaps
from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.imagery.index import index_quads, read_index, uncovered, write_index
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.terrain import TERRAIN
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.ledger import Ledger
from workflow_scripts.rogi.mapping.windows import WindowGrid
from workflow_scripts.rogi.raster import RasterError, write_raster
from workflow_scripts.rogi.training.network import TrainedModel, build, load, save

HALO_M = 150.0
PLACE = WHOLE.col_off, WHOLE.row_off
PREDICTION: dict[str, Any] = {
    "mode": "blend",
    "window_px": 128,
    "overlap_px": 32,
    "tprogi_stride_px": 320,
    "looks": "best",
    "further_looks": None,
    "test_time": "none",
    "precision": "float32",
    "compiled": False,
    "batch_size": 1,
    "device": "cpu",
}
CLARITY = {"min_valid_share": 0.004, "max_poor_share": 0.5, "snow_min_dn": 170}
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
    models: list[Path] | None = None,
    channels: list[dict[str, Any]] | None = None,
    dem: list[str] | None = None,
    channel_files: list[str] | None = None,
    further_looks: list[str] | None = None,
    **how: Any,
) -> None:
    files: dict[str, Any] = {
        "models": [str(path) for path in (models or [model])],
        "further_looks": further_looks or [],
        "dem_files": dem or [],
        "channel_files": channel_files or [],
        "probability": str(out / "probability.tif"),
        "source": str(out / "source.tif"),
        "report": str(out / "prediction.json"),
        "ledger": str(out / ".ledger"),
    }
    ground: dict[str, Any] = {"subregion": slug, "missing": missing, "halo_m": HALO_M, "channels": channels or []}
    ground["clarity"] = CLARITY
    predict_subregion.main(indexes, subregions, **files, **ground, **imagery, prediction=PREDICTION | how, threads=1)


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
    assert {path.name for path in tmp_path.iterdir()} == {
        "probability.tif", "source.tif", "prediction.json", "subregions.gpkg"
    }  # fmt: skip


def test_rasters_are_cloud_optimised_and_have_overviews(mapped: dict[str, Path]) -> None:
    for name in ("probability", "source"):
        path = mapped["west"] / f"{name}.tif"
        valid, errors, warnings = cog_validate(path)
        assert (valid, errors, warnings) == (True, [], [])
        with rasterio.open(path) as dataset:
            assert dataset.overviews(1) == [2] * (max(dataset.shape) > 512)


def test_the_report_tells_what_was_done(mapped: dict[str, Path]) -> None:
    report = json.loads((mapped["west"] / "prediction.json").read_text())
    scores, window = read(mapped["west"] / "probability.tif")
    assert report["pixels"] == np.count_nonzero(scores != NODATA)
    assert report["window_pixels_per_output_pixel"] == pytest.approx((128 / 96) ** 2, abs=1e-4)
    counts = report["windows"]
    assert sum(counts.values()) == WindowGrid(128, 96).count(window)
    assert counts["computed"] > 0 < counts["outside"]
    assert counts["resumed"] == 0
    assert report["precision"] == "torch.float32"
    assert report["device"][-1] == "1 threads"
    assert 0 < report["busy_share"] <= 1
    assert report["window_mpx_per_s"] == pytest.approx(counts["computed"] * 128**2 / 1e6 / report["seconds"], rel=1e-2)
    assert 50 < report["peak_memory_mib"] < 20_000
    assert report["damaged_blocks"] == []


KILLED = """
import json, sys, torch
from workflow_scripts import predict_subregion
from workflow_scripts.rogi.mapping.scorer import Scoring
plain = Scoring.forward
def slow(self, *given):
    __import__("time").sleep(0.05)
    return plain(self, *given)
Scoring.forward = slow
predict_subregion.main(**json.loads(sys.argv[1]))
"""


def test_a_killed_job_goes_on_and_ends_with_the_same_bytes(
    world: World, tiny_model: Path, tmp_path: Path, mapped: dict[str, Path]
) -> None:
    """SIGKILL in the middle: no more than the window under way and the one being kept are computed again."""
    out = tmp_path / "out"
    arguments: dict[str, Any] = {
        "indexes": world.indexes, "models": [str(tiny_model)], "subregion": "west", "missing": "stop",
        "further_looks": [], "dem_files": [], "channel_files": [], "channels": [], "clarity": CLARITY,
        "subregions": write_subregions(tmp_path / "subregions.gpkg", {"west": WEST, "east": EAST}),
        "probability": str(out / "probability.tif"), "source": str(out / "source.tif"),
        "report": str(out / "prediction.json"), "ledger": str(out / ".ledger"),
        "halo_m": HALO_M, "prediction": PREDICTION, "threads": 1,
    }  # fmt: skip
    job = subprocess.Popen([sys.executable, "-c", KILLED, json.dumps(arguments | world.imagery)], cwd=ROOT)
    kept = 0
    while kept < 3:
        assert job.poll() is None, "the job ended before it could be killed"
        time.sleep(0.01)
        if (out / ".ledger").exists():
            with closing(sqlite3.connect(out / ".ledger")) as database, suppress(sqlite3.OperationalError):
                kept = database.execute("SELECT count(*) FROM windows").fetchone()[0]
    job.kill()
    job.wait()
    assert not (out / "probability.tif").exists()
    run(world.indexes, world.imagery, arguments["subregions"], tiny_model, out, "west")
    for name in ("probability.tif", "source.tif"):
        assert (out / name).read_bytes() == (mapped["west"] / name).read_bytes()
    counts, whole = (
        json.loads((folder / "prediction.json").read_text())["windows"] for folder in (out, mapped["west"])
    )
    assert counts["resumed"] >= kept
    assert counts["resumed"] + counts["computed"] == whole["computed"]
    assert not (out / ".ledger").exists()


@pytest.mark.parametrize(
    "change", [{"window_px": 160}, {"precision": "bfloat16"}, {"test_time": "flips"}, {"mode": "tprogi"}]
)
def test_a_ledger_of_other_settings_is_refused(
    world: World, tiny_model: Path, tmp_path: Path, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "discard", Ledger.close)
        run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "west")
    run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "west", **change)
    assert "is of another model, configuration, imagery" in caplog.text
    assert json.loads((tmp_path / "prediction.json").read_text())["windows"]["resumed"] == 0


def test_a_ledger_of_other_imagery_beside_the_extent_is_refused(
    world: World, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Windows see beyond the extent, which ends at column 512 of the world; a quad begins there."""
    index = write_mosaic(tmp_path / "quads", texture(1), np.ones((SIDE, SIDE), bool))
    bands = np.full((4, QUAD, QUAD), 255, np.uint8)
    beside = write_quad(tmp_path / "quads" / "beside.tif", bands, WHOLE.col_off + SIDE, WHOLE.row_off)
    write_index(index, index_quads([*read_index(index)["location"], beside], 3, None, 1), 3)
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"east": square(300, 100, 150, 150)})
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "discard", Ledger.close)
        run([index], world.imagery, subregions, tiny_model, tmp_path, "east")
    _, window = read(tmp_path / "probability.tif")
    assert window.col_off + window.width == WHOLE.col_off + SIDE
    write_quad(beside, bands // 2, WHOLE.col_off + SIDE, WHOLE.row_off)
    run([index], world.imagery, subregions, tiny_model, tmp_path, "east")
    assert "and is begun anew" in caplog.text


def test_an_ensemble_has_its_spread_in_a_second_band(world: World, tiny_model: Path, tmp_path: Path) -> None:
    other = load(tiny_model, ["red", "green", "blue"], [])
    with torch.no_grad():
        for parameter in other.network.parameters():
            parameter.mul_(1.02)
    save(tmp_path / "other.pt", other)
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    found = []
    for models in ([tiny_model], [tmp_path / "other.pt"], [tiny_model, tmp_path / "other.pt"]):
        run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "west", models=models)
        with rasterio.open(tmp_path / "probability.tif") as dataset:
            assert dataset.count == (2 if len(models) == 2 else 1)
            assert dataset.descriptions == ("probability", "spread")[: dataset.count]
            found.append(dataset.read().astype(float))
    one, two, both = found
    inside = one[0] != NODATA
    assert np.array_equal(both[1] == NODATA, ~inside)
    assert np.abs(both[0] - (one[0] + two[0]) / 2)[inside].max() <= 1
    assert np.abs(both[1] - np.abs(one[0] - two[0]) / 2)[inside].max() <= 2
    report = json.loads((tmp_path / "prediction.json").read_text())
    scored_mpx = 2 * report["windows"]["computed"] * 128**2 / 1e6
    assert report["samples_per_pixel"] == 2
    assert report["window_mpx_per_s"] == pytest.approx(scored_mpx / report["seconds"], rel=1e-2)


def test_a_subregion_without_any_imagery_is_empty_and_valid(world: World, tiny_model: Path, tmp_path: Path) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"away": square(5000, 60, 200, 150)})
    run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "away", missing="nodata")
    scores, _ = read(tmp_path / "probability.tif")
    assert (scores == NODATA).all()
    assert cog_validate(tmp_path / "probability.tif")[0]
    report = json.loads((tmp_path / "prediction.json").read_text())
    assert report["pixels"] == report["windows"]["computed"] == 0
    assert report["windows"]["empty"] > 0


def test_damaged_blocks_stop_or_are_counted(tiny_model: Path, tmp_path: Path) -> None:
    index = write_mosaic(tmp_path / "quads", texture(1), np.ones((SIDE, SIDE), bool))
    path = read_index(index)["location"][0]
    damage_block(path, 1, 2)
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    imagery = {"bands": ["red", "green", "blue"], "nodata": None, "screening": SCREENING}
    with pytest.raises(RasterError, match=r"quad_0_0\.tif cannot be read .*damaged_blocks"):
        run([index], imagery | {"damaged": "stop"}, subregions, tiny_model, tmp_path, "west")
    run([index], imagery | {"damaged": "nodata"}, subregions, tiny_model, tmp_path, "west")
    assert json.loads((tmp_path / "prediction.json").read_text())["damaged_blocks"] == [[path, 64, 128]]
    scores, window = read(tmp_path / "probability.tif")
    row, column = WHOLE.row_off + 64 - window.row_off, WHOLE.col_off + 128 - window.col_off
    assert (scores[row : row + 64, column : column + 64] == NODATA).all()


CHANNELS: list[dict[str, Any]] = [
    *({"name": name, "source": "terrain", "relative": name == "elevation"} for name in TERRAIN),
    {"name": "coherence", "source": "*coherence.tif", "relative": False},
]


@pytest.fixture(scope="module")
def above(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return a model of all channels and the files that they are read from: half a DEM, and a coarse raster."""
    folder, rng = tmp_path_factory.mktemp("above"), np.random.default_rng(4)
    heights = rng.normal(4500, 60, (QUAD, QUAD)).astype(np.float32)
    transform = GRID.transform(WHOLE)
    write_raster(folder / "dem.tif", heights, GRID.crs, transform, nodata=-9999)
    coherence = rng.random((20, 20)).astype(np.float32)
    write_raster(folder / "coherence.tif", coherence, GRID.crs, transform @ Affine.scale(SIDE / 20), nodata=-1)
    torch.manual_seed(2)
    made_of = architecture(channels=tuple(channel["name"] for channel in CHANNELS), relative=("elevation",))
    mean = *(120.0,) * 3, 0.0, 45.0, 0.0, 0.0, 0.0, 0.1, 0.5
    std = *(35.0,) * 3, 60.0, 15.0, 0.7, 0.7, 50.0, 0.1, 0.3
    save(folder / "model.pt", TrainedModel(build(made_of), made_of, mean, std, 1.4, 0.3, {}))
    return {
        "model": folder / "model.pt",
        "channels": [entry | {"source": entry["source"].replace("*", f"{folder}/*")} for entry in CHANNELS],
        "dem": [str(folder / "dem.tif")],
        "channel_files": [str(folder / "coherence.tif")],
    }


def test_channels_are_mapped_with_and_neighbours_agree(world: World, above: dict[str, Any], tmp_path: Path) -> None:
    """Also over the edge of the DEM, beyond which terrain is missing."""
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST, "east": EAST})
    for slug in ("west", "east"):
        run(world.indexes, world.imagery, subregions, out=tmp_path / slug, slug=slug, **above)
    (one, place), (other, next_to) = (read(tmp_path / slug / "probability.tif") for slug in ("west", "east"))
    assert place == next_to
    both = (one != NODATA) & (other != NODATA)
    assert both.sum() > 1000
    assert np.array_equal(one[both], other[both])
    assert np.unique(one[one != NODATA]).size > 5


def test_a_ledger_of_another_dem_is_refused(
    world: World, above: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    other = copy(above["dem"][0], tmp_path / "other.tif")
    with rasterio.open(other, "r+") as dataset:
        dataset.write(dataset.read() + np.linspace(0, 5000, QUAD, dtype=np.float32))
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "discard", Ledger.close)
        run(world.indexes, world.imagery, subregions, out=tmp_path, slug="west", **above)
    before = (tmp_path / "probability.tif").read_bytes()
    run(world.indexes, world.imagery, subregions, out=tmp_path, slug="west", **above | {"dem": [str(other)]})
    assert "is of another model, configuration, imagery" in caplog.text
    assert (tmp_path / "probability.tif").read_bytes() != before


def test_the_raster_states_the_threshold_of_its_models(
    world: World, tiny_model: Path, tmp_path: Path, mapped: dict[str, Path]
) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    other = tmp_path / "other.pt"
    save(other, replace(load(tiny_model, ["red", "green", "blue"], []), threshold=0.2))
    run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "west", models=[tiny_model, other])
    for path, expected in ((mapped["west"], 0.5), (tmp_path, 0.35)):
        with rasterio.open(path / "probability.tif") as dataset:
            assert float(dataset.tags()["threshold"]) == pytest.approx(expected)
            assert dataset.tags()["units"] == "probability times 254"


def test_a_model_of_other_channels_is_refused(world: World, above: dict[str, Any], tmp_path: Path) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    fewer = above | {"channels": above["channels"][:2]}
    with pytest.raises(ValueError, match=r"channels elevation, slope, .*, and the imagery has elevation, slope \("):
        run(world.indexes, world.imagery, subregions, out=tmp_path, slug="west", **fewer)


def test_imagery_of_four_bands_is_mapped_with_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that looks at near infrared alone."""
    monkeypatch.setattr("workflow_scripts.rogi.training.network.build", lambda made_of: nn.Conv2d(4, 1, 1, bias=False))
    image = np.concatenate([texture(3), texture(4)[:1]])
    index = write_mosaic(tmp_path / "four", image, np.ones((SIDE, SIDE), bool))
    bands = ["red", "green", "blue", "nir"]
    network = nn.Conv2d(4, 1, 1, bias=False)
    network.load_state_dict({"weight": torch.tensor([0.0, 0.0, 0.0, 1.0]).view(1, 4, 1, 1)})
    model = TrainedModel(network, architecture(bands=tuple(bands)), (110.0,) * 4, (35.0,) * 4, 2.0, 0.5, {})
    save(tmp_path / "model.pt", model)
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    imagery = {"bands": bands, "nodata": None, "damaged": "stop", "screening": SCREENING}
    run([index], imagery, subregions, tmp_path / "model.pt", tmp_path, "west")
    scores, place = read(tmp_path / "probability.tif")
    shared = intersection(place, WHOLE)
    assert shared is not None
    found, near_infrared = scores[within(shared, place)], image[3][within(shared, WHOLE)].astype(float)
    expected = FULL / (1 + np.exp(-(near_infrared - 110) / 35 / 2))
    mapped = found != NODATA
    assert mapped.sum() > 1000
    assert np.abs(found - expected)[mapped].max() <= 1


def test_other_dates_count_as_much_as_the_composite_and_poor_ones_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that looks at red alone."""
    monkeypatch.setattr("workflow_scripts.rogi.training.network.build", lambda made_of: nn.Conv2d(3, 1, 1, bias=False))
    network = nn.Conv2d(3, 1, 1, bias=False)
    network.load_state_dict({"weight": torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)})
    save(tmp_path / "model.pt", TrainedModel(network, architecture(), (110.0,) * 3, (35.0,) * 3, 2.0, 0.5, {}))
    composite, alpha = texture(3), np.full((1, SIDE, SIDE), 255, np.uint8)
    index = write_mosaic(tmp_path / "composite", composite, np.ones((SIDE, SIDE), bool))
    seen = {"north": (texture(4), 200), "all": (texture(5), SIDE), "cloudy": (np.full((3, SIDE, SIDE), 245), SIDE)}
    dates = [
        write_quad(tmp_path / f"{name}.tif", np.concatenate([image, alpha])[:, :rows].astype(np.uint8), *PLACE)
        for name, (image, rows) in seen.items()
    ]
    sliver = np.concatenate([texture(6), alpha])[:, :1, :60]  # 60 of the 128² pixels of a window, less than 0.4 %
    dates.append(write_quad(tmp_path / "sliver.tif", sliver, PLACE[0] + 100, PLACE[1] + 100))
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    imagery = {"bands": ["red", "green", "blue"], "nodata": None, "damaged": "stop", "screening": SCREENING}
    run([index], imagery, subregions, tmp_path / "model.pt", tmp_path, "west", further_looks=dates)
    scores, place = read(tmp_path / "probability.tif")
    shared = intersection(place, WHOLE)
    assert shared is not None
    found = scores[within(shared, place)]
    one, north, whole = (
        (FULL / (1 + np.exp(-(image[0].astype(float) - 110) / 35 / 2)))[within(shared, WHOLE)]
        for image in (composite, seen["north"][0], seen["all"][0])
    )
    both = np.arange(WHOLE.row_off, WHOLE.row_off + SIDE)[within(shared, WHOLE)[0]] < WHOLE.row_off + 200
    expected = np.where(both[:, np.newaxis], one / 2 + north / 4 + whole / 4, one / 2 + whole / 2)
    mapped = found != NODATA
    assert mapped[both].any()
    assert mapped[~both].any()
    assert np.abs(found - expected)[mapped].max() <= 1.5
    windows = json.loads((tmp_path / "prediction.json").read_text())["windows"]
    assert windows["computed"] < windows["looks"] < 2 * windows["computed"]


def test_a_model_of_other_bands_is_refused(world: World, tiny_model: Path, tmp_path: Path) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST})
    imagery = world.imagery | {"bands": ["red", "green"]}
    with pytest.raises(ValueError, match=r"trained on the bands red, green, blue, and the imagery has red, green"):
        run(world.indexes, imagery, subregions, tiny_model, tmp_path, "west")


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
    assert "9 skipped without imagery; 0 damaged blocks" in caplog.messages[-1]
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
        listed = gaps._listed(imagery, uncovered([imagery.mosaics[0].quads], square(0, 0, 10 * QUAD)))
    assert listed.startswith("97 quads missing")
    assert listed.count("/") == 1 + 50
    assert listed.endswith("; and 47 more")


def test_an_unknown_subregion_is_named_with_those_there_are(world: World, tiny_model: Path, tmp_path: Path) -> None:
    subregions = write_subregions(tmp_path / "subregions.gpkg", {"west": WEST, "east": EAST})
    with pytest.raises(ValueError, match="no subregion 'north'; it holds west, east"):
        run(world.indexes, world.imagery, subregions, tiny_model, tmp_path, "north")
