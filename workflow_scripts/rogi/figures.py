"""Figures: learning curves and the overview map."""

from pathlib import Path

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from rasterio.windows import Window
from scipy.spatial import cKDTree

from workflow_scripts.rogi.files import replacing
from workflow_scripts.rogi.imagery.mosaic import Imagery

matplotlib.use("Agg")
CANDIDATE, REVIEWED, BORDER = "#ffd92f", "#00e5ff", "white"
MAX_OVERVIEW_PX = 2400
MAX_READ_MPX = 500
DETAIL_PX = 1100


def draw_learning_curves(path: str | Path, scores: pd.DataFrame) -> None:
    """Draw IoU and loss per step, as Fig. 3a of Sun et al. (2024), and a line where the weights were kept.

    Args:
        path: The target.
        scores: One row per evaluation with step, train_iou, val_iou, train_loss and val_loss; where there is no
            validation, those are NaN and the last row is the one that was kept.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    validated = scores["val_iou"].notna().any()
    kept = scores.loc[scores["val_iou"].idxmax() if validated else scores.index[-1], "step"]
    for axes, what, label in zip(figure.subplots(1, 2), ("iou", "loss"), ("IoU", "loss"), strict=True):
        for part, name in (("train", "training"), ("val", "validation")):
            axes.plot(scores["step"], scores[f"{part}_{what}"], marker="o", markersize=3, label=name)
        axes.axvline(kept, color="0.4", linestyle=":", linewidth=1, label=f"kept: step {kept:.0f}")
        axes.set(xlabel="step", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    save(figure, path)


def draw_overview(
    path: str | Path,
    imagery: Imagery,
    subregions: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    inventory: gpd.GeoDataFrame,
) -> None:
    """Draw the whole study and, beside it, the densest place at full resolution, with candidates and reviewed outlines.

    The whole is drawn without imagery when that would mean reading more than MAX_READ_MPX.
    """
    frames = [frame.to_crs(imagery.grid.crs) for frame in (subregions, candidates, inventory)]
    whole = imagery.grid.window(tuple(frames[0].total_bounds))
    ratio = whole.height / whole.width
    figure = Figure(figsize=(12, 12 * ratio + 6.2), layout="constrained")
    top, *below = (figure.add_subplot(place) for place in _layout(figure, ratio))
    _map(top, imagery, whole, frames, line=0.6)
    for axes, centre in zip(below, _dense_places(frames[2], DETAIL_PX / 2 * imagery.grid.pixel), strict=False):
        row, column = imagery.grid.position(*centre)
        half = DETAIL_PX // 2
        _map(axes, imagery, Window(column - half, row - half, DETAIL_PX, DETAIL_PX), frames, line=1.6)
    handles = [
        Line2D([], [], color=CANDIDATE, label=f"candidates ({len(candidates)})"),
        Line2D([], [], color=REVIEWED, label=f"reviewed outlines ({len(inventory)})"),
        Line2D([], [], color=BORDER, linestyle="--", label="subregions"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, facecolor="0.3", labelcolor="white")
    save(figure, path)


def _layout(figure: Figure, ratio: float) -> list[SubplotSpec]:
    grid = figure.add_gridspec(2, 2, height_ratios=[2 * ratio, 1])
    return [grid[0, :], grid[1, 0], grid[1, 1]]


def _map(axes: Axes, imagery: Imagery, window: Window, frames: list[gpd.GeoDataFrame], line: float) -> None:
    west, south, east, north = imagery.grid.bounds(window)
    if window.width * window.height <= MAX_READ_MPX * 1e6:
        axes.imshow(decimated(imagery, window, MAX_OVERVIEW_PX), extent=(west, east, south, north))
    styles = ((BORDER, "--", line), (CANDIDATE, "-", line * 2), (REVIEWED, "-", line * 0.7))
    for frame, (colour, style, width) in zip(frames, styles, strict=True):
        visible = frame.cx[west:east, south:north]
        if len(visible):
            visible.boundary.plot(ax=axes, color=colour, linestyle=style, linewidth=width, aspect=None)
    # After the plots, because GeoPandas names and scales the axes.
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")


def decimated(imagery: Imagery, window: Window, max_px: int) -> np.ndarray:
    """Return RGB (height, width, 3) of a window, every n-th pixel, no side longer than `max_px`; read in strips."""
    step = max(1, -(-max(window.width, window.height) // max_px))
    strips = []
    for top in range(0, window.height, step * 256):
        rows = min(step * 256, window.height - top)
        scene = imagery.read(Window(window.col_off, window.row_off + top, window.width, rows))
        strips.append(scene.image[:3, ::step, ::step])
    image = np.concatenate(strips, axis=1)
    return np.moveaxis(np.resize(image, (3, *image.shape[1:])), 0, -1)


def _dense_places(outlines: gpd.GeoDataFrame, reach: float) -> list[tuple[float, float]]:
    """Return the centres of the two outlines with the most others within reach that lie well apart."""
    if outlines.empty:
        return []
    points = np.column_stack([outlines.geometry.centroid.x, outlines.geometry.centroid.y])
    neighbours = cKDTree(points).query_ball_point(points, reach, return_length=True)
    order = np.argsort(-neighbours, kind="stable")
    first = points[order[0]]
    second = [number for number in order if np.hypot(*(points[number] - first)) > 2 * reach]
    return [tuple(first), *(tuple(points[number]) for number in second[:1])]


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure, whole or not at all, with nothing in it that changes from run to run."""
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=130, metadata={"Software": None})
