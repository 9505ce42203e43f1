"""The script that cuts patches."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.worlds import BANDS, SIDE, WHOLE, World, series, square, write_quad, write_subregions
from workflow_scripts import cut_patches
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.cutting import LeftOut
from workflow_scripts.rogi.training.patches import PatchFile

Run = Callable[..., gpd.GeoDataFrame]
OUTLINES = [square(column, row, 30) for column in (20, 200, 440) for row in (40, 440)]
SETTINGS: dict[str, Any] = {
    "where": "polygons",
    "buffer_m": 40.0,
    "size_px": 48,
    "stride_px": 32,
    "random_terrain_per_rock_glacier": 0,
    "looks": "best",
    "min_valid_share": 0.6,
    "max_poor_share": 0.5,
    "snow_min_dn": 256,
}


def layer(shapes: list[shapely.Geometry], **columns: str) -> gpd.GeoDataFrame:
    uids = [f"{columns['inventory'].lower()}-{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"uid": uids, "area_m2": 1.0} | columns, geometry=series(shapes), crs=3857).to_crs(WGS84)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 6 rock glaciers in view and one outside, a lake, and a subregion, the west."""
    folder = tmp_path_factory.mktemp("drawn")
    rock_glaciers = layer([*OUTLINES, square(SIDE + 400, 0, 30)], inventory="RG")
    for name, negatives in (("with", [square(150, 150, 40)]), ("without", [])):
        layers = {"rock_glaciers": rock_glaciers, "negatives": layer(negatives, inventory="Lakes", kind="water")}
        write_layers(folder / f"{name}_lake.gpkg", layers, geometry_type="MultiPolygon")
    write_subregions(folder / "subregions.gpkg", {"west": square(0, 0, 256, SIDE)})
    return folder


@pytest.fixture
def run(world: World, drawn: Path, tmp_path: Path) -> Run:
    """Return a function that cuts patches with changed settings and returns what became of each."""

    def run(lake: str = "with", images: Sequence[str] = (), seed: int = 1, **more: Any) -> gpd.GeoDataFrame:
        files: dict[str, Any] = {"patches": str(tmp_path / "patches.h5"), "footprints": str(tmp_path / "patches.gpkg")}
        files |= {
            "inventory": str(drawn / f"{lake}_lake.gpkg"),
            "indexes": world.indexes,
            "further_looks": list(images),
        }
        files |= {"subregions": [str(drawn / "subregions.gpkg")], "channels": [], "dem_files": [], "channel_files": []}
        cut_patches.main(**files, **world.imagery, settings=SETTINGS | more, seed=seed)
        return gpd.read_file(tmp_path / "patches.gpkg", layer="patches")

    return run


