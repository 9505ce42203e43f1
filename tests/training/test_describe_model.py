"""The card and the overlays: their numbers are those of the tables, their outlines those of the polygons."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from rasterio.windows import Window

from tests.training.trained import APART, BANDS, PATCHES, ROLES, SIZE, width
from tests.worlds import GRID
from workflow_scripts import describe_model
from workflow_scripts.rogi.figures import CANDIDATE, REVIEWED
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.inventory.provenance import checksum
from workflow_scripts.rogi.training.breakdown import by_role, with_errors
from workflow_scripts.rogi.training.network import load, save
from workflow_scripts.rogi.training.overlays import chosen, panels
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.samples import Samples

UIDS = [f"p{number}" for number in range(PATCHES // 2)]
CALIBRATION = {
    **{"objective": "recall 0.8", "note": "", "polygons": 4, "pixels": 7168, "rock_glacier_share": 0.4321},
    **{"ece_before": 0.1234, "ece": 0.0321, "ece_low": 0.0211, "ece_high": 0.0432, "ece_cross_fitted": 0.0345},
    **{"loss_before": 0.5, "loss": 0.25, "precision": 0.7, "recall": 0.8, "f1": 0.746, "iou": 0.6},
    "f1_cross_fitted": 0.731,
}
SCORES = {"step": 20.0, "train_iou": 0.811, "val_iou": 0.622}
SPLIT = {"method": "blocks", "block_m": 4000, "guard_m": 12.5}
INTERVALS: dict[str, Any] = {"samples": 200, "confidence": 0.95, "seed": 5}


def window(number: int) -> Window:
    return Window(APART * number, 0, SIZE, SIZE)


def scores() -> pd.DataFrame:
    """Return scores as score_samples writes them: six rock glaciers, then water and random terrain, for validation."""
    rock = pd.DataFrame({"uid": UIDS, "kind": "rock_glacier", "inventory": ["one", "two"] * 3, "role": ROLES})
    rock["pixels"] = [400, 400, 300, 200, 100, 50]
    rock["recall"] = [0.9, 0.5, 0.8, 0.25, 0.6, 0.0]
    rock["excess"] = [0.1, 0.5, 0.0, 0.75, 0.2, 0.1]
    rock["iou"] = rock["recall"] / (1 + rock["excess"])
    rock["quality"] = [1.0, 1.0, 0.97, 0.6, 0.9, 0.85]
    other = pd.DataFrame({"uid": ["n0", "n1"], "kind": ["water", "random terrain"], "inventory": ["lakes", ""]})
    other = other.assign(role="validation", pixels=[1000, 500], false_positive_share=[0.031, 0.31])
    return pd.concat([rock, other], ignore_index=True)


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everything that describe_model reads."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("described"), dirs_exist_ok=True))
    model = load(folder / "network.pt", BANDS, [])
    origin = model.origin | {"scores": SCORES, "calibration": CALIBRATION}
    save(folder / "model.pt", replace(model, temperature=1.5, threshold=0.4375, origin=origin))
    boxes = [shapely.box(*GRID.bounds(window(number))) for number in range(PATCHES)]
    left_out = pd.DataFrame({"uid": ["p0"], "used": [False]})
    table = pd.concat([left_out, pd.DataFrame({"uid": np.repeat(UIDS, 2), "used": True})], ignore_index=True)
    # The polygon of two patches lies in the second of them.
    shapes = [
        shapely.box(*GRID.bounds(Window(APART * number, 0, width(number), SIZE))) for number in range(1, PATCHES, 2)
    ]
    polygons = gpd.GeoDataFrame({"uid": UIDS}, geometry=shapes, crs=GRID.crs)
    others = gpd.GeoDataFrame({"uid": ["n0", "n1"]}, geometry=polygons.geometry[:2].to_list(), crs=GRID.crs)
    layers = {
        "patches": gpd.GeoDataFrame(table, geometry=[boxes[0], *boxes], crs=GRID.crs),
        "polygons": gpd.GeoDataFrame(pd.concat([polygons, others], ignore_index=True), crs=GRID.crs).to_crs(4326),
    }
    write_layers(folder / "patches.gpkg", layers)
    scores().to_csv(folder / "samples.csv", index=False)
    pd.DataFrame({"step": [10, 20, 30]}).to_csv(folder / "metrics.csv", index=False)
    inventories = {
        "inventory": ["one", "two", "lakes"],
        "layer": ["rock_glaciers", "rock_glaciers", "negatives"],
        "kind": [None, None, "water"],
        **{"region": "somewhere", "source": "field | maps", "year": 2021, "mapper": None, "footprint": "extended"},
        **{"read": [4, 5, 2], "used": [3, 3, 1], "used_area_km2": [1.25, 2.5, 0.75]},
        "licence": ["CC BY 4.0", None, "CC0"],
        "citation": ["Somebody 2019", None, None],
    }
    pd.DataFrame(inventories).to_csv(folder / "inventories.csv", index=False)
    audit = {"split": "main", "role": ["training", "validation", "guard"], "rock_glaciers": [1, 4, 1], "shared_px": 0}
    frame = pd.DataFrame(audit | {"remark": ["optimistic: as drawn", None, None]})
    pd.concat([frame, frame.assign(split="fold_1", rock_glaciers=77)]).to_csv(folder / "audit.csv", index=False)
    return folder


def describe(folder: Path, out: Path, **changes: str) -> str:
    """Run the script and return the text of the card."""
    names = {"model": "model.pt", "scores": "samples.csv", "metrics": "metrics.csv", "audit": "audit.csv"}
    names |= {"inventories": "inventories.csv", "splits": "splits.csv", "patches": "patches.h5"}
    names |= {"footprints": "patches.gpkg", "curves": "curves.png", "reliability": "reliability.png"}
    paths: dict[str, Any] = {name: str(folder / file) for name, file in names.items()} | changes
    paths |= {"page": str(out / "card.md"), "overlays": str(out / "overlays.png")}
    settings: dict[str, Any] = {"study": "Test", "channels": [], "split": SPLIT, "threads": 1}
    describe_model.main(**paths, **settings, **INTERVALS)
    return (out / "card.md").read_text()


@pytest.fixture(scope="module")
def card(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("card")
    return out, describe(folder, out)


def line(text: str, section: str, start: str) -> list[str]:
    """Return the cells of a row after its first cell."""
    part = text.split(f"## {section}\n")[1].split("\n## ")[0]
    (found,) = [row for row in part.splitlines() if row.startswith(f"| {start} |")]
    return [cell.strip() for cell in found.strip("|").split("|")[1:]]


def test_the_network_and_its_calibration_are_stated(folder: Path, card: tuple[Path, str]) -> None:
    _, text = card
    parameters = sum(values.numel() for values in load(folder / "model.pt", BANDS, []).network.parameters())
    assert line(text, "The network", "parameters") == [f"{parameters:,}"]
    assert line(text, "The network", "bands") == ["red, green, blue"]
    assert line(text, "Calibration", "temperature") == ["1.5000"]
    assert line(text, "Calibration", "threshold") == ["0.4375, chosen for recall 0.8"]
    assert line(text, "Calibration", "expected calibration error, as trained") == ["0.1234"]
    assert line(text, "Calibration", "expected calibration error, calibrated") == ["0.0321 (0.0211 to 0.0432)"]
    assert "7,168 validation pixels of 4 polygons" in text
    assert "of which 43.2 % are rock glacier" in text
    assert "the weights of step 20 were kept, with IoU 0.811 on training and 0.622 on validation" in text


def test_scores_are_those_of_the_polygons(card: tuple[Path, str]) -> None:
    _, text = card
    rows = by_role(with_errors(scores()), Bootstrap(200, 0, 0.95, 5)).set_index("role")
    for role, of in rows.to_dict("index").items():
        cells = line(text, "Scores", str(role))
        assert cells[:2] == [str(of["rock_glaciers"]), str(of["other_polygons"])]
        for cell, name in zip(cells[2:6], ("precision", "recall", "f1", "iou"), strict=True):
            assert cell.split()[0] == f"{of[name]:.3f}"
    # Of validation: found 240 + 50 + 60 + 0, around 0 + 150 + 20 + 5, other ground 31 + 155.
    assert rows.loc["validation", "precision"] == pytest.approx(350 / (350 + 175 + 186))
    assert rows.loc["validation", "recall"] == pytest.approx(350 / 650)
    assert line(text, "Scores", "validation")[-1] == "0.321"  # the middle of 1/7 and 1/2
    assert "temperature and threshold were chosen on the validation polygons" in text


def test_failures_are_the_worst_first(card: tuple[Path, str]) -> None:
    _, text = card
    assert text.index("| random terrain | 1 | 31.0 % |") < text.index("| water | 1 | 3.1 % |")
    one, two = (line(text, "Known failures", name) for name in ("one", "two"))
    assert one[:2] == ["2", "0.650"]  # of 0.8 and 0.5
    assert two[:2] == ["2", "0.071"]
    assert text.index(f"| two | {two[0]}") < text.index(f"| one | {one[0]}")
    assert line(text, "Known failures", "0% to 80%")[:2] == ["1", "0.143"]
    assert "moraines" in text


def test_data_licences_and_the_split_are_stated(folder: Path, card: tuple[Path, str]) -> None:
    _, text = card
    assert "by method blocks, block_m 4000, guard_m 12.5." in text
    assert "**The split is optimistic: as drawn.**" in text
    assert r"| one | somewhere | field \| maps | 2021 | extended | 4 | 3 | 1.25 | CC BY 4.0 |" in text
    assert "77" not in text.split("## Training\n")[0], "another split than the study's"
    assert "- one: Somebody 2019; licence: CC BY 4.0" in text
    assert "- two: no citation stated; licence: none stated" in text
    assert line(text, "Made from", str(folder / "patches.h5"))[1] == checksum(folder / "patches.h5")


def test_the_same_inputs_give_the_same_card(folder: Path, card: tuple[Path, str], tmp_path: Path) -> None:
    out, text = card
    assert describe(folder, tmp_path) == text
    assert (tmp_path / "overlays.png").read_bytes() == (out / "overlays.png").read_bytes()


def test_without_validation_the_card_says_so(folder: Path, tmp_path: Path) -> None:
    model = load(folder / "model.pt", BANDS, [])
    note = {"note": "not calibrated: the split has no validation pixels of each class"}
    save(tmp_path / "model.pt", replace(model, origin=model.origin | {"calibration": note}))
    scores().iloc[:1].to_csv(tmp_path / "samples.csv", index=False)
    changes = {"model": str(tmp_path / "model.pt"), "scores": str(tmp_path / "samples.csv")}
    text = describe(folder, tmp_path, **changes)
    assert "**Not calibrated: the split has no validation pixels of each class.**" in text
    assert "**There is no validation: these are scores on what the network was trained on.**" in text
    assert "chosen on the validation polygons" not in text
    assert "Measured on the training polygons" in text


def test_best_median_and_worst() -> None:
    found = [(rank, row["uid"]) for rank, row in chosen(scores())]
    assert found[:3] == [("best", "p0"), ("median", "p0"), ("worst", "p0")]
    assert found[3:] == [("best", "p2"), ("median", "p4"), ("worst", "p5")]


def test_a_panel_shows_the_patch_that_holds_the_polygon(folder: Path) -> None:
    frames = {name: gpd.read_file(folder / "patches.gpkg", layer=name) for name in ("patches", "polygons")}
    footprints = frames["patches"].query("used").reset_index(drop=True)
    roles = pd.Series(ROLES, UIDS)
    with PatchFile(folder / "patches.h5") as store:
        found = panels(scores(), Samples(store, roles), footprints, frames["polygons"].set_index("uid").geometry)
    assert [panel.number for panel in found] == [1, 1, 1, 5, 9, 11]
    assert found[3].title == "validation, best: IoU 0.80"
    for panel in found:
        bounds = shapely.box(0, 0, width(panel.number), SIZE)
        assert panel.outline.symmetric_difference(bounds).area < 0.01


def test_both_outlines_are_drawn(card: tuple[Path, str]) -> None:
    pixels = imread(card[0] / "overlays.png")[..., :3]
    for colour in (CANDIDATE, REVIEWED):
        assert (np.abs(pixels - to_rgb(colour)).max(axis=-1) < 0.02).sum() > 100


def test_every_figure_of_the_card_is_one_that_is_made(card: tuple[Path, str]) -> None:
    shown: set[Any] = set(re.findall(r"\]\(([^)]+)\)", card[1]))
    assert shown == {"overlays.png", "reliability.png", "../training/learning_curves.png"}
