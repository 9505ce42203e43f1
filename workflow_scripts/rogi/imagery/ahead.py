"""Imagery read ahead of its use, by several threads."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol

from rasterio.windows import Window

from workflow_scripts.rogi.imagery.mosaic import Scene


class Source(Protocol):
    """Imagery, or looks at it, with file handles of its own."""

    def read(self, window: Window) -> Scene:
        """Return what a global window holds."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""


class ReadAhead:
    """Reads windows of imagery before they are asked for; every thread has its own file handles."""

    def __init__(self, open_imagery: Callable[[], Source], readers: int) -> None:
        """Start so many threads, each of which opens the imagery once."""
        self._open = open_imagery
        self._ahead = 2 * readers
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._local = threading.local()
        self._opened: list[Source] = []

    def scenes(self, windows: Iterable[Window]) -> Iterator[tuple[Window, Scene]]:
        """Give windows with what they hold, in the order given; few are in memory at a time."""
        waiting: deque[tuple[Window, Future[Scene]]] = deque()
        for window in windows:
            waiting.append((window, self._pool.submit(self._read, window)))
            if len(waiting) > self._ahead:
                first, scene = waiting.popleft()
                yield first, scene.result()
        while waiting:
            first, scene = waiting.popleft()
            yield first, scene.result()

    def _read(self, window: Window) -> Scene:
        if not hasattr(self._local, "imagery"):
            self._local.imagery = self._open()
            self._opened.append(self._local.imagery)
        return self._local.imagery.read(window)

    def __enter__(self) -> "ReadAhead":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the threads and close all files."""
        self._pool.shutdown(cancel_futures=True)
        for imagery in self._opened:
            imagery.__exit__(kind, error, trace)
