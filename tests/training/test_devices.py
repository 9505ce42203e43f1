"""Devices: what is asked for, and one GPU per job."""

import logging
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from workflow_scripts.rogi.training import devices
from workflow_scripts.rogi.training.devices import arithmetic, choose_device, claim, explained


def hold(told: Connection, folder: Path) -> None:
    """Claim a device, say which, and keep it until there is word."""
    told.send(claim(["a", "b"], folder))
    told.recv()


@pytest.mark.parametrize(
    ("wanted", "visible", "given"),
    [("auto", 0, "cpu"), ("auto", 2, "cuda:0"), ("cpu", 2, "cpu"), ("cuda", 1, "cuda:0")],
)
def test_the_device_is_what_is_wanted_and_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: str, visible: int, given: str
) -> None:
    for name, value in {
        "is_available": lambda: visible > 0,
        "device_count": lambda: visible,
        "get_device_properties": lambda number: SimpleNamespace(uuid=f"GPU-{number}"),
        "set_device": lambda device: None,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert str(choose_device(wanted)) == given


@pytest.mark.parametrize(
    ("wanted", "visible", "given"),
    [("auto", False, "cpu, 3 threads"), ("cpu", True, "cpu, 3 threads"), ("auto", True, "cuda")],
)
def test_what_rounding_depends_on(monkeypatch: pytest.MonkeyPatch, wanted: str, visible: bool, given: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: visible)
    assert arithmetic(wanted, 3) == given


@pytest.fixture(autouse=True)
def _released(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give back what a test has claimed."""
    monkeypatch.setattr(devices, "_claims", {})
    yield
    for claimed in devices._claims.values():
        claimed.close()


def test_a_gpu_that_is_not_visible_stops_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r"device: cuda\) and none is visible.*CUDA_VISIBLE_DEVICES.*device: auto"):
        choose_device("cuda")


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # of forks, from Python 3.12 on
def test_jobs_on_one_machine_take_different_devices(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A device is free again when the job that had it is gone, even killed."""
    context = get_context("fork")  # a new interpreter would import PyTorch first
    ends = [context.Pipe() for _ in range(2)]
    jobs = [context.Process(target=hold, args=(there, tmp_path)) for _, there in ends]
    for job in jobs:
        job.start()
    taken = [here.recv() for here, _ in ends]
    assert sorted(taken) == [0, 1]
    with caplog.at_level(logging.WARNING, "rogi"):
        assert claim(["a", "b"], tmp_path) == 0
    assert "every visible GPU is in use" in caplog.text
    last = jobs[taken.index(1)]
    last.kill()
    last.join()
    for _ in range(2):  # what this process has stays its own
        assert claim(["a", "b"], tmp_path) == 1
    ends[taken.index(0)][0].send("enough")
    jobs[taken.index(0)].join()


def test_too_little_memory_says_what_to_lower() -> None:
    with pytest.raises(MemoryError, match=r"lower training\.batch_size and raise training\.accumulate"), explained():
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_a_layer_that_does_not_repeat_itself_says_what_to_set() -> None:
    error = "adaptive_avg_pool2d_backward_cuda does not have a deterministic implementation, but you set 'torch.use_..."
    with (
        pytest.raises(ValueError, match=r"\(adaptive_avg_pool2d_backward_cuda of.*training\.deterministic"),
        explained(),
    ):
        raise RuntimeError(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("nan in step 3")])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)), explained():
        raise error
