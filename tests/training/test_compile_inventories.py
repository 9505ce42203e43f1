"""The script that compiles inventories: layers, tables, and the loop from a review to the next training."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from affine import Affine

from tests.review.scene import edit, write
from tests.training.inventories.entries import TAKE_ALL, entry
from tests.worlds import SIDE, WEB_MERCATOR, World, series, square
from workflow_scripts import compile_inventories
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.raster import write_raster


def stated(folder: Path, name: str, shapes: list[shapely.Geometry], **more: Any) -> dict[str, Any]:
    """Write an inventory in degrees, its shapes given in the imagery's CRS, and return its entry."""
    ids = [f"{name}{number}" for number in range(len(shapes))]
    frame = gpd.GeoDataFrame({"id": ids}, geometry=series(shapes)).to_crs(4326)
    frame.to_file(folder / f"{name}.gpkg", engine="pyogrio")
    return entry(folder / f"{name}.gpkg", name, **({"id_field": "id"} | more))


def run(
    world: World,
    folder: Path,
    inventories: list[dict[str, Any]],
    negatives: list[dict[str, Any]] | None = None,
    reviews: list[str] | None = None,
    draw: dict[str, Any] = TAKE_ALL,
    duplicates: str = "first",
) -> None:
    compile_inventories.main(
        indexes=world.indexes,
        inventory_files=[],
        negative_files=[],
        review_files=reviews or [],
        sidecars=[],
        inventory=str(folder / "inventory.gpkg"),
        quality=str(folder / "quality.csv"),
        summary=str(folder / "inventories.csv"),
        inventories=inventories,
        negatives=negatives or [],
        min_area_m2=1000.0,
        duplicate_iou=0.6,
        duplicates=duplicates,
        draw=draw,
        seed=1,
    )


