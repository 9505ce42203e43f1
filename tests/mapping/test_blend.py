"""Rows of windows become rows of output."""

import numpy as np
import pytest
from rasterio.windows import Window

from workflow_scripts.rogi.mapping.blend import Strip
from workflow_scripts.rogi.mapping.windows import UNITY, ramp, windows_in_rows

EXTENT = Window(-37, 11, 150, 130)


def mosaic_of(scores: dict[tuple[int, int], np.ndarray], window_px: int, overlap_px: int) -> np.ndarray:
    """Blend with plain floats over the whole extent, the slow way."""
    weight = np.outer(ramp(window_px, overlap_px), ramp(window_px, overlap_px)) / UNITY**2
    total = np.zeros((1000, 1000))
    for (row, column), score in scores.items():
        total[row + 400 : row + 400 + window_px, column + 400 : column + 400 + window_px] += weight * score
    rows, columns = EXTENT.row_off + 400, EXTENT.col_off + 400
    return total[rows : rows + EXTENT.height, columns : columns + EXTENT.width]


def blended(scores: dict[tuple[int, int], np.ndarray], window_px: int, overlap_px: int, order: int) -> np.ndarray:
    strip, rows = Strip(EXTENT, window_px, overlap_px), []
    for _, windows in windows_in_rows(EXTENT, window_px, overlap_px):
        for window in windows[::order]:
            score = scores[window.row_off, window.col_off]
            strip.add(window, score, np.ones_like(score))
        rows.append(strip.take()[0])
    first = next(windows_in_rows(EXTENT, window_px, overlap_px))[0]
    return np.concatenate(rows)[EXTENT.row_off - first :][: EXTENT.height]


@pytest.mark.parametrize(("window_px", "overlap_px"), [(64, 0), (64, 32), (64, 15), (200, 40), (16, 8)])
def test_strips_equal_the_plain_weighted_sum(window_px: int, overlap_px: int, rng: np.random.Generator) -> None:
    scores = {
        (window.row_off, window.col_off): rng.integers(0, 255, (window_px, window_px), np.uint8)
        for _, windows in windows_in_rows(EXTENT, window_px, overlap_px)
        for window in windows
    }
    result = blended(scores, window_px, overlap_px, 1)
    expected = mosaic_of(scores, window_px, overlap_px)
    assert np.abs(result - expected).max() <= 0.5 + 1e-9
    assert np.array_equal(result, blended(scores, window_px, overlap_px, -1))


@pytest.mark.parametrize(("window_px", "overlap_px"), [(64, 0), (64, 32), (64, 15)])
@pytest.mark.parametrize("number", [0, 1, 127, 254])
def test_a_constant_comes_back_exactly(window_px: int, overlap_px: int, number: int) -> None:
    score = np.full((window_px, window_px), number, np.uint8)
    scores = {
        (window.row_off, window.col_off): score
        for _, windows in windows_in_rows(EXTENT, window_px, overlap_px)
        for window in windows
    }
    assert (blended(scores, window_px, overlap_px, 1) == number).all()


def test_sources_pass_through_and_leave_with_their_rows() -> None:
    strip = Strip(Window(0, 0, 64, 128), 64, 32)
    source = np.arange(64, dtype=np.uint8).repeat(64).reshape(64, 64)
    strip.add(Window(0, 0, 64, 64), np.zeros((64, 64), np.uint8), source)
    _, first = strip.take()
    _, second = strip.take()
    _, third = strip.take()
    assert np.array_equal(np.concatenate([first, second]), source)
    assert not third.any()


def test_a_window_beside_the_extent_adds_nothing() -> None:
    strip = Strip(Window(0, 0, 32, 64), 64, 16)
    strip.add(Window(48, 0, 64, 64), np.full((64, 64), 254, np.uint8), np.ones((64, 64), np.uint8))
    scores, source = strip.take()
    assert not scores.any()
    assert not source.any()
