import numpy as np
import pytest

from workflow_scripts.rogi.demo.resample import upsample


@pytest.mark.parametrize("smooth", [False, True])
def test_planes_stay_planes(smooth: bool) -> None:
    rows, columns = np.arange(12.0), np.arange(9.0)
    field = 3 + 2 * rows[:, None] - 5 * columns[None, :]
    at_rows, at_columns = np.linspace(2, 9, 50), np.linspace(2, 6, 33)
    plane = 3 + 2 * at_rows[:, None] - 5 * at_columns[None, :]
    np.testing.assert_allclose(upsample(field, at_rows, at_columns, smooth), plane, atol=1e-4)


def test_splines_keep_the_curvature_of_a_parabola() -> None:
    field = (np.arange(20.0) ** 2)[:, None] * np.ones(6)
    at = np.linspace(4, 14, 101)
    fine = upsample(field, at, np.array([2.0, 3.0]), True)[:, 0]
    np.testing.assert_allclose(fine, at**2 + 1 / 3, rtol=1e-4)  # a cubic B-spline lifts x² by a third


@pytest.mark.parametrize("smooth", [False, True])
def test_a_window_is_part_of_the_whole(smooth: bool) -> None:
    field = np.random.default_rng(1).random((15, 15))
    at = np.linspace(-1, 16, 70)
    whole = upsample(field, at, at, smooth)
    np.testing.assert_array_equal(upsample(field, at[20:40], at[30:31], smooth), whole[20:40, 30:31])


def test_edges_are_repeated() -> None:
    field = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(upsample(field, np.array([-5.0, 9.0]), np.array([-3.0, 8.0]), False), field)
