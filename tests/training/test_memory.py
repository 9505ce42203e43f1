"""Batches that are halved until a GPU has room for them."""

import logging

import pytest
import torch

from workflow_scripts.rogi.training.memory import fitting, lacks_memory

FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (FULL, True),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
    ],
)
def test_a_full_gpu_is_told_by_what_the_error_says(error: RuntimeError, full: bool) -> None:
    assert lacks_memory(error) == full


@pytest.mark.parametrize(("room", "size"), [(9, 8), (8, 8), (5, 4), (1, 1)])
def test_a_batch_is_halved_until_it_fits(room: int, size: int, caplog: pytest.LogCaptureFixture) -> None:
    tried: list[int] = []

    def work(items: range, full: int) -> list[int]:
        tried.append(full)
        if len(items) > room:
            raise FULL
        return list(items)

    with caplog.at_level(logging.WARNING, "rogi"):
        assert fitting(work, range(20), 8, "brick", "buy more") == (list(range(size)), size)
    assert tried == [each for each in (8, 4, 2, 1) if each >= size]
    assert ("out of GPU memory with 8 at a time (brick); going on with 4" in caplog.text) == (size < 8)


def test_what_does_not_fit_alone_says_what_to_do() -> None:
    def work(items: range, full: int) -> None:
        raise FULL

    with pytest.raises(MemoryError, match="a single brick does not fit into the GPU's memory; buy more"):
        fitting(work, range(3), 2, "brick", "buy more")


def test_other_errors_stay_what_they_are() -> None:
    def work(items: range, full: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        fitting(work, range(3), 2, "brick", "buy more")
