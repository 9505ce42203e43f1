"""Joining windows: weights add up to one, and neither order nor cut changes a byte."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.mapping.blend import FULL, NODATA, UNITY, Blend, Joining, Union, ramp
from workflow_scripts.rogi.mapping.windows import WindowGrid

SIZES = [(64, 0), (64, 32), (64, 8), (96, 31), (480, 160), (1024, 128), (33, 16), (1, 0), (2, 1)]
EXTENT = Window(-37, 11, 150, 130)
Scores = dict[tuple[int, int], np.ndarray]


def scores_of(grid: WindowGrid, extent: Window, rng: np.random.Generator, layers: int = 1) -> Scores:
    return {
        (window.row_off, window.col_off): rng.integers(0, FULL + 1, (layers, window.height, window.width), np.uint8)
        for window in grid.touching(extent)
    }


def joined(joining: Joining, grid: WindowGrid, scores: Scores, block: Window, order: int = 1) -> np.ndarray:
    windows = list(grid.touching(block))[::order]
    return joining.join(block, ((window, scores[window.row_off, window.col_off]) for window in windows))


@pytest.mark.parametrize(("window_px", "overlap_px"), SIZES)
def test_weights_of_all_windows_over_a_pixel_add_up_to_unity(window_px: int, overlap_px: int) -> None:
    weight, step = ramp(window_px, overlap_px), window_px - overlap_px
    total = np.zeros(5 * window_px, np.int64)
    starts = range(0, 4 * window_px, step)
    for start in starts:
        total[start : start + window_px] += weight
    assert (total[overlap_px : starts[-1] + step] == UNITY).all()


@pytest.mark.parametrize(("window_px", "overlap_px"), SIZES)
def test_weights_rise_stay_and_fall(window_px: int, overlap_px: int) -> None:
    weight = ramp(window_px, overlap_px).astype(int)
    assert weight.shape == (window_px,)
    assert weight.min() >= 0
    assert (np.diff(weight[: window_px - overlap_px]) >= 0).all()
    assert (weight[overlap_px : window_px - overlap_px] == UNITY).all()
    assert (np.diff(weight[overlap_px:]) <= 0).all()


def test_the_rise_is_a_sine_squared() -> None:
    """At a quarter, half and three quarters of the overlap sin² is 0.146, 0.5 and 0.854."""
    rise = ramp(1024, 256)[:256] / UNITY
    assert rise[[63, 127, 191]] == pytest.approx([0.146, 0.5, 0.854], abs=0.01)


@pytest.mark.parametrize(("window_px", "overlap_px"), [(64, 0), (64, 32), (64, 15), (200, 40), (16, 8)])
def test_blending_is_the_weighted_mean(window_px: int, overlap_px: int, rng: np.random.Generator) -> None:
    grid = WindowGrid(window_px, window_px - overlap_px)
    scores = scores_of(grid, EXTENT, rng)
    weight = np.outer(ramp(window_px, overlap_px), ramp(window_px, overlap_px)) / UNITY**2
    total = np.zeros((1000, 1000))
    for (row, column), score in scores.items():
        total[row + 400 : row + 400 + window_px, column + 400 : column + 400 + window_px] += weight * score[0]
    expected = total[EXTENT.row_off + 400 :, EXTENT.col_off + 400 :][: EXTENT.height, : EXTENT.width]
    result = joined(Blend(window_px, overlap_px), grid, scores, EXTENT)
    assert np.abs(result[0] - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("number", [0, 1, 127, FULL])
def test_a_constant_comes_back_exactly(number: int) -> None:
    grid = WindowGrid(64, 49)
    scores = {
        (window.row_off, window.col_off): np.full((2, 64, 64), number, np.uint8) for window in grid.touching(EXTENT)
    }
    for joining in (Blend(64, 15), Union()):
        result = joined(joining, grid, scores, EXTENT)
        assert result.shape == (2, EXTENT.height, EXTENT.width)
        assert (result == number).all()


@pytest.mark.parametrize("joining", [Blend(64, 20), Union()])
@given(
    left=st.integers(0, 100), top=st.integers(0, 90), width=st.integers(1, 50), height=st.integers(1, 40),
    order=st.sampled_from([1, -1]),
)  # fmt: skip
def test_neither_the_block_nor_the_order_matters(
    joining: Joining, left: int, top: int, width: int, height: int, order: int
) -> None:
    grid = WindowGrid(64, 44)
    scores = scores_of(grid, EXTENT, np.random.default_rng(3), layers=2)
    whole = joined(joining, grid, scores, EXTENT)
    block = Window(EXTENT.col_off + left, EXTENT.row_off + top, width, height)
    assert np.array_equal(joined(joining, grid, scores, block, order), whole[:, *within(block, EXTENT)])


@pytest.mark.parametrize("stride", [160, 320])
@pytest.mark.parametrize("threshold", [1, 100, 127, 254])
def test_the_union_is_the_logical_or_of_thresholded_windows(
    stride: int, threshold: int, rng: np.random.Generator
) -> None:
    grid, extent = WindowGrid(480, stride), Window(1000, -700, 300, 260)
    scores = scores_of(grid, extent, rng)
    expected = np.zeros((260, 300), bool)
    for window in grid.touching(extent):
        shared = intersection(window, extent)
        assert shared is not None
        part = scores[window.row_off, window.col_off][0] >= threshold
        expected[within(shared, extent)] |= part[within(shared, window)]
    assert np.array_equal(joined(Union(), grid, scores, extent)[0] >= threshold, expected)


def test_no_score_is_nodata() -> None:
    assert FULL < NODATA <= np.iinfo(np.uint8).max


def test_the_union_takes_the_spread_of_the_highest_score() -> None:
    block, high, low = Window(0, 0, 4, 4), np.array([[[200]], [[3]]], np.uint8), np.array([[[10]], [[90]]], np.uint8)
    parts = [(block, np.broadcast_to(scores, (2, 4, 4))) for scores in (high, low)]
    for order in (1, -1):
        assert np.array_equal(Union().join(block, parts[::order]), np.broadcast_to(high, (2, 4, 4)))
