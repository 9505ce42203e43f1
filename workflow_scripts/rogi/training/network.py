"""The network: built from config, saved with all that inference needs, loaded without any."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from workflow_scripts.rogi.files import replacing
from workflow_scripts.rogi.training.normalization import moments, padded, reduced, standardized
from workflow_scripts.rogi.training.orientation import VECTORS
from workflow_scripts.rogi.training.pretrained import fill_encoder, read_state

FORMAT = 3
STEP_PX = 32  # the encoders halve the image five times
LEAST_STD_DN = 1.0  # of a window, which may be of one colour


@dataclass(frozen=True)
class Architecture:
    """What a network is made of, and what it does with its input before that reaches the first layer.

    Attributes:
        name: A model of segmentation-models-pytorch, for instance DeepLabV3Plus.
        encoder: Its encoder, for instance tu-xception71.
        bands: Names of the bands of the image.
        channels: Names of what comes on top of the image; see `imagery.channels`.
        relative: Those channels that are taken relative to their mean over the window.
        normalisation: "dataset" takes the bands by the stored mean and standard deviation; "window" by those of the
            valid pixels of each window. Channels are always taken by the stored ones.
        colour: Whether the network sees the bands, or their mean alone; by normalisation "window" only, for the spread
            of the mean over a data set is not stored.
        reduction: The network sees this many pixels of imagery, squared, as one.
        output_stride: Pixels of input per cell of the deepest features; of models that have the option, as DeepLab.
        atrous_rates: Rates of the atrous pyramid; 6, 12, 18 belong to output stride 16 (Chen et al. 2018). The library
            would otherwise take 12, 24, 36 at any stride. DeepLab models only.
        decoder_channels: Width of the decoder; 256 in Chen et al. (2018). Where it narrows from stage to stage, as in
            U-Nets, that of the deepest stage.
    """

    name: str
    encoder: str
    bands: tuple[str, ...]
    channels: tuple[str, ...]
    relative: tuple[str, ...]
    normalisation: str
    colour: bool
    reduction: int
    output_stride: int
    atrous_rates: tuple[int, ...]
    decoder_channels: int

    def __post_init__(self) -> None:
        """Check that vectors are whole, for half of one cannot be turned, and that brightness can be normalised."""
        if not self.colour and self.normalisation != "window":
            raise ValueError("model.colour: false needs model.normalisation: window")
        for pair in VECTORS:
            if len(set(pair) & set(self.channels)) == 1:
                raise ValueError(f"channels {' and '.join(pair)} belong together; take both or neither")

    @classmethod
    def of(
        cls, settings: Mapping[str, Any], bands: Sequence[str], channels: Sequence[Mapping[str, Any]]
    ) -> "Architecture":
        """Return what a study's config asks for: its sections `model`, `imagery.bands` and `imagery.channels`."""
        return cls(
            settings["architecture"],
            settings["encoder"],
            tuple(bands),
            tuple(channel["name"] for channel in channels),
            tuple(channel["name"] for channel in channels if channel["relative"]),
            settings["normalisation"],
            settings["colour"],
            settings["reduction"],
            settings["output_stride"],
            tuple(settings["atrous_rates"]),
            settings["decoder_channels"],
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all layers that the network sees: bands, or their brightness, then channels."""
        return (*(self.bands if self.colour else ("brightness",)), *self.channels)


@dataclass(frozen=True)
class TrainedModel:
    """A network with what it needs to be applied, and what it came from.

    Attributes:
        network: Takes float32 (n, inputs, height, width), gives logits (n, 1, height, width).
        architecture: What it is made of.
        mean: Per band in digital numbers, then per channel in its unit; with `std`, the stored normalisation.
        std: As `mean`.
        temperature: What logits are divided by before they become probabilities; 1 before calibration.
        threshold: Probability from which a pixel is rock glacier; 0.5 before calibration.
        origin: Config of the training and its scores.
    """

    network: nn.Module
    architecture: Architecture
    mean: tuple[float, ...]
    std: tuple[float, ...]
    temperature: float
    threshold: float
    origin: dict[str, Any]


def build(architecture: Architecture, encoder_weights: str | None = None) -> nn.Module:
    """Return an untrained network, its encoder filled from a file of weights if there is one.

    Raises:
        ValueError: The library does not know the architecture or encoder, or the weights belong to another encoder.
    """
    import segmentation_models_pytorch as smp  # 3 to 10 s, so only where a model is built

    try:
        network = smp.create_model(
            architecture.name,
            encoder_name=architecture.encoder,
            encoder_weights=None,
            in_channels=len(architecture.inputs),
            classes=1,
            **_options(getattr(smp, architecture.name, None), architecture),
        )
    except (KeyError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"segmentation-models-pytorch cannot build {architecture.name} with encoder {architecture.encoder}: {error}"
        ) from error
    if encoder_weights is not None:
        fill_encoder(network.encoder, encoder_weights, architecture.encoder, architecture.inputs)
    return network


def _options(kind: type[nn.Module] | None, architecture: Architecture) -> dict[str, Any]:
    """Return the settings that a model of the library takes, under its own names."""
    known = inspect.signature(kind).parameters if kind else {}
    width = architecture.decoder_channels
    options = {
        "encoder_output_stride": architecture.output_stride,
        "decoder_atrous_rates": architecture.atrous_rates,
        "decoder_channels": width,
        "decoder_pyramid_channels": width,
        "decoder_segmentation_channels": width // 2 if "decoder_pyramid_channels" in known else width,
        "psp_out_channels": width,
    }
    if isinstance(getattr(known.get("decoder_channels"), "default", None), tuple):
        options["decoder_channels"] = tuple(max(width >> stage, 16) for stage in range(5))
    return {name: value for name, value in options.items() if name in known}


def save(path: str | Path, model: TrainedModel) -> None:
    """Write a model file, whole or not at all."""
    content = {
        "format": FORMAT,
        "architecture": asdict(model.architecture),
        "mean": list(model.mean),
        "std": list(model.std),
        "temperature": model.temperature,
        "threshold": model.threshold,
        "origin": model.origin,
        "parameters": sum(values.numel() for values in model.network.parameters()),
        "state": model.network.state_dict(),
    }
    with replacing(path) as temporary:
        torch.save(content, temporary)


def load(path: str | Path, bands: Sequence[str], channels: Sequence[str]) -> TrainedModel:
    """Read a model file onto the CPU, in evaluation mode.

    Args:
        path: The file.
        bands: Names of the imagery's bands.
        channels: Names of the channels on top of them.

    Raises:
        ValueError: The file is not a model of this version of the workflow, or was trained on other bands or channels
            than the study's.
    """
    content = read_state(path)
    _check_format(path, content)
    architecture = Architecture(**content["architecture"])
    _check_inputs(path, "bands", architecture.bands, bands)
    _check_inputs(path, "channels", architecture.channels, channels)
    network = build(architecture)
    network.load_state_dict(content["state"])
    mean, std = tuple(content["mean"]), tuple(content["std"])
    return TrainedModel(
        network.eval(), architecture, mean, std, content["temperature"], content["threshold"], content["origin"]
    )


def _check_format(path: str | Path, content: Any) -> None:
    if not isinstance(content, dict) or "format" not in content:
        raise ValueError(f"{path} is not a model file of this workflow; train one, or name another in model.files")
    if content["format"] != FORMAT:
        raise ValueError(
            f"{path} is a model file of format {content['format']}, and this version of the workflow reads format "
            f"{FORMAT}; train again, or map with the version that wrote it"
        )


def _check_inputs(path: str | Path, what: str, own: Sequence[str], given: Sequence[str]) -> None:
    if list(own) != list(given):
        trained_on, there_are = (", ".join(names) if names else "none" for names in (own, given))
        raise ValueError(
            f"{path} was trained on the {what} {trained_on}, and the imagery has {there_are} (imagery.{what}); "
            f"declare the same {what} in the same order, or train again"
        )


class Normalized(nn.Module):
    """A network with all that comes before its first layer, so that uint8 imagery of any size goes in.

    Pixels without data, and channels that are missing, are at the mean, which is 0 after normalisation.
    """

    mean: torch.Tensor
    std: torch.Tensor
    relative: torch.Tensor

    def __init__(
        self,
        network: nn.Module,
        architecture: Architecture,
        mean: Sequence[float],
        std: Sequence[float],
        precision: torch.dtype = torch.float32,
    ) -> None:
        """Wrap a network that takes its input in a precision; mean and std as in `TrainedModel`."""
        super().__init__()
        self.network, self.architecture, self.precision = network, architecture, precision
        is_relative = [name in architecture.relative for name in architecture.channels]
        for name, values in (("mean", mean), ("std", std), ("relative", is_relative)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1), persistent=False)

    def forward(self, image: torch.Tensor, valid: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        """Return logits (n, height, width), to which the model's temperature is not yet applied.

        Args:
            image: uint8 (n, bands, height, width).
            valid: bool (n, height, width).
            channels: float32 (n, channels, height, width), NaN where missing.
        """
        height, width = valid.shape[-2:]
        factor = self.architecture.reduction
        layers = torch.cat([self._bands(image, valid.unsqueeze(1)), *self._channels(channels, valid.unsqueeze(1))], 1)
        layers = padded(layers, STEP_PX).to(self.precision, memory_format=torch.channels_last)
        logits = self.network(layers)
        if factor > 1:
            logits = functional.interpolate(logits.float(), scale_factor=factor, mode="bilinear")
        return logits[:, 0, :height, :width]

    def _bands(self, image: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        count, layers = len(self.architecture.bands), image.float()
        if not self.architecture.colour:
            layers = layers.mean(1, keepdim=True)
        mean, std = self.mean[:, :count], self.std[:, :count]
        if self.architecture.normalisation == "window":
            mean, std = moments(layers, known)
            std = std.clamp(min=LEAST_STD_DN)
        return self._reduced(standardized(layers, known, mean, std), known)

    def _channels(self, channels: torch.Tensor, valid: torch.Tensor) -> list[torch.Tensor]:
        """Return the channels in a list, which is empty where there are none."""
        if not self.architecture.channels:
            return []
        count, known = len(self.architecture.bands), valid & channels.isfinite()
        centre = self.mean[:, count:] + self.relative * moments(channels, known)[0]
        return [self._reduced(standardized(channels, known, centre, self.std[:, count:]), known)]

    def _reduced(self, layers: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        factor = self.architecture.reduction
        return reduced(layers, known, factor) if factor > 1 else layers


def normalized(model: TrainedModel, precision: torch.dtype = torch.float32) -> Normalized:
    """Return a trained network with what comes before it; see `Normalized`."""
    return Normalized(model.network, model.architecture, model.mean, model.std, precision)
