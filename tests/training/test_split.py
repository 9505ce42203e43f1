"""The split into training and validation polygons."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import series, square
from workflow_scripts.rogi.geodesy import EQUAL_AREA
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.training.split import in_validation

SEED = 7


def scattered(count: int, spread: int = 3000) -> gpd.GeoSeries:
    """Return small squares strewn over a square of `spread` px."""
    places = np.random.default_rng(1).integers(0, spread, (count, 2))
    return series([square(x, y, 8) for x, y in places.tolist()]).to_crs(4326)


def split(
    shapes: gpd.GeoSeries, method: str, share: float = 0.3, block_m: float = 2000.0, seed: int = SEED
) -> np.ndarray:
    return in_validation(shapes, method, share, block_m, np.random.default_rng(seed))


@pytest.mark.parametrize(("count", "expected"), [(10, 3), (90, 27), (1000, 300), (1, 0), (3, 1), (0, 0)])
def test_single_rock_glaciers_are_split_70_to_30(count: int, expected: int) -> None:
    chosen = split(scattered(count), "rock_glacier")
    assert chosen.dtype == bool
    assert chosen.shape == (count,)
    assert chosen.sum() == expected


def blocks(shapes: gpd.GeoSeries, block_m: float) -> list[tuple[int, int]]:
    points = primary_markers(shapes).to_crs(EQUAL_AREA)
    return [(int(x // block_m), int(y // block_m)) for x, y in zip(points.x, points.y, strict=True)]


@given(st.integers(0, 40), st.sampled_from([0.1, 0.3, 0.5, 0.9]), st.sampled_from([500.0, 2000.0, 9000.0]))
def test_a_block_is_never_split_and_the_share_is_near(seed: int, share: float, block_m: float) -> None:
    shapes = scattered(60)
    chosen = split(shapes, "blocks", share, block_m, seed)
    names = blocks(shapes, block_m)
    sides = {name: {bool(c) for n, c in zip(names, chosen, strict=True) if n == name} for name in names}
    assert all(len(side) == 1 for side in sides.values())
    largest = max(names.count(name) for name in sides)
    assert abs(chosen.sum() - share * len(shapes)) <= largest / 2


def test_blocks_of_no_polygon_at_all() -> None:
    assert split(scattered(0), "blocks").shape == (0,)


@pytest.mark.parametrize("method", ["rock_glacier", "blocks"])
def test_the_seed_decides(method: str) -> None:
    shapes = scattered(60)
    assert np.array_equal(split(shapes, method, seed=1), split(shapes, method, seed=1))
    draws = {split(shapes, method, seed=seed).tobytes() for seed in range(5)}
    assert len(draws) > 1


def test_no_share_keeps_everything_for_training() -> None:
    assert not split(scattered(20), "rock_glacier", 0.0).any()
    assert not split(scattered(20), "blocks", 0.0).any()
