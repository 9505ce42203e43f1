"""The scripts of an ablation, from the split of a fold to the table, on a ground of 40 pixels."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import torch
from affine import Affine
from rasterio.crs import CRS

from workflow_scripts import prepare_fold, score_trial, tabulate_ablation
from workflow_scripts.rogi.files import read_vector, write_layers, write_table
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.raster import write_raster
from workflow_scripts.rogi.training.audit import OPTIMISTIC
from workflow_scripts.rogi.training.network import Architecture, TrainedModel, save
from workflow_scripts.rogi.training.split import GUARD, TEST, TRAINING, VALIDATION

UTM = CRS.from_epsg(32719)
SIDE, PIXEL = 40, 10.0
PLACE = Affine(PIXEL, 0, 430000, 0, -PIXEL, 6860000)
RULES = {
    "threshold": "model", "seed_threshold": None, "connectivity": 4, "max_hole_m2": 0, "min_area_m2": 0,
    "smoothing_m": 0, "units": "none", "unit_max_neck": 1, "unit_flow_compression": 1, "unit_flow_smoothing_m": 0,
    "cut_objects": "keep",
}  # fmt: skip


def box(left: float, top: float, right: float, bottom: float) -> shapely.Polygon:
    return shapely.box(430000 + left * PIXEL, 6860000 - bottom * PIXEL, 430000 + right * PIXEL, 6860000 - top * PIXEL)


def layer(path: Path, name: str, shapes: list[shapely.Polygon], **columns: list[str]) -> str:
    write_layers(path, {name: gpd.GeoDataFrame(columns, geometry=shapes, crs=UTM)}, "MultiPolygon")
    return str(path)


NORTH, SOUTH = box(0, 0, SIDE, 20), box(0, 20, SIDE, SIDE)


@pytest.fixture
def ground(tmp_path: Path) -> str:
    """Two grounds that overlap with a third, as those of folds do with that of the main split."""
    names = ["main", "north", "south"]
    return layer(tmp_path / "all.gpkg", "subregions", [box(0, 0, SIDE, SIDE), NORTH, SOUTH], NAME=names, slug=names)


def test_a_fold_holds_out_its_validation_ground_for_the_score_alone(tmp_path: Path, ground: str) -> None:
    splits, split, own = (str(tmp_path / name) for name in ("splits.csv", "split.csv", "ground.gpkg"))
    rows = [("main", "a", VALIDATION), ("main", "b", TRAINING), ("main", "c", TRAINING)]
    rows += [("north", "a", TRAINING), ("north", "b", VALIDATION), ("north", "c", GUARD)]
    write_table(splits, pd.DataFrame(rows, columns=["split", "uid", "role"]))
    prepare_fold.main(splits, ground, split, own, "north")
    table = pd.read_csv(split)
    assert table.to_dict("list") == {"split": ["north"] * 3, "uid": ["a", "b", "c"], "role": [TRAINING, TEST, GUARD]}
    kept = read_vector(own, "subregions")
    assert kept["slug"].tolist() == ["north"]
    assert kept.geometry.iloc[0].equals(shapely.MultiPolygon([NORTH]))


def test_a_fold_that_was_left_out_is_named(tmp_path: Path, ground: str) -> None:
    splits = str(tmp_path / "splits.csv")
    write_table(splits, pd.DataFrame([("north", "a", TRAINING)], columns=["split", "uid", "role"]))
    with pytest.raises(ValueError, match=r"splits\.csv: unknown split 'sout'.* Known: north\."):
        prepare_fold.main(splits, ground, str(tmp_path / "split.csv"), str(tmp_path / "ground.gpkg"), "sout")


def scored(folder: Path, ground: str, fold: str, tag: str, found: np.ndarray) -> tuple[pd.DataFrame, str, str]:
    """Score a map of the whole world on one fold."""
    probability = str(folder / f"{fold}.tif")
    write_raster(probability, found, UTM, PLACE, nodata=NODATA)
    with rasterio.open(probability, "r+") as dataset:
        dataset.update_tags(threshold=tag)
    known = layer(folder / "inventory.gpkg", "rock_glaciers", [box(2, 2, 12, 12), box(25, 25, 35, 35)], uid=["a", "b"])
    mapped = layer(folder / f"{fold}.gpkg", "candidates", [box(2, 2, 12, 11)])
    scores, levels = str(folder / f"{fold}_scores.csv"), str(folder / f"{fold}_levels.csv")
    score_trial.main(probability, mapped, known, ground, scores, levels, fold, RULES, 0.5)
    return pd.read_csv(scores), scores, levels


def test_a_trial_is_scored_at_the_threshold_of_its_map(
    tmp_path: Path, ground: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = np.zeros((SIDE, SIDE), np.uint8)
    found[2:12, 2:7], found[2:12, 7:12], found[30:, :] = FULL, 100, FULL
    with caplog.at_level("INFO", logger="rogi"):
        loose, *_ = scored(tmp_path, ground, "north", "0.3", found)
        strict, *_ = scored(tmp_path, ground, "north", "0.6", found)
    assert loose["uid"].tolist() == ["a"]  # the other one lies in the south, and so does the false ground
    np.testing.assert_allclose(loose.iloc[0, 1:4].astype(float) / 1e4, [1, 0, 0], atol=0.01)
    np.testing.assert_allclose(strict.iloc[0, 1:4].astype(float) / 1e4, [0.5, 0, 0.5], atol=0.01)
    assert strict.iloc[0, 4:].tolist() == [1, 0, 0]
    assert "north: 0.08 km² of held-out ground with imagery, 1 rock glaciers on it, 1 of them seen" in caplog.text
    assert "IoU 0.500 by area, F1 0.667 by area and 1.000 by objects (1 found, 0 false, 0 missed)" in caplog.text


def test_the_table_brings_trials_costs_and_networks_together(
    tmp_path: Path, ground: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = np.zeros((SIDE, SIDE), np.uint8)
    good[2:12, 2:12] = good[25:35, 25:35] = FULL
    poor = good // 2
    poor[25:35, 25:35] = FULL
    maps = ("good", good), ("poor", poor), ("both", good), ("all", np.full((SIDE, SIDE), FULL, np.uint8))
    files = [scored(tmp_path / name, ground, fold, "0.6", found)[1:]
             for name, found in maps for fold in ("north", "south")]  # fmt: skip
    made_of = Architecture(
        "Unet", "tu-mobilenetv3_small_050", ("red",), (), (), "dataset", True, 1, 16, (6, 12, 18), 16
    )
    network = torch.nn.Conv2d(1, 1, 3)
    save(tmp_path / "n.pt", TrainedModel(network, made_of, (0.0,), (1.0,), 1.0, 0.5, {}))
    times = []
    for number, seconds in enumerate((60, 180, 30, 30)):
        times.append(str(tmp_path / f"{number}.tsv"))
        Path(times[-1]).write_text(f"s\th:m:s\tcpu_time\n{seconds}\t0:01:00\t{seconds}\n")
    table, page = str(tmp_path / "table.csv"), str(tmp_path / "table.md")
    scores, levels = ([str(pair[k]) for pair in files] for k in (0, 1))
    networks = [str(tmp_path / "n.pt")] * 4
    names = ["Good", "Poor"], {"Both": ["Good", "Poor"]}, {"All": "calls all rock glacier"}
    with caplog.at_level("INFO", logger="rogi"):
        tabulate_ablation.main(
            scores, levels, networks, times, table, page, *names, ["north", "south"], "rock_glacier", 0.9, 200, 1
        )
    rows = pd.read_csv(table).set_index(["variant", "ground", "score"])
    assert rows.loc[("Good", "mean over folds", "area_iou"), "value"] == 1
    assert rows.loc[("Poor", "mean over folds", "area_iou"), "difference"] == -0.5
    assert rows.loc[("Poor", "north", "area_iou"), "value"] == 0
    assert rows.loc[("Good", "mean over folds", "training_cpu_min"), "value"] == 2
    assert rows.loc[("Poor", "mean over folds", "parameters"), "value"] == 10
    assert "| Poor | 0.5 | 0.5 | 0.00 |" in Path(page).read_text()
    assert rows.loc[("Both", "mean over folds", "area_iou"), "value"] == 1
    assert rows.loc[("Both", "mean over folds", "training_cpu_min"), "value"] == 2.5
    assert rows.loc[("Both", "mean over folds", "parameters"), "value"] == 20
    assert "optimistic" not in Path(page).read_text()
    share = 100 / (SIDE * SIDE / 2)
    assert list(dict.fromkeys(rows.index.get_level_values("variant"))) == ["Good", "Poor", "Both", "All"]
    for score in ("area_iou", "area_ap"):
        assert rows.loc[("All", "mean over folds", score), "value"] == pytest.approx(share, rel=1e-3)
        assert rows.loc[("All", "mean over folds", score), "difference"] == pytest.approx(share - 1, rel=1e-3)
    assert rows.loc[("All", "mean over folds", "training_cpu_min"), ["value", "difference"]].isna().all()
    assert "**All** is a baseline without a network: it calls all rock glacier." in Path(page).read_text()
    assert "| All | – | – | – |" in Path(page).read_text()
    assert "Poor: mean IoU over 2 folds 0.500 (nan to nan), gain -0.500; training took 0.5 min a fold" in caplog.text
    assert "gain -0.875; no training" in caplog.text


@pytest.mark.parametrize(("method", "said"), [("rock_glacier", True), ("blocks", False)])
def test_scores_of_neighbours_of_what_was_trained_on_are_called_optimistic(
    tmp_path: Path, ground: str, method: str, said: bool
) -> None:
    _, scores, levels = scored(tmp_path / "one", ground, "main", "0.6", np.zeros((SIDE, SIDE), np.uint8))
    made_of = Architecture(
        "Unet", "tu-mobilenetv3_small_050", ("red",), (), (), "dataset", True, 1, 16, (6, 12, 18), 16
    )
    save(tmp_path / "n.pt", TrainedModel(torch.nn.Conv2d(1, 1, 3), made_of, (0.0,), (1.0,), 1.0, 0.5, {}))
    (tmp_path / "t.tsv").write_text("s\th:m:s\tcpu_time\n60\t0:01:00\t60\n")
    files = [str(scores)], [str(levels)], [str(tmp_path / "n.pt")], [str(tmp_path / "t.tsv")]
    page = tmp_path / "table.md"
    tabulate_ablation.main(*files, str(tmp_path / "t.csv"), str(page), ["One"], {}, {}, ["main"], method, 0.9, 200, 1)
    assert (f"**main** is {OPTIMISTIC}." in page.read_text()) == said
