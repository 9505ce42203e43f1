"""What a network is shown at once."""

from typing import NamedTuple

import torch


class Batch(NamedTuple):
    """Patches, or parts of them, of one size.

    Attributes:
        image: uint8 (n, bands, height, width), 0 where not valid.
        channels: float32 (n, channels, height, width), NaN where missing; (n, 0, height, width) where there are none.
        label: bool (n, height, width), True on rock glaciers, False where not valid.
        valid: bool (n, height, width), False where there is no imagery or where the patch may not be looked at.
    """

    image: torch.Tensor
    channels: torch.Tensor
    label: torch.Tensor
    valid: torch.Tensor
