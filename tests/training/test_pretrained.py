"""Encoder weights from a file: those of another encoder are refused, those of photographs see other layers too."""

from pathlib import Path

import pytest
import torch

from tests.architectures import SMALLEST, architecture
from tests.training.test_network import encoder_state
from workflow_scripts.rogi.training.network import build
from workflow_scripts.rogi.training.pretrained import adapted

RGB = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    "inputs",
    [
        ("red", "green", "blue"),
        ("blue", "red", "green"),
        ("red", "green", "blue", "nir"),
        ("red", "green", "blue", "nir", "elevation", "slope", "coherence"),
        ("grey",),
        ("nir", "swir"),
    ],
)
def test_layers_that_say_the_same_make_the_response_of_rgb(inputs: tuple[str, ...]) -> None:
    found = adapted(RGB, inputs)
    image = torch.rand(1, 1, 16, 16)
    expected, response = (
        torch.nn.functional.conv2d(image.expand(-1, weight.shape[1], -1, -1), weight) for weight in (RGB, found)
    )
    assert torch.allclose(response, expected, atol=1e-5)


def test_red_green_and_blue_keep_their_weights_wherever_they_stand() -> None:
    assert torch.equal(adapted(RGB, ("red", "green", "blue")), RGB)
    found = adapted(RGB, ("nir", "blue", "green", "red"))
    assert torch.allclose(found[:, [3, 2, 1]], RGB * 3 / 4)
    assert torch.allclose(found[:, 0], RGB.mean(1) * 3 / 4)


def test_weights_of_photographs_fill_an_encoder_of_more_layers(tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = encoder_state(build(architecture()))
    torch.save(weights, tmp_path / "rgb.pt")
    made_of = architecture(bands=("red", "green", "blue", "nir"), channels=("elevation",))
    filled = encoder_state(build(made_of, str(tmp_path / "rgb.pt")))
    first, *others = weights
    assert torch.equal(filled[first], adapted(weights[first], made_of.inputs))
    assert all(torch.equal(filled[key], weights[key]) for key in others)


def test_weights_of_the_same_layers_are_taken_as_they_are(tmp_path: Path) -> None:
    made_of = architecture(bands=("red", "green", "blue", "nir"))
    weights = encoder_state(build(made_of))
    torch.save(weights, tmp_path / "rgbn.pt")
    filled = encoder_state(build(made_of, str(tmp_path / "rgbn.pt")))
    assert all(torch.equal(filled[key], value) for key, value in weights.items())


@pytest.mark.parametrize("bands", [("red", "green", "blue"), ("red", "green", "blue", "nir")])
def test_weights_of_another_encoder_are_refused(tmp_path: Path, bands: tuple[str, ...]) -> None:
    torch.save(encoder_state(build(architecture(encoder="tu-lcnet_035"))), tmp_path / "other.pt")
    with pytest.raises(
        ValueError,
        match=rf"other\.pt is not a file of weights of encoder {SMALLEST}: \d+ of its \d+ tensors fit.*another arch",
    ):
        build(architecture(bands=bands), str(tmp_path / "other.pt"))


def test_weights_of_a_deeper_encoder_are_refused_although_all_of_its_own_are_there(tmp_path: Path) -> None:
    """Every tensor of a ResNet-18 has its name and shape in the file of a ResNet-34."""
    torch.save(encoder_state(build(architecture(encoder="resnet34"))), tmp_path / "34.pt")
    with pytest.raises(ValueError, match=r"of encoder resnet18: 120 of its 216 tensors fit, and the encoder has 120;"):
        build(architecture(encoder="resnet18"), str(tmp_path / "34.pt"))


def test_a_classifier_and_a_checkpoint_round_the_weights_do_no_harm(tmp_path: Path) -> None:
    weights = encoder_state(build(architecture(encoder="resnet18")))
    head = {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    torch.save({"epoch": 90, "state_dict": weights | head}, tmp_path / "checkpoint.pt")
    filled = encoder_state(build(architecture(encoder="resnet18"), str(tmp_path / "checkpoint.pt")))
    assert all(torch.equal(filled[key], value) for key, value in weights.items())


def test_weights_of_another_number_of_bands_are_refused(tmp_path: Path) -> None:
    torch.save(encoder_state(build(architecture(bands=("red", "green", "blue", "nir")))), tmp_path / "four.pt")
    with pytest.raises(ValueError, match=r"four\.pt is not .* or to another number of bands"):
        build(architecture(), str(tmp_path / "four.pt"))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
@pytest.mark.parametrize("kind", ["page", "text", "empty", "truncated"])
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, kind: str) -> None:
    torch.save({"weight": torch.zeros(1000)}, tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    content = {"page": b"<html>404</html>", "text": b"hello world\n", "empty": b"", "truncated": whole[:-1]}
    (tmp_path / "w.pt").write_bytes(content[kind])
    with pytest.raises(ValueError, match=r"w\.pt is not a file of encoder weights"):
        build(architecture(), str(tmp_path / "w.pt"))


def test_a_file_that_is_not_there_is_no_file_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.pt"):
        build(architecture(), str(tmp_path / "missing.pt"))
