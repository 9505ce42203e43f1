"""What a mapping job was made with and what it did, for its ledger and its report."""

import json
import os
import platform
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from workflow_scripts.rogi.files import replacing
from workflow_scripts.rogi.mapping.predict import Tally
from workflow_scripts.rogi.mapping.windows import WindowGrid


def identity(paths: list[str]) -> list[tuple[str, int, int]]:
    """Return name, size and time of change (ns) of files."""
    found = ((path, os.stat(path)) for path in sorted(paths))
    return [(path, stat.st_size, stat.st_mtime_ns) for path, stat in found]


def hardware(device: torch.device, threads: int, batch_size: int) -> list[str]:
    """Return what may change the rounding of scores: processor, threads or batch, and version of PyTorch."""
    if device.type == "cuda":
        return [torch.__version__, torch.cuda.get_device_name(device), f"batches of {batch_size}"]
    return [torch.__version__, platform.machine(), torch.backends.cpu.get_cpu_capability(), f"{threads} threads"]


def peak_memory_mib() -> float:
    """Return the largest resident memory that this process had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def write_report(
    path: str | Path,
    tally: Tally,
    windows: WindowGrid,
    samples: int,
    busy_s: float,
    pixels: int,
    about: dict[str, Any],
) -> dict[str, Any]:
    """Write what a job did as JSON, and return it; `window_mpx_per_s` counts every look, view and model.

    Args:
        path: The file.
        tally: Its windows and seconds.
        windows: Their grid.
        samples: Probabilities that were averaged at every pixel of a look.
        busy_s: Seconds in which the device computed.
        pixels: Pixels of output that are not nodata.
        about: More to say.
    """
    mpx = windows.window_px**2 / 1e6
    seconds = max(tally.seconds, 1e-9)
    report = about | {
        "window_px": windows.window_px,
        "step_px": windows.step_px,
        "window_pixels_per_output_pixel": round(windows.redundancy, 4),
        "windows": {key: value for key, value in asdict(tally).items() if key != "seconds"},
        "pixels": pixels,
        "seconds": round(tally.seconds, 3),
        "samples_per_pixel": samples,
        "window_mpx_per_s": round((tally.computed + tally.looks) * samples * mpx / seconds, 4),
        "output_mpx_per_s": round(tally.computed * mpx / windows.redundancy / seconds, 4),
        "busy_share": round(busy_s / seconds, 4),
        "peak_memory_mib": round(peak_memory_mib()),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return report
