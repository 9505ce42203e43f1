"""One thread for PyTorch: tensors here are tiny, and threads on a busy machine wait for each other."""

from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small trained network, its patches and splits; see `trained.py`. Only to be read."""
    from tests.training.trained import write_training  # imports what many tests do without

    folder = tmp_path_factory.mktemp("trained")
    write_training(folder)
    return folder
