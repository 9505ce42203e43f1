"""What several parts of the test set share."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from tests.worlds import World, make_world, texture

# The same examples in every run, and no time limit on a busy machine.
settings.register_profile("tests", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return two mosaics of random texture, the first with a cloud, both with a hole. Only to be read."""
    return make_world(tmp_path_factory.mktemp("world"), texture(1), texture(2))


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with a fixed seed."""
    return np.random.default_rng(20240)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the working folder during the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of an untrained DeepLabV3Plus with the smallest encoder. Only to be read."""
    import torch  # costs seconds, so only for tests that need it

    from tests.architectures import architecture
    from workflow_scripts.rogi.training.network import TrainedModel, build, save

    torch.manual_seed(1)
    made_of = architecture()
    path = tmp_path_factory.mktemp("model") / "model.pt"
    mean, std = (120.0, 120.0, 120.0), (35.0, 35.0, 35.0)
    save(path, TrainedModel(build(made_of), made_of, mean, std, 1.0, 0.5, {"note": "untrained"}))
    return path
