"""Checks of attributes against the definition of the published columns."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from workflow_scripts.rogi.columns import COLUMNS, NAMES, Column
from workflow_scripts.rogi.inventory.outcomes import Outcome, outcome, whole

OPERATIONS = ("unreviewed", "remain", "refine", "split", "merge", "retrieve")
FROM_CANDIDATES = ("PROB", "SPREAD", "AREA_CAND", "IOU_CAND")  # retrieved rock glaciers have none
BY_CONFIG = ("SPREAD", "MAAT_LAPSE", "GLAC_SHARE", "DEB_SHARE")  # empty throughout in studies without
MAY_BE_FAR = "GLAC_DIST"  # empty says that there is no glacier near
ROUNDING = 1e-6  # a mean of equal values may differ from them in the last digits


def value_checks(table: pd.DataFrame, conflict_share: float) -> Iterator[Outcome]:
    """Yield the checks of columns and values.

    Args:
        table: The inventory's attributes; the index names the rock glaciers.
        conflict_share: Share of an outline under a glacier, or under debris-covered ice, that is worth a look.
    """
    yield _columns(table)
    for column in COLUMNS:
        if column.name in table:
            yield _values(table[column.name], column)
    yield from _orders(table)
    yield _one_of(table, "OPERATION", OPERATIONS)
    yield from _gaps(table)
    yield _conflicts(table, conflict_share)
    yield outcome(
        "elevation covers the outline", numbers(table, "DEM_SHARE") < 1, "DEM_SHARE is 1 everywhere", "warning"
    )


def numbers(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as floats; NaN where it is absent, empty or no number."""
    if name not in table:
        return pd.Series(np.nan, index=table.index)
    return pd.to_numeric(table[name], errors="coerce").astype(float)


def _columns(table: pd.DataFrame) -> Outcome:
    missing = [f"{name} is missing" for name in NAMES if name not in table]
    strange = [f"{name} is not published" for name in table.columns if name not in NAMES]
    return whole("columns", missing + strange, f"the {len(NAMES)} published columns and no others")


def _values(values: pd.Series, column: Column) -> Outcome:
    if column.kind == "str":
        bad = values.isna() | (values.astype("str").str.strip() == "")
        return outcome(f"values of {column.name}", bad & column.required, _expected(column))
    found = pd.to_numeric(values, errors="coerce").astype(float)
    low = -np.inf if column.lowest is None else column.lowest
    high = np.inf if column.highest is None else column.highest
    fits = np.isfinite(found) & found.between(low, high)
    empty = values.isna() & (not column.required)
    return outcome(f"values of {column.name}", ~(fits | empty), _expected(column))


def _expected(column: Column) -> str:
    given = "always given" if column.required else "may be empty"
    if column.kind == "str":
        return f"text, {given}"
    low = "" if column.lowest is None else f" from {column.lowest:g}"
    high = "" if column.highest is None else f" to {column.highest:g}"
    return f"a number{low}{high} {column.unit}".rstrip() + f", {given}"


def _orders(table: pd.DataFrame) -> Iterator[Outcome]:
    for prefix in ("ELE", "SLO"):
        low, high = numbers(table, f"{prefix}_MIN"), numbers(table, f"{prefix}_MAX")
        bad = low > high
        for middle in (numbers(table, f"{prefix}_MEAN"), numbers(table, f"{prefix}_MEDIAN")):
            bad |= (middle < low - ROUNDING) | (middle > high + ROUNDING)
        yield outcome(f"order of {prefix}", bad, f"{prefix}_MIN <= {prefix}_MEAN, {prefix}_MEDIAN <= {prefix}_MAX")


def _one_of(table: pd.DataFrame, name: str, allowed: tuple[str, ...]) -> Outcome:
    bad = ~table[name].isin(allowed) if name in table else pd.Series(False, index=table.index)
    return outcome(f"{name} is known", bad, f"one of {', '.join(allowed)}")


def _gaps(table: pd.DataFrame) -> Iterator[Outcome]:
    """Count values that could not be derived, for instance outside the elevation model."""
    retrieved = table["OPERATION"] == "retrieve" if "OPERATION" in table else False
    for column in COLUMNS:
        if column.kind != "str" and not column.required and column.name in table and column.name != MAY_BE_FAR:
            empty = table[column.name].isna()
            bad = empty & ~(retrieved & (column.name in FROM_CANDIDATES)) & ~(empty.all() & (column.name in BY_CONFIG))
            yield outcome(f"gaps in {column.name}", bad, "no value is missing", "warning")


def _conflicts(table: pd.DataFrame, least: float) -> Outcome:
    """List rock glaciers that are mapped as glaciers or debris-covered ice too, with the shares; nobody is removed."""
    shares = pd.DataFrame({name: numbers(table, name) for name in ("GLAC_SHARE", "DEB_SHARE")})
    found = shares[shares.max(axis=1) >= least]
    named = [f"{row.Index} (glacier {row.GLAC_SHARE:.2f}, debris {row.DEB_SHARE:.2f})" for row in found.itertuples()]
    return whole("no conflict with glaciers", named, f"less than {least:g} of an outline under mapped ice", "warning")
