"""The network: its atrous rates and stride are those asked for, and a model file carries all that inference needs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.worlds import BANDS
from workflow_scripts.rogi.training.network import (
    Architecture,
    Normalized,
    TrainedModel,
    build,
    load,
    save,
)

SMALL = "tu-mobilenetv3_small_050"
WIDTH = 32


def deeplab(encoder: str = SMALL, rates: tuple[int, ...] = (6, 12, 18), stride: int = 16) -> Architecture:
    return Architecture("DeepLabV3Plus", encoder, tuple(BANDS), stride, rates, WIDTH)


def part(network: nn.Module, name: str) -> nn.Module:
    """Return a network's encoder or decoder."""
    found = getattr(network, name)
    assert isinstance(found, nn.Module)
    return found


def encoder_state(network: nn.Module) -> dict[str, torch.Tensor]:
    return dict(part(network, "encoder").state_dict())


@pytest.mark.parametrize(("rates", "stride"), [((6, 12, 18), 16), ((12, 24, 36), 8)])
def test_the_atrous_pyramid_has_the_configured_rates(rates: tuple[int, ...], stride: int) -> None:
    """Read from the built modules: the library's own default would be 12, 24, 36 at any stride."""
    network = build(deeplab(rates=rates, stride=stride)).eval()
    convolutions = [module for module in part(network, "decoder").modules() if isinstance(module, nn.Conv2d)]
    assert tuple(one.dilation[0] for one in convolutions if one.dilation[0] > 1) == rates
    assert {one.out_channels for one in convolutions if one.dilation[0] == 1 and one.groups == 1} >= {WIDTH}
    with torch.inference_mode():
        features = part(network, "encoder")(torch.zeros(1, 3, 128, 128))
    assert 128 // features[-1].shape[-1] == stride


def test_other_architectures_take_no_deeplab_options() -> None:
    network = build(Architecture("Unet", SMALL, ("grey",), 16, (6, 12, 18), WIDTH)).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 64, 64)).shape == (1, 1, 64, 64)


def test_a_model_file_carries_all_that_inference_needs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(deeplab()).eval()
    origin = {"recipe": {"epochs": 3}, "scores": {"val_iou": 0.5}}
    save(tmp_path / "model.pt", TrainedModel(network, deeplab(), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), origin))
    loaded = load(tmp_path / "model.pt", BANDS)
    assert (loaded.architecture, loaded.mean, loaded.std) == (deeplab(), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    assert loaded.origin == origin
    assert not loaded.network.training
    image = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        output = loaded.network(image)
        assert output.shape == (2, 1, 64, 96)
        assert torch.equal(output, network(image))


def test_other_bands_are_refused(tiny_model: Path) -> None:
    with pytest.raises(ValueError, match=r"trained on the bands red, green, blue, and the imagery has red, green, nir"):
        load(tiny_model, ["red", "green", "nir"])


@pytest.mark.parametrize("content", ["text", "state dict", "empty", "tensor"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "model.pt"
    if content in ("text", "empty"):
        path.write_text("not a model" if content == "text" else "")
    else:
        torch.save({"weight": torch.zeros(3)} if content == "state dict" else torch.zeros(3), path)
    with pytest.raises(ValueError, match=r"model\.pt is not a model file of this workflow; train one, or name another"):
        load(path, BANDS)


@pytest.mark.parametrize(("name", "encoder"), [("DeepLabV4", SMALL), ("Unet", "resnet999"), ("Unet", "tu-nothing")])
def test_what_the_library_does_not_know_is_named(name: str, encoder: str) -> None:
    with pytest.raises(ValueError, match=f"cannot build {name} with encoder {encoder}: "):
        build(Architecture(name, encoder, tuple(BANDS), 16, (6, 12, 18), WIDTH))


@pytest.mark.parametrize("naming", ["own", "timm"])
def test_the_encoder_is_filled_from_a_file(tmp_path: Path, naming: str) -> None:
    torch.manual_seed(1)
    weights = encoder_state(build(deeplab()))
    torch.save(
        {(key if naming == "own" else key.removeprefix("model.")): v for key, v in weights.items()}, tmp_path / "w.pt"
    )
    torch.manual_seed(2)
    filled = encoder_state(build(deeplab(), str(tmp_path / "w.pt")))
    assert all(torch.equal(filled[key], value) for key, value in weights.items())


def test_weights_of_another_encoder_are_refused(tmp_path: Path) -> None:
    torch.save(encoder_state(build(deeplab("tu-lcnet_035"))), tmp_path / "other.pt")
    with pytest.raises(
        ValueError, match=rf"other\.pt fits only \d+ of \d+ tensors of encoder {SMALL}; it belongs to an"
    ):
        build(deeplab(), str(tmp_path / "other.pt"))


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_text("<html>404</html>")
    with pytest.raises(ValueError, match=r"w\.pt is not a file of encoder weights"):
        build(deeplab(), str(tmp_path / "w.pt"))


def test_normalisation_puts_missing_pixels_at_the_mean(rng: np.random.Generator) -> None:
    class Sum(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image.sum(dim=1, keepdim=True)

    image = rng.integers(0, 256, (2, 3, 4, 5), np.uint8)
    valid = rng.random((2, 4, 5)) < 0.5
    mean, std = (10.0, 20.0, 30.0), (1.0, 2.0, 4.0)
    result = Normalized(Sum(), mean, std)(torch.from_numpy(image), torch.from_numpy(valid)).numpy()
    normal = (image.astype(float) - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    assert result == pytest.approx(np.where(valid, normal.sum(axis=1), 0), abs=1e-4)
