"""The loop over cells: the same in threads, in parts, and on CUDA, which is simulated where there is no GPU."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import cuda

from tests.insolation.scene import cells_at, rough
from tests.rule_files import ROOT
from workflow_scripts.rogi.insolation import devices
from workflow_scripts.rogi.insolation.cells import Cells
from workflow_scripts.rogi.insolation.devices import DeviceError, choose, empty_results, on_cpu, run
from workflow_scripts.rogi.insolation.horizon import Terrain, terrain
from workflow_scripts.rogi.insolation.sun import calendar

SECTORS = 16
YEAR = calendar(60, 30)


def scene(count: int) -> tuple[Cells, Terrain]:
    generator = np.random.default_rng(5)
    heights = rough(96)
    heights[10:14, 20:50] = np.nan
    rows, columns = generator.integers(20, 96, (2, count))
    slope, aspect = generator.uniform(0, 50, count), generator.uniform(0, 360, count)
    return cells_at(rows, columns, slope, aspect, generator.uniform(27, 40, count)), terrain(heights, 1500)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("size", [7, 50, 1000])
def test_threads_and_parts_change_nothing(monkeypatch: pytest.MonkeyPatch, threads: int, size: int) -> None:
    cells, around = scene(50)
    whole = empty_results(50, SECTORS)
    on_cpu(cells, around, YEAR, whole)
    monkeypatch.setattr(devices, "CPU_CELLS", size)
    known, sums = run(cells, around, YEAR, SECTORS, "cpu", threads)
    np.testing.assert_array_equal(known, whole.known)
    np.testing.assert_array_equal(sums, whole.sums)


def test_no_cells_give_no_values() -> None:
    known, sums = run(*scene(0), YEAR, SECTORS, "cpu", 2)
    assert (known.shape, sums.shape) == ((0,), (0, 4))


def test_a_cpu_is_taken_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    assert [choose(device) for device in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(DeviceError, match="device is cuda, and numba finds no GPU or no CUDA toolkit"):
        choose("cuda")


def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    assert [choose(device) for device in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


def print_cuda() -> None:
    """Print what is found on a GPU, real or simulated, in more than one part and block."""
    devices.CUDA_CELLS, devices.CUDA_THREADS = 15, 8
    assert choose("auto") == "cuda"
    print(json.dumps([found.tolist() for found in run(*scene(20), YEAR, SECTORS, "cuda", 1)]))


@pytest.mark.parametrize(
    "simulated",
    [pytest.param(False, marks=pytest.mark.skipif(not cuda.is_available(), reason="no GPU that numba can use")), True],
)
def test_a_gpu_finds_the_same(simulated: bool) -> None:
    command = [sys.executable, "-c", "from tests.insolation.test_devices import print_cuda; print_cuda()"]
    environment = os.environ | ({"NUMBA_ENABLE_CUDASIM": "1"} if simulated else {})
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    expected = run(*scene(20), YEAR, SECTORS, "cpu", 1)
    for ours, theirs in zip(json.loads(ran.stdout), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
