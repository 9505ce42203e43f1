"""What becomes of every polygon that was read, and why."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.geodesy import WGS84

COLUMNS = ["uid", "inventory", "original_id", "mapper", "year", "footprint", "region", "kind", "outcome", "reason"]
LEFT_OUT = "left out by the config"
KEPT, REPAIRED, MERGED, DROPPED = "kept", "repaired", "merged", "dropped"


def alive(rows: gpd.GeoDataFrame) -> np.ndarray:
    """Return the positions of the polygons that are not dropped, nor merged into another one."""
    return np.flatnonzero(~rows["outcome"].eq(DROPPED) & ~rows.geometry.is_empty)


def note(rows: gpd.GeoDataFrame, outcome: str, reasons: Mapping[int, str]) -> None:
    """Write down an outcome in place; what was said of a polygon before stays in front.

    Args:
        rows: Columns outcome and reason; the index counts from 0.
        outcome: One of the above.
        reasons: By position.
    """
    positions = list(reasons)
    before = rows["reason"].iloc[positions]
    rows.loc[positions, "outcome"] = outcome
    rows.loc[positions, "reason"] = [
        f"{said}; {reasons[position]}" if said else reasons[position]
        for position, said in zip(positions, before, strict=True)
    ]


def stacked(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return rows of several inventories below each other, numbered anew; none for no inventories."""
    if not frames:
        return gpd.GeoDataFrame(pd.DataFrame(columns=COLUMNS, dtype="str"), geometry=[], crs=WGS84)
    rows = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=WGS84)
    if len(twice := rows["uid"][rows["uid"].duplicated()]):
        raise ValueError(f"two training polygons have the uid '{twice.iloc[0]}'; rename one of their files")
    return rows


def drop(rows: gpd.GeoDataFrame, which: np.ndarray, reason: str) -> None:
    """Drop, in place and for one reason, those of the polygons marked in a boolean array that are still there."""
    there = alive(rows)
    note(rows, DROPPED, dict.fromkeys(there[np.asarray(which)[there]].tolist(), reason))
