"""What the machine has, and whether it is enough."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.doctor.conftest import load
from workflow_scripts.rogi.doctor.machine import Machine, examine_machine, this_machine
from workflow_scripts.rogi.doctor.verdicts import FAILED, OK

NEEDS = pd.DataFrame({"memory_mib": [2000.0, None], "disk_gib": [10.0, 5.0]})


def program(folder: Path, name: str, text: str) -> None:
    """Write an executable shell script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_this_machine_is_described_also_before_there_are_results(tmp_path: Path) -> None:
    found = this_machine(tmp_path / "results")
    assert found.cores == os.cpu_count()
    assert found.memory_mib > 500
    assert 0 < found.free_gib <= shutil.disk_usage(tmp_path).total / 2**30


@pytest.mark.parametrize(
    ("text", "gpus"), [("echo NVIDIA H100; echo NVIDIA L4", ("NVIDIA H100", "NVIDIA L4")), ("exit 9", ())]
)
def test_gpus_are_those_that_the_driver_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, gpus: tuple[str, ...]
) -> None:
    program(tmp_path, "nvidia-smi", text)
    program(tmp_path, "sbatch", "")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = this_machine(tmp_path)
    assert found.gpus == gpus
    assert found.is_cluster
    assert found.device("auto") == ("cuda" if gpus else "cpu")
    assert found.device("cuda") == "cuda"


@pytest.mark.parametrize(("free_gib", "verdict"), [(18.1, OK), (17.9, FAILED)])
def test_a_fifth_of_the_disk_must_be_spare(free_gib: float, verdict: str) -> None:
    verdicts = examine_machine(load("config.yaml"), Machine((), 2, 2000, free_gib, False), NEEDS)
    assert {answer.check: answer.verdict for answer in verdicts} == {"gpu": OK, "disk": verdict, "memory": OK}
