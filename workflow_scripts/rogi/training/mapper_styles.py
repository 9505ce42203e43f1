"""How outlines of different inventories and mappers differ: in size, in shape, and where they drew the same thing."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.stats import kruskal

from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.inventory.local_metres import to_local_metres

MEASURES = ("area_m2", "compactness", "elongation", "vertices_per_km")
FEWEST = 5  # outlines of one hand from which it takes part in a test, as is usual for that of Kruskal and Wallis


def measures(outlines: gpd.GeoSeries) -> pd.DataFrame:
    """Return what shows the hand that drew an outline, a row per polygon; true metres throughout.

    Args:
        outlines: Polygons in any CRS.

    Returns:
        Columns `MEASURES`: area_m2; compactness, 4 π area / perimeter², 1 for a circle and less for any other shape
        (Polsby and Popper 1991); elongation, the longer by the shorter side of the smallest rectangle round it;
        vertices_per_km of outline. Holes count for the perimeter.
    """
    shapes = outlines.to_crs(WGS84)
    array = np.asarray(shapes.array)
    local = to_local_metres(array, shapely.get_coordinates(shapely.centroid(shapely.envelope(array))))
    length, area = shapely.length(local), area_m2(shapes)
    corners = shapely.get_coordinates(shapely.oriented_envelope(local)).reshape(-1, 5, 2)
    sides = np.hypot(*np.diff(corners[:, :3], axis=1).T)
    parts, outline = shapely.get_parts(local, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    vertices = np.bincount(outline[part], shapely.get_num_coordinates(rings) - 1, minlength=len(local))
    columns = area, 4 * np.pi * area / length**2, sides.max(axis=0) / sides.min(axis=0), vertices / length * 1000
    return pd.DataFrame(dict(zip(MEASURES, columns, strict=True)), index=outlines.index)


def mapper_styles(rock_glaciers: gpd.GeoDataFrame, overlaps: pd.DataFrame) -> pd.DataFrame:
    """Compare hands.

    Args:
        rock_glaciers: With `inventory`, `mapper` (None where not known) and `footprint`, in any CRS.
        overlaps: Outlines of different inventories that overlap, duplicates included, columns `inventory_a`,
            `inventory_b` and `iou`.

    Returns:
        A row per inventory and mapper: `inventory`, `mapper`, `footprint` (all that occur), `outlines`, the mean area,
        the medians of `MEASURES`; and of the inventory as a whole `overlaps`, its pairs with outlines of others, and
        their `mean_iou`.
    """
    table = pd.concat([_hands(rock_glaciers), measures(rock_glaciers.geometry)], axis=1)
    groups = table.groupby(["inventory", "mapper"], sort=False)
    return pd.DataFrame([_row(inventory, mapper, group, overlaps) for (inventory, mapper), group in groups])


def _hands(rock_glaciers: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(rock_glaciers[["inventory", "mapper", "footprint"]]).fillna("unknown")


def _row(inventory: str, mapper: str, group: pd.DataFrame, overlaps: pd.DataFrame) -> dict[str, Any]:
    pairs = overlaps[(overlaps["inventory_a"] == inventory) | (overlaps["inventory_b"] == inventory)]
    return {
        "inventory": inventory,
        "mapper": mapper,
        "footprint": ", ".join(sorted(group["footprint"].unique())),
        "outlines": len(group),
        "mean_area_m2": group["area_m2"].mean(),
        **{f"median_{name}": group[name].median() for name in MEASURES},
        "overlaps": len(pairs),
        "mean_iou": pairs["iou"].mean(),
    }


def differences(rock_glaciers: gpd.GeoDataFrame) -> pd.DataFrame:
    """Test whether hands differ (Kruskal and Wallis 1952); hands with fewer than `FEWEST` outlines take no part.

    Regions differ too, not only hands: a small p alone does not say why.

    Args:
        rock_glaciers: As for `mapper_styles`.

    Returns:
        A row per measure: `measure`, `hands`, `outlines`, the statistic `h`, `p`, and `explained`, the share of the
        variance of the ranks between hands, h / (outlines - 1); empty with fewer than two hands.
    """
    table = pd.concat([_hands(rock_glaciers), measures(rock_glaciers.geometry)], axis=1)
    groups = [group for _, group in table.groupby(["inventory", "mapper"], sort=False) if len(group) >= FEWEST]
    columns = ["measure", "hands", "outlines", "h", "p", "explained"]
    if len(groups) < 2:
        return pd.DataFrame(columns=columns)
    count = sum(len(group) for group in groups)
    tests = {name: kruskal(*(group[name] for group in groups)) for name in MEASURES}
    rows = [(name, len(groups), count, *test, test.statistic / (count - 1)) for name, test in tests.items()]
    return pd.DataFrame(rows, columns=columns)
