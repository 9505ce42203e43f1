"""The map of what is missing: every input's footprint against the subregions with their halos."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO

import geopandas as gpd
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from workflow_scripts.rogi.doctor.covers import NOTHING, Area, Cover
from workflow_scripts.rogi.geodesy import WGS84

matplotlib.use("Agg")
COVERED, MISSING, BORDER, HALO = "#bcd4e6", "#d7301f", "#1a1a1a", "#6b6b6b"
COLUMNS, PANEL_IN = 3, 4.2
MARGIN = 0.06  # of the width of the study


def draw_covers(area: Area, covers: Sequence[Cover]) -> str:
    """Return a PNG as base64: one panel per input, the missing parts of subregions and halos in red."""
    columns = min(COLUMNS, len(covers))
    rows = -(-len(covers) // columns)
    west, south, east, north = area.halos.total_bounds
    stretch = 1 / np.cos(np.radians((south + north) / 2))
    ratio = np.clip((north - south) / (east - west) * stretch, 0.25, 1.6)
    figure = Figure(figsize=(PANEL_IN * columns, (PANEL_IN * ratio + 0.5) * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, cover in zip(panels, covers, strict=False):
        _panel(axes, area, cover)
        pad = MARGIN * (east - west)
        axes.set(xlim=(west - pad, east + pad), ylim=(south - pad / stretch, north + pad / stretch), aspect=stretch)
        axes.set(xlabel="", ylabel="")
    for axes in panels[len(covers) :]:
        axes.axis("off")
    figure.legend(handles=_legend(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    picture = BytesIO()
    figure.savefig(picture, dpi=110, metadata={"Software": None})
    return b64encode(picture.getvalue()).decode()


def _panel(axes: Axes, area: Area, cover: Cover) -> None:
    _plot(axes, gpd.GeoSeries([cover.covered], crs=WGS84), color=COVERED)
    _plot(axes, cover.missing[cover.halo_share > NOTHING], color=MISSING)
    _plot(axes, area.halos.boundary, color=HALO, linewidth=0.7, linestyle="--")
    _plot(axes, area.subregions.geometry.boundary, color=BORDER, linewidth=0.9)
    own, halos = (int((share > NOTHING).sum()) for share in (cover.own_share, cover.halo_share))
    rest = "missing in halos" if halos else "complete"
    state = f"missing in {own} of {len(cover.own_share)} subregions" if own else rest
    axes.set_title(f"{cover.name}: {state}", fontsize=9, color=MISSING if own else BORDER)
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)


def _plot(axes: Axes, shapes: gpd.GeoSeries, **style: object) -> None:
    visible = shapes[~shapes.is_empty]
    if len(visible):
        visible.plot(ax=axes, aspect=None, **style)


def _legend() -> list[Patch | Line2D]:
    return [
        Patch(color=COVERED, label="there"),
        Patch(color=MISSING, label="missing"),
        Line2D([], [], color=BORDER, label="subregion"),
        Line2D([], [], color=HALO, linestyle="--", label="its halo"),
    ]
