"""The settings of variants: what is merged, what is checked, and who is blamed for a typo."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow_scripts.rogi.config import ConfigError, check_config
from workflow_scripts.rogi.trials.settings import fold_names, merged, trial_settings

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "rules" / "config.schema.yaml").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
CHANNELS = [{"name": name, "source": "terrain", "relative": name == "elevation"} for name in ("elevation", "slope")]
PRESETS = {"sgd.yaml": {"training": {"optimizer": "sgd", "momentum": 0.5}, "patches": {"size_px": 512}}}


def variant(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "preset": None, "channels": None, "model": {}, "training": {}, "prediction": {}} | changes


def study(
    *variants: dict[str, Any], folds_of: str = "main", ensembles: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    config = deepcopy(CONFIG)
    config["imagery"]["channels"] = CHANNELS
    config["ablation"] = {"folds_of": folds_of, "variants": list(variants), "ensembles": list(ensembles)}
    return config


def settings(*variants: dict[str, Any], ensembles: Sequence[dict[str, Any]] = ()) -> dict[str, dict[str, Any]]:
    return trial_settings(study(*variants, ensembles=ensembles), SCHEMA, PRESETS.__getitem__)


def test_a_variant_without_changes_is_the_study() -> None:
    found = settings(variant("As it is"))
    assert list(found) == ["as_it_is"]
    for section in ("model", "training", "prediction"):
        assert found["as_it_is"][section] == CONFIG[section]
    assert found["as_it_is"]["channels"] == CHANNELS
    assert found["as_it_is"]["networks"] == ["as_it_is"]


def test_the_preset_comes_before_the_variants_own_changes() -> None:
    changes = {"training": {"momentum": 0.8, "steps": 7}, "model": {"decoder_channels": 16}}
    found = settings(variant("Plain", preset="sgd.yaml", **changes))["plain"]
    assert found["training"] == CONFIG["training"] | {"optimizer": "sgd", "momentum": 0.8, "steps": 7}
    assert found["model"] == CONFIG["model"] | {"decoder_channels": 16}
    assert "patches" not in found


def test_mappings_are_merged_and_lists_replaced() -> None:
    assert merged({"a": {"b": 1, "c": [1, 2]}, "d": 4}, {"a": {"c": [3]}, "e": {"f": 5}}) == {
        "a": {"b": 1, "c": [3]}, "d": 4, "e": {"f": 5},
    }  # fmt: skip
    turned = settings(variant("One", training={"augmentation": {"zoom": 0.0}}))["one"]["training"]["augmentation"]
    assert turned == CONFIG["training"]["augmentation"] | {"zoom": 0.0}


@pytest.mark.parametrize(
    ("names", "expected"), [([], []), (["slope"], CHANNELS[1:]), (["slope", "elevation"], CHANNELS[::-1])]
)
def test_a_variant_sees_the_channels_that_it_names(names: list[str], expected: list[dict[str, Any]]) -> None:
    assert settings(variant("One", channels=names))["one"]["channels"] == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training": {"stepps": 3}}, "unknown key 'training.stepps'; did you mean 'steps'?"),
        ({"training": {"steps": 0}}, "training.steps: 0 is less than the minimum of 1"),
        ({"model": {"architecure": "Unet"}}, "unknown key 'model.architecure'; did you mean 'architecture'?"),
        ({"prediction": {"overlap_px": 4096}}, "prediction.overlap_px is more than half of prediction.window_px"),
        ({"channels": ["slop"]}, "unknown channel 'slop'. Did you mean 'slope'? Known: elevation, slope."),
    ],
)
def test_a_fault_names_the_variant(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=r"variant 'Bold one' of ablation\.variants: ") as caught:
        settings(variant("Fine"), variant("Bold one", **changes))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("blocks", ["fold_1", "fold_2", "fold_3", "fold_4"]),
        ("subregions", ["demo_range_west", "demo_range_east", "demo_basin"]),
        ("inventories", ["demo_inventory_a", "demo_inventory_b"]),
    ],
)
def test_folds_are_those_of_the_cross_validation(kind: str, expected: list[str]) -> None:
    config = study(variant("One"), folds_of="cross_validation")
    config["split"] |= {"cross_validation": kind, "folds": 4}
    assert fold_names(config) == expected
    config["ablation"]["folds_of"] = "main"
    assert fold_names(config) == ["main"]


def test_a_study_without_cross_validation_has_no_folds() -> None:
    config = study(variant("One"), folds_of="cross_validation")
    config["split"]["cross_validation"] = "none"
    with pytest.raises(ConfigError, match=r"split\.cross_validation is none; choose blocks, subregions or inventories"):
        fold_names(config)


def test_folds_may_be_named_one_by_one() -> None:
    config = study(variant("One"))
    config["ablation"]["folds_of"] = ["fold_2", "main"]
    check_config(config, SCHEMA)
    assert fold_names(config) == ["fold_2", "main"]


def test_an_ensemble_has_the_networks_of_its_variants_and_the_settings_of_the_first() -> None:
    variants = variant("Sharp", prediction={"test_time": "flips"}), variant("Other seed", training={"seed": 2})
    both = {"name": "Both of them", "of": ["Sharp", "Other seed"]}
    found = settings(*variants, ensembles=[both])
    assert list(found) == ["sharp", "other_seed", "both_of_them"]
    assert found["both_of_them"] == found["sharp"] | {"networks": ["sharp", "other_seed"]}
    assert found["other_seed"]["prediction"]["test_time"] == "none"


@pytest.mark.parametrize(
    ("name", "of", "message"),
    [
        ("Both", ["One", "Tow"], "ensemble 'Both' of ablation.ensembles: unknown variant 'Tow'. Did you mean 'Two'?"),
        (
            "Both",
            ["One", "Slope"],
            "ensemble 'Both' of ablation.ensembles: its variants need the same channels in the same order, and One "
            "sees elevation, slope; Slope sees slope",
        ),
        ("Everything", ["One", "Two"], "ensemble 'Everything' of ablation.ensembles: a baseline"),
    ],
)
def test_an_ensemble_of_what_does_not_fit_together_is_refused(name: str, of: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(
            *(variant("One"), variant("Two"), variant("Slope", channels=["slope"])),
            ensembles=[{"name": name, "of": of}],
        )
    assert str(caught.value).startswith(message)


def test_a_preset_that_is_not_there_is_named(tmp_path: Path) -> None:
    def read(path: str) -> dict[str, Any]:
        return dict(yaml.safe_load((tmp_path / path).read_text()))

    with pytest.raises(ConfigError, match=r"variant 'One' of .*: its preset .*gruop\.yaml is not there"):
        trial_settings(study(variant("One", preset="gruop.yaml")), SCHEMA, read)


def test_two_variants_of_one_folder_are_refused() -> None:
    same = r"ablation\.variants and ablation\.ensembles: two names give the same path name 'rgb_nir'"
    with pytest.raises(ConfigError, match=same):
        check_config(study(variant("RGB + NIR"), variant("rgb nir")), SCHEMA)
    ensemble = {"name": "RGB, NIR", "of": ["RGB + NIR", "RGB"]}
    with pytest.raises(ConfigError, match=same):
        check_config(study(variant("RGB + NIR"), variant("RGB"), ensembles=[ensemble]), SCHEMA)


@pytest.mark.parametrize("name", ["Everything", "everything!", "distance to the EDGE of imagery"])
def test_no_variant_is_called_like_a_baseline(name: str) -> None:
    """It would write into the same folder."""
    with pytest.raises(
        ConfigError, match=rf"variant '{name}' of ablation\.variants: a baseline .* is called so; choose another name"
    ):
        settings(variant("One"), variant(name))


@pytest.mark.parametrize("name", ["tprogi", "huasco", "hma_debris"])
def test_the_variants_of_the_studies_are_valid(name: str) -> None:
    def read(path: str) -> dict[str, Any]:
        return dict(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))

    config = merged(CONFIG, read(f"resources/studies/{name}.yaml"))
    assert len(trial_settings(config, SCHEMA, read)) >= 2
    assert fold_names(config)
