"""The hard-negative loop: what mappers removed in a review, as negatives of the next training."""

import logging
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from workflow_scripts.rogi.attributes.glaciers import shares_covered
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
KNOWN_SHARE = 0.5  # of an outline, from which an inventory holds it


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
    return [_of_folder(folder, edits, max_share) for folder, edits in _folders(paths)]


def warn_of_kept(paths: Iterable[str], rock_glaciers: gpd.GeoSeries) -> None:
    """Say how many rock glaciers of a review no training inventory holds, for patches round its removals show them.

    Args:
        paths: Review files, as for `read_removals`.
        rock_glaciers: Those that train, in EPSG:4326.
    """
    kept = [_first(edits[edits["operation"].isin(KEEPING)], "shape", "known") for _, edits in _folders(paths)]
    outlines = pd.concat([gpd.GeoSeries(crs=WGS84), *kept]).dropna()
    unknown = int((shares_covered(outlines, rock_glaciers) < KNOWN_SHARE).sum())
    if unknown:
        logging.getLogger("rogi").warning(
            "%d of %d rock glaciers that the review kept or retrieved are in no training inventory, and would be shown "
            "as background in patches round what it removed; add the reviewed inventory to `inventories`",
            *(unknown, len(outlines)),
        )


def _folders(paths: Iterable[str]) -> Iterator[tuple[Path, gpd.GeoDataFrame]]:
    """Yield the folders of review files with the edits in all files of each."""
    ordered = sorted(paths, key=lambda path: (str(Path(path).parent), path))
    for folder, files in groupby(ordered, lambda path: Path(path).parent):
        yield folder, _edits(folder, list(files))


def _edits(folder: Path, files: list[str]) -> gpd.GeoDataFrame:
    told = read_edits(files)
    if told.faults:
        lines = "\n  - ".join(told.faults)
        raise ReviewError(f"{folder} cannot be read for what was removed (compile.removed_by_review):\n  - {lines}")
    anywhere = gpd.GeoDataFrame({"slug": [folder.name]}, geometry=[shapely.box(-180, -90, 180, 90)], crs=WGS84)
    return completed(told, Scene({}, anywhere, folder.name))


def _of_folder(folder: Path, edits: gpd.GeoDataFrame, max_share: float) -> gpd.GeoDataFrame:
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
