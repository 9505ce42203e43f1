"""The shift that the outlines of an inventory have in common: a misregistration, not a slip of the hand."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from workflow_scripts.rogi.inventory.bootstrap import percentiles

FEWEST = 5  # reliable shifts from which an inventory's gets an interval, our own choice


class InventoryShift(NamedTuple):
    """How far the outlines of one inventory should move, as a row of a table.

    Attributes:
        inventory: Its name.
        outlines: Number of its outlines.
        reliable: Number of those whose own shift is reliable; only they count.
        shift_east_m: Median, true metres to the east; NaN where there is none.
        east_low_m: Lower end of its interval; NaN from fewer than `FEWEST` outlines.
        east_high_m: Upper end.
        shift_north_m: Median to the north.
        north_low_m: Lower end of its interval.
        north_high_m: Upper end.
        pixel_m: True width of a pixel of the imagery there.
        differs: Whether 0 lies outside of either interval.
        systematic: Whether the shift differs from 0 and is longer than a pixel. Light that falls from one side moves
            edges by a fraction of a pixel, so shorter ones need not come from the inventory.
    """

    inventory: str
    outlines: int
    reliable: int
    shift_east_m: float
    east_low_m: float
    east_high_m: float
    shift_north_m: float
    north_low_m: float
    north_high_m: float
    pixel_m: float
    differs: bool
    systematic: bool


def inventory_shifts(quality: pd.DataFrame, samples: int, confidence: float, seed: int) -> list[InventoryShift]:
    """Return the shift of every inventory, in their order.

    The intervals are percentiles of the medians of outlines drawn with replacement (Efron and Tibshirani 1993). Both
    together hold the true shift in the wanted share of cases, so each alone is drawn wider (Bonferroni).

    Args:
        quality: As `Assessor.assess` yields it, a row per outline.
        samples: Number of draws.
        confidence: Share of cases.
        seed: Of the draws, the same for every inventory.
    """
    groups = quality.groupby("inventory", sort=False)
    return [_shift_of(str(name), group, samples, confidence, np.random.default_rng(seed)) for name, group in groups]


def _shift_of(
    name: str, quality: pd.DataFrame, samples: int, confidence: float, generator: np.random.Generator
) -> InventoryShift:
    found = quality.loc[quality["shift_reliable"], ["shift_east_m", "shift_north_m"]].to_numpy(float)
    middle, ends, count = np.full(2, np.nan), np.full((2, 2), np.nan), len(found)
    if count:
        middle = np.median(found, axis=0)
    if count >= FEWEST:
        draws = [np.median(found[generator.integers(count, size=count)], axis=0) for _ in range(samples)]
        ends = percentiles(np.array(draws), (1 + confidence) / 2)
    differs = bool(((ends[0] > 0) | (ends[1] < 0)).any())
    pixel_m = float(quality["pixel_m"].median())
    systematic = differs and bool(np.hypot(*middle) > pixel_m)
    (east, east_low, east_high), (north, north_low, north_high) = np.vstack([middle, ends]).T.tolist()
    return InventoryShift(
        *(name, len(quality), count, east, east_low, east_high, north, north_low, north_high),
        *(pixel_m, differs, systematic),
    )
