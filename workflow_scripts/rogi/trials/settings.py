"""The settings of every trial: the study's, a preset, and what a variant overrides, checked like any config.

Light on purpose: every Snakemake process imports this while it reads the Snakefile.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workflow_scripts.rogi.config import ConfigError, check_config, slug, unknown_name

OVERRIDDEN = ("model", "training", "prediction")  # the sections that a trial may have of its own
EVERYTHING, EDGE = "Everything", "Distance to the edge of imagery"
# The maps without a network that stand beside the variants, and what there is to say of each.
BASELINES = {
    EVERYTHING: "calls all ground with imagery rock glacier, so its IoU and its AP are the share of rock glacier",
    EDGE: (
        "looks at no value of a pixel and calls ground the likelier the farther it lies from where imagery ends: "
        "where its AP comes near that of a network, imagery was cut out round what is sought"
    ),
}


def fold_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the splits that every variant is trained on, as `split_samples` writes them.

    Raises:
        ConfigError: The ablation is of the folds of a cross-validation, and the study has none.
    """
    split, wanted = config["split"], config["ablation"]["folds_of"]
    if wanted != "cross_validation":
        return [wanted] if isinstance(wanted, str) else list(wanted)
    if split["cross_validation"] == "none":
        raise ConfigError(
            "ablation.folds_of is cross_validation, and split.cross_validation is none; "
            "choose blocks, subregions or inventories there, or set ablation.folds_of to main"
        )
    names = {
        "blocks": [f"fold_{number + 1}" for number in range(split["folds"])],
        "subregions": [slug(name) for name in config["subregions"]["names"]],
        "inventories": [slug(inventory["name"]) for inventory in config["inventories"]],
    }
    return names[split["cross_validation"]]


def trial_settings(
    config: Mapping[str, Any], schema: Mapping[str, Any], preset: Callable[[str], Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the settings of every variant and every ensemble, by the name that it has in paths, in their order.

    A variant's settings are the study's, then those of its preset (its sections `OVERRIDDEN` alone, for all variants
    share imagery, patches and splits), then its own. Mappings are merged key by key, lists replaced whole. An ensemble
    has those of its first variant.

    Args:
        config: The resolved config of the study.
        schema: Its JSON Schema.
        preset: Gives the content of a preset's file.

    Returns:
        The sections `OVERRIDDEN`; `channels`, the entries of `imagery.channels` that it uses; `networks`, the variants
        whose networks make its map, a variant's own alone.

    Raises:
        ConfigError: A variant's settings are no valid config, or name a channel that the study does not declare; an
            ensemble is of variants that are not there or see different channels; or one of them is called like a
            baseline. The message names it.
    """
    ablation = config["ablation"]
    trials = {slug(variant["name"]): _settings(variant, config, schema, preset) for variant in ablation["variants"]}
    variants = {variant["name"]: trials[slug(variant["name"])] for variant in ablation["variants"]}
    return trials | {slug(ensemble["name"]): _joined(ensemble, variants) for ensemble in ablation["ensembles"]}


def _settings(
    variant: Mapping[str, Any],
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    preset: Callable[[str], Mapping[str, Any]],
) -> dict[str, Any]:
    try:
        _check_name(variant["name"])
        given = preset(variant["preset"]) if variant["preset"] else {}
        mine = {part: merged(merged(config[part], given.get(part, {})), variant[part]) for part in OVERRIDDEN}
        check_config({**config, **mine}, schema)
        channels = _chosen(config["imagery"]["channels"], variant["channels"])
    except FileNotFoundError as error:
        raise ConfigError(f"{_named(variant)}: its preset {error.filename} is not there") from None
    except ConfigError as error:
        raise ConfigError(f"{_named(variant)}: {error}") from None
    return {**mine, "channels": channels, "networks": [slug(variant["name"])]}


def _joined(ensemble: Mapping[str, Any], variants: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings of an ensemble of some of the variants, which are by the names in the config."""
    try:
        _check_name(ensemble["name"])
        if strange := [name for name in ensemble["of"] if name not in variants]:
            raise ConfigError(unknown_name(strange[0], list(variants), "variant"))
        seen = {name: [channel["name"] for channel in variants[name]["channels"]] for name in ensemble["of"]}
        first, *others = seen
        for other in others:
            if seen[other] != seen[first]:
                listed = "; ".join(f"{name} sees {', '.join(seen[name]) or 'none'}" for name in (first, other))
                raise ConfigError(f"its variants need the same channels in the same order, and {listed}")
    except ConfigError as error:
        raise ConfigError(f"ensemble '{ensemble['name']}' of ablation.ensembles: {error}") from None
    return {**variants[first], "networks": [slug(name) for name in ensemble["of"]]}


def _check_name(name: str) -> None:
    if slug(name) in map(slug, BASELINES):
        raise ConfigError("a baseline that every ablation has is called so; choose another name")


def _named(variant: Mapping[str, Any]) -> str:
    return f"variant '{variant['name']}' of ablation.variants"


def merged(base: Any, changes: Any) -> Any:
    """Return a mapping with changes merged in key by key; anything else is replaced whole, as Snakemake does it."""
    if not (isinstance(base, Mapping) and isinstance(changes, Mapping)):
        return changes
    return {**base, **{key: merged(base.get(key), value) for key, value in changes.items()}}


def _chosen(declared: list[dict[str, Any]], names: list[str] | None) -> list[dict[str, Any]]:
    """Return the declared channels of some names, in that order; all for None."""
    by_name = {channel["name"]: channel for channel in declared}
    if names is None:
        return declared
    if strange := [name for name in names if name not in by_name]:
        known = list(by_name) or ["none; imagery.channels is empty"]
        raise ConfigError(unknown_name(strange[0], known, "channel"))
    return [by_name[name] for name in names]
