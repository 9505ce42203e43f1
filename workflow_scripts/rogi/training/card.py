"""The model card (Mitchell et al. 2019): what a network is, what it learned from, how good it is, where it fails."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.inventory.scores import SCORES
from workflow_scripts.rogi.markdown import table
from workflow_scripts.rogi.training.breakdown import by_class, by_role, false_ground, quality_classes, size_classes
from workflow_scripts.rogi.training.network import TrainedModel
from workflow_scripts.rogi.training.split import MAIN, ROCK_GLACIER, VALIDATION

ENDS = ("", "_low", "_high")
NAMES = {"precision": "precision", "recall": "recall", "f1": "F1", "iou": "IoU"}
INTENDED = """\
To propose outlines of rock glaciers to people who review them one by one, on imagery like that of the training: the
same bands, season, pixel size and kind of processing. It gives a calibrated probability per pixel and, at the threshold
below, candidate outlines.

It does not tell active from relict rock glaciers, knows nothing of ice or movement, and does not count: where rock
glaciers touch, units are drawn by later steps and by people. Do not publish candidates as an inventory without review.\
"""
LIMITS = """\
- It draws as those drew who mapped the training inventories; from footprints that differ it learned a mixture.
- Other mountains, sensors, pixel sizes and seasons were not seen. Scores there are not those above.
- Cloud, deep shadow and snow hide rock glaciers; what lies under them is missed or guessed.
- Debris-covered glacier tongues, moraines, landslides and talus look alike in a single image. The tables above measure
  those kinds of which outlines were given, and no others.
