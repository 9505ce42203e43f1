"""Architectures for tests: the smallest DeepLabV3+, of which any part may be another."""

from typing import Any

from tests.worlds import BANDS
from workflow_scripts.rogi.training.network import Architecture

SMALLEST = "tu-mobilenetv3_small_050"


def architecture(**changes: Any) -> Architecture:
    """Return an RGB DeepLabV3+ with the smallest encoder, but for some changes."""
    small: dict[str, Any] = {
        "name": "DeepLabV3Plus",
        "encoder": SMALLEST,
        "bands": tuple(BANDS),
        "channels": (),
        "relative": (),
        "normalisation": "dataset",
        "colour": True,
        "reduction": 1,
        "output_stride": 16,
        "atrous_rates": (6, 12, 18),
        "decoder_channels": 32,
    }
    return Architecture(**(small | changes))
