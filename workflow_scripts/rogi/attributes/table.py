"""The attribute table of a subregion, in the columns and types of the published inventory."""

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.columns import COLUMNS, FILLED_ON_MERGING
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.identity import primary_markers

# Published column by column of the review
RENAMED = {
    "SYSTEM": "system_id",
    "PROB": "probability",
    "SPREAD": "spread",
    "OPERATION": "operation",
    "CAND_IDS": "candidate_ids",
    "AREA_CAND": "area_before_m2",
    "IOU_CAND": "iou_candidate",
    "MAP_CONF": "confidence",
    "SOUR_DATA": "source",
    "MAP_DATE": "date",
    "MAPPER": "mapper",
}
# A GeoPackage does not tell upper from lower case in column names
_CLASHING = [before for after, before in RENAMED.items() if after.lower() == before]


def outline_attributes(polygons: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return AREA in m² on the ellipsoid and LATITUDE and LONGITUDE of the primary marker in degrees."""
    markers = primary_markers(polygons.geometry)
    columns = {"AREA": area_m2(polygons.geometry), "LATITUDE": markers.y, "LONGITUDE": markers.x}
    return pd.DataFrame(columns, index=polygons.index)


def review_attributes(polygons: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what review and model say, under the published names; null where they say nothing.

    REVIEWER and ADDI_INF are null: they are for people who check the finished inventory.
    """
    return polygons[list(RENAMED.values())].set_axis(list(RENAMED), axis=1).assign(REVIEWER=None, ADDI_INF=None)


def with_attributes(polygons: gpd.GeoDataFrame, *tables: pd.DataFrame) -> gpd.GeoDataFrame:
    """Append attributes to reviewed polygons, in published order and type.

    Args:
        polygons: Reviewed rock glaciers.
        tables: Attributes, row by row as in `polygons`; together all columns known within one subregion.

    Returns:
        The polygons with their own columns, but for those that differ from a published one in case only, then the
        published ones without those that merging fills. Text is null where there is none, numbers are NaN.

    Raises:
        KeyError: A published column is in none of the tables.
    """
    values = pd.concat(tables, axis=1)
    known = [column for column in COLUMNS if column.name not in FILLED_ON_MERGING]
    typed = {column.name: values[column.name].astype(_DTYPES[column.kind]) for column in known}
    own = polygons.drop(columns=_CLASHING)
    return gpd.GeoDataFrame(pd.concat([own, pd.DataFrame(typed)], axis=1), geometry="geometry", crs=polygons.crs)


_DTYPES = {"str": "str", "float": np.float64, "int": "Int64"}
