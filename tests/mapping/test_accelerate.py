"""The faster network computes the same."""

import logging
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.architectures import architecture
from workflow_scripts.rogi.mapping.accelerate import (
    PhasedConv2d,
    accelerated,
    choose_precision,
    fold_batch_norm,
    keep_freed_memory,
    split_dilation,
)
from workflow_scripts.rogi.training.network import build

CPU = torch.device("cpu")


def trained_like(network: nn.Module) -> nn.Module:
    """Give batch normalisation statistics and weights that matter."""
    generator = torch.Generator().manual_seed(4)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) / 5)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
            nn.init.uniform_(module.bias, -0.3, 0.3, generator=generator)
    return network.eval()


@pytest.mark.parametrize(
    ("name", "encoder"),
    [("DeepLabV3Plus", "tu-mobilenetv3_small_100"), ("DeepLabV3Plus", "resnet18"), ("Unet", "resnet18")],
)
def test_nothing_is_left_to_normalise_and_the_scores_stay(name: str, encoder: str) -> None:
    torch.manual_seed(0)
    network = trained_like(build(architecture(name=name, encoder=encoder, decoder_channels=64)))
    faster = accelerated(network, 3, CPU, torch.float32)
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in faster.modules())
    phased = sum(isinstance(module, PhasedConv2d) for module in faster.modules())
    assert phased == (2 if name == "DeepLabV3Plus" else 0)  # rates 12 and 18
    image = torch.randn(1, 3, 160, 192)
    with torch.inference_mode():
        expected, found, rounded = (
            net(image.to(kind)).float()
            for net, kind in (
                (network, torch.float32),
                (faster, torch.float32),
                (accelerated(network, 3, CPU, torch.bfloat16), torch.bfloat16),
            )
        )
    assert torch.allclose(found, expected, atol=1e-3 * float(expected.std()))
    assert (rounded - expected).abs().mean() < 0.05 * expected.std()


@pytest.mark.parametrize(("dilation", "phases"), [(12, 2), (18, 3), (24, 4), (7, 7), (6, 1), (3, 1)])
@pytest.mark.parametrize("shape", [(30, 30), (31, 44), (5, 64)])
def test_a_convolution_in_phases_is_the_same_convolution(dilation: int, phases: int, shape: tuple[int, int]) -> None:
    convolution = nn.Conv2d(8, 8, 3, padding=dilation, dilation=dilation, groups=8)
    image = torch.randn(2, 8, *shape)
    network = split_dilation(nn.Sequential(convolution), image)
    assert isinstance(network[0], PhasedConv2d) == (phases > 1)  # type: ignore[index]
    with torch.inference_mode():
        assert torch.allclose(network(image), convolution(image), atol=1e-5)


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(8, 8, 3, padding=12, dilation=12),
        nn.Conv2d(8, 8, 3, padding=0, dilation=12, groups=8),
        nn.Conv2d(8, 8, 5, padding=24, dilation=12, groups=8),
        nn.Conv2d(8, 8, 3, padding=12, dilation=12, groups=8, stride=2),
        nn.Conv2d(8, 8, 3, padding=12, dilation=12, groups=8, padding_mode="reflect"),
    ],
)
def test_other_convolutions_stay(convolution: nn.Conv2d) -> None:
    network = nn.Sequential(convolution)
    assert split_dilation(network, torch.zeros(1))[0] is convolution  # type: ignore[index]


class Branching(nn.Module):
    """A convolution whose output goes into a batch normalisation and past it."""

    def __init__(self, past: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.convolution, self.norm, self.past = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), past

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        made = self.convolution(image)
        return self.norm(made) + self.past(made)


def test_a_change_that_would_alter_the_scores_is_left_out() -> None:
    torch.manual_seed(1)
    network = trained_like(Branching(lambda made: made))
    image = torch.randn(1, 3, 20, 20)
    with torch.inference_mode():
        expected = network(image)
        faster = accelerated(network, 3, CPU, torch.float32)
        assert torch.allclose(faster(image), expected, atol=1e-5)
    assert any(isinstance(module, nn.BatchNorm2d) for module in faster.modules())


def test_a_convolution_used_twice_is_not_folded() -> None:
    shared = nn.Conv2d(3, 3, 1)
    network = trained_like(nn.Sequential(shared, nn.BatchNorm2d(3), shared, nn.BatchNorm2d(3)))
    before = shared.weight.clone()
    with torch.no_grad():
        fold_batch_norm(network, torch.randn(1, 3, 8, 8))
    assert torch.equal(shared.weight, before)


def test_the_given_network_is_left_as_it_was() -> None:
    network = trained_like(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    accelerated(network, 3, CPU, torch.bfloat16)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("wanted", "native", "expected", "warned"),
    [
        ("auto", True, torch.bfloat16, False),
        ("auto", False, torch.float32, False),
        ("float32", True, torch.float32, False),
        ("bfloat16", True, torch.bfloat16, False),
        ("bfloat16", False, torch.bfloat16, True),
    ],
)
def test_precision_follows_the_hardware_only_when_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wanted: str,
    native: bool,
    expected: torch.dtype,
    warned: bool,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native, "avx2": True})
    with caplog.at_level(logging.WARNING, "rogi"):
        assert choose_precision(wanted, CPU) == expected
    assert ("this processor has no bfloat16 and emulates it" in caplog.text) == warned


def test_keeping_freed_memory_is_harmless() -> None:
    keep_freed_memory()
    assert torch.zeros(10_000_000).sum() == 0
