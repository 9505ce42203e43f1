"""Progress of long work: a bar with rate and time left on a terminal, a plain log line now and then elsewhere."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tqdm import tqdm

LOG_EVERY_S = 30.0


class Progress(Protocol):
    """Something that is told how much more has been done, and what to show beside it."""

    def advance(self, amount: float, note: str = "") -> None:
        """Add `amount` to what is done."""


class _Bar:
    def __init__(self, bar: "tqdm[Any]") -> None:
        self.bar = bar

    def advance(self, amount: float, note: str = "") -> None:
        self.bar.set_postfix_str(note, refresh=False)
        self.bar.update(amount)


class _Lines:
    def __init__(self, what: str, total: float, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done, self.started, self.logged = 0.0, time.monotonic(), time.monotonic()

    def advance(self, amount: float, note: str = "") -> None:
        self.done += amount
        now = time.monotonic()
        if now - self.logged < LOG_EVERY_S and self.done < self.total:
            return
        self.logged = now
        rate = self.done / max(now - self.started, 1e-9)
        left = max(self.total - self.done, 0) / max(rate, 1e-9)
        logging.getLogger("rogi").info(
            "%s: %.1f of %.1f %s, %.2f %s/s, %.0f s left %s",
            *(self.what, self.done, self.total, self.unit, rate, self.unit, left, note),
        )


@contextmanager
def progress(what: str, total: float, unit: str, shown: bool = True) -> Iterator[Progress]:
    """Show the progress of `total` units of work, named in the unit's usual short form ("Mpx", "patches").

    Not `shown` leaves the bar to another process; its lines are up to this one's logger.
    """
    if not (shown and sys.stderr.isatty()):
        yield _Lines(what, total, unit)
        return
    bar: tqdm[Any] = tqdm(desc=what, total=total, unit=unit, smoothing=0.1)
    with bar:
        yield _Bar(bar)
