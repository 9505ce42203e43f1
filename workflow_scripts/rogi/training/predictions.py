"""A trained network applied to patches, one after the other, in the memory of one batch."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.memory import fitting
from workflow_scripts.rogi.training.network import TrainedModel, normalized
from workflow_scripts.rogi.training.samples import Samples

ADVICE = "use a GPU with more, or lower patches.size_px"


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
    """Yield the logits of some patches, in the order given; label and valid are those that `samples` reads.

    Args:
        model: The network.
        samples: Reads the patches.
        numbers: Of the patches.
        device: Where the network is applied.
        batch_size: Patches at a time, halved when a GPU's memory does not suffice.

    Raises:
        MemoryError: Not even a single patch fits into the GPU's memory.
    """
    network, waiting = normalized(model).to(device).eval(), np.asarray(numbers, int)

    def applied(chosen: np.ndarray, size: int) -> list[Predicted]:
        batch = samples.read(chosen)
        logits = network(batch.image.to(device), batch.valid.to(device), batch.channels.to(device)).float().cpu()
        parts = zip(chosen, logits, batch.label, batch.valid, strict=True)
        return [Predicted(int(number), *(part.numpy() for part in rest)) for number, *rest in parts]

    with progress("applying the network", len(waiting), "patches") as bar:
        while len(waiting):
            made, batch_size = fitting(applied, waiting, batch_size, f"patch of {samples.size_px} px", ADVICE)
            yield from made
            bar.advance(len(made))
            waiting = waiting[len(made) :]


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return the calibrated probability of logits: the logistic function of logits / temperature (Guo et al. 2017)."""
    return np.asarray(torch.sigmoid(torch.from_numpy(logits) / temperature))
