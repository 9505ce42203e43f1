"""The files that a study needs and nobody produces. Light: Snakemake reads it with the Snakefile."""

from collections.abc import Callable, Mapping
from typing import Any


def filled_in(value: Any, folder: str) -> Any:
    """Return a config, or a part of one, with `{inputs}` in its texts replaced by the folder of the inputs."""
    if isinstance(value, str):
        return value.replace("{inputs}", folder)
    if isinstance(value, dict):
        return {key: filled_in(part, folder) for key, part in value.items()}
    return [filled_in(part, folder) for part in value] if isinstance(value, list) else value


def inputs(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return every external input as (config key, path or pattern)."""
    climate = config["climate"]
    listed = [("elevation.tiles", config["elevation"]["tiles"])]
    listed += [("subregions.layers", layer["path"]) for layer in config["subregions"]["layers"]]
    listed += [("imagery.mosaics", mosaic["quads"]) for mosaic in config["imagery"]["mosaics"]]
    listed += [(f"climate.{key}", climate[key]["files"]) for key in ("air_temperature", "precipitation")]
    listed += [("climate.ground_temperature", climate["ground_temperature"]["path"])]
    for key in ("inventories", "negatives"):
        listed += [(key, entry["path"]) for entry in config[key]]
    listed += [("evaluation.references", entry["path"]) for entry in config["evaluation"]["references"]]
    listed += [(f"model.{key}", config["model"][key]) for key in ("file", "encoder_weights")]
    # A finished model needs nothing to train from.
    needless = ("inventories", "negatives", "model.encoder_weights") if config["model"]["file"] else ()
    return [(key, pattern) for key, pattern in listed if pattern is not None and key not in needless]


def missing_inputs(
    config: Mapping[str, Any], sources: Mapping[str, str], files: Callable[[str], list[str]]
) -> str | None:
    """Return a message that lists the inputs without any file, and where each comes from; None if all are there.

    Args:
        config: The resolved config.
        sources: Where an input comes from, by config key.
        files: Gives the files that match a path or pattern.
    """
    missing = [(key, pattern) for key, pattern in inputs(config) if not files(pattern)]
    if not missing:
        return None
    lines = [f"study '{config['study']}' lacks {len(missing)} of its inputs:"]
    for wanted in dict.fromkeys(key for key, _ in missing):
        lines += [f"  {wanted}: {sources[wanted].strip()}"]
        lines += [f"    - {pattern}" for key, pattern in missing if key == wanted]
    return (
        "\n".join(lines) + "\nPut the files there, or name other places in a config of your own (--configfile). "
        "Without any inputs, the embedded demo runs: snakemake --cores all results/TPRoGI.gpkg"
    )
