"""All checks of an inventory in one table. Bad data give a failed check, never an exception."""

from collections.abc import Collection

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.inventory.outcomes import Outcome, whole
from workflow_scripts.rogi.inventory.place_checks import identity_checks, outline_checks
from workflow_scripts.rogi.inventory.value_checks import value_checks

COLUMNS = ("check", "passed", "count", "detail", "severity")


def check_inventory(
    inventory: gpd.GeoDataFrame, subregions: gpd.GeoDataFrame, processed: Collection[str], conflict_share: float
) -> pd.DataFrame:
    """Check an inventory.

    Args:
        inventory: Rock glaciers as merged.
        subregions: The subregions of the study: NAME, slug, geometry.
        processed: Slugs of the subregions that were searched for candidates.
        conflict_share: See `value_checks`.

    Returns:
        One row per check, columns `COLUMNS`: its name, whether it is passed, how many rock glaciers break it, what was
        expected and who breaks it, and whether that keeps the inventory from being published ("error") or not
        ("warning").
    """
    named = inventory.set_axis(_names(inventory))
    attributes = pd.DataFrame(named.drop(columns=named.geometry.name))
    rows = [
        *outline_checks(named),
        *identity_checks(named, subregions),
        *value_checks(attributes, conflict_share),
        *_completeness(inventory, subregions, processed),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _names(inventory: gpd.GeoDataFrame) -> list[str]:
    ids = inventory["ID"] if "ID" in inventory else [None] * len(inventory)
    return [f"row {row}" if pd.isna(name) or not name else str(name) for row, name in enumerate(ids, 1)]


def _completeness(
    inventory: gpd.GeoDataFrame, subregions: gpd.GeoDataFrame, processed: Collection[str]
) -> list[Outcome]:
    missing = [row.NAME for row in subregions.itertuples() if row.slug not in processed]
    strange = [f"{slug} is no subregion of the study" for slug in processed if slug not in set(subregions["slug"])]
    found = set(inventory["SUBREGION"]) if "SUBREGION" in inventory else set()
    without = [name for name in subregions["NAME"] if name not in found]
    expected = f"all {len(subregions)} subregions were searched (without rock glaciers: {', '.join(without) or 'none'})"
    empty = [] if len(inventory) else ["the inventory is empty"]
    return [
        whole("every subregion is processed", missing + strange, expected),
        whole("there are rock glaciers", empty, "at least one rock glacier", "warning"),
    ]
