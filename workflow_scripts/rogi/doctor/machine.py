"""The machine: its disk, memory, cores and GPU."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.rogi.doctor.estimate import GIB
from workflow_scripts.rogi.doctor.verdicts import Check, Verdict

SPARE = 1.2  # free disk to be safe, times the estimate; our own choice


@dataclass(frozen=True)
class Machine:
    """What this machine has.

    Attributes:
        gpus: Names of the GPUs that NVIDIA's driver shows.
        cores: Processor cores.
        memory_mib: Main memory.
        free_gib: Free disk where the results are written.
        is_cluster: Whether jobs can be submitted to Slurm from here, so that a GPU may be elsewhere.
    """

    gpus: tuple[str, ...]
    cores: int
    memory_mib: float
    free_gib: float
    is_cluster: bool

    def device(self, wanted: str) -> str:
        """Return where the network will run: "cpu" or "cuda"."""
        return wanted if wanted != "auto" else "cuda" if self.gpus else "cpu"


def this_machine(results: Path) -> Machine:
    """Look at this machine; the results need not be there yet."""
    folder = next(path for path in (results, *results.absolute().parents) if path.exists())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
    free = shutil.disk_usage(folder).free / GIB
    return Machine(_gpus(), os.cpu_count() or 1, memory, free, shutil.which("sbatch") is not None)


def _gpus() -> tuple[str, ...]:
    if shutil.which("nvidia-smi") is None:
        return ()
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=60, check=False)
    return tuple(done.stdout.splitlines()) if done.returncode == 0 else ()


def examine_machine(config: Mapping[str, Any], machine: Machine, needs: pd.DataFrame | None) -> list[Verdict]:
    """Compare this machine with what the study asks for and, where there is an estimate, with what it needs."""
    return [_gpu(config, machine), *([_disk(machine, needs), _memory(machine, needs)] if needs is not None else [])]


def _gpu(config: Mapping[str, Any], machine: Machine) -> Verdict:
    wanted = sorted({config[stage]["device"] for stage in ("training", "prediction")})
    check = Check(
        *("gpu", "training.device, prediction.device", "a GPU where the config says cuda"),
        "run on a machine with a GPU, or set the devices to auto or cpu, which takes far longer",
    )
    found = f"{', '.join(wanted)}; {len(machine.gpus)} GPUs: {', '.join(machine.gpus) or 'none'}; {machine.cores} cores"
    if machine.gpus or "cuda" not in wanted:
        return check.ok(found)
    return check.warning(f"{found}; Slurm may have some") if machine.is_cluster else check.failed(found)


def _disk(machine: Machine, needs: pd.DataFrame) -> Verdict:
    need = SPARE * float(np.nansum(needs["disk_gib"]))
    check = Check(
        *("disk", "results/", f"{need:.1f} GiB free, a fifth of it to spare"),
        "make room, or lay results/ on a larger disk (a symbolic link will do)",
    )
    return check.either(machine.free_gib >= need, f"{machine.free_gib:.1f} GiB free")


def _memory(machine: Machine, needs: pd.DataFrame) -> Verdict:
    need = float(needs["memory_mib"].max())
    check = Check("memory", "this machine", f"{need:.0f} MiB for the largest job", "lower prediction.window_px")
    return check.either(machine.memory_mib >= need, f"{machine.memory_mib:.0f} MiB")
