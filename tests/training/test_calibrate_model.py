"""The script that calibrates: what it writes into the model file is what the pixels say."""

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.image import imread
from scipy.special import expit

from tests.training.trained import BANDS, SIZE
from workflow_scripts import calibrate_model
from workflow_scripts.rogi.training.network import TrainedModel, load, save
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.predictions import predicted, probabilities
from workflow_scripts.rogi.training.samples import Samples

CALIBRATION = {"objective": "f1", "recall": 0.9, "bins": 15}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with patches, splits, a network, and one whose logits are three times as large."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("calibration"), dirs_exist_ok=True))
    model = load(folder / "network.pt", BANDS, [])
    with torch.no_grad():
        for name, weights in model.network.named_parameters():
            weights.mul_(3 if name.startswith("segmentation_head") else 1)
    save(folder / "exaggerating.pt", model)
    return folder


def calibrate(
    folder: Path, out: Path, network: str = "network.pt", split: str = "main", **changes: Any
) -> TrainedModel:
    """Run the script and return the model that it wrote."""
    made = {"model": "model.pt", "bins": "bins.csv", "thresholds": "thresholds.csv", "figure": "reliability.png"}
    settings: dict[str, Any] = {"split": split, "channels": [], "calibration": CALIBRATION, "samples": 200}
    settings |= {"confidence": 0.95, "seed": 1, "batch_size": 3, "device": "cpu", "threads": 1} | changes
    settings |= {name: str(out / file) for name, file in made.items()}
    settings |= {"network": str(folder / network), "patches": str(folder / "patches.h5")}
    calibrate_model.main(splits=str(folder / "splits.csv"), **settings)
    return load(out / "model.pt", BANDS, [])


def validation_pixels(folder: Path, network: str = "network.pt") -> tuple[np.ndarray, np.ndarray]:
    """Return logits and labels of all valid validation pixels."""
    roles = pd.read_csv(folder / "splits.csv").query("split == 'main'").set_index("uid")["role"]
    with PatchFile(folder / "patches.h5") as store:
        samples = Samples(store, roles)
        found = list(predicted(load(folder / network, BANDS, []), samples, samples.validation, CPU, 5))
    assert [one.number for one in found] == list(range(4, 12))
    logits, label = (np.concatenate([getattr(one, part)[one.valid] for one in found]) for part in ("logits", "label"))
    return logits, label


@pytest.fixture(scope="module")
def calibrated(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainedModel]:
    out = tmp_path_factory.mktemp("calibrated")
    return out, calibrate(folder, out)


def test_temperature_threshold_and_scores_are_those_of_the_pixels(
    folder: Path, calibrated: tuple[Path, TrainedModel]
) -> None:
    _, model = calibrated
    logits, label = validation_pixels(folder)

    def loss(temperature: float) -> float:
        probability = expit(logits.astype(float) / temperature)
        return float(-np.log(np.where(label, probability, 1 - probability)).mean())

    nearby = model.temperature * np.array([0.9, 0.97, 1, 1.03, 1.1])
    assert np.argmin([loss(one) for one in nearby]) == 2
    about = model.origin["calibration"]
    assert about["loss"] == pytest.approx(loss(model.temperature), abs=1e-4)
    assert about["pixels"] == len(label) == 8 * 28 * SIZE
    assert about["polygons"] == 4
    assert about["rock_glacier_share"] == pytest.approx(label.mean())
    found = probabilities(logits, model.temperature) >= model.threshold
    assert about["recall"] == pytest.approx(found[label].mean(), abs=0.005)
    assert about["precision"] == pytest.approx(label[found].mean(), abs=0.005)


def test_only_the_calibration_is_new_in_the_model_file(folder: Path, calibrated: tuple[Path, TrainedModel]) -> None:
    before, (_, after) = load(folder / "network.pt", BANDS, []), calibrated
    assert (before.temperature, before.threshold) == (1.0, 0.5)
    assert after.origin["recipe"] == before.origin["recipe"]
    assert (after.architecture, after.mean, after.std) == (before.architecture, before.mean, before.std)
    states = (model.network.state_dict() for model in (before, after))
    assert all(torch.equal(one, other) for one, other in zip(*(state.values() for state in states), strict=True))


def test_tables_and_figure(calibrated: tuple[Path, TrainedModel]) -> None:
    out, model = calibrated
    bins, scores = pd.read_csv(out / "bins.csv"), pd.read_csv(out / "thresholds.csv")
    assert bins.groupby("stage")["pixels"].sum().to_dict() == dict.fromkeys(("before", "after"), 8 * 28 * SIZE)
    gaps = (bins["mean_probability"] - bins["observed_share"]).abs() * bins["pixels"]
    errors = gaps.groupby(bins["stage"]).sum() / (8 * 28 * SIZE)
    about = model.origin["calibration"]
    assert errors.to_dict() == pytest.approx({"before": about["ece_before"], "after": about["ece"]})
    assert about["ece_low"] <= about["ece_high"]
    assert about["f1"] >= scores["f1"].max() - 1e-9
    assert imread(out / "reliability.png").shape[2] in (3, 4)


def test_logits_three_times_as_large_need_three_times_the_temperature(
    folder: Path, calibrated: tuple[Path, TrainedModel], tmp_path: Path
) -> None:
    _, model = calibrated
    other = calibrate(folder, tmp_path, "exaggerating.pt")
    assert other.temperature == pytest.approx(3 * model.temperature, rel=0.02)
    assert other.threshold == pytest.approx(model.threshold, abs=0.01)


def test_a_wanted_recall_is_reached(folder: Path, tmp_path: Path) -> None:
    about = calibrate(folder, tmp_path, calibration=CALIBRATION | {"objective": "recall"}).origin["calibration"]
    assert 0.9 <= about["recall"] < 0.93
    assert about["objective"] == "recall 0.9"


def test_without_validation_nothing_is_fitted_and_it_is_said(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "rogi"):
        model = calibrate(folder, tmp_path, split="alone")
    assert (model.temperature, model.threshold) == (1.0, 0.5)
    assert "no validation pixels of each class" in caplog.text
    assert "no validation pixels of each class" in model.origin["calibration"]["note"]
    assert (tmp_path / "reliability.png").is_file()


def test_an_unknown_split_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown split 'mian'\. Did you mean 'main'\?"):
        calibrate(folder, tmp_path, split="mian")
