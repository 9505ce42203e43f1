"""Shifts that an inventory's outlines have in common."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.rogi.training.inventory_shift import FEWEST, InventoryShift, inventory_shifts


def outlines(east: np.ndarray, north: np.ndarray, reliable: bool = True, name: str = "A") -> pd.DataFrame:
    columns = {"shift_east_m": east, "shift_north_m": north, "shift_reliable": reliable, "pixel_m": 4.0}
    return pd.DataFrame({"inventory": name} | columns)


def shift(*tables: pd.DataFrame) -> InventoryShift:
    (found,) = inventory_shifts(pd.concat(tables), samples=400, confidence=0.95, seed=3)
    return found


def test_a_common_shift_is_found_among_slips_of_the_hand(rng: np.random.Generator) -> None:
    found = shift(outlines(*rng.normal([[12.0], [-20.0]], 5, (2, 60))))
    assert (found.shift_east_m, found.shift_north_m) == (pytest.approx(12, abs=2), pytest.approx(-20, abs=2))
    assert found.east_low_m < 12 < found.east_high_m
    assert found.north_low_m < -20 < found.north_high_m < 0
    # The standard error of a median of n normal values is 1.253 σ / √n; 97.5 % of draws lie within 2.24 of them.
    assert found.east_high_m - found.east_low_m == pytest.approx(2 * 2.24 * 1.253 * 5 / np.sqrt(60), rel=0.35)
    assert (found.outlines, found.reliable, found.pixel_m) == (60, 60, 4)
    assert found.differs
    assert found.systematic


def test_slips_of_the_hand_alone_are_no_common_shift(rng: np.random.Generator) -> None:
    moves = rng.normal(0, 15, (2, 40))
    found = shift(outlines(*np.hstack([moves, -moves])))
    assert not found.differs
    assert not found.systematic


def test_a_shift_within_a_pixel_is_not_called_systematic(rng: np.random.Generator) -> None:
    found = shift(outlines(*rng.normal(1.5, 0.5, (2, 50))))
    assert found.differs
    assert not found.systematic


def test_intervals_hold_the_true_shift_as_often_as_they_say(rng: np.random.Generator) -> None:
    """No shift at all: in 57 of 60 inventories, neither interval leaves 0 out."""
    moves = rng.standard_t(3, (60, 2, 25))
    tables = [outlines(east, north, name=str(number)) for number, (east, north) in enumerate(moves)]
    found = inventory_shifts(pd.concat(tables), samples=150, confidence=0.95, seed=1)
    assert sum(not one.differs for one in found) >= 52


def test_unreliable_outlines_do_not_count() -> None:
    good, bad = outlines(np.arange(7.0), np.zeros(7)), outlines(np.full(30, 99.0), np.full(30, np.nan), reliable=False)
    found = shift(good, bad)
    assert (found.shift_east_m, found.shift_north_m, found.outlines, found.reliable) == (3, 0, 37, 7)


def test_from_few_outlines_there_is_no_interval() -> None:
    few = shift(outlines(np.full(FEWEST - 1, 30.0), np.full(FEWEST - 1, 1.0)))
    assert (few.shift_east_m, few.shift_north_m, few.differs, few.systematic) == (30, 1, False, False)
    assert np.isnan([few.east_low_m, few.east_high_m, few.north_low_m, few.north_high_m]).all()
    none = shift(outlines(np.full(3, 1.0), np.full(3, 1.0), reliable=False))
    assert np.isnan([none.shift_east_m, none.shift_north_m]).all()
    assert (none.reliable, none.systematic) == (0, False)


def test_inventories_come_in_their_order() -> None:
    tables = [outlines(np.arange(6.0), np.arange(6.0), name=name) for name in ("Z", "A", "M")]
    assert [one.inventory for one in inventory_shifts(pd.concat(tables), 50, 0.95, 1)] == ["Z", "A", "M"]
