"""Model files are told from other files by their first bytes."""

import pickle
import zipfile
from pathlib import Path

import pytest

from tests.doctor.conftest import Config, load
from workflow_scripts.rogi.doctor.models import examine_models
from workflow_scripts.rogi.doctor.verdicts import FAILED, OK


def write(path: Path, kind: str) -> str:
    """Write a file of PyTorch's present form, its older form, or a web page."""
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", b"")
    else:
        path.write_bytes(pickle.dumps({"weight": 1}) if kind == "pickle" else b"<html>")
    return str(path)


@pytest.mark.parametrize(
    ("kind", "model", "weights"), [("zip", OK, OK), ("pickle", FAILED, OK), ("page", FAILED, FAILED)]
)
def test_files_of_pytorch_pass(tmp_path: Path, kind: str, model: str, weights: str) -> None:
    """Models are of this workflow, which writes the present form; encoder weights may be older."""
    config: Config = load("config.yaml")
    config["model"]["files"] = [write(tmp_path / "model.pt", kind)]
    assert [verdict.verdict for verdict in examine_models(config)] == [model]
    config["model"] |= {"files": [], "encoder_weights": write(tmp_path / "weights.pth", kind)}
    assert [verdict.verdict for verdict in examine_models(config)] == [weights]


def test_what_is_absent_is_left_to_the_check_of_presence() -> None:
    config: Config = load("config.yaml")
    config["model"]["files"] = ["nowhere.pt"]
    assert examine_models(config) == []
