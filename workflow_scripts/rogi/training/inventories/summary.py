"""The table of inventories, as the paper's Table 1: where each comes from, and how much of it is used."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, MERGED, REPAIRED, alive

COLUMNS = ("inventory", "kind", "region", "source", "year", "mapper", "footprint", "read", "used",
           "used_area_km2", *(REPAIRED, MERGED, DROPPED), "licence", "citation")  # fmt: skip
_STATED = ("source", "licence", "citation")


def summarize(rows: gpd.GeoDataFrame, entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per inventory, columns `COLUMNS`.

    Args:
        rows: Every polygon read, from `compilation.compile_all`.
        entries: Of the config; an inventory that none of them describes has no source, licence and citation.
    """
    known = {entry["name"]: {key: entry[key] for key in _STATED} for entry in entries}
    names = dict.fromkeys([*known, *rows["inventory"]])
    table = [_row(rows[rows["inventory"] == name]) | known.get(name, {}) | {"inventory": name} for name in names]
    return pd.DataFrame(table).reindex(columns=list(COLUMNS))


def _row(rows: gpd.GeoDataFrame) -> dict[str, Any]:
    used = rows.iloc[alive(rows)]
    about = {name: _said(rows[name]) for name in ("kind", "region", "year", "mapper", "footprint") if name in rows}
    counts = {outcome: int((rows["outcome"] == outcome).sum()) for outcome in (REPAIRED, MERGED, DROPPED)}
    area = {"used_area_km2": round(used["area_m2"].sum() / 1e6, 6)}
    return about | {"read": len(rows), "used": len(used)} | area | counts


def _said(values: pd.Series) -> str | None:
    """Return what the polygons of an inventory say of themselves, each word once; years as first and last."""
    words = sorted({str(value) for value in values.dropna()})
    if pd.api.types.is_integer_dtype(values) and len(words) > 1:
        words = [f"{words[0]} to {words[-1]}"]
    return "; ".join(words) or None