def test_layers_tables_and_log(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shapes = [square(50, 50, 40), square(52, 50, 40), square(5000, 0, 40), square(200, 200, 60)]
    ours = [stated(tmp_path, "a", shapes), stated(tmp_path, "b", [square(205, 200, 60)], year=2020, mapper="Ann")]
    theirs = [stated(tmp_path, "n", [square(300, 300, 50)], negative=True, kind="water")]
    with caplog.at_level(logging.INFO, "rogi"):
        run(world, tmp_path, ours, theirs, duplicates="newest")
    assert caplog.messages == ["2 rock glaciers and 1 negatives kept, 0 repaired, 0 merged, 3 dropped"]
    rock_glaciers = read_vector(tmp_path / "inventory.gpkg", "rock_glaciers")
    assert list(rock_glaciers.columns) == [
        *("uid", "inventory", "original_id", "mapper", "year", "footprint", "region", "area_m2", "geometry")
    ]
    assert rock_glaciers["uid"].tolist() == ["a-0", "b-0"]
    assert rock_glaciers["year"].fillna(0).tolist() == [0, 2020]
    assert rock_glaciers["area_m2"].to_numpy() == pytest.approx(area_m2(rock_glaciers.geometry))
    negatives = read_vector(tmp_path / "inventory.gpkg", "negatives")
    assert list(negatives.columns) == ["uid", "kind", "inventory", "original_id", "area_m2", "geometry"]
    assert negatives[["uid", "kind"]].to_numpy().tolist() == [["n-0", "water"]]
    overlaps = pyogrio.read_dataframe(tmp_path / "inventory.gpkg", layer="overlaps")
    assert overlaps[["uid_a", "uid_b"]].to_numpy().tolist() == [["a-3", "b-0"]]
    assert overlaps["iou"].tolist() == pytest.approx([55 / 65], rel=1e-3)
    table = pd.read_csv(tmp_path / "quality.csv", keep_default_na=False)
    assert table["layer"].tolist() == ["rock_glaciers"] * 5 + ["negatives"]
    assert table["reason"].tolist() == ["", "duplicate of a a0", "outside the imagery", "duplicate of b b0", "", ""]
    summary = pd.read_csv(tmp_path / "inventories.csv")
    assert summary[["layer", "inventory", "read", "used"]].to_numpy().tolist() == [
        ["rock_glaciers", "a", 4, 1],
        ["rock_glaciers", "b", 1, 1],
        ["negatives", "n", 1, 1],
    ]


def test_what_reviewers_removed_becomes_negative(world: World, tmp_path: Path) -> None:
    """Of two removals of the same ground one is enough; one that lies on a training outline is none."""
    (tmp_path / "west").mkdir()
    outlines = series([square(300, 300, 50), square(50, 52, 40), square(400, 400, 30)]).to_crs(4326)
    told = [edit("remove", f"C{number}", shape, reason="water") for number, shape in enumerate(outlines)]
    reviews = [write(tmp_path / "west" / f"{name}.gpkg", part) for name, part in (("ann", told), ("bob", told[:1]))]
    run(world, tmp_path, [stated(tmp_path, "a", [square(50, 50, 40)])], reviews=reviews)
    negatives = read_vector(tmp_path / "inventory.gpkg", "negatives")
    assert negatives["kind"].tolist() == ["removed: water"] * 2
    assert negatives["uid"].tolist() == ["removed-west_ann_gpkg_ann-1", "removed-west_ann_gpkg_ann-3"]
    table = pd.read_csv(tmp_path / "quality.csv", keep_default_na=False).set_index("layer").loc["negatives"]
    assert table["reason"].tolist() == ["", "95% of it is rock glacier (a a0)", "", "duplicate of removed by review C0"]
    row = pd.read_csv(tmp_path / "inventories.csv").iloc[-1]
    assert (row["inventory"], row["kind"], row["read"], row["used"]) == ("removed by review", "removed: water", 4, 2)


def test_rock_glaciers_of_the_review_that_do_not_train_are_counted(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One is in an inventory, a little smaller; two are not; without removals there is nothing to warn of."""
    (tmp_path / "west").mkdir()
    shapes = [square(300, 300, 50), square(50, 50, 40), square(200, 200, 40), square(100, 300, 40)]
    gone, *kept = series(shapes).to_crs(4326)
    told = [edit(operation, f"C{number}", shape) for number, (operation, shape) in
            enumerate(zip(("remain", "refine", "retrieve"), kept, strict=True), start=1)]  # fmt: skip
    ours = [stated(tmp_path, "a", [square(50, 50, 36)])]
    for removals, warned in (([], False), ([edit("remove", "C0", gone)], True)):
        caplog.clear()
        run(world, tmp_path, ours, reviews=[write(tmp_path / "west" / "ann.gpkg", [*told, *removals])])
        assert ("2 of 3 rock glaciers that the review kept or retrieved are in no training" in caplog.text) == warned


def test_a_raster_of_labels_has_to_lie_on_the_imagery(world: World, tmp_path: Path) -> None:
    grid = read_index(world.indexes[0]).attrs["grid"]
    window = grid.window(square(40, 40, 100).bounds)
    labels = np.zeros((window.height, window.width), np.uint8)
    labels[20:60, 30:80] = 1
    for shift, name in ((0, "labels"), (0.4, "shifted")):
        transform = grid.transform(window) @ Affine.translation(shift, 0)
        write_raster(tmp_path / f"{name}.tif", labels, WEB_MERCATOR, transform)
    run(world, tmp_path, [entry(tmp_path / "labels.tif", "Labels")])
    (outline,) = read_vector(tmp_path / "inventory.gpkg", "rock_glaciers").to_crs(WEB_MERCATOR).geometry
    assert outline.symmetric_difference(square(70, 60, 50, 40)).area < 1e-3
    with pytest.raises(ValueError, match=r"shifted\.tif lies \+0\.40 pixels east and [+-]0\.00 pixels south"):
        run(world, tmp_path, [entry(tmp_path / "shifted.tif", "Shifted")])


def test_a_polygon_at_the_imagerys_edge_counts_as_inside(world: World, tmp_path: Path) -> None:
    inside, beyond = square(SIDE - 2, 100, 40), square(SIDE + 2, 200, 40)
    run(world, tmp_path, [stated(tmp_path, "a", [inside, beyond])])
    assert read_vector(tmp_path / "inventory.gpkg", "rock_glaciers")["original_id"].tolist() == ["a0"]


def test_a_study_without_negatives_has_empty_layers(world: World, tmp_path: Path) -> None:
    run(world, tmp_path, [stated(tmp_path, "a", [square(50, 50, 40)])])
    negatives = read_vector(tmp_path / "inventory.gpkg", "negatives")
    assert negatives.empty
    assert {"uid", "kind"} <= set(negatives.columns)
    assert len(pyogrio.read_dataframe(tmp_path / "inventory.gpkg", layer="overlaps")) == 0


def test_nothing_left_says_why(world: World, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"no training polygon is left: \{'outside the imagery': 2\}; do the inventories"
    ):
        run(world, tmp_path, [stated(tmp_path, "a", [square(9000, 0, 40), square(9000, 900, 40)])])
    assert not (tmp_path / "inventory.gpkg").exists()


def test_the_same_is_drawn_every_time(world: World, tmp_path: Path) -> None:
    ours = [stated(tmp_path, "a", [square(50, 50, 40), square(200, 200, 60)])]
    theirs = [stated(tmp_path, "n", [square(300, 15 * k, 12) for k in range(12)], negative=True)]
    tables = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        run(world, tmp_path / str(number), ours, theirs, draw=TAKE_ALL | {"per_rock_glacier": 2.0})
        tables.append((tmp_path / str(number) / "quality.csv").read_text())
    assert tables[0] == tables[1]
    assert tables[0].count("not drawn: 4 of 12 negatives are") == 8
