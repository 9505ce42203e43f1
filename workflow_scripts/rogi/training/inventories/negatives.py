"""Negatives: ground that is no rock glacier and might be taken for one; what is dropped of it, and what is drawn."""

from collections.abc import Mapping
from glob import glob
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.attributes.glaciers import shares_covered
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.inventory.subregions import polygons_only
from workflow_scripts.rogi.training.inventories.outcomes import DROPPED, REPAIRED, alive, note
from workflow_scripts.rogi.training.inventories.removals import INVENTORY as REMOVED
from workflow_scripts.rogi.validation.permanent import permanent_numbers
from workflow_scripts.rogi.validation.strata import draw

WHOLE = 1 - 1e-9  # of an area, but for rounding


def cut_to(rows: gpd.GeoDataFrame, pattern: str) -> None:
    """Cut polygons to those of files of one layer each, in place; what lies outside is dropped.

    Args:
        rows: Columns outcome, reason and geometry, valid polygons in EPSG:4326.
        pattern: Of vector files, for instance of glaciers, of which debris cover is a part.

    Raises:
        ValueError: No file matches.
    """
    paths = sorted(glob(pattern))
    if not paths:
        raise ValueError(f"there is no file {pattern}, to which negatives are to be cut (inside)")
    others = polygons_only(pd.concat([read_vector(path).geometry.to_crs(WGS84) for path in paths])).array
    tree, there = shapely.STRtree(others), alive(rows)
    shapes = rows.geometry.array[there]
    grounds = [shapely.union_all(others[tree.query(shape, predicate="intersects")]) for shape in shapes]
    parts = polygons_only(gpd.GeoSeries(shapely.intersection(shapes, np.array(grounds, dtype=object)), crs=WGS84))
    # Both in degrees: a share of one polygon does not depend on the unit.
    shares = dict(zip(there.tolist(), shapely.area(parts.array) / shapely.area(shapes), strict=True))
    rows.loc[there, "geometry"] = parts.to_numpy()
    is_cut = {position: share for position, share in shares.items() if 0 < share < WHOLE}
    note(rows, REPAIRED, {position: f"cut to {pattern}, {share:.0%} of it left" for position, share in is_cut.items()})
    note(rows, DROPPED, {position: f"outside of {pattern}" for position, share in shares.items() if share == 0})


def drop_rock_glaciers(rows: gpd.GeoDataFrame, rock_glaciers: gpd.GeoDataFrame, max_share: float) -> None:
    """Drop, in place, negatives of which rock glaciers cover more than a share; the reason names the largest of them.

    Args:
        rows: Columns outcome, reason and geometry in EPSG:4326.
        rock_glaciers: Columns inventory, original_id and geometry in EPSG:4326.
        max_share: Share of the negative's area.
    """
    there = alive(rows)
    shapes = rows.geometry.iloc[there].reset_index(drop=True)
    shares = shares_covered(shapes, rock_glaciers.geometry)
    pairs = overlaps_between(shapes, rock_glaciers.geometry)
    largest = pairs.loc[pairs.groupby("one")["overlap_m2"].idxmax()].set_index("one")["other"]
    names = (rock_glaciers["inventory"] + " " + rock_glaciers["original_id"]).tolist()
    covered = {
        int(there[one]): f"{shares[one]:.0%} of it is rock glacier ({names[other]})"
        for one, other in largest.items()
        if shares[one] > max_share
    }
    note(rows, DROPPED, covered)


def draw_some(rows: gpd.GeoDataFrame, rock_glaciers: int, settings: Mapping[str, Any], seed: int) -> None:
    """Drop, in place, the negatives that are not drawn: as many are as the config wants per rock glacier.

    What reviewers removed is taken whole and on top, for a person has looked at every one. Each of the others has its
    own random number, from its uid and the seed, so a draw stays as it is where others come and go.

    Args:
        rows: Columns uid, inventory, kind, outcome and reason.
        rock_glaciers: How many rock glaciers there are.
        settings: `compile.negatives` of the config.
        seed: Of the study.
    """
    there = alive(rows)
    there = there[rows["inventory"].iloc[there] != REMOVED]
    if settings["per_rock_glacier"] is None or not len(there):
        return
    wanted = round(settings["per_rock_glacier"] * rock_glaciers)
    numbers = permanent_numbers(rows["uid"].iloc[there], seed, "negatives")
    drawn = draw(rows["kind"].iloc[there], numbers, wanted, settings["allocation"], minimum=0).index
    left = np.delete(there, drawn)
    note(rows, DROPPED, dict.fromkeys(left.tolist(), f"not drawn: {len(drawn)} of {len(there)} negatives are"))
