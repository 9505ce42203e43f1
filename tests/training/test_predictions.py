"""A network applied to patches: in order, whatever the batch, with the labels that the split lets be seen."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from tests.training.trained import BANDS, ROLES, SIZE
from workflow_scripts.rogi.training import predictions
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


@pytest.mark.parametrize("fits", [0, 1, 3])
def test_a_full_gpu_takes_fewer_patches_and_says_what_to_do_at_last(
    trained: Path, monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    def cramped(image: torch.Tensor, valid: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        if len(image) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return image[:, 0].float()

    applied = SimpleNamespace(to=lambda device: SimpleNamespace(eval=lambda: cramped))
    monkeypatch.setattr(predictions, "normalized", lambda model: applied)
    model = load(trained / "network.pt", BANDS, [])
    with PatchFile(trained / "patches.h5") as store:
        samples = Samples(store, pd.Series(ROLES, [f"p{number}" for number in range(len(ROLES))]))
        if not fits:
            with pytest.raises(MemoryError, match=rf"single patch of {SIZE} px .* lower patches\.size_px"):
                list(predicted(model, samples, ORDER, CPU, 4))
            return
        found = list(predicted(model, samples, ORDER, CPU, 4))
        assert [patch.number for patch in found] == ORDER
        assert np.array_equal([patch.logits for patch in found], samples.read(ORDER).image[:, 0])


def test_a_temperature_draws_probabilities_towards_a_half() -> None:
    logits = np.array([[-2.0, 0.0, 4.0]], np.float32)
    assert probabilities(logits, 1.0) == pytest.approx(1 / (1 + np.exp(-logits)))
    assert probabilities(logits, 2.0) == pytest.approx(1 / (1 + np.exp(-logits / 2)))
