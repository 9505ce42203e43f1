"""One thread for PyTorch: tensors here are tiny, and threads on a busy machine wait for each other."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
