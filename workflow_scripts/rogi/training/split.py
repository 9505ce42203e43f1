"""Which polygons are kept for validation."""

import geopandas as gpd
import numpy as np

from workflow_scripts.rogi.identity import equal_area_blocks


def in_validation(
    shapes: gpd.GeoSeries, method: str, share: float, block_m: float, generator: np.random.Generator
) -> np.ndarray:
    """Choose the validation polygons.

    Args:
        shapes: Polygons in any CRS.
        method: "rock_glacier" draws single polygons (the paper's 70/30; neighbours may be split, which is optimistic);
            "blocks" draws whole squares of an equal-area grid, by the polygons' markers.
        share: Wanted share of polygons.
        block_m: Side of the squares in metres.
        generator: Source of the draw.

    Returns:
        Boolean array of shape (n,). With "blocks" the share is reached to within half a block's polygons.
    """
    group = np.arange(len(shapes)) if method == "rock_glacier" else equal_area_blocks(shapes, block_m)
    chosen = np.zeros(len(shapes), bool)
    wanted = share * len(shapes)
    for block in generator.permutation(np.unique(group)):
        members = group == block
        if chosen.sum() + members.sum() / 2 <= wanted:
            chosen |= members
    return chosen
