"""The config: faults are named with the way out, and the shipped config and schema agree."""

from collections.abc import Iterator
from copy import deepcopy
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from workflow_scripts.rogi.config import ConfigError, check_config, file_name, slug, unknown_name

ROOT = Path(__file__).parents[1]
SCHEMA = yaml.safe_load((ROOT / "rules" / "config.schema.yaml").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the demo's config with one value set, at keys joined by dots."""
    config = deepcopy(CONFIG)
    *parents, last = path.split(".")
    reduce(lambda part, key: part[int(key) if isinstance(part, list) else key], parents, config)[last] = value
    return config


def faults(config: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check_config(config, SCHEMA)
    first, *lines = str(caught.value).splitlines()
    assert first == "the config cannot be used:"
    return [line.removeprefix("  - ") for line in lines]


def test_the_shipped_config_is_valid() -> None:
    check_config(CONFIG, SCHEMA)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def parts_of(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every key of the schema, dotted, with what it says about it."""
    for key, part in schema.get("properties", {}).items():
        yield f"{place}{key}", part
        yield from parts_of(part, f"{place}{key}.")
        yield from parts_of(part.get("items", {}), f"{place}{key}[].")


@pytest.mark.parametrize(
    ("key", "part"), [*parts_of(SCHEMA)], ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_is_described_required_and_without_default(key: str, part: dict[str, Any]) -> None:
    assert part.get("description", "").endswith(".")
    assert "default" not in part
    if part.get("type") == "object" and "properties" in part:  # without, the keys are names of fields
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("trainning", {}, "unknown key 'trainning'; did you mean 'training'?"),
        ("training.step", 3, "unknown key 'training.step'; did you mean 'steps'?"),
        ("imagery.mosaics.0.quad", "*", "unknown key 'imagery.mosaics.0.quad'; did you mean 'quads'?"),
        ("record.zzz", 1, "unknown key 'record.zzz'; known keys here: checksum_imagery"),
        ("training.steps", "ten", "training.steps: 'ten' is not of type 'integer'"),
        ("training.steps", 0, "training.steps: 0 is less than the minimum of 1"),
        ("split.method", "random", "split.method: 'random' is not one of ['rock_glacier', 'blocks']"),
        ("candidates.connectivity", 6, "candidates.connectivity: 6 is not one of [4, 8]"),
        ("subregions.names", [], "subregions.names: [] should be non-empty"),
        ("prediction", 3, "prediction: 3 is not of type 'object'"),
    ],
)
def test_one_fault_is_one_line(path: str, value: Any, fault: str) -> None:
    assert faults(changed(path, value)) == [fault]


def test_missing_keys_are_named_once() -> None:
    config = deepcopy(CONFIG)
    del config["review"], config["training"]["steps"], config["training"]["device"]
    assert faults(config) == ["the config lacks review", "training lacks steps, device"]


def test_all_faults_are_listed_at_once() -> None:
    config = changed("training.step", 3)
    config["seed"] = -1
    config["candidates"]["threshold"] = 1
    assert len(faults(config)) == 3


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("subregions.names", ["West", "WEST"], "subregions.names: two names give the same path name 'west'"),
        ("subregions.names", ["西部"], "subregions.names: '西部' has no letter or digit of the Latin alphabet"),
        ("imagery.mosaics.1.name", "Planet Basemap 2021-Q3", "imagery.mosaics: two names give the same path name"),
        ("patches.stride_px", 481, "patches.stride_px is larger than patches.size_px"),
        ("training.crop_px", 512, "training.crop_px is larger than patches.size_px"),
        ("model.colour", False, "model.colour: false needs model.normalisation: window"),
        ("prediction.overlap_px", 513, "prediction.overlap_px is more than half of prediction.window_px"),
        ("climate.precipitation.years", [2020, 2019], "climate.precipitation.years: 2020 comes after 2019"),
        ("publication.previous", "results/TPRoGI.gpkg", "publication.previous lies where this run writes"),
        ("compile.removed_by_review", "results/demo_review", "compile.removed_by_review lies where this run writes"),
        ("negatives.0.name", "Demo inventory-A", "inventories and negatives: two names give the same path name"),
        ("inventories.0.fields", {"maper": "BY"}, "inventories.0.fields: 'maper' is not one of ['mapper', 'year'"),
    ],
)
def test_what_makes_no_sense_together(path: str, value: Any, fault: str) -> None:
    (line,) = faults(changed(path, value))
    assert line.startswith(fault)


def test_two_inventories_are_never_one_fold() -> None:
    """Letters of other alphabets stand in no path: both of these would be held out together."""
    config = changed("inventories.0.name", "A 王")
    config["inventories"][1]["name"] = "A 李"
    check_config(config, SCHEMA)
    config["split"]["cross_validation"] = "inventories"
    assert faults(config) == ["inventories: two names give the same path name 'a'"]


def channel(name: str, source: str = "terrain") -> dict[str, Any]:
    return {"name": name, "source": source, "relative": False}


@pytest.mark.parametrize(
    ("channels", "fault"),
    [
        ([channel("slop")], "imagery.channels.0.name: 'slop' is not one of ['elevation', 'slope', "),
        ([channel("slope"), channel("slope", "a.tif")], "imagery.channels: two of the bands and channels are"),
        ([channel("red", "a.tif")], "imagery.channels: two of the bands and channels are called 'red'"),
        ([channel("aspect_sine")], "imagery.channels: aspect_sine and aspect_cosine are one direction; declare both"),
        ([channel("slope") | {"source": 3}], "imagery.channels.0.source: 3 is not of type 'string'"),
    ],
)
def test_channels_that_cannot_be_read(channels: list[dict[str, Any]], fault: str) -> None:
    (line,) = faults(changed("imagery.channels", channels))
    assert line.startswith(fault)


def test_terrain_needs_elevation() -> None:
    config = changed("imagery.channels", [channel("elevation"), channel("coherence", "a.tif"), channel("slope")])
    check_config(config, SCHEMA)
    config["elevation"]["tiles"] = None
    assert faults(config) == [
        "imagery.channels: elevation, slope are derived from the elevation, and elevation.tiles is null; name a DEM, "
        "or leave these channels out"
    ]


def with_thresholds(threshold: Any, seed: float) -> dict[str, Any]:
    config = changed("candidates.seed_threshold", seed)
    config["candidates"]["threshold"] = threshold
    return config


def test_a_seed_below_the_threshold_makes_no_sense() -> None:
    (line,) = faults(with_thresholds(0.5, 0.4))
    assert line.startswith("candidates.seed_threshold lies below candidates.threshold")


@pytest.mark.parametrize(("threshold", "seed"), [(0.5, 0.5), ("model", 0.4)])
def test_a_seed_may_equal_the_threshold_or_stand_beside_one_that_is_not_known_yet(threshold: Any, seed: float) -> None:
    check_config(with_thresholds(threshold, seed), SCHEMA)


@pytest.mark.parametrize(
    ("threshold", "fault"),
    [("modell", "'modell' does not match '^model$'"), (0, "0 is less than or equal to the minimum of 0"),
     (None, "None is not of type 'number', 'string'")],
)  # fmt: skip
def test_the_threshold_is_a_number_or_the_models(threshold: Any, fault: str) -> None:
    assert faults(changed("candidates.threshold", threshold)) == [f"candidates.threshold: {fault}"]


@pytest.mark.parametrize(
    ("path", "value"), [("patches.stride_px", 480), ("prediction.overlap_px", 512), ("training.crop_px", None)]
)
def test_the_extremes_are_allowed(path: str, value: int) -> None:
    check_config(changed(path, value), SCHEMA)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Demo Range West", "demo_range_west"),
        ("Western Kunlun Shan", "western_kunlun_shan"),
        ("Qinling–Dabie (E)", "qinling_dabie_e"),
        ("  Tibet, interior ", "tibet_interior"),
        ("Pamír", "pamir"),
        ("西部", ""),
    ],
)
def test_slug(name: str, expected: str) -> None:
    assert slug(name) == expected
    assert slug(slug(name)) == slug(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mapper A (simulated)", "mapper_a_simulated"),
        ("José Ñandú-O'Neill", "jose_nandu_o_neill"),
        ("王 小明", "王_小明"),
        ("김철수", "김철수"),
        ("…", ""),
    ],
)
def test_names_of_people_keep_the_letters_of_their_alphabet(name: str, expected: str) -> None:
    assert file_name(name) == expected
    assert file_name(file_name(name)) == expected


def test_two_mappers_of_one_file_name_are_refused() -> None:
    assert faults(changed("review.mappers", ["José", "Jose"])) == [
        "review.mappers: two names give the same path name 'jose'"
    ]


def test_reviewers_and_adjudicator_are_different_people() -> None:
    assert faults(changed("validation.adjudicator", "Reviewer 1 (Simulated)")) == [
        "validation.reviewers and adjudicator: two names give the same path name 'reviewer_1_simulated'"
    ]


def test_breaks_between_classes_ascend() -> None:
    assert faults(changed("validation.completeness.score_breaks", [0.5, 0.1])) == [
        "validation.completeness.score_breaks: [0.5, 0.1] is not in ascending order"
    ]


def test_an_unknown_name_comes_with_the_nearest() -> None:
    assert unknown_name("west_pamir", ["western_pamir", "qaidam"], "subregion") == (
        "unknown subregion 'west_pamir'. Did you mean 'western_pamir'? Known: western_pamir, qaidam."
    )
    assert unknown_name("zzz", ["a", "b"], "field") == "unknown field 'zzz'. Known: a, b."
