"""The attribute table: published names, types and nulls."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from workflow_scripts.rogi.attributes.table import RENAMED, outline_attributes, review_attributes, with_attributes
from workflow_scripts.rogi.columns import COLUMNS, FILLED_ON_MERGING, NAMES


@pytest.fixture
def reviewed() -> gpd.GeoDataFrame:
    columns = {
        "candidate_id": ["CAN1", None],
        "operation": ["unreviewed", "retrieve"],
        "mapper": [None, "Mapper A"],
        "date": [None, "2024-05-06"],
        "comment": [None, "faint"],
        "system_id": ["SYS350000N0790000E", None],
        "probability": [0.8, None],
        "spread": [0.1, None],
        "source": ["Planet Basemap 2021 Q3", ""],
        "area_m2": [1.0, 2.0],
        "candidate_ids": ["CAN1; CAN2", None],
        "area_before_m2": [0.9, None],
        "iou_candidate": [0.8, None],
        "confidence": [None, "low"],
    }
    crescent = shapely.box(79, 35, 79.03, 35.03) - shapely.box(79.01, 35.01, 79.03, 35.03)
    return gpd.GeoDataFrame(columns, geometry=[crescent, shapely.box(79.1, 35, 79.11, 35.01)], crs=4326)


def all_numbers(polygons: gpd.GeoDataFrame) -> pd.DataFrame:
    given = {"AREA", "LATITUDE", "LONGITUDE", *RENAMED}
    names = [column.name for column in COLUMNS if column.kind == "float" and column.name not in given]
    return pd.DataFrame(1, index=polygons.index, columns=names)


def test_outline_columns_are_true_and_the_marker_lies_inside(reviewed: gpd.GeoDataFrame) -> None:
    table = outline_attributes(reviewed)
    markers = gpd.points_from_xy(table["LONGITUDE"], table["LATITUDE"])
    assert reviewed.contains(gpd.GeoSeries(markers, crs=4326)).all()
    # 0.01° square at 35.005° N from the WGS84 radii of curvature
    meridian, parallel = 0.01 * np.pi / 180 * 6356460.8, 0.01 * np.pi / 180 * 6385169.5 * np.cos(np.radians(35.005))
    assert table.loc[1, "AREA"] == pytest.approx(meridian * parallel, rel=1e-3)


def test_review_is_published_under_its_names(reviewed: gpd.GeoDataFrame) -> None:
    table = review_attributes(reviewed)
    assert table["OPERATION"].tolist() == ["unreviewed", "retrieve"]
    assert table.loc[1, "MAP_DATE"] == "2024-05-06"
    assert table.loc[0, ["MAP_DATE", "MAPPER"]].isna().all()
    assert table[["REVIEWER", "ADDI_INF"]].isna().all().all()
    assert table.loc[0, ["SYSTEM", "PROB", "SPREAD"]].tolist() == ["SYS350000N0790000E", 0.8, 0.1]
    assert table.loc[1, ["SYSTEM", "PROB", "SPREAD"]].isna().all()
    assert table.loc[0, ["CAND_IDS", "AREA_CAND", "IOU_CAND"]].tolist() == ["CAN1; CAN2", 0.9, 0.8]
    assert table.loc[1, ["CAND_IDS", "AREA_CAND", "IOU_CAND"]].isna().all()
    assert table.loc[1, "MAP_CONF"] == "low"


def test_columns_stand_in_published_order_and_type(reviewed: gpd.GeoDataFrame) -> None:
    table = with_attributes(reviewed, all_numbers(reviewed), review_attributes(reviewed), outline_attributes(reviewed))
    published = [name for name in NAMES if name not in FILLED_ON_MERGING]
    assert [name for name in table.columns if name in NAMES] == published
    kinds = {column.name: column.kind for column in COLUMNS}
    assert {name: str(table[name].dtype) for name in published} == {
        name: {"str": "str", "float": "float64"}[kinds[name]] for name in published
    }
    assert table["candidate_id"].tolist()[0] == "CAN1"
    assert len({name.lower() for name in table.columns}) == len(table.columns)


def test_a_column_nobody_knows_is_an_error(reviewed: gpd.GeoDataFrame) -> None:
    with pytest.raises(KeyError, match="PISR"):
        with_attributes(
            reviewed,
            all_numbers(reviewed).drop(columns="PISR"),
            review_attributes(reviewed),
            outline_attributes(reviewed),
        )
