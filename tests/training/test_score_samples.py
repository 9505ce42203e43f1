"""The script that scores polygons: tables, ranks and log tell the same."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training.view import KINDS, ROLES, SIDE_PX, polygons, samples
from tests.worlds import World
from workflow_scripts import score_samples
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.geodesy import WGS84

LABELS = {"quality": 0.9, "poor_imagery": False, "shift_east_m": 1.0, "shift_north_m": np.nan, "shift_reliable": True}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with patches, splits, polygons and the quality of labels; one polygon is in another split."""
    samples(tmp_path / "patches.h5", [(0, 0, "a"), (0, 0, "b")], SIDE_PX).patches.close()
    frame = polygons().drop(columns="role")
    write_layers(tmp_path / "patches.gpkg", {"polygons": frame})
    roles = pd.DataFrame({"split": "main", "uid": list(ROLES), "role": list(ROLES.values())})
    roles.loc[roles["uid"] == "lake", "split"] = "fold_1"
    roles.to_csv(tmp_path / "splits.csv", index=False)
    pd.DataFrame({"uid": list(KINDS), "pixel_m": 4.0} | LABELS).to_csv(tmp_path / "label_quality.csv", index=False)
    return tmp_path


def test_tables_ranks_and_log_agree(
    folder: Path, world: World, tiny_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = {"patches": "patches.h5", "footprints": "patches.gpkg", "splits": "splits.csv"}
    inputs: dict[str, Any] = {
        name: str(folder / file) for name, file in (names | {"label_quality": "label_quality.csv"}).items()
    }
    outputs = {"samples": str(folder / "samples.csv"), "second_look": str(folder / "second_look.gpkg")}
    settings = {"split": "main", "channels": [], "around_m": 20.0, "batch_size": 4}
    with caplog.at_level(logging.INFO, "rogi"):
        score_samples.main(
            str(tiny_model), **inputs | outputs | settings, indexes=world.indexes, device="cpu", threads=1
        )
    table = pd.read_csv(outputs["samples"])
    assert table[["uid", "role"]].to_numpy().tolist() == [["a", "training"], ["b", "validation"], ["far", "training"]]
    # All of the training patch is validation ground, so nothing of it is left to score.
    assert table["pixels"].tolist() == [0, 256, 0]
    assert table["disagreement"].notna().tolist() == [False, True, False]
    assert table["quality"].tolist() == [0.9] * 3
    look = read_vector(outputs["second_look"])
    assert look[["rank", "uid", "role"]].to_numpy().tolist() == [[1, "b", "validation"]]
    assert look.crs == WGS84
    iou = table.loc[1, "iou"]
    assert caplog.messages[-1].startswith("3 polygons scored, 2 without a pixel to score; of 1 for validation")
    assert f"rock glaciers is {iou:.3f}" in caplog.messages[-1]
    assert "rock glaciers by role and inventory" in caplog.text
