"""Units joined into systems."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from workflow_scripts.rogi.geodesy import local_projection
from workflow_scripts.rogi.rgik.systems import systems

LOCAL = local_projection(79, 35)


def inventory(*boxes: tuple[float, float, float, float], system: list[str | None] | None = None) -> gpd.GeoDataFrame:
    """Return units of boxes in true metres, called a, b, c, with areas in m²."""
    shapes = gpd.GeoSeries([shapely.box(*box) for box in boxes], crs=LOCAL)
    ids = [f"RGU{letter * 15}" for letter in "abcdef"[: len(boxes)]]
    frame = {"ID": ids, "SYSTEM": system or [None] * len(boxes), "AREA": shapes.area}
    return gpd.GeoDataFrame(frame, geometry=shapes.to_crs(4326))


def letters(table: pd.DataFrame) -> str:
    return "".join(name[3] for name in table["AssocRGS"])


def test_a_system_is_named_after_its_largest_unit() -> None:
    table = systems(inventory((0, 0, 10, 10), (10, 0, 30, 10), (30, 0, 35, 10), (90, 0, 95, 10)), 0.5)
    assert letters(table) == "bbbd"
    assert table["AssocRGS"].str.fullmatch("RGS[abcd]{15}").all()
    assert table["named_after"].tolist() == [False, True, False, True]
    assert table["units"].tolist() == [3, 3, 3, 1]


def test_of_equal_units_the_first_id_counts() -> None:
    assert letters(systems(inventory((0, 0, 10, 10), (10, 0, 20, 10)), 0.5)) == "aa"


@pytest.mark.parametrize(("gap", "joined"), [(0.9, True), (1.1, False), (0, True), (-3, True)])
@pytest.mark.parametrize("northwards", [True, False])
def test_gaps_are_true_metres(gap: float, joined: bool, northwards: bool) -> None:
    other = (0, 10 + gap, 10, 30) if northwards else (10 + gap, 0, 30, 10)
    assert (letters(systems(inventory((0, 0, 10, 10), other), 1)) == "bb") == joined


def test_units_of_one_object_belong_together_though_apart() -> None:
    frame = inventory(
        (0, 0, 10, 10), (900, 0, 920, 10), (1800, 0, 1805, 10), (2700, 0, 2705, 10), system=["S", "S", None, ""]
    )
    assert letters(systems(frame, 1)) == "bbcd"


def test_objects_that_touch_are_one_system() -> None:
    frame = inventory(
        (0, 0, 10, 10), (10, 0, 20, 10), (500, 0, 530, 10), (900, 0, 905, 10), system=["S", "T", "T", "S"]
    )
    assert letters(systems(frame, 1)) == "cccc"


def test_the_order_of_units_does_not_matter(rng: np.random.Generator) -> None:
    frame = inventory((0, 0, 10, 10), (10, 0, 30, 10), (50, 0, 60, 10), (60, 0, 70, 10), (99, 0, 109, 10))
    expected = systems(frame, 1)
    shuffled = frame.iloc[rng.permutation(len(frame))]
    pd.testing.assert_frame_equal(systems(shuffled, 1).sort_index(), expected)


def test_no_units_no_systems() -> None:
    assert systems(inventory((0, 0, 1, 1)).iloc[:0], 1).empty
