"""What shows whose hand an outline is: closed forms of simple shapes."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from workflow_scripts.rogi.geodesy import WGS84, local_projection
from workflow_scripts.rogi.training.mapper_styles import FEWEST, MEASURES, differences, mapper_styles, measures

LOCAL = local_projection(79.0, 35.0)
NO_OVERLAPS = pd.DataFrame({"inventory_a": [], "inventory_b": [], "iou": []})


def on_ground(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    """Return shapes in metres round 79° E, 35° N in degrees."""
    return gpd.GeoSeries(list(shapes), crs=LOCAL).to_crs(WGS84)


def inventory(shapes: gpd.GeoSeries, **columns: Any) -> gpd.GeoDataFrame:
    known = {"inventory": "A", "mapper": None, "footprint": "extended"}
    return gpd.GeoDataFrame(known | columns, geometry=shapes, index=range(len(shapes)))


def test_measures_of_simple_shapes() -> None:
    circle = shapely.Point(0, 0).buffer(200, quad_segs=64)
    turned = shapely.affinity.rotate(shapely.box(0, 0, 600, 200), 33)
    table = measures(on_ground(circle, shapely.box(0, 0, 100, 100), turned))
    assert table["area_m2"].to_numpy() == pytest.approx([np.pi * 200**2, 1e4, 12e4], rel=1e-3)
    assert table["compactness"].to_numpy() == pytest.approx([1, np.pi / 4, np.pi * 3 / 16], rel=1e-3)
    assert table["elongation"].to_numpy() == pytest.approx([1, 1, 3], rel=1e-2)
    assert table["vertices_per_km"].to_numpy() == pytest.approx([256 / (0.4 * np.pi), 10, 2.5], rel=1e-3)


def test_holes_and_parts_count() -> None:
    ring = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 200, 200))
    parts = shapely.MultiPolygon([ring, shapely.box(500, 0, 600, 100)])
    (row,) = measures(on_ground(parts)).to_dict("records")
    assert row["area_m2"] == pytest.approx(9e4, rel=1e-3)
    assert row["compactness"] == pytest.approx(4 * np.pi * 9e4 / 2000**2, rel=1e-3)
    assert row["vertices_per_km"] == pytest.approx(12 / 2.0, rel=1e-3)


def test_a_row_per_inventory_and_mapper() -> None:
    shapes = on_ground(*(shapely.box(0, 0, 100 * side, 100) for side in (1, 2, 6, 4)))
    hands = {"mapper": ["x", "x", None, "x"], "inventory": ["A", "A", "A", "B"]}
    overlaps = pd.DataFrame({"inventory_a": ["A", "A", "B"], "inventory_b": ["B", "C", "C"], "iou": [0.5, 0.7, 0.9]})
    table = mapper_styles(inventory(shapes, footprint=["extended", "restricted", None, "extended"], **hands), overlaps)
    assert table[["inventory", "mapper"]].to_numpy().tolist() == [["A", "x"], ["A", "unknown"], ["B", "x"]]
    assert table["footprint"].tolist() == ["extended, restricted", "unknown", "extended"]
    assert table["outlines"].tolist() == [2, 1, 1]
    assert table["mean_area_m2"].to_numpy() == pytest.approx([15e3, 6e4, 4e4], rel=1e-3)
    assert table["median_elongation"].to_numpy() == pytest.approx([1.5, 6, 4], rel=1e-2)
    assert table["overlaps"].tolist() == [2, 2, 2]
    assert table["mean_iou"].to_numpy() == pytest.approx([0.6, 0.6, 0.7])


def test_without_overlaps_there_is_no_iou() -> None:
    table = mapper_styles(inventory(on_ground(shapely.box(0, 0, 100, 100))), NO_OVERLAPS)
    assert table["overlaps"].tolist() == [0]
    assert table["mean_iou"].isna().all()


def test_a_hand_that_draws_larger_is_told_apart() -> None:
    """H of Kruskal and Wallis without ties is 12 / (n (n + 1)) Σ n_i (mean rank_i - (n + 1) / 2)²."""
    areas = [100 + step for step in range(8)] + [200 + step for step in range(8)]
    shapes = on_ground(*(shapely.box(0, 0, side, side) for side in areas))
    table = differences(inventory(shapes, mapper=["x"] * 8 + ["y"] * 8)).set_index("measure")
    h = 12 / (16 * 17) * 8 * ((4.5 - 8.5) ** 2 + (12.5 - 8.5) ** 2)
    assert table.index.tolist() == list(MEASURES)
    assert table.loc["area_m2", "h"] == pytest.approx(h)
    assert table.loc["area_m2", "explained"] == pytest.approx(h / 15)
    assert table.loc["area_m2", "p"] < 0.001
    assert (table["hands"].tolist(), table["outlines"].tolist()) == ([2] * 4, [16] * 4)


def test_alike_hands_are_not_told_apart(rng: np.random.Generator) -> None:
    shapes = on_ground(*(shapely.box(0, 0, *rng.uniform(100, 300, 2)) for _ in range(60)))
    table = differences(inventory(shapes, mapper=rng.choice(["x", "y", "z"], 60)))
    assert (table["p"] > 0.01).all()
    assert (table["explained"] < 0.15).all()


def test_one_hand_or_too_few_outlines_are_not_tested() -> None:
    shapes = on_ground(*(shapely.box(0, 0, 100, 100 + step) for step in range(FEWEST + 3)))
    frame = inventory(shapes, mapper=["x"] * FEWEST + ["y"] * 3)
    assert differences(frame).empty
    assert list(differences(frame).columns) == ["measure", "hands", "outlines", "h", "p", "explained"]
