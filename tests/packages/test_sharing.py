"""Who gets which candidate: all are handed out, loads are equal, territories compact, the overlap drawn by chance."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.packages.scene import candidates
from workflow_scripts.rogi.identity import equal_area_blocks
from workflow_scripts.rogi.packages.sharing import NOBODY, Shares, share_out


def shared(
    frame: gpd.GeoDataFrame, mappers: int, block_m: float = 2000, overlap: float = 0.05, seed: int = 1
) -> Shares:
    return share_out(frame, mappers, block_m, overlap, np.random.default_rng(seed))


@settings(max_examples=25)
@given(st.integers(0, 120), st.integers(1, 7), st.sampled_from([500, 2000, 40000]), st.sampled_from([0, 0.05, 1]))
def test_every_candidate_has_one_first_mapper_and_a_stated_number_a_second(
    count: int, mappers: int, block_m: float, overlap: float
) -> None:
    shares = shared(candidates(count), mappers, block_m, overlap)
    assert shares.first.shape == shares.second.shape == (count,)
    assert set(shares.first) <= set(range(mappers))
    twice = shares.second != NOBODY
    assert twice.sum() == (np.ceil(overlap * count) if mappers > 1 else 0)
    assert (shares.second[twice] != shares.first[twice]).all()
    assert set(shares.second[twice]) <= set(range(mappers))
    assert sum(shares.of(mapper).sum() for mapper in range(mappers)) == count + twice.sum()


@settings(max_examples=25)
@given(st.integers(1, 300), st.integers(1, 7), st.sampled_from([500, 2000, 40000]))
def test_loads_are_equal_to_within_what_one_square_holds(count: int, mappers: int, block_m: float) -> None:
    frame = candidates(count)
    load = np.bincount(shared(frame, mappers, block_m).first, minlength=mappers)
    largest = np.bincount(equal_area_blocks(frame.geometry, block_m)).max()
    assert np.abs(load - count / mappers).max() <= largest


def test_the_order_of_rows_makes_no_difference(rng: np.random.Generator) -> None:
    frame = candidates(90)
    order = rng.permutation(90)
    whole, shuffled = shared(frame, 3), shared(frame.iloc[order], 3)
    np.testing.assert_array_equal(whole.first[order], shuffled.first)
    np.testing.assert_array_equal(whole.second[order], shuffled.second)


def test_units_of_a_system_stay_together() -> None:
    frame = candidates(120, units=4)
    owners = frame.assign(mapper=shared(frame, 5, block_m=300).first).groupby("system_id")["mapper"].nunique()
    assert (owners == 1).all()


def test_territories_are_compact() -> None:
    """If chance had shared them out, one in four would have the mapper of its nearest neighbour."""
    frame = candidates(400)
    shares = shared(frame, 4)
    left, right = frame.sindex.nearest(frame.geometry, exclusive=True, return_all=False)
    assert (shares.first[left] == shares.first[right]).mean() > 0.9


def test_the_seed_decides_who_is_doubled_and_nothing_else() -> None:
    frame = candidates(100)
    one, same, other = shared(frame, 3, seed=1), shared(frame, 3, seed=1), shared(frame, 3, seed=2)
    np.testing.assert_array_equal(one.second, same.second)
    np.testing.assert_array_equal(one.first, other.first)
    assert (one.second != other.second).any()


def test_the_second_mapper_works_next_to_the_candidate() -> None:
    """Three candidates from west to east: that of the middle's nearer neighbour."""
    frame = candidates(3).sort_values("candidate_id", ignore_index=True)
    frame["geometry"] = [shapely.box(west, 35.1, west + 0.002, 35.102) for west in (79.0, 79.2, 79.3)]
    shares = shared(frame, 3, block_m=3000, overlap=1)
    assert sorted(shares.first) == [0, 1, 2]
    assert shares.second[1] == shares.first[2]
    assert shares.second[0] == shares.first[1]
    assert shares.second[2] == shares.first[1]


def test_where_all_candidates_have_one_mapper_the_next_gets_the_overlap() -> None:
    shares = shared(candidates(2), 3, block_m=1e6, overlap=1)
    assert set(shares.first) == {1}
    assert set(shares.second) == {2}


@pytest.mark.parametrize("mappers", [1, 3])
def test_no_candidate_at_all(mappers: int) -> None:
    shares = shared(candidates(0), mappers)
    assert len(shares.first) == len(shares.second) == 0
