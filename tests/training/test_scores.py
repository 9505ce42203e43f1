"""Overlap of prediction and reference against plain numpy."""

import math

import numpy as np
import pytest
import torch

from workflow_scripts.rogi.training.scores import Overlap


def test_batches_add_up_to_the_whole(rng: np.random.Generator) -> None:
    predicted, reference, valid = (rng.random((6, 20, 20)) < share for share in (0.3, 0.4, 0.8))
    overlap = Overlap()
    for part in (slice(0, 1), slice(1, 4), slice(4, 6)):
        overlap.add(*(torch.from_numpy(array[part]) for array in (predicted, reference, valid)))
    both, either = (predicted & reference & valid).sum(), ((predicted | reference) & valid).sum()
    assert (overlap.both, overlap.either) == (both, either)
    assert overlap.iou == pytest.approx(both / either)


def test_iou_of_nothing_is_not_a_number() -> None:
    overlap = Overlap()
    assert math.isnan(overlap.iou)
    overlap.add(torch.ones(4, dtype=torch.bool), torch.ones(4, dtype=torch.bool), torch.zeros(4, dtype=torch.bool))
    assert math.isnan(overlap.iou)
