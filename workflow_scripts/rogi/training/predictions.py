"""A trained network applied to patches, one after the other, in the memory of one batch."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.network import TrainedModel, normalized
from workflow_scripts.rogi.training.samples import Samples


class Predicted(NamedTuple):
    """What a network says of one patch.

    Attributes:
        number: Of the patch in its file.
        logits: float32 (height, width), before the temperature; `probabilities` turns them into what users see.
        label: bool (height, width), True on rock glaciers.
        valid: bool (height, width); logits elsewhere mean nothing.
    """

    number: int
    logits: np.ndarray
    label: np.ndarray
    valid: np.ndarray


@torch.inference_mode()
def predicted(
    model: TrainedModel, samples: Samples, numbers: Sequence[int] | np.ndarray, device: torch.device, batch_size: int
) -> Iterator[Predicted]:
    """Yield the logits of some patches, in the order given; label and valid are those that `samples` reads."""
    network = normalized(model).to(device).eval()
    with progress("applying the network", len(numbers), "patches") as bar:
        for start in range(0, len(numbers), batch_size):
            chosen = np.asarray(numbers[start : start + batch_size], int)
            batch = samples.read(chosen)
            logits = network(batch.image.to(device), batch.valid.to(device), batch.channels.to(device)).float().cpu()
            for number, *parts in zip(chosen, logits, batch.label, batch.valid, strict=True):
                yield Predicted(int(number), *(part.numpy() for part in parts))
            bar.advance(len(chosen))


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return the calibrated probability of logits: the logistic function of logits / temperature (Guo et al. 2017)."""
    return np.asarray(torch.sigmoid(torch.from_numpy(logits) / temperature))
