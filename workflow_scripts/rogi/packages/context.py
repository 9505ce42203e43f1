"""What lies around the candidates and helps to decide: glaciers and debris-covered ice."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd

from workflow_scripts.rogi.attributes.glaciers import read_outlines
from workflow_scripts.rogi.geodesy import WGS84


def ice(sources: Sequence[Mapping[str, Any]], region: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the outlines that touch the box round a subregion.

    Args:
        sources: Configured vector files, as `read_outlines` takes them.
        region: The subregion, EPSG:4326.

    Returns:
        Columns name (of the source) and geometry, valid polygons in EPSG:4326.
    """
    if not sources:
        return gpd.GeoDataFrame({"name": []}, geometry=[], crs=WGS84)
    west, south, east, north = region.total_bounds
    return read_outlines(sources)[["name", "geometry"]].cx[west:east, south:north].reset_index(drop=True)
