import numpy as np
import pytest

from workflow_scripts.rogi.demo.drainage import balance

CELL_M, CONCAVITY = 100.0, 0.4


def outlets_in_first_row(shape: tuple[int, int], height: float = 1000.0) -> np.ndarray:
    outlets = np.full(shape, np.nan)
    outlets[0] = height
    return outlets


def test_a_single_channel_follows_flints_law() -> None:
    steepness = np.full((30, 1), 0.05)
    land = balance(steepness, outlets_in_first_row((30, 1)), CELL_M, CONCAVITY, 1.0, 3)
    area = np.arange(30, 0, -1.0)
    np.testing.assert_array_equal(land.area[:, 0], area)
    steps = 0.05 * area[1:] ** -CONCAVITY * CELL_M
    np.testing.assert_allclose(land.height[:, 0], 1000 + np.concatenate([[0], np.cumsum(steps)]))


def test_slopes_are_limited() -> None:
    land = balance(np.full((20, 1), 9.0), outlets_in_first_row((20, 1), 0), CELL_M, CONCAVITY, 0.5, 2)
    np.testing.assert_allclose(land.height[:, 0], 50 * np.arange(20))


@pytest.fixture(scope="module")
def random_land() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steepness = np.exp(0.5 * np.random.default_rng(3).standard_normal((40, 60)))
    land = balance(steepness, outlets_in_first_row((40, 60)), CELL_M, CONCAVITY, 0.9, 20)
    return land.height, land.area, land.receiver


def test_everything_drains_to_an_outlet(random_land: tuple[np.ndarray, ...]) -> None:
    height, area, receiver = random_land
    assert area[0].sum() == height.size
    assert area.min() == 1
    pointer = receiver.ravel()
    for _ in range(12):
        pointer = pointer[pointer]
    assert (pointer < 60).all()


def test_water_runs_downhill(random_land: tuple[np.ndarray, ...]) -> None:
    height, _, receiver = random_land
    fall = height.ravel() - height.ravel()[receiver.ravel()]
    assert (fall[60:] > 0).all()
    np.testing.assert_array_equal(height[0], 1000)


def test_areas_are_one_more_than_those_of_the_donors(random_land: tuple[np.ndarray, ...]) -> None:
    _, area, receiver = random_land
    flat = area.ravel()
    gives = receiver.ravel() != np.arange(area.size)
    received = np.bincount(receiver.ravel()[gives], weights=flat[gives], minlength=area.size)
    np.testing.assert_array_equal(flat, 1 + received)
