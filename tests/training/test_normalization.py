"""What comes before the first layer: closed forms, missing pixels and channels, windows of any size."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.architectures import architecture
from workflow_scripts.rogi.training.network import Normalized, build
from workflow_scripts.rogi.training.normalization import moments, reduced

MEAN, STD = (10.0, 20.0, 30.0), (1.0, 2.0, 4.0)


class Seen(nn.Module):
    """Gives one of the layers that it sees, or their sum."""

    def __init__(self, layer: int | None = None) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, layers: torch.Tensor) -> torch.Tensor:
        assert not layers.isnan().any()
        assert all(side % 32 == 0 for side in layers.shape[-2:])
        return layers.sum(dim=1, keepdim=True) if self.layer is None else layers[:, [self.layer]]


def given(rng: np.random.Generator, channels: int = 0, height: int = 5, width: int = 7) -> list[torch.Tensor]:
    """Return two windows of image, valid and channels, with gaps in all of them."""
    image = torch.from_numpy(rng.integers(0, 256, (2, 3, height, width), np.uint8))
    valid = torch.from_numpy(rng.random((2, height, width)) < 0.7)
    layers = torch.from_numpy(rng.normal(4000, 300, (2, channels, height, width)).astype(np.float32))
    layers[torch.from_numpy(rng.random(layers.shape) < 0.3)] = torch.nan
    return [image, valid, layers]


def seen(layer: int | None, inputs: list[torch.Tensor], **changes: Any) -> np.ndarray:
    made_of = architecture(**changes)
    extra = len(made_of.channels)
    result = Normalized(Seen(layer), made_of, (*MEAN, *[4100.0] * extra), (*STD, *[250.0] * extra))(*inputs)
    assert result.shape == inputs[1].shape
    return result.numpy()


def test_missing_pixels_are_at_the_mean(rng: np.random.Generator) -> None:
    inputs = image, valid, _ = given(rng)
    normal = (image.numpy().astype(float) - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    assert seen(None, inputs) == pytest.approx(np.where(valid, normal.sum(axis=1), 0), abs=1e-4)


def test_a_window_by_itself_has_mean_0_and_spread_1(rng: np.random.Generator) -> None:
    inputs = image, valid, _ = given(rng, height=40, width=50)
    for band in range(3):
        found = seen(band, inputs, normalisation="window")
        for window, pixels, known in zip(found, image[:, band].double(), valid, strict=True):
            inside = pixels[known]
            expected = (pixels - inside.mean()) / inside.std(correction=0)
            assert window == pytest.approx(np.where(known, expected, 0), abs=1e-4)


def test_a_window_by_itself_does_not_know_its_light(rng: np.random.Generator) -> None:
    """Half as bright and hazier is the same to the network, but for whole digital numbers."""
    image, valid, channels = given(rng, height=40, width=50)
    dim = image // 2 * 2
    hazy = dim // 2 + 100
    bright, faint = (seen(0, [one, valid, channels], normalisation="window") for one in (dim, hazy))
    assert bright == pytest.approx(faint, abs=1e-4)


@pytest.mark.parametrize("normalisation", ["dataset", "window"])
def test_windows_of_one_colour_or_of_nothing_have_numbers(normalisation: str) -> None:
    plain = torch.full((2, 3, 32, 32), 77, dtype=torch.uint8)
    valid = torch.stack([torch.ones(32, 32), torch.zeros(32, 32)]).bool()
    found = seen(0, [plain, valid, torch.full((2, 1, 32, 32), torch.nan)], normalisation=normalisation, channels=("s",))
    assert (found[0] == (67 if normalisation == "dataset" else 0)).all()
    assert (found[1] == 0).all()


@pytest.mark.parametrize("relative", [False, True])
def test_channels_are_normalised_by_stored_statistics_and_missing_ones_are_0(
    relative: bool, rng: np.random.Generator
) -> None:
    names = ("slope", "elevation")
    inputs = _, valid, channels = given(rng, channels=2)
    found = seen(4, inputs, channels=names, relative=("elevation",) if relative else (), normalisation="window")
    for window, values, known in zip(found, channels[:, 1].double().numpy(), valid.numpy(), strict=True):
        there = known & np.isfinite(values)
        centre = 4100 + (values[there].mean() if relative else 0)
        assert window == pytest.approx(np.where(there, (values - centre) / 250, 0), abs=1e-3)


def test_a_channel_that_is_missing_in_a_window_is_0_there(rng: np.random.Generator) -> None:
    image, valid, channels = given(rng, channels=2)
    channels[0, 1] = torch.nan
    for relative in ((), ("elevation",)):
        found = seen(4, [image, valid, channels], channels=("slope", "elevation"), relative=relative)
        assert (found[0] == 0).all()
        assert (found[1] != 0).any()


def test_elevation_relative_to_the_window_does_not_know_its_level(rng: np.random.Generator) -> None:
    image, valid, channels = given(rng, channels=1)
    low, high = (
        seen(3, [image, valid, channels + up], channels=("elevation",), relative=("elevation",)) for up in (0, 1024)
    )
    assert low == pytest.approx(high, abs=1e-3)


@pytest.mark.parametrize(("height", "width", "factor"), [(16, 24, 2), (16, 16, 4), (17, 22, 3), (5, 7, 4)])
def test_reduction_takes_means_of_what_is_known(height: int, width: int, factor: int, rng: np.random.Generator) -> None:
    _, valid, channels = given(rng, 3, height, width)
    known = valid.unsqueeze(1) & channels.isfinite()
    layers = torch.where(known, channels, 0.0)
    found = reduced(layers, known, factor)
    assert found.shape == (2, 3, -(-height // factor), -(-width // factor))
    for window, layer, row, column in np.ndindex(*found.shape):
        square = np.s_[window, layer, row * factor : (row + 1) * factor, column * factor : (column + 1) * factor]
        values = channels[square][known[square]].numpy()
        expected = values.mean() if values.size else 0
        assert float(found[window, layer, row, column]) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 77), (9, 130)])
def test_windows_of_any_size_come_back_in_place(factor: int, height: int, width: int) -> None:
    """A plane comes back as a plane: means and bilinear interpolation keep it, but for a rim."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    plane = torch.from_numpy(rows + 0.5 * columns)[np.newaxis, np.newaxis]
    image = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    made_of = architecture(channels=("plane",), reduction=factor)
    network = Normalized(Seen(3), made_of, (0.0,) * 4, (1.0,) * 4)
    found = network(image, torch.ones(1, height, width, dtype=torch.bool), plane)
    inner = np.s_[0, : height - 2 * factor, : width - 2 * factor] if factor > 1 else np.s_[0, :, :]
    rim = factor if factor > 1 else 0
    assert found.shape == (1, height, width)
    assert found[inner][rim:, rim:].numpy() == pytest.approx(plane[0][inner][rim:, rim:].numpy(), abs=1e-3)


@pytest.mark.parametrize("name", ["DeepLabV3Plus", "Unet", "UPerNet"])
def test_networks_of_the_library_take_windows_of_any_size(name: str) -> None:
    torch.manual_seed(0)
    made_of = architecture(name=name, channels=("slope",), reduction=2)
    network = Normalized(build(made_of), made_of, (100.0,) * 4, (50.0,) * 4).eval()
    image = torch.randint(0, 256, (1, 3, 70, 101), dtype=torch.uint8)
    with torch.inference_mode():
        found = network(image, torch.ones(1, 70, 101, dtype=torch.bool), torch.full((1, 1, 70, 101), torch.nan))
    assert found.shape == (1, 70, 101)
    assert found.isfinite().all()


def test_moments_are_those_of_the_known_pixels(rng: np.random.Generator) -> None:
    _, valid, channels = given(rng, channels=2)
    known = valid.unsqueeze(1) & channels.isfinite()
    mean, std = moments(channels, known)
    for window, layer in np.ndindex(2, 2):
        values = channels[window, layer][known[window, layer]].double()
        assert float(mean[window, layer]) == pytest.approx(float(values.mean()), rel=1e-6)
        assert float(std[window, layer]) == pytest.approx(float(values.std(correction=0)), rel=1e-4)
