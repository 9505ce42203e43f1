"""Which device a job computes on; on a node with several GPUs, every job of this machine has its own."""

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import torch

from workflow_scripts.rogi.training.memory import lacks_memory

_claims: dict[str, ExitStack] = {}  # open for as long as the process lives; the kernel frees a lock when it dies


def choose_device(wanted: str) -> torch.device:
    """Return the device for "auto", "cpu" or "cuda"; of several visible GPUs one that no other job here has taken.

    Raises:
        RuntimeError: A GPU was asked for and none is visible.
    """
    visible = torch.cuda.is_available()
    if wanted == "cuda" and not visible:
        raise RuntimeError(
            "the config asks for a GPU (device: cuda) and none is visible to PyTorch; run on a node with one, "
            "check CUDA_VISIBLE_DEVICES and that PyTorch is a CUDA build, or set device: auto"
        )
    if not visible or wanted == "cpu":
        return torch.device("cpu")
    names = [str(torch.cuda.get_device_properties(number).uuid) for number in range(torch.cuda.device_count())]
    device = torch.device("cuda", claim(names, Path(tempfile.gettempdir())))
    torch.cuda.set_device(device)
    return device


def arithmetic(wanted: str, threads: int) -> str:
    """Return what the last bits of a computation depend on: the kind of device that is chosen, on CPUs the threads."""
    on_gpu = wanted != "cpu" and torch.cuda.is_available()
    return "cuda" if on_gpu else f"cpu, {threads} threads"


def claim(names: Iterable[str], folder: Path) -> int:
    """Claim the first name that no other job of this user has claimed; return its position, 0 if none is free.

    Args:
        names: What identifies the devices on this machine.
        folder: Where the lock files lie.
    """
    for number, name in enumerate(names):
        if name in _claims:
            return number
        with suppress(BlockingIOError), ExitStack() as held:
            handle = held.enter_context((folder / f"tprogi-{os.getuid()}-device-{name}.lock").open("a"))
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _claims[name] = held.pop_all()
            return number
    logging.getLogger("rogi").warning("every visible GPU is in use by another job of this workflow; sharing the first")
    return 0


@contextmanager
def explained() -> Iterator[None]:
    """Say which settings help where a training does not fit its device, or its batch or its layers do not fit it.

    Raises:
        MemoryError: The device's memory did not suffice.
        ValueError: Batch normalisation found a single value per channel, or a layer has no repeatable algorithm.
    """
    try:
        yield
    except RuntimeError as error:
        if "does not have a deterministic implementation" in str(error):
            layer = str(error).partition(" ")[0]
            raise ValueError(
                f"a layer of this network gives no repeatable result on this device ({layer} of PyTorch); set "
                "training.deterministic to false, or train another model.architecture or on another device"
            ) from error
        if not lacks_memory(error):
            raise
        raise MemoryError(
            "the training does not fit into the GPU's memory; lower training.batch_size and raise training.accumulate "
            "by as much, lower training.crop_px, or use a GPU with more"
        ) from error
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise ValueError(
            "a batch of one patch has no statistics for the network to normalise by (batch normalisation); "
            "set training.batch_size to 2 or more, and where memory is short lower training.crop_px"
        ) from error
