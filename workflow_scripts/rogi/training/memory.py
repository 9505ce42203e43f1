"""What a GPU has no room for: how that is noticed, and batches that are halved until there is room."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch

Result = TypeVar("Result")
# How CUDA, cuDNN and cuBLAS say so where PyTorch has no error of its own for it.
SAYINGS = ("CUDA error: out of memory", "ALLOC_FAILED")


def lacks_memory(error: RuntimeError) -> bool:
    """Return whether an error says that a GPU's memory did not suffice."""
    return isinstance(error, torch.OutOfMemoryError) or any(saying in str(error) for saying in SAYINGS)


def fitting(
    work: Callable[[Any, int], Result], items: Sequence[Any] | np.ndarray, size: int, item: str, advice: str
) -> tuple[Result, int]:
    """Return work(items[:size], size) with a size halved until the memory of a GPU suffices, and that size.

    Args:
        work: Takes some items and the size of a full batch.
        items: What is still to do.
        size: Of a batch, to begin with.
        item: What a single one is, for messages.
        advice: What to do where a single one does not fit.

    Raises:
        MemoryError: A single item does not fit.
    """
    while (made := _tried(work, items, size, item, advice)) is None:
        logging.getLogger("rogi").warning(
            "out of GPU memory with %d at a time (%s); going on with %d", size, item, size // 2
        )
        size //= 2
        torch.cuda.empty_cache()
    return made, size


def _tried(
    work: Callable[[Any, int], Result], items: Sequence[Any] | np.ndarray, size: int, item: str, advice: str
) -> Result | None:
    """Return None where the memory does not suffice; the error, which holds tensors alive, is gone by then."""
    try:
        return work(items[:size], size)
    except RuntimeError as error:
        if not lacks_memory(error):
            raise
        if size > 1:
            return None
        raise MemoryError(f"a single {item} does not fit into the GPU's memory; {advice}") from error
