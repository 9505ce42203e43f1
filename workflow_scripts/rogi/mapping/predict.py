"""Scores of every window over an area; reading, computing and writing overlap, in the memory of a few windows."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import NamedTuple

import numpy as np
import shapely
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.ahead import ReadAhead
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.mosaic import Scene
from workflow_scripts.rogi.mapping.averaging import averaged
from workflow_scripts.rogi.mapping.ledger import Entry, Ledger
from workflow_scripts.rogi.mapping.output import Output
from workflow_scripts.rogi.mapping.scorer import Pending, Scorer
from workflow_scripts.rogi.progress import Progress

SKIPPED_AT_ONCE = 256


@dataclass
class Tally:
    """What became of the windows of a run, and how long it took.

    Attributes:
        computed: Scored in this run.
        resumed: Scored by an earlier run that was interrupted.
        outside: Skipped, for they do not touch the area.
        empty: Skipped, for they hold no imagery.
        looks: Scored in this run beside the composites, other looks at their windows.
        seconds: From the first window to the finished rasters.
    """

    computed: int = 0
    resumed: int = 0
    outside: int = 0
    empty: int = 0
    looks: int = 0
    seconds: float = 0.0


class _Sight(NamedTuple):
    """One of the looks at a window; that of the composite comes first."""

    window: Window
    scene: Scene
    look: Scene
    is_last: bool


class _Keeping:
    """One thread that keeps scores in the ledger and writes output; at most one batch of scores waits for it."""

    def __init__(self, ledger: Ledger, output: Output) -> None:
        self.ledger, self.output = ledger, output
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._last: Future[None] | None = None
        self._empty: list[Entry] = []

    def keep(self, entries: list[Entry]) -> None:
        self.wait()
        self._last = self._pool.submit(self._keep, self._empty + entries)
        self._empty = []

    def skip(self, entry: Entry) -> None:
        """Keep a window without imagery some time later: it costs less to read again than to keep by itself."""
        self._empty.append(entry)
        if len(self._empty) >= SKIPPED_AT_ONCE:
            self.keep([])

    def _keep(self, entries: list[Entry]) -> None:
        self.ledger.put(entries)
        for entry in entries:
            if entry.scores is not None:
                self.output.advance(entry.window)

    def wait(self) -> None:
        if self._last is not None:
            self._last.result()

    def __enter__(self) -> "_Keeping":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()  # what is computed is kept, whatever else failed


def windows_over(area: shapely.Geometry, windows: Iterable[Window], pixels: PixelGrid) -> list[Window]:
    """Return the windows that touch an area, a polygon in the imagery's CRS.

    A pixel inside the area never misses a window, so its value depends neither on the area's shape nor on the extent.
    """
    shapely.prepare(area)
    return [window for window in windows if area.intersects(shapely.box(*pixels.bounds(window)))]


def predict(
    reading: ReadAhead,
    scorer: Scorer,
    ledger: Ledger,
    output: Output,
    windows: list[Window],
    tally: Tally,
    bar: Progress,
) -> None:
    """Score all windows that hold imagery, and write the output; what the ledger holds is not computed again.

    Args:
        reading: Where scenes come from.
        scorer: What scores them.
        ledger: What keeps the scores.
        output: What joins them.
        windows: Row by row from the north.
        tally: Counts what was done.
        bar: Told of every window, in Mpx.
    """
    under_way: deque[tuple[list[_Sight], Pending]] = deque()
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    with _Keeping(ledger, output) as keeping:
        scenes = _with_imagery(reading.scenes(_todo(windows, ledger.windows(), tally, bar)), keeping, tally, bar)
        sights = _sights(scenes)
        while group := list(islice(sights, scorer.batch_size)):
            rest = iter(group)
            for pending in scorer.submit([sight.look for sight in group]):
                under_way.append((list(islice(rest, len(pending.scores))), pending))
                if len(under_way) > scorer.in_flight:
                    _finish(*under_way.popleft(), seen, scorer, keeping, tally, bar)
        while under_way:
            _finish(*under_way.popleft(), seen, scorer, keeping, tally, bar)
        keeping.keep([])
        keeping.wait()
        output.finish()


def _todo(windows: list[Window], done: dict[tuple[int, int], bool], tally: Tally, bar: Progress) -> Iterator[Window]:
    for window in windows:
        scored = done.get((window.row_off, window.col_off))
        if scored is None:
            yield window
            continue
        tally.resumed += scored
        tally.empty += not scored
        bar.advance(window.width * window.height / 1e6)


def _with_imagery(
    scenes: Iterator[tuple[Window, Scene]], keeping: _Keeping, tally: Tally, bar: Progress
) -> Iterator[tuple[Window, Scene]]:
    for window, scene in scenes:
        if scene.valid.any():
            yield window, scene
            continue
        keeping.skip(Entry(window, None, scene.damaged))
        tally.empty += 1
        bar.advance(window.width * window.height / 1e6)


def _sights(scenes: Iterator[tuple[Window, Scene]]) -> Iterator[_Sight]:
    for window, scene in scenes:
        looks = (scene, *scene.beside)
        for number, look in enumerate(looks, start=1):
            yield _Sight(window, scene, look, number == len(looks))


def _finish(
    group: list[_Sight],
    pending: Pending,
    seen: list[tuple[np.ndarray, np.ndarray]],
    scorer: Scorer,
    keeping: _Keeping,
    tally: Tally,
    bar: Progress,
) -> None:
    """Keep the windows whose last look is scored; `seen` holds the looks at one that goes on in the next batch."""
    entries = []
    for sight, scores in zip(group, scorer.collect(pending), strict=True):
        seen.append((scores, sight.look.valid))
        if sight.is_last:
            joined = averaged(seen[0][0], seen[1:])
            source = sight.scene.source[np.newaxis]
            entries.append(Entry(sight.window, np.concatenate([joined, source]), sight.scene.damaged))
            tally.looks += len(seen) - 1
            seen.clear()
    if entries:
        keeping.keep(entries)
    tally.computed += len(entries)
    bar.advance(sum(entry.window.width * entry.window.height for entry in entries) / 1e6)
