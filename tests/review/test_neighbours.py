import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.review.scene import SIDE, box, same_ground, square
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.inventory.duplicates import overlaps
from workflow_scripts.rogi.review.neighbours import without_overlaps


def frame(*rows: tuple[str, shapely.Geometry]) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries([shape for _, shape in rows], crs=4326)
    names = [f"CAN{number}" for number in range(len(rows))]
    columns = {"operation": [operation for operation, _ in rows], "candidate_id": names, "area_m2": area_m2(shapes)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)


HALF = box(1 + 50 * SIDE)  # shares half of square(1)


@pytest.mark.parametrize(
    ("one", "other", "winner"),
    [
        (("refine", square(1)), ("remain", HALF), 0),
        (("remain", square(1)), ("split", HALF), 1),
        (("unreviewed", square(1)), ("remain", HALF), 1),
        (("merge", square(1)), ("retrieve", box(1 + 50 * SIDE, 0, 2 * SIDE)), 1),  # the larger
        (("refine", square(1)), ("refine", HALF), 0),  # the first id
    ],
)
def test_shared_ground_goes_to_one_of_them_by_rule(
    one: tuple[str, shapely.Geometry], other: tuple[str, shapely.Geometry], winner: int
) -> None:
    told = frame(one, other)
    shapes, (cut,) = without_overlaps(told)
    assert (cut.winner, cut.loser) == (winner, 1 - winner)
    shared = told.geometry.iloc[0].intersection(told.geometry.iloc[1])
    np.testing.assert_allclose(cut.area_m2, area_m2(gpd.GeoSeries([shared], crs=4326))[0], rtol=1e-5)
    assert shapes.iloc[winner].equals(told.geometry.iloc[winner])
    assert same_ground(shapes.iloc[1 - winner], told.geometry.iloc[1 - winner].difference(shared))


def test_neighbours_that_touch_stay_as_drawn() -> None:
    told = frame(("refine", square(1)), ("remain", box(1 + 100 * SIDE)))
    shapes, cuts = without_overlaps(told)
    assert cuts == []
    assert shapes.geom_equals_exact(told.geometry, 0).all()


def test_ground_is_given_once_where_three_meet() -> None:
    told = frame(("refine", square(1)), ("remain", square(1)), ("unreviewed", box(1, 0, 2 * SIDE)))
    shapes, cuts = without_overlaps(told)
    assert [(cut.loser, cut.winner) for cut in cuts] == [(1, 0), (2, 0)]
    assert shapes.iloc[1].is_empty
    assert same_ground(shapes.iloc[2], box(1 + 100 * SIDE))


@given(
    corners=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.2, 0.6)), min_size=2, max_size=6),
    operations=st.lists(st.sampled_from(["refine", "remain", "unreviewed"]), min_size=6, max_size=6),
    seed=st.integers(0, 99),
)
def test_no_ground_is_shared_or_lost_and_the_order_does_not_matter(
    corners: list[tuple[float, float, float]], operations: list[str], seed: int
) -> None:
    drawn = [box(x, y, side * 0.01, side * 0.01) for x, y, side in corners]
    told = frame(*zip(operations, drawn, strict=False))
    shapes, _ = without_overlaps(told)
    assert overlaps(shapes[~shapes.is_empty].reset_index(drop=True)).empty
    ground = shapely.union_all(drawn)
    assert shapely.union_all(shapes.array).symmetric_difference(ground).area <= 1e-9 * ground.area
    order = np.random.default_rng(seed).permutation(len(told))
    again, _ = without_overlaps(told.iloc[order].reset_index(drop=True))
    pd.testing.assert_series_equal(
        again.iloc[np.argsort(order)].reset_index(drop=True).normalize().to_wkb(), shapes.normalize().to_wkb()
    )
