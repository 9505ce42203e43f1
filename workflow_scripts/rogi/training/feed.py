"""The batches of every step: the same ones, whichever thread or process makes them, and wherever a training resumes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

from workflow_scripts.rogi.training.augmentation import shown
from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.distributed import Process
from workflow_scripts.rogi.training.recipe import Recipe
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.sampling import Sampler
from workflow_scripts.rogi.training.streams import Use, stream

AHEAD = 2  # results per thread that wait for their use
Item = TypeVar("Item")
Result = TypeVar("Result")


class Feed:
    """Makes what one process of a training is shown."""

    def __init__(self, samples: Samples, recipe: Recipe, process: Process) -> None:
        """Prepare the draws; see `Sampler` for the errors."""
        self.samples, self.recipe, self.process = samples, recipe, process
        self.sampler = Sampler(samples, recipe.sampling, recipe.seed)
        self.patches_per_step = recipe.batch_size * recipe.accumulate * process.count

    def steps(self, first: int, pin: bool) -> Iterator[list[Batch]]:
        """Yield the batches of this process, as many as are accumulated, for each step from the first one on.

        Args:
            first: Step to begin with, counted from 0.
            pin: Whether to put them into memory from which a GPU copies by itself.
        """

        def make(step: int) -> list[Batch]:
            return [_pinned(part) if pin else part for part in self.batches(step)]

        return ahead(make, range(first, self.recipe.steps), self.recipe.workers)

    def batches(self, step: int) -> list[Batch]:
        """Return the batches of this process for a step."""
        size = self.recipe.batch_size
        numbers = self.sampler.numbers(step, self.patches_per_step)
        starts = [size * (part * self.process.count + self.process.rank) for part in range(self.recipe.accumulate)]
        return [self._batch(step, range(start, start + size), numbers) for start in starts]

    def _batch(self, step: int, positions: range, numbers: np.ndarray) -> Batch:
        generators = [stream(self.recipe.seed, Use.VIEW, step, position) for position in positions]
        return shown(self.samples.read(numbers[positions]), generators, self.recipe, self.samples.channels)

    def validation(self, pin: bool) -> Iterator[Batch]:
        """Yield the whole validation patches of which this process takes care."""

        def read(numbers: np.ndarray) -> Batch:
            batch = self.samples.read(numbers)
            return _pinned(batch) if pin else batch

        mine = self.samples.validation[self.process.rank :: self.process.count]
        size = self.recipe.batch_size
        return ahead(read, [mine[start : start + size] for start in range(0, len(mine), size)], self.recipe.workers)


def _pinned(batch: Batch) -> Batch:
    return Batch(*(part.pin_memory() for part in batch))


def ahead(make: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield make(item) of each item in order, made by threads ahead of their use; 0 workers make each when asked for.

    An error of `make` is raised where its result would have come.
    """
    if not workers:
        yield from map(make, items)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="feed")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def on(device: torch.device, batch: Batch) -> Batch:
    """Return a batch on a device; the copy from pinned memory goes on by itself."""
    return Batch(*(part.to(device, non_blocking=True) for part in batch))
