"""Where a network draws rock glaciers and where people did: image, both outlines, and the IoU, polygon by polygon."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from workflow_scripts.rogi.figures import CANDIDATE, REVIEWED, save
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import ROCK_GLACIER, TRAINING, VALIDATION

RANKS = {"best": 1.0, "median": 0.5, "worst": 0.0}


class Panel(NamedTuple):
    """One polygon in the patch that shows most of it.

    Attributes:
        title: What stands above it.
        number: Of the patch.
        outline: The polygon in pixels of the patch, rows from the top.
    """

    title: str
    number: int
    outline: shapely.Geometry


def chosen(scores: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """Return the best, the median and the worst rock glacier by IoU, of training and then of validation.

    Args:
        scores: One row per polygon: uid, role, kind and iou.
    """
    found = []
    for role in (TRAINING, VALIDATION):
        ours = scores[(scores["role"] == role) & (scores["kind"] == ROCK_GLACIER) & scores["iou"].notna()]
        order = ours.sort_values(["iou", "uid"]).reset_index(drop=True)
        found += [(name, order.loc[round(rank * (len(order) - 1))]) for name, rank in RANKS.items() if len(order)]
    return found


def panels(scores: pd.DataFrame, samples: Samples, footprints: gpd.GeoDataFrame, shapes: gpd.GeoSeries) -> list[Panel]:
    """Return what to draw.

    Args:
        scores: One row per polygon: uid, role, kind and iou.
        samples: The patches.
        footprints: Of every patch of the file, in their order, in the imagery's CRS.
        shapes: The polygons by uid, in any CRS.
    """
    used = np.concatenate([samples.training, samples.validation])
    uids, shapes = samples.table["uid"].to_numpy(object), shapes.to_crs(footprints.crs)
    found = []
    for rank, row in chosen(scores[scores["uid"].isin(uids[used])]):
        shape = shapes[row["uid"]]
        numbers = used[uids[used] == row["uid"]]
        seen = shapely.area(shapely.intersection(footprints.geometry.array[numbers], shape))
        number = int(numbers[np.argmax(np.round(seen / shape.area, 6))])
        west, _, east, north = footprints.geometry.iloc[number].bounds
        pixel = (east - west) / samples.size_px
        outline = shapely.transform(shape, lambda at: (at - (west, north)) / (pixel, -pixel))  # noqa: B023, called at once
        found.append(Panel(f"{row['role']}, {rank}: IoU {row['iou']:.2f}", number, outline))
    return found


def draw_overlays(
    path: str | Path, found: list[Panel], samples: Samples, probability: Mapping[int, np.ndarray], threshold: float
) -> None:
    """Draw every polygon on its patch, as Fig. 3b and 3c of Sun et al. (2024) do.

    Args:
        path: The target.
        found: What to draw.
        samples: The patches.
        probability: Calibrated, of each patch drawn, by its number.
        threshold: From which a pixel is rock glacier.
    """
    columns = len(RANKS)
    rows = max(1, -(-len(found) // columns))
    figure = Figure(figsize=(3.4 * columns, 3.7 * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place, panel in zip(axes, found, strict=False):
        _draw(place, panel, samples, probability[panel.number] >= threshold)
    for place in axes[len(found) :]:
        place.axis("off")
    handles = [
        Line2D([], [], color=REVIEWED, label="the rock glacier"),
        Line2D([], [], color=REVIEWED, linestyle=":", label="others"),
        Line2D([], [], color=CANDIDATE, label="predicted"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, facecolor="0.3", labelcolor="white")
    save(figure, path)


def _draw(axes: Axes, panel: Panel, samples: Samples, predicted: np.ndarray) -> None:
    batch = samples.read([panel.number])
    image = batch.image[0].numpy()
    size = samples.size_px
    axes.imshow(np.moveaxis(np.resize(image[:3], (3, size, size)), 0, -1), extent=(0, size, size, 0))
    _contour(axes, batch.label[0].numpy(), REVIEWED, 0.8, ":")
    _contour(axes, predicted & batch.valid[0].numpy(), CANDIDATE, 1.2, "-")
    for ring in _rings(panel.outline):
        axes.plot(*shapely.get_coordinates(ring).T, color=REVIEWED, linewidth=1.4)
    axes.set(title=panel.title, xlim=(0, size), ylim=(size, 0), xticks=[], yticks=[])


def _contour(axes: Axes, mask: np.ndarray, colour: str, width: float, style: str) -> None:
    """Draw the border of a mask; matplotlib warns where there is none."""
    if mask.any():
        centres = np.arange(-1, len(mask) + 1) + 0.5
        padded = np.pad(mask.astype(float), 1)
        axes.contour(centres, centres, padded, [0.5], colors=[colour], linewidths=width, linestyles=style)


def _rings(shape: shapely.Geometry) -> Iterable[shapely.Geometry]:
    return shapely.get_rings(shapely.get_parts(shape))
