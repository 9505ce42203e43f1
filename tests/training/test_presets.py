"""Named recipes fit every study, and the default is what it says."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from snakemake.utils import update_config

from workflow_scripts.rogi.config import check_config
from workflow_scripts.rogi.training.network import Architecture, build

ROOT = Path(__file__).parents[2]
PRESETS = ("group", "modern")
STUDIES = [
    "config",
    "tests/small",
    *(f"resources/studies/{path.stem}" for path in sorted((ROOT / "resources/studies").glob("*.yaml"))),
]


def read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return content


def merged(*paths: str) -> dict[str, Any]:
    """Return what Snakemake makes of config files, the last one on top."""
    config: dict[str, Any] = {}
    for path in paths:
        update_config(config, deepcopy(read(path)))
    return config


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("study", STUDIES)
def test_a_preset_fits_a_study(study: str, preset: str) -> None:
    config = merged("config.yaml", f"{study}.yaml", f"resources/presets/{preset}.yaml")
    check_config(config, read("rules/config.schema.yaml"))


def test_the_default_is_the_modern_preset() -> None:
    assert merged("config.yaml", "resources/presets/modern.yaml") == read("config.yaml")


def test_the_group_of_twelve() -> None:
    """Eleven variants and the original, none of the default's random changes, nothing on negatives."""
    training = merged("config.yaml", "resources/presets/group.yaml")["training"]
    amounts: dict[str, list[float]] = {}
    for variant in training["augmentation"]["variants"]:
        amounts.setdefault(variant["change"], []).append(variant["amount"])
    assert amounts == {
        "left_right": [0],
        "up_down": [0],
        "rotate_deg": [45, 90, 135],
        "blur_px": [1, 2],
        "crop_px": [10, 30],
        "zoom": [0.75, 1.25],
    }
    others = {name: value for name, value in training["augmentation"].items() if name != "variants"}
    assert not any(value for value in others.values() if value != "none")
    assert not training["augment_negatives"]
    assert [training[key] for key in ("steps", "batch_size", "learning_rate", "momentum", "poly_power")] == [
        30000, 8, 0.007, 0.9, 0.9,
    ]  # fmt: skip


def test_the_group_preset_builds_its_network() -> None:
    """Xception-71, whose deepest features lie 16 pixels apart, as its atrous rates take for granted."""
    model = merged("config.yaml", "resources/presets/group.yaml")["model"]
    network: Any = build(Architecture.of(model, ("red", "green", "blue"), [])).eval()
    with torch.inference_mode():
        *_, deepest = network.encoder(torch.zeros(1, 3, 96, 96))
    assert deepest.shape == (1, 2048, 96 // 16, 96 // 16)
    dilated = {module.dilation[0] for module in network.decoder.modules() if isinstance(module, torch.nn.Conv2d)}
    assert dilated == {1, 6, 12, 18}


def test_the_group_preset_decides_every_setting_of_the_method() -> None:
    own = read("resources/presets/group.yaml")["training"]
    left_to_the_study = {"checkpoint_min", "gpus", "workers", "device", "deterministic", "seed"}
    of_another_loss = {"tversky_alpha", "tversky_beta", "tversky_gamma"}
    assert set(own) == set(read("config.yaml")["training"]) - left_to_the_study - of_another_loss
