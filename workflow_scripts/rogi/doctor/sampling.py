"""Which of many files are opened to look at their values."""

from collections.abc import Sequence
from typing import TypeVar

SAMPLED = 8
_Item = TypeVar("_Item")


def evenly(items: Sequence[_Item]) -> list[_Item]:
    """Return at most SAMPLED of some items: the first, the last and some evenly between."""
    if len(items) <= SAMPLED:
        return list(items)
    return [items[round(number * (len(items) - 1) / (SAMPLED - 1))] for number in range(SAMPLED)]
