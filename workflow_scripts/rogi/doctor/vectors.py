"""Outlines: training inventories, negatives, references, glaciers, earlier products, and what people handed in."""

from collections.abc import Callable, Iterator, Mapping
from glob import glob
from pathlib import Path
from typing import Any

import shapely

from workflow_scripts.rogi.config import ConfigError, slug, unknown_name
from workflow_scripts.rogi.doctor.verdicts import Check, Verdict, answered, listed
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.inputs import review_files, stray_folders
from workflow_scripts.rogi.review.edits import read_edits
from workflow_scripts.rogi.training.inventories.compilation import read_all
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, LEFT_OUT, REPAIRED, alive
from workflow_scripts.rogi.validation.answers import read_answers


def examine_vectors(
    config: Mapping[str, Any], imagery: shapely.Geometry | None, grid: PixelGrid | None
) -> list[Verdict]:
    """Read every vector layer that the config names and that is there, but for subregions.

    Args:
        config: The resolved config.
        imagery: What the imagery covers, EPSG:4326; None where there is none.
        grid: Of the imagery; None where there is none.

    Returns:
        For every layer whether it holds polygons with a CRS and the named field, and for what is trained on whether it
        lies under the imagery; what a finished model makes needless is left out.
    """
    trained_on = () if config["model"]["files"] else ("inventories", "negatives")
    entries = [(key, entry) for key in trained_on for entry in config[key] if glob(entry["path"])]
    verdicts = [_trained_on(key, entry, imagery, grid) for key, entry in entries]
    return verdicts + [_layer(key, entry) for key, entry in _entries(config) if Path(entry["path"]).exists()]


def _entries(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every configured layer that is not trained on, with its key."""
    yield from (("evaluation.references", entry) for entry in config["evaluation"]["references"])
    for kind in ("outlines", "debris"):
        yield from ((f"glaciers.{kind}", entry) for entry in config["glaciers"][kind])
    yield from ((key, entry) for key, entry in _single(config) if entry["path"] is not None)


def _single(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the layers that the config names by their path alone."""
    for reference in config["evaluation"]["references"]:
        name = f"{reference['name']}, footprint"
        yield "evaluation.references", {"name": name, "path": reference["footprint"], "layer": None}
    previous, rgik = config["publication"]["previous"], config["rgik"]
    yield "publication", {"name": "previous", "path": previous, "layer": "rock_glaciers"}
    yield "rgik", {"name": "moving_areas", "path": rgik["moving_areas"], "layer": None, "id_field": "VelClass"}
    yield "rgik", {"name": "restricted", "path": rgik["restricted"], "layer": None}


def _trained_on(
    key: str, entry: Mapping[str, Any], imagery: shapely.Geometry | None, grid: PixelGrid | None
) -> Verdict:
    """Read an inventory as the compilation does."""
    check = Check(
        *("vectors", f"{key}: {entry['name']}", "polygons with a CRS and the named fields, under the imagery"),
        f"correct {entry['path']}, or its entry in the config",
    )

    def look() -> Verdict:
        (rows,) = read_all([entry], grid)
        rows = rows[~rows["reason"].str.startswith(LEFT_OUT)]
        there = rows.iloc[alive(rows)]
        counts = rows["outcome"].value_counts()
        faults = {outcome: int(counts.get(outcome, 0)) for outcome in (REPAIRED, DROPPED)}
        faults["outside the imagery"] = 0 if imagery is None else int((~there.intersects(imagery)).sum())
        return _verdict(check, len(there), faults)

    return answered(check, look)


def _verdict(check: Check, polygons: int, faults: Mapping[str, int]) -> Verdict:
    found = f"{polygons} polygons" + "".join(f", {number} {what}" for what, number in faults.items() if number)
    if faults.get("outside the imagery", 0) >= polygons:
        return check.failed(found)
    return check.warning(found) if any(faults.values()) else check.ok(found)


def _layer(key: str, entry: Mapping[str, Any]) -> Verdict:
    field = entry.get("id_field")
    check = Check(
        *("vectors", f"{key}: {entry['name']}", f"polygons with a CRS{f' and the field {field}' if field else ''}"),
        f"correct {entry['path']}, or its entry in the config",
    )

    def look() -> Verdict:
        frame = read_vector(entry["path"], entry["layer"])
        if field is not None and field not in frame.columns:
            fields = [str(column) for column in frame.columns if column != "geometry"]
            return check.failed(unknown_name(field, fields, "field"))
        polygons = frame.geometry[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
        faults = {"not polygons": len(frame) - len(polygons), "invalid": int((~polygons.is_valid).sum())}
        return _verdict(check, len(polygons), faults)

    return answered(check, look)


def examine_people(config: Mapping[str, Any]) -> list[Verdict]:
    """Read what people handed in, as far as it can be read by itself: edits of every subregion, and answers."""
    folder = config["review"]["folder"]
    slugs = [slug(name) for name in config["subregions"]["names"]]
    verdicts = [_handed_in("review", folder, name, _edits) for name in slugs]
    removed = config["compile"]["removed_by_review"]
    if removed not in (None, folder):
        verdicts += [_handed_in("review", removed, place.name, _edits) for place in sorted(Path(removed).glob("*/"))]
    stray = Check("review", folder, "folders named as the subregions", "rename the folder, or take it away")
    verdicts += [stray.warning(warning) for warning in stray_folders(folder, slugs)]
    people = config["validation"]
    names = [*people["reviewers"], people["adjudicator"]]
    verdicts.append(_handed_in("validation", people["folder"], ".", lambda paths: _answers(paths, names)))
    return [verdict for verdict in verdicts if verdict is not None]


def _handed_in(what: str, folder: str, name: str, read: Callable[[list[str]], tuple[str, list[str]]]) -> Verdict | None:
    """Return the verdict on the files of a folder, None where there are none; `read` tells their content and faults."""
    check = Check(
        *(what, str(Path(folder) / name), f"vector files with the fields of the {what}"),
        "correct the named files; nothing in them is changed by the workflow",
    )
    try:
        paths = review_files(folder, name)
    except ConfigError as error:
        return check.failed(str(error))

    def look() -> Verdict:
        content, faults = read(paths)
        return check.failed(listed(faults)) if faults else check.ok(f"{len(paths)} files, {content}")

    return answered(check, look) if paths else None


def _edits(paths: list[str]) -> tuple[str, list[str]]:
    told = read_edits(paths)
    return f"{len(told.edits)} edits", told.faults


def _answers(paths: list[str], names: list[str]) -> tuple[str, list[str]]:
    told = read_answers(paths, names)
    return f"{len(told.rock_glaciers) + len(told.cells)} answers, {len(told.missed)} outlines", told.faults
