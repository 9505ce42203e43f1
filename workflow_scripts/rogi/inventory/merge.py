"""One inventory from the subregions' files: every rock glacier once, with its ID and the subregion of its marker."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.columns import COLUMNS, FILLED_ON_MERGING, NAMES
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import primary_id, primary_markers
from workflow_scripts.rogi.inventory.duplicates import are_duplicates, keep_one, overlaps
from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.inventory.versions import Names, Predecessor, give_names

REPORT = ("event", "id", "subregion", "other_id", "other_subregion", "overlap_m2", "iou", "share_of_smaller", "detail")
UNREVIEWED = "unreviewed"


def merge(
    parts: Mapping[str, gpd.GeoDataFrame],
    subregions: gpd.GeoDataFrame,
    duplicate_iou: float,
    previous: Predecessor | None = None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Merge the subregions' rock glaciers.

    Args:
        parts: Rock glaciers with attributes, by the slug of the subregion whose file holds them.
        subregions: Columns NAME, slug and geometry, in the order of the study.
        duplicate_iou: See `duplicates.are_duplicates`.
        previous: The version whose IDs and markers are kept, see `versions.give_names`; None for a first version.

    Returns:
        The published columns and geometry, sorted by subregion and ID; and the report, columns `REPORT`: a row per
        dropped duplicate, per ID that had to be changed or replaced, and per overlap that stays.

    Raises:
        ValueError: A file lacks published columns.
    """
    pool = _pool(parts, subregions)
    pairs = overlaps(pool.geometry)
    same = are_duplicates(pairs, pool["part"].to_list(), duplicate_iou)
    dropped = keep_one(pairs[same], pool["rank"].to_numpy())
    kept = pool.drop(index=list(dropped))
    names = give_names(kept.geometry, kept["marker"], previous)
    kept = _located(kept.assign(marker=names.markers), subregions).assign(ID=names.ids)
    pool = pd.concat([kept, pool.loc[list(dropped)].assign(ID=lambda gone: gone["base_id"])])
    remaining = pairs[~pairs["one"].isin(list(dropped)) & ~pairs["other"].isin(list(dropped))]
    report = [
        *_duplicate_rows(pool, pairs[same], dropped),
        *_collision_rows(kept.iloc[names.stepped]),
        *_replacement_rows(kept, names),
        *_overlap_rows(pool, remaining),
    ]
    return _published(kept), pd.DataFrame(report, columns=list(REPORT))


def _pool(parts: Mapping[str, gpd.GeoDataFrame], subregions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put all parts into one frame with marker, owner and rank, in an order that depends on the outlines alone."""
    frames = [_attributes(frame, slug).assign(part=slug) for slug, frame in parts.items()]
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    pool = pd.concat(filled, ignore_index=True)
    pool = _located(pool.assign(marker=primary_markers(pool.geometry)), subregions)
    pool["rank"] = _ranks(pool, list(subregions["slug"]))
    order = np.lexsort((pool["rank"], shapely.to_wkb(pool.geometry), pool["LATITUDE"], pool["LONGITUDE"]))
    return pool.iloc[order].reset_index(drop=True)


def _located(pool: gpd.GeoDataFrame, subregions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rock glaciers with all that follows from their markers: owner, coordinates, and the ID that these give."""
    slugs, names = list(subregions["slug"]), list(subregions["NAME"])
    owners = owner(pool["marker"], subregions)
    x, y = pool["marker"].x, pool["marker"].y
    return pool.assign(
        owner=owners,
        region=owners.map(slugs.index),
        SUBREGION=owners.map(dict(zip(slugs, names, strict=True))),
        LONGITUDE=x,
        LATITUDE=y,
        base_id=[primary_id(*place) for place in zip(x, y, strict=True)],
    )


def _attributes(frame: gpd.GeoDataFrame, slug: str) -> gpd.GeoDataFrame:
    missing = [name for name in NAMES if name not in frame.columns and name not in FILLED_ON_MERGING]
    if missing:
        raise ValueError(
            f"rock_glaciers.gpkg of {slug} lacks the columns {', '.join(missing)}; it has {', '.join(frame.columns)}; "
            "make it again with the rule attribute_subregion"
        )
    return frame[[*(name for name in NAMES if name in frame.columns), "geometry"]].to_crs(WGS84)


def _ranks(pool: gpd.GeoDataFrame, slugs: list[str]) -> np.ndarray:
    """Rank for keeping: reviewed before unreviewed, then in the file of the marker's owner, then in study order."""
    keys = (
        shapely.to_wkb(pool.geometry),
        pool["part"].map(slugs.index),
        pool["part"] != pool["owner"],
        pool["OPERATION"] == UNREVIEWED,
    )
    return np.argsort(np.lexsort(keys))


def _duplicate_rows(pool: gpd.GeoDataFrame, pairs: pd.DataFrame, dropped: Mapping[int, int]) -> list[dict[str, object]]:
    measures = {frozenset(pair[:2]): pair[2:] for pair in pairs.itertuples(index=False, name=None)}
    rows = []
    for worse, better in sorted(dropped.items()):
        kept, gone = pool.loc[better], pool.loc[worse]
        detail = f"{gone['OPERATION']} in {gone['part']} dropped, {kept['OPERATION']} in {kept['part']} kept"
        rows.append(_row("duplicate dropped", kept, gone, measures[frozenset((worse, better))], detail))
    return rows


def _collision_rows(stepped: gpd.GeoDataFrame) -> list[dict[str, object]]:
    return [
        {"event": "id stepped", "id": row["ID"], "subregion": row["SUBREGION"]}
        | {"other_id": row["base_id"], "detail": f"{row['base_id']} was taken; longitude stepped eastwards"}
        for _, row in stepped.iterrows()
    ]


def _replacement_rows(kept: gpd.GeoDataFrame, names: Names) -> list[dict[str, object]]:
    return [
        {"event": "id replaced", "id": row["ID"], "subregion": row["SUBREGION"], "other_id": before, "iou": iou}
        | {"detail": f"the marker of {before} of the previous version lies outside the outline; both are new"}
        for row, before, iou in ((kept.iloc[position], before, iou) for position, before, iou in names.replaced)
    ]


def _overlap_rows(pool: gpd.GeoDataFrame, pairs: pd.DataFrame) -> list[dict[str, object]]:
    return [
        _row("overlap stays", pool.loc[one], pool.loc[other], measures, "neighbours; both outlines are as drawn")
        for one, other, *measures in pairs.itertuples(index=False, name=None)
    ]


def _row(event: str, one: pd.Series, other: pd.Series, measures: list[float], detail: str) -> dict[str, object]:
    values = (event, one["ID"], one["SUBREGION"], other["ID"], other["SUBREGION"], *measures, detail)
    return dict(zip(REPORT, values, strict=True))


def _published(pool: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kinds = {"str": "str", "float": "float64", "int": "Int64"}
    frame = pool.astype({column.name: kinds[column.kind] for column in COLUMNS})
    frame = frame.sort_values(["region", "ID"], ignore_index=True)
    return gpd.GeoDataFrame(frame[[*NAMES, "geometry"]], geometry="geometry", crs=WGS84)
