"""The inventory with what reviewers said of it."""

import geopandas as gpd
import pandas as pd

SEPARATOR = "; "


def recorded(inventory: gpd.GeoDataFrame, answers: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the inventory with REVIEWER filled, and ADDI_INF where a reviewer did not answer yes.

    Sun et al. (2024) note in ADDI_INF whom a reviewer called a false identification; here all answers on such a rock
    glacier stand there, with their authors.

    Args:
        inventory: Published columns, numbered from 0.
        answers: A row per ID, a column per reviewer; null where there is no answer.
    """
    told = {name: row.dropna() for name, row in answers.dropna(how="all").iterrows()}
    names = inventory["ID"].map({name: SEPARATOR.join(row.index) for name, row in told.items()})
    doubts = inventory["ID"].map({name: _remark(row) for name, row in told.items()})
    pairs = zip(inventory["ADDI_INF"], doubts, strict=True)
    both = [SEPARATOR.join(part for part in pair if pd.notna(part) and part) for pair in pairs]
    remarks = pd.Series([text or None for text in both], dtype="str")
    return inventory.assign(REVIEWER=names.astype("str"), ADDI_INF=remarks)


def _remark(told: pd.Series) -> str:
    if told.eq("yes").all():
        return ""
    return "validation: " + ", ".join(f"{answer} by {name}" for name, answer in told.items())
