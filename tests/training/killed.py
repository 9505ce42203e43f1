"""Trainings that are killed: each runs in a process of its own, so that it dies of a real SIGKILL."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from tests.training.scene import RECIPE, equal, network, samples, timeless
from workflow_scripts.rogi.training import launch, loop, steps
from workflow_scripts.rogi.training.launch import fit_on
from workflow_scripts.rogi.training.recipe import Recipe

# Forks of a server that has imported PyTorch and done nothing: quick, and unlike forks of the tests' own process, which
# has computed, they neither hang on threads they lack nor are refused by autograd. The server finds this module where
# tests are run in the root of the repository; elsewhere each fork imports all anew.
CLEAN = get_context("forkserver")
CLEAN.set_forkserver_preload([__name__, "torch._dynamo"])  # which optimizers import late

LONG = replace(RECIPE, steps=9, evaluate_every_steps=3, accumulate=2, batch_size=2, workers=1)
BY_THE_CLOCK = replace(LONG, checkpoint_min=1e-9, loss="focal_tversky", optimizer="sgd")
SHARED = replace(LONG, batch_size=1)
# By name: a recipe, and in how many processes it runs.
TRAININGS: dict[str, tuple[Recipe, int]] = {
    "alone": (LONG, 1),
    "saved at every step": (BY_THE_CLOCK, 1),
    "two processes": (SHARED, 2),
}


def die() -> None:
    """Kill this process and all it started, or that started it."""
    os.killpg(0, signal.SIGKILL)


def nth(count: int, module: Any, name: str, before: Callable[..., None]) -> None:
    """Do something before the n-th call of a function of a module."""
    true, calls = getattr(module, name), iter(range(count))

    def watched(*given: Any, **more: Any) -> Any:
        if next(calls, None) == count - 1:
            before(*given)
        return true(*given, **more)

    setattr(module, name, watched)


def half_written(content: Any, path: Path) -> None:
    """Die while a checkpoint is being written."""
    path.write_bytes(b"half of a checkpoint")
    die()


def dies(*given: Any) -> None:
    die()


# Where a training dies.
PLACES: dict[str, tuple[str, Callable[[], None]]] = {
    "first step, between loss and gradient": ("alone", lambda: nth(1, steps, "gradient", dies)),
    "eighth step, after its first part": ("alone", lambda: nth(16, steps, "gradient", dies)),
    "second evaluation": ("alone", lambda: nth(2, loop, "evaluate", dies)),
    "while the second state is written": ("alone", lambda: nth(2, torch, "save", half_written)),
    "fifth step": ("saved at every step", lambda: nth(9, steps, "gradient", dies)),
    "eighth step": ("two processes", lambda: nth(15, steps, "gradient", dies)),
}


def train(folder: Path, recipe: Recipe, processes: int, place: str | None = None, *, plain: bool = False) -> int:
    """Train in a process of its own, to die at a place of PLACES, and return how it ended."""
    process = CLEAN.Process(target=_train, args=(folder, recipe, processes, place, plain))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _train(folder: Path, recipe: Recipe, processes: int, place: str | None, plain: bool) -> None:
    os.setpgid(0, 0)
    torch.set_num_threads(1)
    launch.START = "fork"  # quicker, and nothing here uses CUDA
    if place is not None:
        PLACES[place][1]()
    net, checkpoint = network(plain=plain), folder / "resume.pt"
    best, rows = fit_on(processes, "cpu", net, samples(folder), recipe, checkpoint, lambda rows: None)
    torch.save([best, rows, torch.load(checkpoint, weights_only=True)["network"]], folder / "result.pt")


def same(one: Path, other: Path) -> bool:
    """Tell whether two trainings came to the same end."""
    results = [torch.load(folder / "result.pt", weights_only=True) for folder in (one, other)]
    states = all(equal(results[0][part], results[1][part]) for part in (0, 2))
    return states and timeless(results[0][1]) == timeless(results[1][1])
