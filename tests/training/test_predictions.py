"""A network applied to patches: in order, whatever the batch, with the labels that the split lets be seen."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.training.trained import BANDS, ROLES, SIZE
from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.network import load, normalized
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.predictions import predicted, probabilities
from workflow_scripts.rogi.training.samples import Samples

CPU = torch.device("cpu")
ORDER = [7, 2, 11, 2, 4]


def test_logits_come_in_the_order_asked_for_in_batches_of_any_size(trained: Path) -> None:
    model = load(trained / "network.pt", BANDS, [])
    sizes = []

    class Watched(Samples):
        def read(self, numbers: Sequence[int] | np.ndarray) -> Batch:
            sizes.append(len(numbers))
            return super().read(numbers)

    with PatchFile(trained / "patches.h5") as store:
        samples = Watched(store, pd.Series(ROLES, [f"p{number}" for number in range(len(ROLES))]))
        expected = samples.read(ORDER)
        with torch.inference_mode():
            logits = normalized(model).eval()(expected.image, expected.valid, expected.channels).numpy()
        for batch_size in (1, 2, 5):
            sizes.clear()
            found = list(predicted(model, samples, ORDER, CPU, batch_size))
            assert [patch.number for patch in found] == ORDER
            assert max(sizes) == batch_size
            for patch, values, label, valid in zip(found, logits, expected.label, expected.valid, strict=True):
                assert patch.logits.shape == (SIZE, SIZE)
                assert patch.logits == pytest.approx(values, abs=1e-4)
                assert np.array_equal(patch.label, label)
                assert np.array_equal(patch.valid, valid)


def test_a_temperature_draws_probabilities_towards_a_half() -> None:
    logits = np.array([[-2.0, 0.0, 4.0]], np.float32)
    assert probabilities(logits, 1.0) == pytest.approx(1 / (1 + np.exp(-logits)))
    assert probabilities(logits, 2.0) == pytest.approx(1 / (1 + np.exp(-logits / 2)))
