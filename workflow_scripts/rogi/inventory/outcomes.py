"""The form of a check's result: what was expected, whether it holds, and which rock glaciers break it."""

from typing import TypedDict

import numpy as np
import pandas as pd

NAMED = 10  # rock glaciers that a result names; the count is complete


class Outcome(TypedDict):
    """One row of the table of checks."""

    check: str
    passed: bool
    count: int
    detail: str
    severity: str


def outcome(check: str, bad: pd.Series, expected: str, severity: str = "error") -> Outcome:
    """Return the result of a check.

    Args:
        check: Its name.
        bad: True where a row breaks it; the index names the rows.
        expected: What holds where it is passed.
        severity: "error" keeps the inventory from being published, "warning" does not.
    """
    names = [str(name) for name in bad.index[bad.to_numpy(bool)]]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    detail = f"{expected}; not so: {', '.join(names[:NAMED])}{more}" if names else expected
    return Outcome(check=check, passed=not names, count=len(names), detail=detail, severity=severity)


def whole(check: str, problems: list[str], expected: str, severity: str = "error") -> Outcome:
    """Return the result of a check of the inventory as a whole, from a list of what breaks it."""
    return outcome(check, pd.Series(np.ones(len(problems), bool), index=problems, dtype=bool), expected, severity)
