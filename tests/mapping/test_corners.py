"""Corners against counts of 2 × 2 squares, and a store that grows while it is filled."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.mapping.masks import drawn, masks
from workflow_scripts.rogi.mapping.corners import (
    CORNERS,
    LABELS,
    PAD,
    RINGS,
    Front,
    Store,
    empty_store,
    enlarged,
    filled,
    flatten,
    scan,
)


def scanned(mask: np.ndarray, room: int, diagonal: bool = False) -> tuple[Store, int]:
    """Scan a mask with an empty rim around it as one tile; return the store and how often it ran out of room."""
    height, width = mask.shape[0] + 1, mask.shape[1] + 1
    pixels = np.zeros((height + 1, -(-(PAD + width) // PAD) * PAD), np.uint8)
    pixels[1:height, PAD : PAD + width - 1] = mask
    front = Front(*(np.zeros(size, np.int64) for size in (PAD + width, height, PAD + width, height)))
    store, done, stops = empty_store(room), 0, 0
    while (done := scan(pixels, done, (0, 0), front, store, diagonal)) < height:
        store, stops = enlarged(store, len(store.position) + 2 * pixels.shape[1]), stops + 1
    return store, stops


def squares(mask: np.ndarray) -> np.ndarray:
    """Return the four pixels around each lattice point, shape (4, points)."""
    rim = np.pad(mask, 1).astype(int)
    return np.stack([rim[:-1, :-1], rim[:-1, 1:], rim[1:, :-1], rim[1:, 1:]]).reshape(4, -1)


@settings(max_examples=60)
@given(mask=masks())
def test_there_is_a_corner_for_every_odd_square_and_two_for_a_diagonal_pair(mask: np.ndarray) -> None:
    store, _ = scanned(mask, 10_000)
    top_left, top_right, bottom_left, bottom_right = squares(mask)
    odd = (top_left + top_right + bottom_left + bottom_right) % 2
    pairs = (top_left == bottom_right) & (top_right == bottom_left) & (top_left != top_right)
    assert store.used[CORNERS] == odd.sum() + 2 * pairs.sum()


@settings(max_examples=60)
@given(mask=masks())
def test_every_corner_has_one_before_and_one_after_it_across_one_edge(mask: np.ndarray) -> None:
    store = filled(scanned(mask, 10_000)[0])
    assert sorted(store.following) == list(range(len(store.position)))
    rows, columns = np.divmod(store.position, 1 << 32)
    down, right = rows[store.following] - rows, columns[store.following] - columns
    assert ((down == 0) != (right == 0)).all()
    assert (down[store.following] == 0).tolist() == (right == 0).tolist(), "each corner turns"


@settings(max_examples=60)
@given(mask=masks())
def test_a_store_that_runs_out_of_room_takes_in_the_same(mask: np.ndarray) -> None:
    (roomy, never), (tight, stops) = scanned(mask, 10_000), scanned(mask, 0)
    assert never == 0
    assert stops > 0
    for one, other in zip(filled(roomy), filled(tight), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("diagonal", "groups"), [(False, 3), (True, 2)])
def test_parts_share_edges_and_groups_share_what_connects(diagonal: bool, groups: int) -> None:
    store, _ = scanned(drawn("#.#.", "###.", "...#", "#..."), 1000, diagonal)
    for forest in (store.part, store.group):
        flatten(forest[: store.used[LABELS]])
    table = filled(store)
    assert len(set(table.part)) == 3
    assert len(set(table.group)) == groups
    assert store.used[RINGS] == 3
    assert len(set(table.part[table.label])) == 3
