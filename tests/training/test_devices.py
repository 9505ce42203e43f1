"""Devices: what is asked for, and one GPU per job."""

import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.rule_files import ROOT
from workflow_scripts.rogi.training import devices
from workflow_scripts.rogi.training.devices import choose_device, claim

HOLD = "import sys; from pathlib import Path; from workflow_scripts.rogi.training.devices import claim; " \
       "print(claim(['a', 'b'], Path(sys.argv[1])), flush=True); sys.stdin.read()"  # fmt: skip


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


def test_jobs_on_one_machine_take_different_devices(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A device is free again when the job that had it is gone, even killed."""
    jobs = [
        subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], cwd=ROOT, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    taken = [int(job.stdout.readline()) for job in jobs if job.stdout]
    assert sorted(taken) == [0, 1]
    with caplog.at_level(logging.WARNING, "rogi"):
        assert claim(["a", "b"], tmp_path) == 0
    assert "every visible GPU is in use" in caplog.text
    last = jobs[taken.index(1)]
    last.kill()
    last.communicate()
    for _ in range(2):  # what this process has stays its own
        assert claim(["a", "b"], tmp_path) == 1
    jobs[taken.index(0)].communicate()
