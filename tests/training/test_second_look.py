"""Whom to look at again, and why."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.worlds import series, square
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.placing import RANDOM_TERRAIN
from workflow_scripts.rogi.training.second_look import AGREES, ranked, reasons

NAN = np.nan


def scores(**columns: Any) -> pd.DataFrame:
    values = {"kind": "rock_glacier", "recall": NAN, "excess": NAN, "false_positive_share": NAN, "disagreement": 0.5}
    return pd.DataFrame(values | columns)


@pytest.mark.parametrize(
    ("recall", "excess", "wanted"),
    [
        (0.0, 0.0, "model sees nothing here"),
        (0.1, 3.0, "model sees nothing here"),
        (0.4, 0.0, "outline much larger than what the model sees"),
        (0.45, 0.55, "outline much larger than what the model sees"),
        (0.45, 0.56, "model sees more around"),
        (1.0, 0.6, "model sees more around"),
        (0.6, 0.4, AGREES),
        (1.0, 0.0, AGREES),
    ],
)
def test_reasons_of_rock_glaciers(recall: float, excess: float, wanted: str) -> None:
    assert reasons(scores(recall=[recall], excess=[excess])).tolist() == [wanted]


@pytest.mark.parametrize(
    ("kind", "share", "wanted"),
    [
        ("lake", 0.9, "negative that looks like a rock glacier"),
        ("lake", 0.3, "negative that looks like a rock glacier in part"),
        ("lake", 0.05, AGREES),
        (RANDOM_TERRAIN, 0.9, "random terrain where the model sees a rock glacier"),
        (RANDOM_TERRAIN, 0.2, "random terrain where the model sees a rock glacier"),
        (RANDOM_TERRAIN, 0.0, AGREES),
    ],
)
def test_reasons_of_other_ground(kind: str, share: float, wanted: str) -> None:
    assert reasons(scores(kind=kind, false_positive_share=[share])).tolist() == [wanted]


def test_the_greatest_disagreement_comes_first_and_what_was_not_seen_is_left_out() -> None:
    table = scores(uid=["b", "a", "d", "c"], disagreement=[0.5, 0.5, NAN, 0.9], recall=0.0, role="training", iou=0.1)
    shapes = [square(10 * number, 0, 5) for number in range(5)]
    polygons = gpd.GeoDataFrame({"uid": list("dcbax")}, geometry=series(shapes))
    found = ranked(table, polygons)
    assert found[["rank", "uid"]].to_numpy().tolist() == [[1, "c"], [2, "a"], [3, "b"]]
    assert found.crs == WGS84
    back = found.to_crs(polygons.crs).geometry
    assert all(shapely.equals_exact(back.iloc[number], shapes[place], 1e-3) for number, place in enumerate((1, 3, 2)))
    assert list(found.columns) == ["rank", "reason", *table.columns, "geometry"]
