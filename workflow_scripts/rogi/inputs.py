"""The files that a study needs and nobody produces. Light: Snakemake reads it with the Snakefile."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workflow_scripts.rogi.config import FROM_ELEVATION, ConfigError, unknown_name
from workflow_scripts.rogi.demo.names import ROOT as DEMO_ROOT

EDITED = (".gpkg", ".shp", ".geojson")
# Parts of a shapefile, QGIS's own notes, and what SQLite keeps beside an open GeoPackage.
BESIDE = (".dbf", ".shx", ".prj", ".cpg", ".qpj", ".qmd", ".qml", ".qgz", ".qgs", ".sbn", ".sbx", ".qix", ".xml", ".md",
          ".vrt", ".qgz~", ".qgs~", ".txt", ".gpkg-wal", ".gpkg-shm", ".gpkg-journal")  # fmt: skip
SIDECARS = (".dbf", ".shx", ".prj", ".cpg")


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
    listed += [("imagery.channels", pattern) for pattern in channel_patterns(config)]
    listed += [(f"climate.{key}", climate[key]["files"]) for key in ("air_temperature", "precipitation")]
    listed += [("climate.air_temperature.orography", climate["air_temperature"]["orography"]["path"])]
    listed += [("climate.ground_temperature", climate["ground_temperature"]["path"])]
    for key in ("outlines", "debris"):
        listed += [(f"glaciers.{key}", entry["path"]) for entry in config["glaciers"][key]]
    for key in ("inventories", "negatives"):
        listed += [(key, entry["path"]) for entry in config[key]]
    listed += [("negatives", entry["inside"]) for entry in config["negatives"]]
    listed += [(f"{part}.further_looks", config[part]["further_looks"]) for part in ("patches", "prediction")]
    for key in ("path", "footprint"):
        listed += [("evaluation.references", entry[key]) for entry in config["evaluation"]["references"]]
    listed += [("publication.previous", config["publication"]["previous"])]
    listed += [(f"rgik.{key}", config["rgik"][key]) for key in ("moving_areas", "restricted")]
    listed += [("model.files", path) for path in config["model"]["files"]]
    listed += [("model.encoder_weights", config["model"]["encoder_weights"])]
    # A finished model needs nothing to train from.
    training = ("inventories", "negatives", "patches.further_looks", "model.encoder_weights")
    needless = training if config["model"]["files"] else ()
    return [(key, pattern) for key, pattern in listed if pattern is not None and key not in needless]


def takes_terrain(config: Mapping[str, Any]) -> bool:
    """Tell whether a channel on top of the imagery is derived from the elevation."""
    return any(channel["source"] == FROM_ELEVATION for channel in config["imagery"]["channels"])


def channel_patterns(config: Mapping[str, Any]) -> list[str]:
    """Return the patterns of the files that the other channels are read from."""
    return [channel["source"] for channel in config["imagery"]["channels"] if channel["source"] != FROM_ELEVATION]


def inputs_of_the_demo(config: Mapping[str, Any]) -> str | None:
    """Return a message when a study without the demo still names files of the demo world, else None.

    A study that leaves a key out takes it from config.yaml, and would be mapped with made-up elevations.
    """
    borrowed = [f"  {key}: {path}" for key, path in inputs(config) if path.startswith(DEMO_ROOT)]
    if config["demo"]["enabled"] or not borrowed:
        return None
    return (
        f"study '{config['study']}' has demo.enabled: false and still takes inputs from the demo world:\n"
        + "\n".join(borrowed)
        + "\nName files of your own under these keys, or null or [] where CONFIG.md allows it"
    )


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


def asks_only(command: Iterable[str], targets: Iterable[str]) -> bool:
    """Tell whether a command line asks for some of these products and for no other."""
    asked = {word for word in command if word.startswith("results/")}
    return bool(asked) and asked <= set(targets)


def review_files(folder: str, subregion: str) -> list[str]:
    """Return the files with people's edits of one subregion, sorted; none when its folder is not there.

    Raises:
        ConfigError: A file there is of a kind that is not read, so somebody's work would be passed over.
    """
    there = sorted(path for path in (Path(folder) / subregion).glob("*") if not path.name.startswith("."))
    odd = [str(path) for path in there if path.suffix.lower() not in (*EDITED, *BESIDE)]
    if odd:
        raise ConfigError(
            f"{', '.join(odd)} would be passed over: review files are read as {', '.join(EDITED)}; "
            "save as one of these, or move the file away"
        )
    return [str(path) for path in there if path.suffix.lower() in EDITED]


def removal_files(folder: str | None) -> list[str]:
    """Return the files with people's edits of every subregion in a folder, sorted; none for no folder.

    Raises:
        ConfigError: As for `review_files`.
    """
    places = sorted(Path(folder).glob("*/")) if folder is not None else []
    return [path for place in places for path in review_files(str(place.parent), place.name)]


def edited_package(path: str) -> str | None:
    """Return a message when somebody has worked in a package where it was made, else None.

    Snakemake deletes a product before it makes it anew, and their work with it.
    """
    edited = _counted(
        path,
        {"candidates", "handed_out"},
        "SELECT count(*) FROM candidates LEFT JOIN handed_out USING (candidate_id) "
        "WHERE coalesce(operation, reason, merge_into, confidence, comment, minutes) IS NOT NULL "
        "OR candidates.geom IS NOT handed_out.geom",
    )
    return None if not edited else (
        f"{path} holds {edited} edits of a mapper that would be lost when it is made anew; move it to the folder of "
        "reviewed packages (review.folder in the config), under the same subregion"
    )  # fmt: skip


def answered_package(path: str) -> str | None:
    """Return a message when a reviewer has worked in a package where it was made, else None; see `edited_package`."""
    answered = _counted(
        path,
        {"rock_glaciers", "cells", "missed"},
        "SELECT (SELECT count(*) FROM rock_glaciers WHERE coalesce(answer, comment) IS NOT NULL) + "
        "(SELECT count(*) FROM cells WHERE coalesce(answer, missed, comment) IS NOT NULL) + "
        "(SELECT count(*) FROM missed)",
    )
    return None if not answered else (
        f"{path} holds {answered} answers or outlines that would be lost when it is made anew; "
        "move it to the folder of answers (validation.folder in the config)"
    )  # fmt: skip


def _counted(path: str, layers: set[str], query: str) -> int:
    """Return what a query counts in a GeoPackage; 0 where the file, or one of the layers, is not there."""
    if not Path(path).is_file():
        return 0
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as package:
        there = {name for (name,) in package.execute("SELECT name FROM sqlite_master")}
        return int(package.execute(query).fetchone()[0]) if layers <= there else 0


def stray_folders(folder: str, subregions: Iterable[str]) -> Iterator[str]:
    """Give a warning for every folder of edits that belongs to no subregion of the study."""
    known = list(subregions)
    for path in sorted(Path(folder).glob("*/")):
        if path.name not in known:
            yield f"{path} is not looked at: {unknown_name(path.name, known, 'subregion')}"


def shapefile_parts(path: str) -> list[Path]:
    """Return the files beside a shapefile that hold its attributes, index and CRS; none for other formats."""
    if not path.lower().endswith(".shp"):
        return []
    return [part for part in sorted(Path(path).parent.glob(f"{Path(path).stem}.*")) if part.suffix.lower() in SIDECARS]
