"""Long work shows a bar on a terminal and a line now and then elsewhere."""

import io
import logging
import re
import sys

import pytest

from workflow_scripts.rogi import progress as module
from workflow_scripts.rogi.progress import LOG_EVERY_S, progress


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "rogi")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    return caplog


def test_elsewhere_a_line_says_what_rate_and_how_long_yet(lines: pytest.LogCaptureFixture, clock: Clock) -> None:
    with progress("predict", 100, "Mpx") as bar:
        clock.now += LOG_EVERY_S + 10
        bar.advance(20, "IoU 0.71")
    assert lines.messages == ["predict: 20.0 of 100.0 Mpx, 0.50 Mpx/s, 160 s left IoU 0.71"]


def test_lines_come_no_more_often_than_said_and_at_the_end(lines: pytest.LogCaptureFixture, clock: Clock) -> None:
    with progress("predict", 100, "Mpx") as bar:
        for _ in range(100):
            clock.now += LOG_EVERY_S / 40
            bar.advance(1)
    assert [message.split(",")[0] for message in lines.messages] == [
        "predict: 40.0 of 100.0 Mpx",
        "predict: 80.0 of 100.0 Mpx",
        "predict: 100.0 of 100.0 Mpx",
    ]


def test_short_work_is_one_line_even_when_no_time_passes(lines: pytest.LogCaptureFixture, clock: Clock) -> None:
    with progress("train", 3, "patches") as bar:
        for _ in range(3):
            bar.advance(1)
    assert len(lines.messages) == 1
    assert "3.0 of 3.0 patches" in lines.messages[0]
    assert "0 s left" in lines.messages[0]


def test_more_than_the_total_leaves_no_negative_time(lines: pytest.LogCaptureFixture, clock: Clock) -> None:
    with progress("train", 10, "patches") as bar:
        clock.now += 5
        bar.advance(12)
    assert "0 s left" in lines.messages[0]
    assert "-" not in lines.messages[0]


def test_a_terminal_shows_a_bar_with_unit_and_note(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "rogi")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("predict", 4, "Mpx") as bar:
        for step in range(4):
            bar.advance(1, f"window {step}")
    last = terminal.getvalue().strip().split("\r")[-1]
    assert re.search(r"predict: 100%\|.*\| 4/4 \[.*Mpx/s, window 3\]", last)
    assert caplog.messages == []


def test_a_process_that_does_not_show_it_leaves_the_terminal_alone(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING, "rogi")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("train", 2, "patches", shown=False) as bar:
        bar.advance(2, "loss 0.5")
    assert terminal.getvalue() == ""
    assert caplog.messages == []
