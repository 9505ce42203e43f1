"""The inventory beside others, on the ground that those mapped: what both have, what only one has (Table 5)."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.agreement import area_overlap, clipped, disjoint_regions, ious, one_to_one
from workflow_scripts.rogi.inventory.references import Reference
from workflow_scripts.rogi.inventory.subregions import first_covering

STATED, HULL = "stated", "hull of its outlines"
COUNTS = ("ours", "theirs", "matched", "additional", "missed", "ours_overlapping", "theirs_overlapping")
AREAS = ("ground_km2", "ours_km2", "theirs_km2", "shared_km2", "additional_km2", "missed_km2")
SHARES = {
    "ours_matched_share": ("ours", "additional"),
    "theirs_matched_share": ("theirs", "missed"),
    "ours_shared_share": ("ours_km2", "additional_km2"),
    "theirs_shared_share": ("theirs_km2", "missed_km2"),
}
COLUMNS = ("reference", "footprint", "subregion", *COUNTS, *AREAS, *SHARES)
LAYERS = ("matched", "additional", "missed", "footprints")


class Comparison(NamedTuple):
    """One other inventory beside ours.

    Attributes:
        table: Columns `COLUMNS`, a row per subregion that the footprint touches, then the total; a share is NaN where
            there is nothing to share.
        layers: Outlines in EPSG:4326 by `LAYERS`: matched and additional (ours), missed (theirs), footprints.
    """

    table: pd.DataFrame
    layers: dict[str, gpd.GeoDataFrame]


def compare_inventories(
    ours: gpd.GeoDataFrame,
    reference: Reference,
    subregions: gpd.GeoDataFrame,
    object_iou: float,
    hull_ratio: float,
    hull_margin_m: float,
) -> Comparison:
    """Compare our inventory with another where both looked: in its footprint, within the subregions.

    Swapping the two swaps their columns, where `matched` counts ours. A rock glacier counts where its marker lies; it
    is matched when an outline of the other inventory has a larger IoU with it than `object_iou`, one to one, and
    overlapping when any of them shares ground with it; the other's marker may lie elsewhere. So one outline that the
    other side drew in two pieces may be additional here, while both pieces are missed, and overlapping on both sides.
    Areas count ground once.

    Args:
        ours: Columns ID and geometry, in any CRS.
        reference: The other inventory.
        subregions: Columns NAME, slug and geometry.
        object_iou: IoU above which two outlines show the same rock glacier.
        hull_ratio: See `Reference.ground`.
        hull_margin_m: See `Reference.ground`.
    """
    ground = reference.ground(hull_ratio, hull_margin_m)
    regions = reference._replace(footprint=ground).subregions(subregions)
    shapes = ours.geometry.to_crs(WGS84).reset_index(drop=True), reference.outlines
    iou = ious(*shapes)
    match = one_to_one(iou, object_iou)
    here = _side(shapes[0], iou, match, regions)
    there = _side(shapes[1], iou.T, _inverse(match, len(shapes[1])), regions)
    table = pd.concat([_counts(here, there, len(regions)), _areas(*shapes, regions)], axis=1)
    table.loc[len(regions)] = table.sum()
    for share, (all_of_them, only) in SHARES.items():
        table[share] = 1 - table[only] / table[all_of_them].where(table[all_of_them] > 0)
    kind = HULL if reference.footprint is None else STATED
    labels = {"reference": reference.name, "footprint": kind, "subregion": [*regions["NAME"], TOTAL]}
    table = table.astype(dict.fromkeys(COUNTS, int)).assign(**labels)
    layers = _layers(here.assign(ID=ours["ID"].to_numpy()), there.assign(feature=reference.outlines.index))
    footprint = gpd.GeoDataFrame({"footprint": [kind]}, geometry=[ground], crs=WGS84)
    named = {
        name: layer.assign(reference=reference.name) for name, layer in (layers | {"footprints": footprint}).items()
    }
    return Comparison(table[list(COLUMNS)], named)


def _inverse(match: np.ndarray, count: int) -> np.ndarray:
    """Return the match of every one of the others, -1 where there is none; shape (count,)."""
    inverse = np.full(count, -1)
    inverse[match[match >= 0]] = np.flatnonzero(match >= 0)
    return inverse


def _side(shapes: gpd.GeoSeries, iou: coo_array, match: np.ndarray, regions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return outlines with the position of their region (-1 for none) and match, and their best IoU with any other."""
    best = np.zeros(len(shapes))
    np.maximum.at(best, iou.row, iou.data)
    region = first_covering(primary_markers(shapes), regions)
    return gpd.GeoDataFrame({"region": region, "match": match, "best_iou": best}, geometry=list(shapes), crs=WGS84)


def _counts(here: gpd.GeoDataFrame, there: gpd.GeoDataFrame, count: int) -> pd.DataFrame:
    """Return `COUNTS` per region."""
    chosen = {
        "ours": here,
        "theirs": there,
        "matched": here[here["match"] >= 0],
        "additional": here[here["match"] < 0],
        "missed": there[there["match"] < 0],
        "ours_overlapping": here[here["best_iou"] > 0],
        "theirs_overlapping": there[there["best_iou"] > 0],
    }
    inside = {name: side["region"][side["region"] >= 0] for name, side in chosen.items()}
    return pd.DataFrame({name: np.bincount(region, minlength=count) for name, region in inside.items()})


def _areas(ours: gpd.GeoSeries, theirs: gpd.GeoSeries, regions: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return `AREAS` per region."""
    rows = []
    for region in disjoint_regions(regions):
        shared, additional, missed = area_overlap(clipped(ours, region), clipped(theirs, region))
        ground = float(area_m2(gpd.GeoSeries([region], crs=WGS84))[0])
        rows.append((ground, shared + additional, shared + missed, shared, additional, missed))
    return pd.DataFrame(np.reshape(rows, (-1, len(AREAS))) / 1e6, columns=list(AREAS))


def _layers(here: gpd.GeoDataFrame, there: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return the outlines on the common ground by what became of them, each with its area."""
    there["feature"] = there["feature"].astype(int)
    sides = [side.assign(area_m2=area_m2(side.geometry)) for side in (here, there)]
    inside = [side[side["region"] >= 0] for side in sides]
    matched = inside[0][inside[0]["match"] >= 0]
    other = sides[1].iloc[matched["match"]]
    return {
        "matched": matched.assign(feature=other["feature"].to_numpy(), their_area_m2=other["area_m2"].to_numpy())[
            ["ID", "feature", "best_iou", "area_m2", "their_area_m2", "geometry"]
        ],
        "additional": inside[0][inside[0]["match"] < 0][["ID", "best_iou", "area_m2", "geometry"]],
        "missed": inside[1][inside[1]["match"] < 0][["feature", "best_iou", "area_m2", "geometry"]],
    }
