"""The report of a mapping job: rates against closed forms, files told apart."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from workflow_scripts.rogi.mapping.predict import Tally
from workflow_scripts.rogi.mapping.report import hardware, identity, peak_memory_mib, write_report
from workflow_scripts.rogi.mapping.windows import WindowGrid


def test_rates_are_pixels_over_seconds(tmp_path: Path) -> None:
    tally = Tally(computed=50, resumed=7, outside=3, empty=2, looks=4, seconds=10.0)
    report = write_report(tmp_path / "r.json", tally, WindowGrid(1000, 800), 8, 9.0, 1234, {"subregion": "north"})
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == report
    assert report["subregion"] == "north"
    assert report["windows"] == {"computed": 50, "resumed": 7, "outside": 3, "empty": 2, "looks": 4}
    assert report["samples_per_pixel"] == 8
    assert report["window_mpx_per_s"] == pytest.approx(8 * 5.4)
    assert report["output_mpx_per_s"] == pytest.approx(5.0 / 1.5625)
    assert report["busy_share"] == pytest.approx(0.9)
    assert report["pixels"] == 1234


def test_nothing_to_do_is_no_division_by_zero(tmp_path: Path) -> None:
    report = write_report(tmp_path / "r.json", Tally(), WindowGrid(1000, 800), 1, 0.0, 0, {})
    assert report["window_mpx_per_s"] == report["busy_share"] == 0


def test_a_touched_or_longer_file_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "quad.tif"
    path.write_bytes(b"12")
    seen = [identity([str(path)])]
    os.utime(path, ns=(1, 10**18))
    seen.append(identity([str(path)]))
    path.write_bytes(b"123")
    os.utime(path, ns=(1, 10**18))
    seen.append(identity([str(path)]))
    assert seen[0] != seen[1] != seen[2]
    assert identity([str(path)]) == seen[2]


def test_threads_of_a_processor_count_as_hardware() -> None:
    cpu = torch.device("cpu")
    assert hardware(cpu, 1, 8) == hardware(cpu, 1, 2) != hardware(cpu, 2, 8)


def test_peak_memory_holds_what_was_used() -> None:
    before = peak_memory_mib()
    block = np.ones(int(before + 200) * 2**20, np.uint8)
    assert block.any()
    assert peak_memory_mib() >= before + 190
