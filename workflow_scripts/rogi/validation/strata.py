"""Strata: classes by breaks, how many are drawn from each, and the draw itself."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import brentq

DRAWN = ("stratum", "population", "drawn", "inclusion", "weight")
SEPARATOR = " | "


def classes(values: np.ndarray, breaks: Sequence[float], unit: str, missing: str = "unknown") -> np.ndarray:
    """Name the class of every value: below the first break, from one break to the next, from the last on.

    Args:
        values: Array of shape (n,).
        breaks: Ascending; none puts all values into one class.
        unit: Unit of the values, for the names.
        missing: Name of the class of NaN.

    Returns:
        Array of shape (n,) of texts such as "10000 to 30000 m²"; they start with their number, so they sort by value.
    """
    between = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(breaks)]
    names = [f"below {breaks[0]:g}", *between, f"from {breaks[-1]:g}"] if len(breaks) else []
    labels = [f"{number} {name} {unit}" for number, name in enumerate(names, 1)] or ["all"]
    position = np.searchsorted(np.asarray(breaks, float), values, side="right")
    return np.where(np.isnan(values), missing, np.array([*labels, missing], dtype=object)[position])


def strata(*parts: Iterable[str]) -> np.ndarray:
    """Return the stratum of every row: the names of its classes, joined; array of shape (n,) of texts."""
    return np.array([SEPARATOR.join(names) for names in zip(*parts, strict=True)], dtype=object)


def allocate(sizes: np.ndarray, total: int, method: str, minimum: int) -> np.ndarray:
    """Return how many to draw from each stratum.

    Args:
        sizes: Array of shape (strata,), how many there are; at least 1.
        total: How many are wanted in all. The minimum may make it more, the sizes less.
        method: "proportional" to the sizes, or "equal" numbers as far as the sizes allow.
        minimum: Drawn from every stratum at least, or all of a smaller one. Two are needed for a variance.

    Returns:
        Array of shape (strata,) of whole numbers; what rounding leaves goes to the largest remainders.
    """
    least = np.minimum(minimum, sizes)
    total = int(np.clip(total, least.sum(), sizes.sum()))
    wish = sizes.astype(float) if method == "proportional" else np.ones(len(sizes))

    def given(level: float) -> np.ndarray:
        return np.clip(level * wish, least, sizes)

    level = brentq(lambda level: given(level).sum() - total, 0, float((sizes / wish).max()), xtol=1e-12)
    exact = given(level)
    drawn = np.floor(exact + 1e-6).astype(int)
    order = np.argsort(drawn - exact, kind="stable")
    waiting = order[(drawn < sizes)[order]][: total - drawn.sum()]
    drawn[waiting] += 1
    return drawn


def draw(stratum: Iterable[str], numbers: np.ndarray, total: int, method: str, minimum: int) -> pd.DataFrame:
    """Draw a stratified simple random sample without replacement: the smallest numbers of every stratum.

    Args:
        stratum: Stratum of each of n units.
        numbers: Their permanent random numbers, shape (n,).
        total: See `allocate`.
        method: See `allocate`.
        minimum: See `allocate`.

    Returns:
        Columns `DRAWN`, one row per unit drawn with its position as index: its stratum, how many units that has and how
        many of them were drawn, the chance of having been drawn and its inverse, the design weight.
    """
    frame = pd.DataFrame({"stratum": list(stratum), "number": numbers})
    sizes = frame["stratum"].value_counts().sort_index()
    counts = pd.Series(allocate(sizes.to_numpy(), total, method, minimum) if len(sizes) else [], index=sizes.index)
    rank = frame.groupby("stratum")["number"].rank(method="first")
    frame["population"], frame["drawn"] = frame["stratum"].map(sizes), frame["stratum"].map(counts)
    sample = frame[rank <= frame["drawn"]]
    inclusion = sample["drawn"] / sample["population"]
    return sample.assign(inclusion=inclusion, weight=1 / inclusion)[list(DRAWN)]
