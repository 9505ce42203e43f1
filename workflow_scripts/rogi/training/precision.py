"""Number formats of a training, and what makes it repeatable."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from workflow_scripts.rogi.mapping.accelerate import choose_precision


def training_precision(wanted: str, device: torch.device) -> torch.dtype:
    """Return the number format of a network's layers for "float32", "bfloat16", "float16" or "auto".

    auto takes float32 on a CPU, where steps of a small network in bfloat16 took a quarter longer, bfloat16 on a GPU
    that has it, and float16 on older ones.
    """
    if wanted in ("float32", "float16"):
        return {"float32": torch.float32, "float16": torch.float16}[wanted]
    if wanted == "auto" and device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if choose_precision(wanted, device) == torch.bfloat16 else torch.float16


@contextmanager
def repeatable(wanted: bool) -> Iterator[None]:
    """Let PyTorch take only algorithms that give the same result every time, and leave it as it was afterwards."""
    cudnn, before = torch.backends.cudnn, torch.are_deterministic_algorithms_enabled()
    flags = cudnn.deterministic, cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may choose as it likes
    torch.use_deterministic_algorithms(wanted)
    cudnn.deterministic, cudnn.benchmark = wanted, not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        cudnn.deterministic, cudnn.benchmark = flags
