"""The batches of a training: the same for any number of threads, processes and parts, and from any step on."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.scene import RECIPE, samples
from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.distributed import Process
from workflow_scripts.rogi.training.feed import Feed, ahead, on
from workflow_scripts.rogi.training.samples import Samples

LONG = replace(RECIPE, steps=6, batch_size=8)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    given = samples(tmp_path_factory.mktemp("feed"))
    yield given
    given.patches.close()


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(*parts) for parts in zip(one, other, strict=True))


def joined(batches: list[Batch]) -> Batch:
    return Batch(*(torch.cat(parts) for parts in zip(*batches, strict=True)))


@pytest.mark.parametrize("sampling", ["uniform", "balanced"])
@pytest.mark.parametrize("workers", [1, 3])
def test_threads_and_the_first_step_change_no_value(world: Samples, workers: int, sampling: str) -> None:
    recipe = replace(LONG, sampling=sampling)
    expected = [Feed(world, recipe, Process()).batches(step) for step in range(6)]
    found = list(Feed(world, replace(recipe, workers=workers), Process()).steps(2, pin=False))
    assert len(found) == 4
    assert all(same(one[0], other[0]) for one, other in zip(found, expected[2:], strict=True))
    assert not same(expected[0][0], expected[1][0])


@pytest.mark.parametrize(("processes", "accumulate"), [(1, 4), (2, 2), (4, 1)])
def test_a_step_is_the_same_however_it_is_shared(world: Samples, processes: int, accumulate: int) -> None:
    whole = joined(Feed(world, LONG, Process()).batches(3))
    recipe = replace(LONG, batch_size=2, accumulate=accumulate)
    feeds = [Feed(world, recipe, Process(rank, processes)) for rank in range(processes)]
    parts = [feed.batches(3) for feed in feeds]
    assert all(len(own) == accumulate for own in parts)
    assert all(feed.patches_per_step == 8 for feed in feeds)
    assert same(joined([parts[rank][part] for part in range(accumulate) for rank in range(processes)]), whole)


def test_validation_patches_are_shared_and_whole(world: Samples) -> None:
    feeds = [Feed(world, replace(LONG, batch_size=2, workers=1), Process(rank, 2)) for rank in (0, 1)]
    own = [list(feed.validation(pin=False)) for feed in feeds]
    assert [[len(batch.label) for batch in batches] for batches in own] == [[2, 1], [2]]
    numbers = [*world.validation[::2], *world.validation[1::2]]
    assert same(joined([batch for batches in own for batch in batches]), world.read(np.array(numbers)))


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_results_come_in_order_with_few_ahead(workers: int) -> None:
    made: list[int] = []
    found = ahead(lambda item: made.append(item) or item**2, range(30), workers)  # type: ignore[func-returns-value]
    assert next(found) == 0
    assert next(found) == 1
    assert len(made) <= 2 + 3 * workers
    assert list(found) == [number**2 for number in range(2, 30)]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_comes_where_its_result_would(workers: int) -> None:
    found = ahead(lambda item: 6 // item, [3, 2, 0, 1], workers)
    assert [next(found), next(found)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_threads_end_with_who_asked() -> None:
    found = ahead(lambda item: item, range(100), 3)
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("feed")]


def test_a_batch_goes_to_its_device_whole(world: Samples) -> None:
    batch = world.read(world.training[:2])
    assert same(on(torch.device("cpu"), batch), batch)
