"""Random numbers of a training: every use of the seed has a stream of its own, and so has each of its steps."""

from enum import IntEnum

import numpy as np


class Use(IntEnum):
    """What random numbers are drawn for."""

    ORDER = 0
    DRAW = 1
    VIEW = 2
    DROPOUT = 3


def stream(seed: int, use: Use, *numbers: int) -> np.random.Generator:
    """Return the generator of one use of a seed."""
    return np.random.default_rng(_sequence(seed, use, *numbers))


def seed_of(seed: int, use: Use, *numbers: int) -> int:
    """Return a seed for PyTorch, which takes a single number."""
    return int(_sequence(seed, use, *numbers).generate_state(1, np.uint64)[0])


def _sequence(seed: int, use: Use, *numbers: int) -> np.random.SeedSequence:
    # Entropy is filled up with zeros, so that (seed, 7) is (seed, 7, 0); a spawn key is not.
    return np.random.SeedSequence(seed, spawn_key=(use, *numbers))