def test_patches_footprints_and_log_agree(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        table = run()
    used = table[table["used"]]
    with PatchFile(tmp_path / "patches.h5") as store:
        image, channels, label, valid = (part.numpy() for part in store.read(np.arange(len(used))))
    assert store.bands == BANDS
    assert store.channels == []
    assert store.min_valid_share == 0.6
    assert image.shape == (len(used), 3, 48, 48)
    assert channels.shape == (len(used), 0, 48, 48)
    assert valid.mean(axis=(1, 2)) == pytest.approx(used["valid_share"].to_numpy())
    assert label.mean(axis=(1, 2)) == pytest.approx(used["rock_glacier_share"].to_numpy())
    assert (used["valid_share"] >= 0.6).all()
    for column in store.table:
        assert store.table[column].tolist() == used[column].tolist()
    assert set(store.table["kind"]) == {"rock_glacier", "water"}
    left_out = len(table) - len(used)
    expected = f"{len(used)} patches of 7 polygons (6 rock_glacier, 1 water), 0 of them further looks; {left_out} left"
    assert caplog.messages[-1].startswith(expected)
    assert caplog.messages[-1].endswith(f"({left_out} too little imagery); missing values: none")


def test_polygons_without_a_patch_are_named(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        table = run()
    assert (table.loc[table["uid"] == "rg-6", "left_out"] == LeftOut.IMAGERY.value).all()
    assert "1 polygons without a patch of their own: rg-6" in caplog.messages
    polygons = read_vector(tmp_path / "patches.gpkg", "polygons")
    counts = table[table["used"]].groupby("uid").size().reindex(polygons["uid"], fill_value=0)
    assert polygons["patches"].tolist() == counts.tolist()
    assert len(polygons) == 8


def test_no_patch_is_an_error_that_counts_the_causes(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none of (\d+) patches .*: \1 because imagery is missing .* 0 because"):
        run(size_px=2 * SIDE, min_valid_share=0.9)
    assert not (tmp_path / "patches.h5").exists()
    with pytest.raises(
        ValueError, match=r"patches can be used: [1-9]\d* because .*, [1-9]\d* because of cloud, shadow"
    ):
        run(max_poor_share=0.0, snow_min_dn=0)


def test_negatives_are_seen_and_not_labelled(run: Run, tmp_path: Path) -> None:
    table = run()
    lake = table[(table["kind"] == "water") & table["used"]]
    assert len(lake)
    assert (lake["inventory"] == "Lakes").all()
    assert (lake["rock_glacier_share"] == 0).any()


def test_a_study_without_negatives(run: Run, tmp_path: Path) -> None:
    run(lake="without")
    assert len(read_vector(tmp_path / "patches.gpkg", "polygons")) == 7


def test_random_terrain_is_a_polygon_of_its_own(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = run(random_terrain_per_rock_glacier=0.5)
    terrain = table[table["kind"] == "random terrain"]
    assert len(terrain) == 4  # half of 7, rounded to even
    assert (terrain["rock_glacier_share"] == 0).all()
    assert terrain.intersects(square(0, 0, 256, SIDE)).all()
    assert not terrain.intersects(shapely.union_all(OUTLINES)).any()
    polygons = read_vector(tmp_path / "patches.gpkg", "polygons").set_index("uid").to_crs(3857)
    for uid, window in zip(terrain["uid"], terrain.geometry, strict=True):
        assert polygons.geometry[uid].symmetric_difference(window).area < 1
    run(random_terrain_per_rock_glacier=1, size_px=400)
    (warning,) = (record.message for record in caplog.records if record.levelname == "WARNING")
    assert "of 7 places of random terrain: the imagery has no room for more" in warning


def test_everywhere_covers_the_subregions_and_sees_nothing_beyond(run: Run, tmp_path: Path) -> None:
    table = run(where="everywhere", min_valid_share=0.05)
    used = table[table["used"]]
    assert used.union_all().contains(square(0, 0, 256, 290))  # all but the hole and its surroundings
    assert not used.duplicated(["row_off", "col_off"]).any()
    assert set(used["kind"]) == {"rock_glacier", "water", "random terrain"}
    with PatchFile(tmp_path / "patches.h5") as store:
        valid = store.read(np.arange(len(store))).valid.numpy()
    for number, column in enumerate(store.table["col_off"] - WHOLE.col_off):
        assert not valid[number][:, max(256 - column, 0) :].any()


def test_further_looks_are_more_patches_of_the_same_places(run: Run, tmp_path: Path) -> None:
    bands = np.full((4, 200, 200), 100, np.uint8)
    bands[3, :, 150:] = 0
    image = write_quad(tmp_path / "may.tif", bands, WHOLE.col_off, WHOLE.row_off)
    table = run(images=[image])
    may = table[table["look"] == "may"]
    assert may["used"].any()
    assert not may["used"].all()
    composite = table[table["look"] == "composite"].set_index(["uid", "row_off", "col_off"])
    whole = may[may["valid_share"] == 1].set_index(["uid", "row_off", "col_off"])["rock_glacier_share"]
    assert whole.any()
    assert whole.equals(composite["rock_glacier_share"].reindex(whole.index))


def test_the_same_run_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    contents = []
    for seed in (1, 1, 2):
        run(seed=seed, random_terrain_per_rock_glacier=0.5)
        contents.append((tmp_path / "patches.h5").read_bytes())
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]
