"""Windows and their weights: every pixel is covered, and the weights over it add up to one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from workflow_scripts.rogi.mapping.windows import UNITY, positions, ramp, windows_in_rows, windows_mpx

SIZES = [(64, 0), (64, 32), (64, 8), (96, 31), (480, 160), (1024, 128), (33, 16), (1, 0), (2, 1)]
axes = st.integers(2, 300).flatmap(
    lambda window: st.tuples(
        st.just(window), st.integers(0, window // 2), st.integers(-2000, 2000), st.integers(1, 2000)
    )
)


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


@given(axes)
def test_every_pixel_is_in_all_of_its_windows(axis: tuple[int, int, int, int]) -> None:
    window_px, overlap_px, start, length = axis
    starts = positions(start, length, window_px, overlap_px)
    step = window_px - overlap_px
    assert all(first % step == 0 for first in starts)
    covered = np.zeros(length, int)
    for first in starts:
        inside = max(first, start), min(first + window_px, start + length)
        assert inside[0] < inside[1], "a window without a pixel of the extent"
        covered[inside[0] - start : inside[1] - start] += 1
    pixels = np.arange(start, start + length)
    # By definition pixel p is in window k when k·step ≤ p < k·step + window_px.
    expected = pixels // step - (pixels - window_px) // step
    assert np.array_equal(covered, expected)
    assert covered.min() >= 1
    assert covered.max() <= 2


def test_rows_come_from_the_north_on_the_global_grid() -> None:
    rows = list(windows_in_rows(Window(-5, 90, 120, 60), 64, 16))
    assert [top for top, _ in rows] == [48, 96, 144]
    assert [(window.col_off, window.row_off) for window in rows[1][1]] == [(-48, 96), (0, 96), (48, 96), (96, 96)]
    assert windows_mpx(Window(-5, 90, 120, 60), 64, 16) == pytest.approx(12 * 64**2 / 1e6)
