"""Reading ahead: in order, by threads that share no file handle."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from rasterio.windows import Window

from tests.worlds import CLEAR, WHOLE, World
from workflow_scripts.rogi.imagery.ahead import ReadAhead
from workflow_scripts.rogi.imagery.mosaic import Imagery, Scene

WINDOWS = [Window(WHOLE.col_off + 40 * step, WHOLE.row_off + 7 * step, 64, 64) for step in range(11)]


class Slow:
    """Imagery whose first windows take longest, and which knows its thread."""

    opened = 0

    def __init__(self) -> None:
        Slow.opened += 1
        self.thread, self.closed = threading.get_ident(), False

    def read(self, window: Window) -> Scene:
        assert threading.get_ident() == self.thread
        time.sleep(0.002 * (11 - (window.row_off - WHOLE.row_off) // 7))
        return Scene(*(np.full((1, 1), window.col_off),) * 4)

    def __exit__(self, *_: object) -> None:
        self.closed = True


@pytest.mark.parametrize("readers", [1, 3])
def test_scenes_come_in_order_from_handles_of_one_thread_each(readers: int) -> None:
    Slow.opened, opened = 0, []

    def open_slow() -> Slow:
        opened.append(Slow())
        return opened[-1]

    with ReadAhead(open_slow, readers) as reading:
        found = list(reading.scenes(WINDOWS))
    assert [window for window, _ in found] == WINDOWS
    assert [scene.image[0, 0] for _, scene in found] == [window.col_off for window in WINDOWS]
    assert Slow.opened == readers
    assert all(imagery.closed for imagery in opened)


def test_few_windows_are_read_before_they_are_asked_for() -> None:
    asked: list[Window] = []

    def windows() -> Iterator[Window]:
        for window in WINDOWS:
            asked.append(window)
            yield window

    with ReadAhead(Slow, 2) as reading:
        next(reading.scenes(windows()))
        assert len(asked) == 5


def test_threads_read_what_one_would(world: World) -> None:
    with Imagery(world.indexes, 3, None, CLEAR) as imagery:
        expected = [imagery.read(window) for window in WINDOWS]
    with ReadAhead(lambda: Imagery(world.indexes, 3, None, CLEAR), 3) as reading:
        for (_, scene), other in zip(reading.scenes(WINDOWS), expected, strict=True):
            assert np.array_equal(scene.image, other.image)
            assert np.array_equal(scene.source, other.source)


def test_an_error_reaches_the_reader_of_that_window() -> None:
    class Broken(Slow):
        def read(self, window: Window) -> Scene:
            if window == WINDOWS[2]:
                raise OSError("no such disk")
            return super().read(window)

    with ReadAhead(Broken, 2) as reading:
        scenes = reading.scenes(WINDOWS)
        assert [next(scenes)[0] for _ in range(2)] == WINDOWS[:2]
        with pytest.raises(OSError, match="no such disk"):
            next(scenes)
