"""Probability of rock glacier over an area, window by window, in memory of one row of windows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import shapely
import torch
from rasterio.features import geometry_mask
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import intersection
from workflow_scripts.rogi.imagery.mosaic import Imagery, Scene
from workflow_scripts.rogi.mapping.blend import FULL, NODATA, Strip
from workflow_scripts.rogi.mapping.windows import windows_in_rows
from workflow_scripts.rogi.progress import Progress
from workflow_scripts.rogi.training.network import Normalized


@dataclass
class Tally:
    """What a run did: windows computed, skipped outside the area, and skipped without imagery."""

    computed: int = 0
    outside: int = 0
    empty: int = 0


class Predictor:
    """A network that scores windows of imagery."""

    def __init__(self, network: Normalized, device: torch.device) -> None:
        """Move the network to the device."""
        self.network = network.to(memory_format=torch.channels_last).to(device).eval()
        self.device = device

    @torch.inference_mode()
    def scores(self, scenes: list[Scene]) -> np.ndarray:
        """Return uint8 scores (n, height, width): FULL times the probability, rounded."""
        image = torch.from_numpy(np.stack([scene.image for scene in scenes])).to(self.device)
        valid = torch.from_numpy(np.stack([scene.valid for scene in scenes])).to(self.device)
        probability = torch.sigmoid(self.network(image, valid))
        return (probability * FULL).round().byte().cpu().numpy()


@dataclass(frozen=True)
class Rows:
    """Finished rows of the output.

    Attributes:
        window: Where they lie, in global pixels.
        scores: uint8 (height, width), FULL times the probability, NODATA outside the area or without imagery.
        source: uint8 (height, width), number of the mosaic, 0 where there is none.
    """

    window: Window
    scores: np.ndarray
    source: np.ndarray


def predict(
    imagery: Imagery,
    predictor: Predictor,
    area: shapely.Geometry,
    extent: Window,
    window_px: int,
    overlap_px: int,
    batch_size: int,
    tally: Tally,
    bar: Progress,
) -> Iterator[Rows]:
    """Give the output rows of an extent from north to south.

    Windows outside the area or without any imagery are skipped; a pixel inside the area never misses a window, so its
    value does not depend on the area's shape or on the extent.

    Args:
        imagery: What is read.
        predictor: What scores it.
        area: Polygon in the imagery's CRS; pixels whose centre is outside become nodata.
        extent: Output window, in global pixels.
        window_px: Side of the windows.
        overlap_px: Pixels that neighbouring windows share, at most half a window.
        batch_size: Windows scored at a time.
        tally: Counts what was done.
        bar: Told of every window, in Mpx.
    """
    shapely.prepare(area)
    strip = Strip(extent, window_px, overlap_px)
    for top, windows in windows_in_rows(extent, window_px, overlap_px):
        wanted = [window for window in windows if area.intersects(shapely.box(*imagery.grid.bounds(window)))]
        tally.outside += len(windows) - len(wanted)
        bar.advance((len(windows) - len(wanted)) * window_px**2 / 1e6)
        for group in _groups(_with_imagery(imagery, wanted, tally, bar), batch_size):
            scores = predictor.scores([scene for _, scene in group])
            for (window, scene), score in zip(group, scores, strict=True):
                strip.add(window, score, scene.source)
            tally.computed += len(group)
            bar.advance(len(group) * window_px**2 / 1e6)
        yield from _finished(imagery, strip, area, extent, top)


def _with_imagery(
    imagery: Imagery, windows: list[Window], tally: Tally, bar: Progress
) -> Iterator[tuple[Window, Scene]]:
    for window in windows:
        scene = imagery.read(window)
        if scene.valid.any():
            yield window, scene
        else:
            tally.empty += 1
            bar.advance(window.width * window.height / 1e6)


def _groups(items: Iterator[tuple[Window, Scene]], size: int) -> Iterator[list[tuple[Window, Scene]]]:
    while group := list(islice(items, size)):
        yield group


def _finished(imagery: Imagery, strip: Strip, area: shapely.Geometry, extent: Window, top: int) -> Iterator[Rows]:
    scores, source = strip.take()
    shared = intersection(Window(extent.col_off, top, extent.width, strip.step), extent)
    if shared is None:
        return
    rows = slice(shared.row_off - top, shared.row_off - top + shared.height)
    scores, source = scores[rows], source[rows]
    outside = geometry_mask([area], scores.shape, imagery.grid.transform(shared))
    source = np.where(outside, 0, source).astype(np.uint8)
    yield Rows(shared, np.where(source == 0, NODATA, scores).astype(np.uint8), source)
