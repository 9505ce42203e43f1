"""Files of PyTorch, and encoder weights that were trained on photographs and are to look at other layers too."""

import struct
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

RGB = ("red", "green", "blue")
# What torch.load makes of texts, pages, files of other libraries and files that end too soon.
UNREADABLE = (UnpicklingError, RuntimeError, EOFError, LookupError, ValueError, OSError, struct.error)
LEAST_FILLED = 0.9  # share of an encoder's tensors that a file of its weights holds
LEAST_USED = 0.7  # share of the file's tensors that the encoder takes; VGG's classifier is a quarter of its file


def read_state(path: str | Path) -> Any:
    """Return what torch.save wrote, on the CPU; None where it wrote no such file."""
    with open(path, "rb") as file:  # that it is there is no question of its content
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except UNREADABLE:
            return None


def fill_encoder(encoder: nn.Module, path: str, name: str, inputs: Sequence[str]) -> None:
    """Put the weights of a file into an encoder, in place.

    Args:
        encoder: As segmentation-models-pytorch builds it.
        path: State dict under its own names or those of timm, alone or as `state_dict` of a checkpoint, trained on RGB
            or on as many layers as there are.
        name: Name of the encoder, for messages.
        inputs: Names of the layers that the encoder will see.

    Raises:
        ValueError: The file holds no weights, or those of another encoder.
    """
    given = read_state(path)
    if isinstance(given, dict):
        given = given.get("state_dict", given)
    if not isinstance(given, dict):
        raise ValueError(f"{path} is not a file of encoder weights (a PyTorch state dict)")
    own = encoder.state_dict()
    # timm files name the layers without the wrapper that segmentation-models-pytorch puts round them.
    named = {(key if key in own else f"model.{key}"): value for key, value in given.items()}
    first = next(key for key, value in own.items() if value.ndim == 4)
    if first in named and named[first].shape[1] == len(RGB):
        named[first] = adapted(named[first], inputs)
    fitting = {key: value for key, value in named.items() if key in own and own[key].shape == value.shape}
    if len(fitting) < max(LEAST_FILLED * len(own), LEAST_USED * len(named)) or first not in fitting:
        raise ValueError(
            f"{path} is not a file of weights of encoder {name}: {len(fitting)} of its {len(named)} tensors fit, and "
            f"the encoder has {len(own)}; it belongs to another architecture or to another number of bands"
        )
    encoder.load_state_dict(fitting, strict=False)


def adapted(weight: torch.Tensor, inputs: Sequence[str]) -> torch.Tensor:
    """Return the first convolution of an RGB network for other layers.

    Red, green and blue keep theirs, any other layer takes the mean of the three; all are scaled so that layers which
    say the same make the response that RGB made.

    Args:
        weight: Shape (out, 3, height, width), for red, green and blue.
        inputs: Names of the layers wanted.

    Returns:
        Shape (out, inputs, height, width).
    """
    mean = weight.mean(dim=1)
    layers = [weight[:, RGB.index(name)] if name in RGB else mean for name in inputs]
    return torch.stack(layers, dim=1) * (len(RGB) / len(inputs))
