"""Figures of a trained network: reliability and threshold."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workflow_scripts.rogi.figures import save

STAGES = {"before": ("0.6", "as trained"), "after": ("C0", "calibrated")}


def draw_reliability(path: str | Path, bins: pd.DataFrame, scores: pd.DataFrame, threshold: float) -> None:
    """Draw observed share against probability with the pixels per bin below, and the scores against the threshold.

    Args:
        path: The target.
        bins: From `reliability_table`, stages of STAGES.
        scores: From `threshold_table`.
        threshold: The one that was chosen.
    """
    figure = Figure(figsize=(9.5, 4.4), layout="constrained")
    panels = figure.subplot_mosaic([["curve", "scores"], ["pixels", "scores"]], height_ratios=[3, 1])
    _draw_curve(panels["curve"], panels["pixels"], bins)
    for name in ("precision", "recall", "f1", "iou"):
        label = {"f1": "F1", "iou": "IoU"}.get(name, name)
        panels["scores"].plot(scores["threshold"], scores[name], label=label, linewidth=2 if name == "f1" else 1)
    panels["scores"].axvline(threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.2f}")
    panels["scores"].set(xlabel="threshold on the calibrated probability", ylabel="score", xlim=(0, 1), ylim=(0, 1))
    panels["scores"].grid(alpha=0.3)
    panels["scores"].legend(frameon=False)
    save(figure, path)


def _draw_curve(curve: Axes, pixels: Axes, bins: pd.DataFrame) -> None:
    curve.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":", label="means what it says")
    for stage, part in bins.groupby("stage", sort=False):
        colour, label = STAGES[str(stage)]
        seen = part[part["pixels"] > 0]
        curve.plot(seen["mean_probability"], seen["observed_share"], "o-", color=colour, markersize=4, label=label)
        pixels.stairs(part["pixels"], [*part["probability_from"], 1], color=colour)
    curve.set(ylabel="observed share of rock glacier", xlim=(0, 1), ylim=(0, 1), xticklabels=[])
    pixels.set(xlabel="probability", ylabel="pixels", xlim=(0, 1))
    pixels.set_yscale("symlog", linthresh=100)
    curve.grid(alpha=0.3)
    curve.legend(frameon=False)
