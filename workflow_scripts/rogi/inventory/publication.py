"""The layers and tables of the published inventory."""

import dataclasses

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.columns import COLUMNS
from workflow_scripts.rogi.geodesy import WGS84


def primary_markers_layer(inventory: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the inventory with points at LONGITUDE and LATITUDE in place of outlines; all attributes stay."""
    points = gpd.points_from_xy(inventory["LONGITUDE"], inventory["LATITUDE"], crs=WGS84)
    return inventory.set_geometry(points)


def data_dictionary() -> pd.DataFrame:
    """Return what every published column means, in their order: the fields of `Column`, and whether it is required.

    Ranges are the limits of the checks.
    """
    table = pd.DataFrame([dataclasses.asdict(column) | {"required": column.required} for column in COLUMNS])
    return table.astype({"lowest": float, "highest": float})


def require_passed(checks: pd.DataFrame, path: str) -> None:
    """Stop unless every check that matters is passed.

    Args:
        checks: Columns check, passed, count, detail, severity.
        path: Where the table is, for the message.

    Raises:
        ValueError: Names the failed checks of severity "error" and what breaks them.
    """
    failed = checks[~checks["passed"].astype(bool) & (checks["severity"] == "error")]
    if failed.empty:
        return
    lines = "".join(f"\n  - {row.check} ({row.count}): {row.detail}" for row in failed.itertuples(index=False))
    raise ValueError(
        f"the inventory is not published, because {len(failed)} checks failed:{lines}\n"
        f"All checks are in {path}. Correct the inputs or the review files that these rock glaciers come from."
    )
