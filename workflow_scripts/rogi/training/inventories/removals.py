"""The hard-negative loop: what mappers removed in a review, as negatives of the next training."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.config import file_name
from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84
from workflow_scripts.rogi.handed_in import place
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.review.edits import OPERATIONS, ReviewError, read_edits
from workflow_scripts.rogi.review.rows import Scene, completed
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, KEPT, note
from workflow_scripts.rogi.training.inventories.repairing import repair

INVENTORY = "removed by review"
KEEPING = tuple(operation for operation in OPERATIONS if operation != "remove")


def read_removals(paths: Iterable[str], max_share: float) -> list[gpd.GeoDataFrame]:
    """Return what mappers removed, as rows of negatives.

    A removal counts as overridden where another mapper, or the same one not earlier, keeps the same candidate or draws
    a rock glacier over more than a share of its ground; it is dropped, and the reason names who and where.

    Args:
        paths: Review files; candidates are told apart by the folder, which is the subregion.
        max_share: Share of the removed ground.

    Returns:
        A frame per folder, columns as from `reading.read_inventory` with the kind "removed: <reason>"; the geometry is
        the candidate as it was handed out, valid and in EPSG:4326, or empty where no file holds it.

    Raises:
        ReviewError: Files that cannot be read.
    """
    ordered = sorted(paths, key=lambda path: (str(Path(path).parent), path))
    folders = [(folder, list(files)) for folder, files in groupby(ordered, lambda path: Path(path).parent)]
    return [_of_folder(folder, files, max_share) for folder, files in folders]


def _of_folder(folder: Path, files: list[str], max_share: float) -> gpd.GeoDataFrame:
    told = read_edits(files)
    if told.faults:
        lines = "\n  - ".join(told.faults)
        raise ReviewError(f"{folder} cannot be read for what was removed (compile.removed_by_review):\n  - {lines}")
    anywhere = gpd.GeoDataFrame({"slug": [folder.name]}, geometry=[shapely.box(-180, -90, 180, 90)], crs=WGS84)
    edits = completed(told, Scene({}, anywhere, folder.name))
    removed = edits[edits["operation"] == "remove"].reset_index(drop=True)
    kept = edits[edits["operation"].isin(KEEPING)].reset_index(drop=True)
    rows = gpd.GeoDataFrame(
        {
            "uid": [f"removed-{file_name(f'{folder.name} {Path(row.file).name} {row.layer}')}-{row.row}"
                    for row in removed.itertuples()],
            "inventory": INVENTORY,
            "original_id": removed["candidate_id"].astype("str"),
            "kind": [f"removed: {reason}" if reason else "removed" for reason in removed["reason"]],
            "outcome": KEPT,
            "reason": "",
        },
        geometry=_first(removed, "known", "geometry"),
    )  # fmt: skip
    repair(rows)
    note(rows, DROPPED, _overridden(rows, removed, kept, max_share))
    return rows


def _first(edits: gpd.GeoDataFrame, one: str, other: str) -> gpd.GeoSeries:
    """Return outlines of one column, and of another one where it has none."""
    return gpd.GeoSeries(edits[one].where(edits[one].notna(), edits[other]), crs=WGS84)


def _overridden(
    rows: gpd.GeoDataFrame, removed: gpd.GeoDataFrame, kept: gpd.GeoDataFrame, max_share: float
) -> dict[int, str]:
    """Return who keeps what another one removed, by the position of the removal."""
    pairs = overlaps_between(rows.geometry, _first(kept, "shape", "known"))
    share = pairs["overlap_m2"] / rows.geometry.to_crs(EQUAL_AREA).area.to_numpy()[pairs["one"]]
    ids = [frame["candidate_id"].dropna().rename_axis(side).reset_index()
           for frame, side in ((removed, "one"), (kept, "other"))]  # fmt: skip
    same = pd.concat([pairs[share > max_share], ids[0].merge(ids[1], on="candidate_id")])
    return {
        one: f"{keeper.mapper} keeps it: {keeper.operation} on {keeper.date} ({place(keeper)})"
        for one, other in sorted(zip(same["one"], same["other"], strict=True), reverse=True)
        if not _is_older(keeper := kept.iloc[other], removed.iloc[one])
    }


def _is_older(keeper: pd.Series, removal: pd.Series) -> bool:
    """Tell whether a mapper changed their own mind later."""
    return keeper["mapper"] == removal["mapper"] and (keeper["date"] or "") < (removal["date"] or "")
