"""Windows: every pixel is covered, by the same ones whatever part of the grid is mapped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from workflow_scripts.rogi.mapping.windows import WindowGrid

axes = st.integers(2, 300).flatmap(
    lambda window: st.tuples(st.just(window), st.integers(1, window), st.integers(-2000, 2000), st.integers(1, 2000))
)


@given(axes)
def test_every_pixel_is_in_all_of_its_windows(axis: tuple[int, int, int, int]) -> None:
    window_px, step, start, length = axis
    found = [window.col_off for window in WindowGrid(window_px, step).touching(Window(start, 0, length, 1))]
    starts = sorted(set(found))
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


def test_rows_come_from_the_north_on_the_global_grid() -> None:
    grid, extent = WindowGrid(64, 48), Window(-5, 90, 120, 60)
    windows = list(grid.touching(extent))
    assert [(window.row_off, window.col_off) for window in windows] == [
        (top, left) for top in (48, 96, 144) for left in (-48, 0, 48, 96)
    ]
    assert {(window.width, window.height) for window in windows} == {(64, 64)}
    assert grid.count(extent) == 12


@pytest.mark.parametrize(
    ("window_px", "step", "redundancy"), [(1024, 896, 1.306), (1152, 1024, 1.266), (480, 320, 2.25), (480, 160, 9)]
)
def test_redundancy_is_pixels_read_per_pixel_mapped(window_px: int, step: int, redundancy: float) -> None:
    grid = WindowGrid(window_px, step)
    assert grid.redundancy == pytest.approx(redundancy, abs=1e-3)
    large = Window(0, 0, 400 * step, 400 * step)
    assert grid.count(large) * window_px**2 / (400 * step) ** 2 == pytest.approx(redundancy, rel=0.02)