- A rock glacier that no inventory shows counts as background here, in training as in the scores.\
"""


@dataclass(frozen=True)
class Sources:
    """What a card is made from.

    Attributes:
        model: The calibrated model; its origin holds `recipe`, `scores` and `calibration`.
        inventories: One row per inventory, see `inventories.summary`.
        audit: One row per split and role, see `audit.audited`.
        metrics: One row per evaluation during the training.
        polygons: Scores of every polygon; see `breakdown`.
        files: Size and SHA-256 of what the model was made from, by path.
        versions: Versions of the libraries, by name.
        split: Section `split` of the config.
    """

    model: TrainedModel
    inventories: pd.DataFrame
    audit: pd.DataFrame
    metrics: pd.DataFrame
    polygons: pd.DataFrame
    files: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]
    split: Mapping[str, Any]


def card(study: str, sources: Sources, intervals: Bootstrap) -> str:
    """Return the text of a model card, Markdown.

    Args:
        study: Name of the study.
        sources: What it says.
        intervals: How the ends of intervals are drawn, from polygons.
    """
    sections = {
        "The network": _network(sources.model),
        "Intended use": [INTENDED],
        "Training data": _data(sources),
        "Training": _training(sources),
        "Scores": _scores(sources, intervals),
        "Calibration": _calibration(sources.model, intervals.confidence),
        "Known failures": _failures(sources.polygons),
        "Licences and citation": _citations(sources.inventories),
        "Made from": _files(sources),
    }
    parts = [f"# Model card: {study}"]
    for title, paragraphs in sections.items():
        parts += [f"## {title}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def _network(model: TrainedModel) -> list[str]:
    made_of = model.architecture
    parameters = sum(values.numel() for values in model.network.parameters())
    rows = {
        "architecture": f"{made_of.name}, encoder {made_of.encoder}",
        "parameters": f"{parameters:,}",
        "bands": ", ".join(made_of.bands),
        "further channels": ", ".join(made_of.channels) or "none",
        "of them relative to the window's mean": ", ".join(made_of.relative) or "none",
        "normalisation of bands": f"by {made_of.normalisation}{'' if made_of.colour else ', of their mean alone'}",
        "reduction": made_of.reduction,
        "output stride, atrous rates": f"{made_of.output_stride}, {', '.join(map(str, made_of.atrous_rates))}",
        "decoder channels": made_of.decoder_channels,
        "temperature": f"{model.temperature:.4f}",
        "threshold": f"{model.threshold:.4f}",
    }
    return [table(["", "value"], rows.items())]


def _data(sources: Sources) -> Iterator[str]:
    frame, audit = sources.inventories, sources.audit[sources.audit["split"] == MAIN]
    for layer, title in (("rock_glaciers", "Rock glaciers"), ("negatives", "Ground that is none")):
        rows = frame[frame["layer"] == layer]
        columns = ["inventory", "region", "source", "year", "footprint", "read", "used", "used_area_km2", "licence"]
        if len(rows):
            yield f"{title}, by inventory; area in km²:"
            yield table([*columns[:-2], "area", "licence"], _cells(rows[columns]))
    yield f"Split into training and validation by {_plain(sources.split)}."
    for remark in dict.fromkeys(text for text in audit["remark"].dropna() if text):
        yield f"**The split is {remark}.**"
    yield "The split holds (`shared_px`: valid training pixels in windows of validation patches, audited to be 0):"
    counts = audit.drop(columns=["split", "remark"])
    yield table(list(counts.columns), _cells(counts))


def _training(sources: Sources) -> Iterator[str]:
    recipe: dict[str, Any] = sources.model.origin["recipe"]
    settings = recipe | {
        key: value for key, value in sources.model.origin["architecture"].items() if key == "encoder_weights"
    }
    yield table(["setting", "value"], ((key, _plain(value)) for key, value in settings.items()))
    steps, top = sources.metrics["step"], sources.model.origin["scores"]
    yield (
        f"Evaluated {len(steps)} times up to step {steps.max():g}; the weights of step {top['step']:g} were kept, with "
        f"IoU {_number(top['train_iou'])} on training and {_number(top['val_iou'])} on validation patches as it went "
        "along. Curves: [learning_curves.png](../training/learning_curves.png)."
    )


def _scores(sources: Sources, intervals: Bootstrap) -> Iterator[str]:
    frame = by_role(sources.polygons, intervals)
    heads = ["", "rock glaciers", "other ground", *NAMES.values(), "median IoU of rock glaciers"]
    lines = [
        [row["role"], row["rock_glaciers"], row["other_polygons"]]
        + [_interval(*(row[f"{name}{end}"] for end in ENDS)) for name in SCORES]
        + [_number(row["median_iou"])]
        for row in frame.to_dict("records")
    ]
    yield table([heads[0], *heads[1:3], *(NAMES[name] for name in SCORES), heads[-1]], lines)
    if VALIDATION not in set(frame["role"]):
        yield "**There is no validation: these are scores on what the network was trained on.**"
    else:
        yield (
            "The weights of the best evaluation, temperature and threshold were chosen on the validation polygons, so "
            "scores there are a little too good too; the ablation scores ground by which nothing was chosen."
        )
    yield (
        "Pixels at the threshold, each counted once: those in rock glaciers, those round them, which belong to the "
        f"nearest, and those in other ground. In brackets, {100 * intervals.confidence:g} % intervals from "
        f"{intervals.samples} draws of polygons; neighbours err alike, so they are a little too narrow. These are "
        "scores of patches; `results/TPRoGI.accuracy.csv` has those of the map."
    )
    yield "![Best, median and worst rock glaciers](overlays.png)"


def _calibration(model: TrainedModel, confidence: float) -> Iterator[str]:
    about = model.origin["calibration"]
    if about["note"]:
        yield f"**{about['note'][0].upper()}{about['note'][1:]}.**"
        return
    rows = [
        ("temperature", f"{model.temperature:.4f}"),
        ("threshold", f"{model.threshold:.4f}, chosen for {about['objective']}"),
        ("expected calibration error, as trained", f"{about['ece_before']:.4f}"),
        (
            "expected calibration error, calibrated",
            _interval(about["ece"], about["ece_low"], about["ece_high"], 4),
        ),
        ("expected calibration error, cross-fitted over polygons", f"{about['ece_cross_fitted']:.4f}"),
        ("negative log-likelihood per pixel, as trained", f"{about['loss_before']:.4f}"),
        ("negative log-likelihood per pixel, calibrated", f"{about['loss']:.4f}"),
        *((f"{NAMES[name]} of pixels at the threshold", _number(about[name])) for name in SCORES),
        ("F1 of pixels, cross-fitted over polygons", _number(about["f1_cross_fitted"])),
    ]
    yield table(["", "value"], rows)
    yield (
        f"From {about['pixels']:,} validation pixels of {about['polygons']} polygons, of which "
        f"{100 * about['rock_glacier_share']:.1f} % are rock glacier; in brackets, {100 * confidence:g} % intervals. "
        "Where rock glaciers are rarer, as on most ground beyond the patches, fewer pixels of a probability are one."
    )
    yield "![Reliability and scores by threshold](reliability.png)"


def _failures(polygons: pd.DataFrame) -> Iterator[str]:
    role = VALIDATION if (polygons["role"] == VALIDATION).any() else polygons["role"].iloc[0]
    ours = polygons[polygons["role"] == role]
    rock_glaciers = ours[ours["kind"] == ROCK_GLACIER]
    yield f"Measured on the {role} polygons, the worst first where the order is not by class."
    others = false_ground(ours)
    if len(others):
        rows = ([row.kind, row.polygons, f"{100 * row.false_share:.1f} %"] for row in others.itertuples())
        yield table(["ground that is no rock glacier", "polygons", "taken for rock glacier"], rows)
    sizes, size_names = size_classes(rock_glaciers["area_m2"])
    qualities, quality_names = quality_classes(rock_glaciers["quality"])
    for title, frame in (
        ("inventory", by_class(rock_glaciers, rock_glaciers["inventory"])),
        ("area of the rock glacier", by_class(rock_glaciers, sizes, size_names)),
        ("imagery that shows the ground", by_class(rock_glaciers, qualities, quality_names)),
    ):
        scores = ["median_iou", *SCORES]
        heads = [title, "rock glaciers", "median IoU", *(f"{NAMES[name]} of pixels" for name in SCORES)]
        yield table(
            heads,
            (
                [row["class"], row["rock_glaciers"], *(_number(row[name]) for name in scores)]
                for _, row in frame.iterrows()
            ),
        )
    yield LIMITS


def _citations(inventories: pd.DataFrame) -> Iterator[str]:
    yield "Cite the software (CITATION.cff), Sun et al. (2024) for the method, and the training data:"
    used = inventories[inventories["used"] > 0]
    lines = [
        f"- {row.inventory}: {_said(row.citation, 'no citation stated')}; licence: {_said(row.licence, 'none stated')}"
        for row in used.itertuples()
    ]
    yield "\n".join(lines)
    yield (
        "The code is under the GPL, version 3. A network is made from its training data: check that their licences "
        "allow what you do with it, above all where none is stated."
    )


def _files(sources: Sources) -> Iterator[str]:
    rows = ((path, about["bytes"], about["sha256"]) for path, about in sources.files.items())
    yield table(["file", "bytes", "SHA-256"], rows)
    named = ("python", "torch", "segmentation_models_pytorch", "timm", "numpy", "scipy")
    found = ", ".join(f"{name} {sources.versions[name]}" for name in named if name in sources.versions)
    yield f"Written with {found}."


def _cells(frame: pd.DataFrame) -> Iterator[list[str]]:
    return ([_plain(value) for value in row] for row in frame.itertuples(index=False))


def _plain(value: Any) -> str:
    """Return a value as people write it; missing ones become a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _said(value: Any, otherwise: str) -> str:
    return otherwise if _plain(value) == "–" else str(value)


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _interval(value: float, low: float, high: float, digits: int = 3) -> str:
    if math.isnan(value):
        return "–"
    ends = "" if math.isnan(low) else f" ({low:.{digits}f} to {high:.{digits}f})"
    return f"{value:.{digits}f}{ends}"
