"""A training in one process or, by PyTorch's own launcher (torchrun), in several on one machine."""

import copy
import logging
import logging.handlers
import uuid
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import Queue, get_context
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from workflow_scripts.rogi.training.checkpoint import kept
from workflow_scripts.rogi.training.devices import choose_device
from workflow_scripts.rogi.training.loop import fit
from workflow_scripts.rogi.training.network import Normalized
from workflow_scripts.rogi.training.recipe import Recipe
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.state import Row

START = "spawn"  # the only way into a new process that CUDA survives
PATIENCE = timedelta(hours=1)  # of a process with one that evaluates or reads slowly


def fit_on(
    processes: int,
    device: str,
    network: Normalized,
    samples: Samples,
    recipe: Recipe,
    checkpoint: Path,
    log: Callable[[list[Row]], None],
) -> tuple[dict[str, torch.Tensor], list[Row]]:
    """Fit a network in so many processes; see `fit` for the rest.

    Raises:
        RuntimeError: There are fewer GPUs than processes, or a process failed.
    """
    if processes == 1:
        return fit(network, samples, recipe, choose_device(device), checkpoint, log)
    visible = torch.cuda.device_count() if device != "cpu" else 0
    if 0 < visible < processes or (device == "cuda" and not visible):
        raise RuntimeError(
            f"training.gpus is {processes}, and {visible} are visible to PyTorch; lower it, ask for more GPUs, or "
            "check CUDA_VISIBLE_DEVICES"
        )
    records: Queue[Any] = get_context(START).Queue()
    listener = logging.handlers.QueueListener(records, *logging.getLogger().handlers)
    listener.start()
    threads = max(1, torch.get_num_threads() // processes)
    try:
        start = elastic_launch(_settings(processes), _join)
        start(records, threads, device, network, samples, recipe, checkpoint, log)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        said = failure.message["message"] if isinstance(failure.message, dict) else failure.message
        raise RuntimeError(f"one of {processes} processes of the training failed: {said}") from error
    finally:
        listener.stop()
    state = kept(checkpoint, torch.device("cpu"))
    return state["best"], state["rows"]


def _settings(processes: int) -> LaunchConfig:
    return LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        start_method=START,
        max_restarts=0,
    )


def _join(
    records: "Queue[Any]",
    threads: int,
    device: str,
    network: Normalized,
    samples: Samples,
    recipe: Recipe,
    checkpoint: Path,
    log: Callable[[list[Row]], None],
) -> None:
    """Be one process of a training; the launcher has said in the environment which."""
    torch.set_num_threads(threads)
    chosen = choose_device(device)
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=PATIENCE)
    if distributed.get_rank() == 0:
        logger = logging.getLogger("rogi")
        logger.setLevel(logging.INFO)
        logger.handlers = [logging.handlers.QueueHandler(records)]
    try:
        own = copy.deepcopy(network)  # what came lies in memory that all processes share
        fit(own, samples, recipe, chosen, checkpoint, log)
    finally:
        distributed.destroy_process_group()
