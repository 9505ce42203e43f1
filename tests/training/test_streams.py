"""Random numbers: no two uses of a seed, nor two steps or places of one use, share theirs."""

from itertools import product

import torch

from workflow_scripts.rogi.training.streams import Use, seed_of, stream

# Zeros at the end, and numbers that stand for different things, are what streams are confused by.
NUMBERS = [numbers for length in (0, 1, 2) for numbers in product((0, 1, 7), repeat=length)]
KEYS = list(product((0, 1, 7), Use, NUMBERS))


def test_streams_differ_in_seed_use_and_every_number() -> None:
    drawn = {tuple(stream(seed, use, *numbers).integers(2**62, size=2)) for seed, use, numbers in KEYS}
    assert len(drawn) == len(KEYS) == 3 * len(Use) * 13


def test_a_stream_is_that_of_its_numbers() -> None:
    assert stream(3, Use.VIEW, 2, 1).random() == stream(3, Use.VIEW, 2, 1).random()


def test_seeds_of_pytorch_differ_likewise() -> None:
    seeds = {seed_of(seed, use, *numbers) for seed, use, numbers in KEYS}
    assert len(seeds) == len(KEYS)
    assert seed_of(1, Use.DROPOUT, 2, 3) == seed_of(1, Use.DROPOUT, 2, 3)
    torch.Generator().manual_seed(max(seeds))
