"""The table of an ablation for people: Markdown, one row per variant, ensemble and baseline."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workflow_scripts.rogi.trials.table import COSTS, MEAN, POOLED

HEADINGS = {
    "area_iou": "IoU",
    "area_precision": "precision",
    "area_recall": "recall",
    "area_f1": "F1",
    "area_ap": "AP",
    "objects_precision": "precision, objects",
    "objects_recall": "recall, objects",
    "objects_f1": "F1, objects",
}
DECIDES = "area_iou"  # the measure whose gain is shown


def markdown(
    table: pd.DataFrame,
    ensembles: Mapping[str, Sequence[str]],
    baselines: Mapping[str, str],
    folds: Sequence[str],
    confidence: float,
    samples: int,
    remarks: Mapping[str, str],
) -> str:
    """Return the tables of the mean over folds, of all ground pooled, and of every fold.

    Args:
        table: As `trials.table` makes it, costs included.
        ensembles: Names of the variants that each ensemble in it is of, by name.
        baselines: What there is to say of the baselines in it, by name.
        folds: Names of the folds.
        confidence: Of the intervals.
        samples: Number of draws behind them.
        remarks: What is to be known of some splits, by name; of those that are no folds, nothing is said.
    """
    rows = table.set_index(["variant", "ground", "score"])
    variants = list(dict.fromkeys(table["variant"]))
    about = (
        f"In brackets, {100 * confidence:g} % intervals from {samples} draws of rock glaciers, within folds; the gain "
        f"is the difference in IoU to {variants[0]}, on the same draws. By area unless objects are named."
    )
    parts = ["# Ablation", about, *(f"**{fold}** is {remarks[fold]}." for fold in folds if fold in remarks)]
    parts += [
        f"**{name}** is an ensemble: its map averages the networks of {'; '.join(of)}. Its cost is theirs together."
        for name, of in ensembles.items()
    ]
    parts += [f"**{name}** is a baseline without a network: it {what}." for name, what in baselines.items()]
    for title, ground in ((f"Mean over {len(folds)} folds", MEAN), ("All ground pooled", POOLED)):
        lines = [_row(rows, variant, ground) for variant in variants]
        heads = ["variant", HEADINGS[DECIDES], "gain", *(HEADINGS[name] for name in HEADINGS if name != DECIDES)]
        parts += [f"## {title}", _table(heads, lines)]
    of_folds = [[name, *(_value(rows.loc[name, fold, DECIDES]) for fold in folds)] for name in variants]
    parts += ["## IoU of every fold", _table(["variant", *folds], of_folds)]
    spent = [[name, *_costs(*(rows.loc[(name, MEAN, cost), "value"] for cost in COSTS))] for name in variants]
    parts += ["## Training, per fold", _table(["variant", "minutes", "CPU minutes", "million parameters"], spent)]
    return "\n\n".join(parts) + "\n"


def _costs(minutes: float, cpu_minutes: float, parameters: float) -> list[str]:
    shown = f"{minutes:.1f}", f"{cpu_minutes:.1f}", f"{parameters / 1e6:.2f}"
    return [
        "–" if np.isnan(cost) else text for cost, text in zip((minutes, cpu_minutes, parameters), shown, strict=True)
    ]


def _row(rows: pd.DataFrame, variant: str, ground: str) -> list[str]:
    found = {measure: rows.loc[variant, ground, measure] for measure in HEADINGS}
    others = [_value(row) for measure, row in found.items() if measure != DECIDES]
    return [variant, _value(found[DECIDES]), _value(found[DECIDES], "difference", "+"), *others]


def _value(row: pd.Series, of: str = "value", sign: str = "") -> str:
    value, low, high = (row[key] for key in ((of, "low", "high") if of == "value" else (of, f"{of}_low", f"{of}_high")))
    if np.isnan(value):
        return "–"
    ends = "" if np.isnan(low) else f" ({low:{sign}.3f} to {high:{sign}.3f})"
    return f"{value:{sign}.3f}{ends}"


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    ruled = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ruled)
