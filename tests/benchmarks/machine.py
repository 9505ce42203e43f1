"""The machine that a benchmark ran on, and runs in processes of their own, which measure time and peak memory."""

import datetime
import fcntl
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path
from tempfile import gettempdir
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
PACKAGES = ("torch", "segmentation-models-pytorch", "timm", "rasterio", "numpy")


def describe(*packages: str) -> str:
    """Return one line on the machine, the versions of what is measured, and the date."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in (*PACKAGES, *packages))
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = datetime.date.today().isoformat()
    python = platform.python_version()
    return f"{_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB; Python {python}, {versions}; {today}"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_mib() -> float:
    """Return the peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MEMORY_UNIT / 2**20


def measured(function: str, **arguments: Any) -> dict[str, float]:
    """Run a function of this folder in a process of its own.

    Args:
        function: `module.function`; its module is imported before anything is measured.
        arguments: What it is given, made of what JSON knows.

    Returns:
        What the function returns, and `base_mib` (peak after the imports) and `peak_mib` (peak at the end).
    """
    command = [sys.executable, "-m", "tests.benchmarks.machine", function, json.dumps(arguments)]
    with open(f"{gettempdir()}/rogi_benchmark.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two benchmarks on one machine take turns
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{function} failed:\n{ran.stdout}{ran.stderr}")
    result: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return result


def work(seconds: float, windows: int, window_px: int, step_px: int) -> dict[str, float]:
    """Return what mapping by windows did: `seconds`, `window_px`, and `output_px`.

    A window makes a square of `step_px` of the output, as over a large area; in the small raster of a benchmark, the
    pixels along the border would favour one geometry or another.
    """
    return {"seconds": seconds, "window_px": windows * window_px**2, "output_px": windows * step_px**2}


def rate(run: dict[str, float], what: str) -> float:
    """Return the Mpx/s of what `work` counted."""
    return run[what] / run["seconds"] / 1e6


def table(header: str, rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows under a header of the same number of columns, set apart by `|`, as Markdown."""
    columns = header.count("|") + 1
    lines = [f"| {header} |", "|" + " --- |" * columns, *(f"| {' | '.join(row)} |" for row in rows)]
    print("\n".join(lines), end="\n\n", flush=True)


def _child() -> None:
    module, _, name = sys.argv[1].rpartition(".")
    function = getattr(import_module(f"tests.benchmarks.{module}"), name)
    base_mib = peak_mib()
    result = function(**json.loads(sys.argv[2])) or {}
    print(json.dumps({"base_mib": base_mib, **result, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    _child()
