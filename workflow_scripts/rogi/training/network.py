"""The network: built from config, saved with all that inference needs, loaded without any."""

from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from workflow_scripts.rogi.files import replacing

FORMAT = 1


@dataclass(frozen=True)
class Architecture:
    """What a network is made of.

    Attributes:
        name: A model of segmentation-models-pytorch, for instance DeepLabV3Plus.
        encoder: Its encoder, for instance tu-xception71.
        bands: Names of the input bands.
        output_stride: Pixels of input per cell of the deepest features; DeepLab models only.
        atrous_rates: Rates of the atrous pyramid; 6, 12, 18 belong to output stride 16 (Chen et al. 2018). The library
            would otherwise take 12, 24, 36 at any stride. DeepLab models only.
        decoder_channels: Width of the decoder; 256 in Chen et al. (2018). DeepLab models only.
    """

    name: str
    encoder: str
    bands: tuple[str, ...]
    output_stride: int
    atrous_rates: tuple[int, ...]
    decoder_channels: int


@dataclass(frozen=True)
class TrainedModel:
    """A network with what it needs to be applied, and what it came from.

    Attributes:
        network: Takes float32 (n, bands, height, width), gives logits (n, 1, height, width).
        architecture: What it is made of.
        mean: Per band, in digital numbers; with `std`, the normalisation it was trained with.
        std: Per band, in digital numbers.
        origin: Config of the training and its scores.
    """

    network: nn.Module
    architecture: Architecture
    mean: tuple[float, ...]
    std: tuple[float, ...]
    origin: dict[str, Any]


def build(architecture: Architecture, encoder_weights: str | None = None) -> nn.Module:
    """Return an untrained network, its encoder filled from a file of weights if there is one.

    Raises:
        ValueError: The library does not know the architecture or encoder, or the weights belong to another encoder.
    """
    import segmentation_models_pytorch as smp  # 3 to 10 s, so only where a model is built

    options: dict[str, Any] = {}
    if architecture.name.startswith("DeepLab"):
        options = {
            "encoder_output_stride": architecture.output_stride,
            "decoder_atrous_rates": architecture.atrous_rates,
            "decoder_channels": architecture.decoder_channels,
        }
    try:
        network = smp.create_model(
            architecture.name,
            encoder_name=architecture.encoder,
            encoder_weights=None,
            in_channels=len(architecture.bands),
            classes=1,
            **options,
        )
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"segmentation-models-pytorch cannot build {architecture.name} with encoder {architecture.encoder}: {error}"
        ) from error
    if encoder_weights is not None:
        _fill_encoder(network.encoder, encoder_weights, architecture.encoder)
    return network


def _fill_encoder(encoder: nn.Module, path: str, name: str) -> None:
    given = _read(path)
    if not isinstance(given, dict):
        raise ValueError(f"{path} is not a file of encoder weights (a PyTorch state dict)")
    own = encoder.state_dict()
    # timm files name the layers without the wrapper that segmentation-models-pytorch puts round them.
    named = {(key if key in own else f"model.{key}"): value for key, value in given.items()}
    fitting = {key: value for key, value in named.items() if key in own and own[key].shape == value.shape}
    if len(fitting) < 0.9 * len(own):
        raise ValueError(
            f"{path} fits only {len(fitting)} of {len(own)} tensors of encoder {name}; it belongs to another "
            "architecture or to another number of bands"
        )
    encoder.load_state_dict(fitting, strict=False)


def save(path: str | Path, model: TrainedModel) -> None:
    """Write a model file, whole or not at all."""
    content = {
        "format": FORMAT,
        "architecture": asdict(model.architecture),
        "mean": list(model.mean),
        "std": list(model.std),
        "origin": model.origin,
        "state": model.network.state_dict(),
    }
    with replacing(path) as temporary:
        torch.save(content, temporary)


def load(path: str | Path, bands: list[str]) -> TrainedModel:
    """Read a model file onto the CPU, in evaluation mode.

    Raises:
        ValueError: The file is not a model of this workflow, or was trained on other bands than the imagery's.
    """
    content = _read(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is not a model file of this workflow; train one, or name another in model.files")
    made_of = content["architecture"]
    if list(made_of["bands"]) != list(bands):
        raise ValueError(
            f"{path} was trained on the bands {', '.join(made_of['bands'])}, and the imagery has {', '.join(bands)} "
            "(imagery.bands); use imagery of the same bands or train again"
        )
    architecture = Architecture(**made_of)
    network = build(architecture)
    network.load_state_dict(content["state"])
    mean, std = tuple(content["mean"]), tuple(content["std"])
    return TrainedModel(network.eval(), architecture, mean, std, content["origin"])


def _read(path: str | Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError):
        return None  # no PyTorch file at all


class Normalized(nn.Module):
    """A network with the normalisation in front, so that uint8 imagery goes in and probabilities come out.

    Pixels without data are set to the mean, which is 0 after normalisation.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        network: nn.Module,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        precision: torch.dtype = torch.float32,
    ) -> None:
        """Wrap a network that takes its input in a precision."""
        super().__init__()
        self.network, self.precision = network, precision
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def forward(self, image: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Return logits (n, height, width) from uint8 (n, bands, height, width) and bool (n, height, width)."""
        normal = (image.float() - self.mean) / self.std * valid.unsqueeze(1)
        normal = normal.to(self.precision, memory_format=torch.channels_last)
        return self.network(normal).squeeze(1)
