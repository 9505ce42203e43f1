"""The script that splits polygons and cuts patches."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.worlds import BANDS, SIDE, World, series, square
from workflow_scripts import cut_patches
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.cutting import LeftOut
from workflow_scripts.rogi.training.patches import PatchFile


def layer(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    columns = {"uid": [f"rg-{number}" for number in range(len(shapes))], "area_m2": [1.0] * len(shapes)}
    return gpd.GeoDataFrame(columns, geometry=series(shapes)).to_crs(WGS84)


def run(
    world: World,
    folder: Path,
    negatives: bool = True,
    method: str = "rock_glacier",
    seed: int = 1,
    outside: bool = True,
    **more: Any,
) -> None:
    rock_glaciers = [square(column, row, 30) for column in range(20, 480, 90) for row in (40, 250, 440)]
    layers = {
        "rock_glaciers": layer([*rock_glaciers, *([square(SIDE + 400, 0, 30)] if outside else [])]),
        "negatives": layer([square(150, 150, 40)] if negatives else []),
    }
    write_layers(folder / "inventory.gpkg", layers, geometry_type="MultiPolygon")
    outputs: dict[str, Any] = {"patches": str(folder / "patches.h5"), "footprints": str(folder / "patches.gpkg")}
    size: dict[str, Any] = {"buffer_m": 40.0, "size_px": 48, "stride_px": 32, "min_valid_share": 0.6}
    split: dict[str, Any] = {"method": method, "validation_share": 0.3, "block_m": 400.0, "seed": seed}
    numbers = size | split | more
    cut_patches.main(str(folder / "inventory.gpkg"), world.indexes, **outputs, **world.imagery, **numbers)


def test_patches_footprints_and_log_agree(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        run(world, tmp_path)
    table = gpd.read_file(tmp_path / "patches.gpkg", layer="patches")
    used = table[table["used"]]
    store = PatchFile(tmp_path / "patches.h5")
    image, label, valid = store.read(np.arange(len(used)))
    store.close()
    assert store.bands == BANDS
    assert store.validation.tolist() == used["validation"].tolist()
    assert image.shape == (len(used), 3, 48, 48)
    assert valid.mean(axis=(1, 2)) == pytest.approx(used["valid_share"].to_numpy())
    assert label.mean(axis=(1, 2)) == pytest.approx(used["rock_glacier_share"].to_numpy())
    assert (used["valid_share"] >= 0.6).all()
    assert not table.loc[table["uid"] == "rg-18", "used"].any()
    # 19 rock glaciers, of which 30 % are 5.7, so 6.
    train, validation = (~used["validation"]).sum(), used["validation"].sum()
    left_out = len(table) - len(used)
    assert f"13 rock glaciers for training, 6 for validation; {train} training and {validation}" in caplog.messages[-1]
    assert caplog.messages[-1].endswith(f"{left_out} left out")


def test_polygons_without_any_patch_are_named(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        run(world, tmp_path)
    table = gpd.read_file(tmp_path / "patches.gpkg", layer="patches")
    assert (table.loc[table["uid"] == "rg-18", "left_out"] == LeftOut.IMAGERY.value).all()
    polygons = read_vector(tmp_path / "patches.gpkg", "polygons")
    for split, validation in (("training", False), ("validation", True)):
        without = set(polygons.loc[polygons["validation"] == validation, "uid"]) - set(table.loc[table["used"], "uid"])
        (line,) = (line for line in caplog.messages if f"{split} polygons without any patch" in line)
        assert line.startswith(f"{len(without)} ")
        assert set(line.partition(": ")[2].split(", ")) - {""} == without
    assert "rg-18" in caplog.text


def test_no_training_patch_is_an_error_that_counts_the_causes(world: World, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"none of (\d+) training patches .*: \1 because imagery is missing .* 0 because"
    ):
        run(world, tmp_path, size_px=2 * SIDE, min_valid_share=0.9)
    assert not (tmp_path / "patches.h5").exists()
    with pytest.raises(ValueError, match=r"patches can be used: 0 because .*, [1-9]\d* because they lie in validation"):
        run(world, tmp_path, negatives=False, outside=False, size_px=200, min_valid_share=0.4, validation_share=0.95)


def test_without_validation_polygons_there_is_a_warning(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(world, tmp_path, validation_share=0.0)
    assert [record.levelname for record in caplog.records if "no polygon is for validation" in record.message] == [
        "WARNING"
    ]


def test_negatives_are_seen_and_not_labelled(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    polygons = read_vector(tmp_path / "patches.gpkg", "polygons")
    assert len(polygons) == 20
    table = gpd.read_file(tmp_path / "patches.gpkg", layer="patches")
    on_negative = table.intersects(square(150, 150, 40)) & (table["rock_glacier_share"] == 0) & table["used"]
    assert on_negative.any()


def test_a_study_without_negatives(world: World, tmp_path: Path) -> None:
    run(world, tmp_path, negatives=False, method="blocks")
    assert len(read_vector(tmp_path / "patches.gpkg", "polygons")) == 19


def test_the_seed_gives_the_same_patches(world: World, tmp_path: Path) -> None:
    contents = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        run(world, tmp_path / name, seed=seed)
        contents.append((tmp_path / name / "patches.h5").read_bytes())
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]
