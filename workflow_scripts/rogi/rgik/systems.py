"""Rock glacier systems (RGIK): units that belong together, and what each system is called."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.geodesy import EQUAL_AREA, length_m

STRETCH = 2.0  # more than Equal Earth shortens any distance below 60° of latitude


def systems(inventory: gpd.GeoDataFrame, touching_m: float) -> pd.DataFrame:
    """Join units into systems: those of one connected object (SYSTEM), and those that touch.

    A system is named after its largest unit, of equal ones that of the first ID: RGS and the digits of the unit's ID.
    So its name stays as long as that unit does, which the connected object of a model does not.

    Args:
        inventory: ID, SYSTEM, AREA and outlines.
        touching_m: Units no farther apart than this, true metres, touch.

    Returns:
        Indexed as `inventory`: AssocRGS, the ID of the unit's system; named_after, whether it is the largest unit of
        its system; units, how many units the system has.
    """
    one, other = np.hstack([_of_one_object(inventory["SYSTEM"]), _touching(inventory.geometry, touching_m)])
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(inventory), len(inventory)))
    table = inventory[["ID", "AREA"]].assign(system=connected_components(links, directed=False)[1])
    largest_first = table.sort_values(["AREA", "ID"], ascending=[False, True])
    named_after = ~largest_first["system"].duplicated()
    names = largest_first[named_after].set_index("system")["ID"]
    return pd.DataFrame(
        {
            "AssocRGS": "RGS" + table["system"].map(names).astype("str").str[3:],
            "named_after": named_after.reindex(table.index),
            "units": table.groupby("system")["ID"].transform("size"),
        }
    )


def _of_one_object(system: pd.Series) -> np.ndarray:
    """Return positions of units, array of shape (2, links), that chain those of one SYSTEM together."""
    known = np.flatnonzero((system.notna() & (system != "")).to_numpy())
    order = known[np.argsort(system.iloc[known].to_numpy(str), kind="stable")]
    names = system.iloc[order].to_numpy(str)
    return np.array([order[:-1], order[1:]])[:, names[:-1] == names[1:]]


def _touching(shapes: gpd.GeoSeries, touching_m: float) -> np.ndarray:
    """Return positions of units, array of shape (2, links), that lie within a distance of each other."""
    metric = shapes.to_crs(EQUAL_AREA).array
    pairs = shapely.STRtree(metric).query(metric, predicate="dwithin", distance=STRETCH * touching_m)
    one, other = pairs[:, pairs[0] < pairs[1]]
    gaps = gpd.GeoSeries(shapely.shortest_line(metric[one], metric[other]), crs=EQUAL_AREA)
    near = length_m(gaps) <= touching_m
    return np.array([one[near], other[near]])
