"""The config, checked: every key known, every value in range, and a message that names the fix.

Light on purpose: every Snakemake process imports this while it reads the Snakefile.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

FROM_ELEVATION = "terrain"  # source of the channels that are derived from elevation.tiles


class ConfigError(ValueError):
    """A config that does not say what is to be done."""


def slug(name: str) -> str:
    """Return the form of a name that stands in paths: `Western Kunlun Shan` gives `western_kunlun_shan`."""
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", letters.lower()).strip("_")


def file_name(name: str) -> str:
    """Return the form of a person's name that stands in file names, letters of all alphabets kept.

    `José Ñ. 王` gives `jose_n_王`.
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(sign))
    return re.sub(r"\W+", "_", unicodedata.normalize("NFC", plain)).strip("_")


def check_config(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Check a resolved config against its JSON Schema and against what the schema cannot say.

    Raises:
        ConfigError: With one line per fault; an unknown key comes with the nearest known one.
    """
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(error.absolute_path))
    lines = (line for error in errors for line in _explain(error))
    faults = list(dict.fromkeys(lines)) or list(_contradictions(config))
    if faults:
        raise ConfigError("the config cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))


def _explain(error: ValidationError) -> Iterator[str]:
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for key in sorted(set(error.instance) - set(known)):
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys here: {', '.join(known)}"
            yield f"unknown key '{f'{place}.{key}'.lstrip('.')}'; {hint}"
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        yield f"{place or 'the config'} lacks {', '.join(missing)}"
    else:
        yield f"{place}: {error.message}"


def _contradictions(config: Mapping[str, Any]) -> Iterator[str]:
    """Find what is allowed key by key but makes no sense together."""
    mosaics = [mosaic["name"] for mosaic in config["imagery"]["mosaics"]]
    for key, names in (("subregions.names", config["subregions"]["names"]), ("imagery.mosaics", mosaics)):
        yield from _unusable_in_paths(key, names)
    maps = [entry["name"] for key in ("variants", "ensembles") for entry in config["ablation"][key]]
    yield from _unusable_in_paths("ablation.variants and ablation.ensembles", maps)
    yield from _unusable_in_paths("review.mappers", config["review"]["mappers"], file_name)
    yield from _unusable_validation(config["validation"])
    names = [entry["name"] for key in ("inventories", "negatives") for entry in config[key]]
    yield from _unusable_in_paths("inventories and negatives", names, file_name)
    if config["split"]["cross_validation"] == "inventories":  # each names a fold, and folds stand in paths
        yield from _unusable_in_paths("inventories", [entry["name"] for entry in config["inventories"]])
    if (config["compile"]["removed_by_review"] or "").removeprefix("./").startswith("results/"):
        yield "compile.removed_by_review lies where this run writes; name a folder that people put their files into"
    yield from _unusable_channels(config)
    patches, prediction = config["patches"], config["prediction"]
    if patches["stride_px"] > patches["size_px"]:
        yield "patches.stride_px is larger than patches.size_px: ground between patches would never be seen"
    if 2 * prediction["overlap_px"] > prediction["window_px"]:
        yield "prediction.overlap_px is more than half of prediction.window_px; blending takes at most half"
    threshold, seed = (config["candidates"][key] for key in ("threshold", "seed_threshold"))
    if isinstance(threshold, float) and seed is not None and seed < threshold:  # vectorize_candidates checks "model"
        yield "candidates.seed_threshold lies below candidates.threshold, so every object would pass; raise it, or null"
    if (config["publication"]["previous"] or "").removeprefix("./").startswith("results/"):
        yield "publication.previous lies where this run writes; copy the older version to another folder and name that"
    if (config["training"]["crop_px"] or 0) > patches["size_px"]:
        yield "training.crop_px is larger than patches.size_px"
    if not config["model"]["colour"] and config["model"]["normalisation"] != "window":
        yield "model.colour: false needs model.normalisation: window"
    for key in ("air_temperature", "precipitation"):
        first, last = config["climate"][key]["years"]
        if first > last:
            yield f"climate.{key}.years: {first} comes after {last}"
    air = config["climate"]["air_temperature"]
    if air["lapse_rate_c_per_km"] is not None and air["orography"]["path"] is None:
        yield "climate.air_temperature.lapse_rate_c_per_km needs the elevation of the grid cells: name orography.path"


def _unusable_channels(config: Mapping[str, Any]) -> Iterator[str]:
    channels = config["imagery"]["channels"]
    names = [channel["name"] for channel in channels]
    for name in sorted({name for name in names if names.count(name) > 1 or name in config["imagery"]["bands"]}):
        yield f"imagery.channels: two of the bands and channels are called '{name}'"
    if len({"aspect_sine", "aspect_cosine"} & set(names)) == 1:
        yield "imagery.channels: aspect_sine and aspect_cosine are one direction; declare both or neither"
    derived = [channel["name"] for channel in channels if channel["source"] == FROM_ELEVATION]
    if derived and config["elevation"]["tiles"] is None:
        yield (
            f"imagery.channels: {', '.join(derived)} are derived from the elevation, and elevation.tiles is null; "
            "name a DEM, or leave these channels out"
        )


def _unusable_validation(validation: Mapping[str, Any]) -> Iterator[str]:
    people = [*validation["reviewers"], validation["adjudicator"]]
    yield from _unusable_in_paths("validation.reviewers and adjudicator", people, file_name)
    for part in ("sample", "completeness"):
        for key, value in validation[part].items():
            if isinstance(value, list) and value != sorted(value):
                yield f"validation.{part}.{key}: {value} is not in ascending order"


def _unusable_in_paths(key: str, names: list[str], slug: Callable[[str], str] = slug) -> Iterator[str]:
    slugs = [slug(name) for name in names]
    for name in sorted({name for name in slugs if slugs.count(name) > 1}):
        yield f"{key}: two names give the same path name '{name}'"
    for name in (name for name in names if not slug(name)):
        yield f"{key}: '{name}' has no letter or digit of the Latin alphabet to name a folder by"


def unknown_name(name: str, known: list[str], what: str) -> str:
    """Return the message for a name that is not among the known ones, with the nearest of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} '{name}'.{hint} Known: {', '.join(known)}."
