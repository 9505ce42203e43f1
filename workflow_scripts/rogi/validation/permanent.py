"""Permanent random numbers: chance that belongs to a name, whatever else is in the list."""

import hashlib
from collections.abc import Iterable

import numpy as np


def permanent_numbers(names: Iterable[str], seed: int | str, use: str = "") -> np.ndarray:
    """Return one random number per name that depends on the name, the seed and the use alone.

    Drawing those with the smallest numbers gives a simple random sample that stays as it is when others come and go
    (sequential simple random sampling with permanent random numbers; Ohlsson 1995, in Business Survey Methods, ch. 9).

    Args:
        names: Names, for instance primary IDs.
        seed: The study's seed, or that of one round of a study.
        use: Tells independent draws apart.

    Returns:
        Array of shape (n,), uniform in [0, 1): the first 53 bits of a SHA-256.
    """
    words = [hashlib.sha256(f"{seed}\0{use}\0{name}".encode()).digest()[:8] for name in names]
    whole = np.frombuffer(b"".join(words), dtype=">u8") >> np.uint64(11)
    return whole.astype(float) / 2.0**53
