"""The network: built as asked, filled from a file, and a model file carries all that inference needs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.architectures import SMALLEST, architecture
from tests.worlds import BANDS
from workflow_scripts.rogi.training.network import Architecture, TrainedModel, build, load, save

DECLARED = [
    {"name": "elevation", "source": "terrain", "relative": True},
    {"name": "coherence", "source": "radar/*.tif", "relative": False},
]


def part(network: nn.Module, name: str) -> nn.Module:
    """Return a network's encoder or decoder."""
    found = getattr(network, name)
    assert isinstance(found, nn.Module)
    return found


def encoder_state(network: nn.Module) -> dict[str, torch.Tensor]:
    return dict(part(network, "encoder").state_dict())


def trained(**changes: Any) -> TrainedModel:
    torch.manual_seed(0)
    made_of = architecture(**changes)
    statistics = tuple(range(len(made_of.inputs))), tuple(range(4, 4 + len(made_of.inputs)))
    return TrainedModel(build(made_of).eval(), made_of, *statistics, 1.5, 0.4, {"scores": {"val_iou": 0.5}})


@pytest.mark.parametrize(("rates", "stride"), [((6, 12, 18), 16), ((12, 24, 36), 8)])
def test_the_atrous_pyramid_has_the_configured_rates(rates: tuple[int, ...], stride: int) -> None:
    """Read from the built modules: the library's own default would be 12, 24, 36 at any stride."""
    network = build(architecture(atrous_rates=rates, output_stride=stride)).eval()
    convolutions = [module for module in part(network, "decoder").modules() if isinstance(module, nn.Conv2d)]
    assert tuple(one.dilation[0] for one in convolutions if one.dilation[0] > 1) == rates
    assert {one.out_channels for one in convolutions if one.dilation[0] == 1 and one.groups == 1} >= {32}
    with torch.inference_mode():
        features = part(network, "encoder")(torch.zeros(1, 3, 128, 128))
    assert 128 // features[-1].shape[-1] == stride


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("UPerNet", {64}),
        ("Segformer", {64}),
        ("FPN", {64, 32}),
        ("Unet", {64, 32, 16}),
        ("PAN", {64}),
        ("PSPNet", {64}),
    ],
)
def test_other_architectures_take_the_options_that_they_have(name: str, widths: set[int]) -> None:
    network = build(architecture(name=name, bands=("grey", "nir"), decoder_channels=64)).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 2, 128, 160)).shape == (1, 1, 128, 160)
    convolutions = [module for module in part(network, "decoder").modules() if isinstance(module, nn.Conv2d)]
    assert {one.out_channels for one in convolutions} >= widths


def test_an_architecture_is_what_the_config_asks_for() -> None:
    settings = {
        "files": [], "architecture": "Unet", "encoder": "resnet18", "encoder_weights": None, "normalisation": "window",
        "colour": True, "reduction": 2, "output_stride": 16, "atrous_rates": [6, 12, 18], "decoder_channels": 64,
    }  # fmt: skip
    found = Architecture.of(settings, [*BANDS, "nir"], DECLARED)
    assert found == Architecture(
        "Unet", "resnet18", ("red", "green", "blue", "nir"), ("elevation", "coherence"), ("elevation",), "window", True,
        2, 16, (6, 12, 18), 64,
    )  # fmt: skip
    assert found.inputs == ("red", "green", "blue", "nir", "elevation", "coherence")


def test_brightness_takes_the_place_of_the_bands() -> None:
    grey = architecture(channels=("slope",), normalisation="window", colour=False)
    assert grey.inputs == ("brightness", "slope")
    with pytest.raises(ValueError, match=r"model\.colour: false needs model\.normalisation: window"):
        architecture(colour=False)


@pytest.mark.parametrize("half", ["aspect_sine", "aspect_cosine"])
def test_half_a_direction_is_refused(half: str) -> None:
    with pytest.raises(ValueError, match="channels aspect_sine and aspect_cosine belong together; take both"):
        architecture(channels=("slope", half))


@pytest.mark.parametrize("channels", [(), ("elevation", "coherence")])
def test_a_model_file_carries_all_that_inference_needs(tmp_path: Path, channels: tuple[str, ...]) -> None:
    model = trained(channels=channels, relative=channels[:1], normalisation="window", reduction=2)
    save(tmp_path / "model.pt", model)
    loaded = load(tmp_path / "model.pt", BANDS, channels)
    assert replace(loaded, network=model.network) == model
    assert not loaded.network.training
    image = torch.randn(2, 3 + len(channels), 64, 96)
    with torch.inference_mode():
        output = loaded.network(image)
        assert output.shape == (2, 1, 64, 96)
        assert torch.equal(output, model.network(image))


def test_other_bands_are_refused(tiny_model: Path) -> None:
    message = r"trained on the bands red, green, blue, and the imagery has red, green, nir \(imagery\.bands\); declare"
    with pytest.raises(ValueError, match=message):
        load(tiny_model, ["red", "green", "nir"], [])


@pytest.mark.parametrize(
    ("own", "given", "message"),
    [
        ((), ["slope"], "the channels none, and the imagery has slope"),
        (("slope",), [], "the channels slope, and the imagery has none"),
        (("slope", "elevation"), ["elevation", "slope"], "slope, elevation, and the imagery has elevation, slope"),
    ],
)
def test_other_channels_are_refused(tmp_path: Path, own: tuple[str, ...], given: list[str], message: str) -> None:
    save(tmp_path / "model.pt", trained(channels=own))
    with pytest.raises(
        ValueError, match=rf"model\.pt was trained on .*{message} \(imagery\.channels\); declare the same"
    ):
        load(tmp_path / "model.pt", BANDS, given)


def test_a_model_file_of_another_version_is_refused(tmp_path: Path) -> None:
    torch.save({"format": 1, "architecture": {}, "state": {}}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"model\.pt is a model file of format 1, and this .* format 3; train again"):
        load(tmp_path / "model.pt", BANDS, [])


@pytest.mark.parametrize("content", ["text", "state dict", "empty", "tensor"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "model.pt"
    if content in ("text", "empty"):
        path.write_text("not a model" if content == "text" else "")
    else:
        torch.save({"weight": torch.zeros(3)} if content == "state dict" else torch.zeros(3), path)
    with pytest.raises(ValueError, match=r"model\.pt is not a model file of this workflow; train one, or name another"):
        load(path, BANDS, [])


@pytest.mark.parametrize(
    ("name", "encoder"),
    [("DeepLabV4", SMALLEST), ("create_model", SMALLEST), ("Unet", "resnet999"), ("Unet", "tu-nothing")],
)
def test_what_the_library_does_not_know_is_named(name: str, encoder: str) -> None:
    with pytest.raises(ValueError, match=f"cannot build {name} with encoder {encoder}: "):
        build(architecture(name=name, encoder=encoder))


@pytest.mark.parametrize("naming", ["own", "timm"])
def test_the_encoder_is_filled_from_a_file(tmp_path: Path, naming: str) -> None:
    torch.manual_seed(1)
    weights = encoder_state(build(architecture()))
    torch.save(
        {(key if naming == "own" else key.removeprefix("model.")): v for key, v in weights.items()}, tmp_path / "w.pt"
    )
    torch.manual_seed(2)
    filled = encoder_state(build(architecture(), str(tmp_path / "w.pt")))
    assert all(torch.equal(filled[key], value) for key, value in weights.items())
