"""Parts of other patches set into a patch (CutMix; Yun et al. 2019, for segmentation French et al. 2020)."""

import math

import torch

from workflow_scripts.rogi.training.batch import Batch

AREA = (0.15, 0.5)  # share of a patch that is replaced; our own choice, as the proportions
LONGEST = 2.0  # sides of the rectangle, one by the other, at most


def mixed(batch: Batch, wanted: torch.Tensor, area: torch.Tensor, form: torch.Tensor, place: torch.Tensor) -> Batch:
    """Return patches in which a rectangle is that of the next patch: image, channels, label and validity.

    The last one takes from the first; what is taken from is as it was before.

    Args:
        batch: n square patches.
        wanted: Which of them are changed, bool (n,).
        area: 0 to 1 (n,), from the least to the largest share of `AREA`.
        form: 0 to 1 (n,), from lying to standing.
        place: 0 to below 1 (n, 2), where the rectangle lies, down and right.
    """
    if len(wanted) < 2 or not wanted.any():
        return batch
    after = Batch(*(layer.clone() for layer in batch))
    side = batch.valid.shape[-1]
    for number in wanted.nonzero().flatten().tolist():
        pixels = (AREA[0] + (AREA[1] - AREA[0]) * float(area[number])) * side**2
        height = min(side, round(math.sqrt(pixels * LONGEST ** (2 * float(form[number]) - 1))))
        width = min(side, round(pixels / height))
        top, left = (place[number] * (side + 1 - torch.tensor([height, width]))).int().tolist()
        where = (..., slice(top, top + height), slice(left, left + width))
        for layer, given in zip(after, batch, strict=True):
            layer[number][where] = given[(number + 1) % len(given)][where]
    return after
