"""The script that compiles inventories: two layers and a table."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from tests.worlds import SIDE, World, series, square
from workflow_scripts import compile_inventories
from workflow_scripts.rogi.files import read_vector


def entry(folder: Path, name: str, shapes: list[shapely.Geometry]) -> dict[str, Any]:
    path = folder / f"{name}.gpkg"
    ids = [f"{name}{number}" for number in range(len(shapes))]
    gpd.GeoDataFrame({"id": ids}, geometry=series(shapes)).to_crs(4326).to_file(path, engine="pyogrio")
    return {"name": name, "path": str(path), "layer": None, "id_field": "id"}


def run(world: World, folder: Path, inventories: list[dict[str, Any]], negatives: list[dict[str, Any]]) -> None:
    files = [item["path"] for item in inventories], [item["path"] for item in negatives]
    outputs = str(folder / "inventory.gpkg"), str(folder / "quality.csv")
    compile_inventories.main(world.indexes, *files, *outputs, inventories, negatives, 1000.0, 0.6)


def test_layers_table_and_log(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shapes = [square(50, 50, 40), square(52, 50, 40), square(5000, 0, 40), square(200, 200, 60)]
    with caplog.at_level(logging.INFO, "rogi"):
        run(world, tmp_path, [entry(tmp_path, "a", shapes)], [entry(tmp_path, "n", [square(300, 300, 50)])])
    assert caplog.messages == ["2 rock glaciers and 1 negatives kept, 0 repaired, 2 dropped"]
    assert read_vector(tmp_path / "inventory.gpkg", "rock_glaciers")["original_id"].tolist() == ["a0", "a3"]
    assert read_vector(tmp_path / "inventory.gpkg", "negatives")["uid"].tolist() == ["n-0"]
    table = pd.read_csv(tmp_path / "quality.csv", keep_default_na=False)
    assert table["kind"].tolist() == ["rock_glaciers"] * 4 + ["negatives"]
    assert table["reason"].tolist() == ["", "duplicate of a a0", "outside the imagery", "", ""]


def test_a_polygon_at_the_imagerys_edge_counts_as_inside(world: World, tmp_path: Path) -> None:
    inside, beyond = square(SIDE - 2, 100, 40), square(SIDE + 2, 200, 40)
    run(world, tmp_path, [entry(tmp_path, "a", [inside, beyond])], [])
    assert read_vector(tmp_path / "inventory.gpkg", "rock_glaciers")["original_id"].tolist() == ["a0"]


def test_a_study_without_negatives_has_an_empty_layer(world: World, tmp_path: Path) -> None:
    run(world, tmp_path, [entry(tmp_path, "a", [square(50, 50, 40)])], [])
    negatives = read_vector(tmp_path / "inventory.gpkg", "negatives")
    assert negatives.empty
    assert "uid" in negatives.columns


def test_nothing_left_says_why(world: World, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"no training polygon is left: \{'outside the imagery': 2\}; do the inventories"
    ):
        run(world, tmp_path, [entry(tmp_path, "a", [square(9000, 0, 40), square(9000, 900, 40)])], [])
    assert not (tmp_path / "inventory.gpkg").exists()
