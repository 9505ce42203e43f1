"""Scores of squares whose areas and matches can be counted by hand."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.inventory.study import subregions
from workflow_scripts import evaluate_model
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import EQUAL_AREA, area_m2
from workflow_scripts.rogi.inventory.accuracy import COLUMNS, compare
from workflow_scripts.rogi.inventory.agreement import (
    area_overlap,
    clipped,
    disjoint_regions,
    dissolved,
    matches,
    places_of_overlap,
)
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.inventory.references import Reference
from workflow_scripts.rogi.inventory.scores import score_arrays, scores

Boxes = list[tuple[float, float, float, float]]
DRAWS = Bootstrap(samples=200, block_m=1000, confidence=0.95, seed=1)


def metric(boxes: Boxes) -> gpd.GeoSeries:
    """Boxes in metres of an equal-area projection."""
    return gpd.GeoSeries([shapely.box(*box) for box in boxes], crs=EQUAL_AREA)


def degrees(*boxes: tuple[float, float, float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(*box) for box in boxes], crs=4326)


def test_scores_by_hand() -> None:
    assert scores(6, 2, 4) == (6, 2, 4, 0.75, 0.6, pytest.approx(2 / 3), 0.5)


def test_many_scores_at_once_are_those_one_by_one() -> None:
    errors = np.array([[6, 2, 4], [0, 0, 0], [0, 3, 0]])
    for row, case in zip(score_arrays(errors), errors, strict=True):
        assert [None if np.isnan(score) else score for score in row] == list(scores(*case)[3:])


def test_scores_without_denominator_are_none() -> None:
    assert scores(0, 0, 0)[3:] == (None, None, None, None)
    assert scores(0, 3, 0)[3:] == (0, None, 0, 0)
    assert scores(0, 0, 3)[3:] == (None, 0, 0, 0)


def test_the_paper_s_f1_follows_from_its_precision_and_recall() -> None:
    # Sun et al. (2024): precision 0.55, recall 0.73, F1 0.63
    found = scores(0.55 * 0.73, 0.45 * 0.73, 0.55 * 0.27)
    assert found.precision == pytest.approx(0.55)
    assert found.recall == pytest.approx(0.73)
    assert found.f1 == pytest.approx(0.63, abs=0.005)


def test_areas_of_overlapping_squares() -> None:
    found = area_overlap(metric([(0, 0, 100, 100)]), metric([(50, 0, 150, 100)]))
    assert found == pytest.approx((5000, 5000, 5000))


def test_ground_covered_twice_counts_once() -> None:
    twice = metric([(0, 0, 100, 100), (0, 0, 100, 100), (50, 0, 150, 100)])
    found = area_overlap(twice, metric([(0, 0, 150, 100)] * 2))
    assert found == pytest.approx((15000, 0, 0))
    assert shapely.area(dissolved(twice)).sum() == pytest.approx(15000)


def test_areas_of_nothing() -> None:
    assert area_overlap(metric([]), metric([])) == (0, 0, 0)
    assert area_overlap(metric([(0, 0, 10, 10)]), metric([])) == pytest.approx((0, 100, 0))
    assert area_overlap(metric([]), metric([(0, 0, 10, 10)])) == pytest.approx((0, 0, 100))


cells = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 5), st.integers(1, 5)), max_size=8)


@given(cells, cells)
def test_areas_equal_those_of_a_raster(one: Boxes, other: Boxes) -> None:
    grids = []
    for boxes in (one, other):
        grid = np.zeros((16, 16), bool)
        for x, y, width, height in boxes:
            grid[int(y) : int(y + height), int(x) : int(x + width)] = True
        grids.append(grid)
    a, b = grids
    left, right = (metric([(x, y, x + w, y + h) for x, y, w, h in boxes]) for boxes in (one, other))
    assert area_overlap(left, right) == pytest.approx(((a & b).sum(), (a & ~b).sum(), (b & ~a).sum()), abs=1e-6)


@given(cells, cells)
def test_places_add_up_and_swapping_the_sets_swaps_the_errors(one: Boxes, other: Boxes) -> None:
    left, right = (metric([(x, y, x + w, y + h) for x, y, w, h in boxes]) for boxes in (one, other))
    areas, outlines = places_of_overlap(left, right)
    assert len(areas) == len(outlines)
    assert areas.sum(axis=0) == pytest.approx(area_overlap(left, right))
    swapped = places_of_overlap(right, left)[0][:, [0, 2, 1]]
    np.testing.assert_allclose(np.sort(swapped, axis=0), np.sort(areas, axis=0), atol=1e-9)


def test_a_place_is_what_hangs_together() -> None:
    mapped = metric([(0, 0, 100, 10), (110, 0, 120, 10), (500, 0, 510, 10)])
    reference = metric([(90, 0, 115, 10), (700, 0, 730, 10)])
    areas, outlines = places_of_overlap(mapped, reference)
    found = dict(zip(outlines.bounds["minx"].round().tolist(), areas.round().tolist(), strict=True))
    assert found == {0: [150, 950, 100], 500: [0, 100, 0], 700: [0, 0, 300]}


def test_matches_need_more_than_the_iou() -> None:
    one, half = metric([(0, 0, 100, 100)]), metric([(0, 0, 100, 50)])
    assert matches(one, half, 0.5).tolist() == [-1]
    assert matches(one, half, 0.4999).tolist() == [0]


def test_matches_are_one_to_one() -> None:
    reference = metric([(0, 0, 100, 100)])
    found = matches(metric([(0, 0, 100, 90), (0, 0, 100, 95)]), reference, 0.5)
    assert sorted(found.tolist()) == [-1, 0]


def test_as_many_as_possible_are_matched() -> None:
    # the first could take either, the second only the first reference: a greedy choice by IoU would leave one over
    mapped = metric([(0, 0, 100, 100), (0, 0, 60, 100)])
    reference = metric([(0, 0, 96, 100), (0, 0, 100, 40)])
    assert matches(mapped, reference, 0.35).tolist() in ([1, 0], [0, 1])
    only = metric([(0, 0, 90, 100), (60, 0, 100, 100)])
    assert (matches(mapped, only, 0.35) >= 0).sum() == 2


def test_no_objects_have_no_matches() -> None:
    assert matches(metric([]), metric([(0, 0, 1, 1)]), 0.5).tolist() == []
    assert matches(metric([(0, 0, 1, 1)]), metric([]), 0.5).tolist() == [-1]


def test_only_what_crosses_a_region_is_cut() -> None:
    shapes = degrees((0, 0, 1, 1), (1.5, 0, 2.5, 1), (5, 5, 6, 6))
    found = clipped(shapes, shapely.box(0, 0, 2, 2))
    assert sorted(found.index) == [0, 1]
    assert found[0].equals_exact(shapes[0], 0)
    assert found[1].equals(shapely.box(1.5, 0, 2, 1))


def test_overlapping_regions_share_their_ground_once() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(9, 9, 10, 10)])
    found = disjoint_regions(frame.set_crs(4326))
    assert [shape.area for shape in found] == pytest.approx([2, 1, 1])
    assert found[1].intersection(found[0]).area == 0


MAPPED = degrees(
    (79.01, 35.01, 79.02, 35.02),  # west, found
    (79.03, 35.01, 79.04, 35.02),  # west, not in the reference
    (79.095, 35.03, 79.104, 35.04),  # on the border, its marker in the west
)
REFERENCE = degrees(
    (79.01, 35.01, 79.02, 35.02),
    (79.0955, 35.03, 79.1055, 35.04),  # its marker in the east
    (79.15, 35.05, 79.16, 35.06),  # east, missed
    (90, 40, 91, 41),  # far outside the study
)


def test_a_row_per_subregion_and_the_total() -> None:
    table = compare("model vs truth", MAPPED, Reference("truth", REFERENCE, None), subregions(), 0.5, DRAWS)
    assert table.columns.tolist() == list(COLUMNS)
    assert set(table["comparison"]) == {"model vs truth"}
    assert table["subregion"].tolist() == ["West", "East", "Basin", "total"]
    objects = table[["objects_tp", "objects_fp", "objects_fn"]].to_numpy(int).tolist()
    assert objects == [[2, 1, 0], [0, 0, 1], [0, 0, 0], [2, 1, 1]]
    total = table.iloc[3]
    assert total["objects_precision"] == pytest.approx(2 / 3)
    assert total["objects_recall"] == pytest.approx(2 / 3)


def test_areas_are_those_inside_the_subregions() -> None:
    table = compare("x", MAPPED, Reference("truth", REFERENCE, None), subregions(), 0.5, DRAWS).set_index("subregion")
    whole = area_m2(degrees((79.01, 35.01, 79.02, 35.02)))[0] / 1e6
    column = area_m2(degrees((79, 35.03, 79.001, 35.04)))[0] / 1e6  # a tenth of a square's width
    expected = {
        "West": (whole + 4.5 * column, whole + 0.5 * column, 0),
        "East": (4 * column, 0, 1.5 * column + area_m2(degrees((79.15, 35.05, 79.16, 35.06)))[0] / 1e6),
        "Basin": (0, 0, 0),
    }
    names = ["area_tp_km2", "area_fp_km2", "area_fn_km2"]
    for name, areas in expected.items():
        np.testing.assert_allclose(table.loc[name, names].to_numpy(float), areas, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        table.loc["total", names].to_numpy(float), np.sum(list(expected.values()), axis=0), rtol=1e-6
    )
    tp, fp, fn = table.loc["total", names]
    assert table.loc["total", "area_f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert table.loc["total", "area_iou"] == pytest.approx(tp / (tp + fp + fn))


def test_a_subregion_with_nothing_has_no_scores() -> None:
    table = compare("x", MAPPED, Reference("truth", REFERENCE, None), subregions(), 0.5, DRAWS).set_index("subregion")
    names = [name for name in COLUMNS if name.endswith(("precision", "recall", "f1", "iou"))]
    assert table.loc["Basin", names].isna().all()


def test_a_map_agrees_with_itself_in_any_projection() -> None:
    table = compare("x", MAPPED, Reference("truth", MAPPED.to_crs(3857), None), subregions(), 0.5, DRAWS).set_index(
        "subregion"
    )
    for name in ("area_f1", "area_iou", "objects_f1"):
        assert table.loc["total", name] == pytest.approx(1)


def test_invalid_and_empty_outlines_do_not_stop_it() -> None:
    bow_tie = shapely.Polygon([(79.01, 35.01), (79.02, 35.02), (79.02, 35.01), (79.01, 35.02)])
    shapes = gpd.GeoSeries([bow_tie, None, shapely.Polygon()], crs=4326)
    total = compare("x", shapes, Reference("truth", REFERENCE, None), subregions(), 0.4, DRAWS).iloc[-1]
    half = area_m2(degrees((79.01, 35.01, 79.02, 35.02)))[0] / 2e6
    assert total["area_tp_km2"] == pytest.approx(half, rel=1e-3)
    assert (total["objects_tp"], total["objects_fp"]) == (1, 0)


def write_stage(folder: Path, slug: str, rows: list[int], operation: str) -> tuple[str, str]:
    """Write candidates and reviewed rock glaciers of one subregion, all with one decision."""
    candidates, reviewed = (folder / slug / f"{name}.gpkg" for name in ("candidates", "reviewed"))
    found = gpd.GeoDataFrame({"probability": np.array(rows, float)}, geometry=MAPPED.iloc[rows].to_list(), crs=4326)
    write_layers(candidates, {"candidates": found})
    final = gpd.GeoDataFrame({"operation": [operation] * len(rows)}, geometry=REFERENCE.iloc[rows].to_list(), crs=4326)
    excluded = gpd.GeoDataFrame({"operation": []}, geometry=[], crs=4326)
    write_layers(reviewed, {"rock_glaciers": final, "excluded": excluded})
    return str(candidates), str(reviewed)


def run_script(
    folder: Path, stages: list[tuple[str, str]], references: list[str], footprint: str | None = None
) -> pd.DataFrame:
    world, out = folder / "subregions.gpkg", folder / "accuracy.csv"
    write_layers(world, {"subregions": subregions()}, "MultiPolygon")
    candidates, reviewed = zip(*stages, strict=True)
    entries = [{"name": "truth", "path": path, "layer": None, "footprint": footprint} for path in references]
    bootstrap = {"samples": 200, "block_m": 1000.0}
    evaluate_model.main(
        list(candidates), list(reviewed), references, str(world), str(out), entries, 0.5, 0.95, bootstrap, 1
    )
    return pd.read_csv(out)


def test_the_script_compares_all_with_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stages = [write_stage(tmp_path, slug, rows, "refine") for slug, rows in (("west", [0, 1, 2]), ("east", []))]
    REFERENCE.to_crs(3857).to_file(tmp_path / "truth.shp")
    with caplog.at_level("INFO", logger="rogi"):
        table = run_script(tmp_path, stages, [str(tmp_path / "truth.shp")])
    assert table["comparison"].unique().tolist() == [
        "candidates vs reviewed inventory",
        "candidates vs truth",
        "reviewed inventory vs truth",
    ]
    totals = table[table["subregion"] == "total"].set_index("comparison")
    assert totals.loc["reviewed inventory vs truth", "area_f1"] == pytest.approx(1)
    assert 0 < totals.loc["candidates vs truth", "area_f1"] < totals.loc["candidates vs reviewed inventory", "area_f1"]
    assert "reviewed inventory vs truth: F1 1.000 by area, 1.000 by objects" in caplog.text


def test_what_nobody_reviewed_is_not_called_agreement(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stages = [write_stage(tmp_path, "west", [0, 1, 2], "unreviewed"), write_stage(tmp_path, "east", [], "unreviewed")]
    with caplog.at_level("INFO", logger="rogi"):
        table = run_script(tmp_path, stages, [])
    assert table.empty
    assert list(table.columns) == list(COLUMNS)
    assert "0 of 3 subregions have been reviewed" in caplog.text


def test_only_reviewed_subregions_count_against_the_review(tmp_path: Path) -> None:
    stages = [write_stage(tmp_path, "west", [0, 1, 2], "unreviewed"), write_stage(tmp_path, "east", [0], "remain")]
    table = run_script(tmp_path, stages, [])
    assert table["subregion"].tolist() == [subregions().set_index("slug").loc["east", "NAME"], "total"]


def test_the_script_passes_over_empty_layers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    truth = tmp_path / "truth.gpkg"
    write_layers(truth, {"truth": gpd.GeoDataFrame({"row": []}, geometry=[], crs=4326)})
    with caplog.at_level("INFO", logger="rogi"):
        table = run_script(tmp_path, [write_stage(tmp_path, "west", [], "unreviewed")], [str(truth)])
    assert len(table) == 8
    assert table["area_f1"].isna().all()
    assert "candidates vs truth: F1 none by area, none by objects" in caplog.text


def test_a_reference_that_looked_elsewhere_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    REFERENCE.to_file(tmp_path / "truth.gpkg")
    degrees((10, 10, 11, 11)).to_file(tmp_path / "elsewhere.gpkg")
    stages = [write_stage(tmp_path, "west", [0], "remain")]
    table = run_script(tmp_path, stages, [str(tmp_path / "truth.gpkg")], str(tmp_path / "elsewhere.gpkg"))
    assert table["comparison"].unique().tolist() == ["candidates vs reviewed inventory"]
    assert "truth: its footprint touches none of the subregions" in caplog.text


def scattered(seed: int, shift: float = 0.0) -> gpd.GeoSeries:
    """Return 60 squares 0.002 degrees wide on a 0.01-degree grid in the first two subregions, some of them moved."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(79.005 + 0.01 * np.arange(12), 35.005 + 0.02 * np.arange(5))
    moves = shift * rng.choice([0, 1, 4], 60)
    return degrees(*((w + m, s, w + m + 0.002, s + 0.002) for w, s, m in zip(x.ravel(), y.ravel(), moves, strict=True)))


def test_intervals_hold_their_scores_and_grow_with_confidence() -> None:
    reference = Reference("truth", scattered(1), None)
    tables = [
        compare("x", scattered(2, 0.0004), reference, subregions(), 0.5, DRAWS._replace(confidence=share))
        for share in (0.8, 0.99)
    ]
    narrow, wide = (table.set_index("subregion") for table in tables)
    assert wide.loc["total", "objects_blocks"] > 50
    for name in ("area_precision", "area_recall", "area_f1", "area_iou", "objects_precision", "objects_f1"):
        low, high = f"{name}_low", f"{name}_high"
        for place in ("West", "total"):
            assert wide.loc[place, low] < narrow.loc[place, low] <= narrow.loc[place, name]
            assert narrow.loc[place, name] <= narrow.loc[place, high] < wide.loc[place, high]
    assert wide.loc["Basin", [name for name in COLUMNS if name.endswith(("_low", "_high"))]].isna().all()


def test_a_comparison_turned_round_swaps_precision_and_recall() -> None:
    one, other = scattered(1), scattered(2, 0.0004)
    there, back = (
        compare("x", mapped, Reference("r", reference, None), subregions(), 0.5, DRAWS).set_index("subregion")
        for mapped, reference in ((one, other), (other, one))
    )
    for name in ("area_precision", "objects_precision", "area_precision_low", "objects_precision_high"):
        mirrored = name.replace("precision", "recall")
        np.testing.assert_allclose(there.loc["total", name], back.loc["total", mirrored], atol=0.02)
    assert there.loc["total", "objects_pq"] == pytest.approx(back.loc["total", "objects_pq"])


def test_a_footprint_limits_what_counts() -> None:
    west = shapely.box(79, 35, 79.1, 35.1)
    table = compare("x", MAPPED, Reference("west only", REFERENCE, west), subregions(), 0.5, DRAWS)
    assert table["subregion"].tolist() == ["West", "total"]
    whole = compare("x", MAPPED, Reference("truth", REFERENCE, None), subregions(), 0.5, DRAWS)
    names = ["area_tp_km2", "area_fp_km2", "area_fn_km2", "objects_tp", "objects_fp", "objects_fn"]
    np.testing.assert_allclose(table.loc[1, names].to_numpy(float), whole.loc[0, names].to_numpy(float), atol=1e-9)
    east = compare("x", MAPPED, Reference("e", REFERENCE, shapely.box(79.1, 35, 79.2, 35.1)), subregions(), 0.5, DRAWS)
    assert east.loc[1, "objects_fp"] == 0  # the false one lies in the west, outside the footprint


def test_average_precision_per_subregion() -> None:
    reference = Reference("truth", REFERENCE, None)
    table = compare("x", MAPPED, reference, subregions(), 0.5, DRAWS, np.array([0.9, 0.8, 0.7])).set_index("subregion")
    # West: found, false, found of two; in all: of three.
    assert table.loc["West", "objects_ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert table.loc["total", "objects_ap"] == pytest.approx((1 + 2 / 3) / 3)
    # The second find has an IoU of 8.5 / 10.5 = 0.81: it counts at seven of the ten thresholds, the first at all ten.
    assert table.loc["total", "objects_ap_50_95"] == pytest.approx((7 * (1 + 2 / 3) + 3 * 1) / 10 / 3)
    quality = (1 + 8.5 / 10.5) / (2 + 0.5 + 0.5)
    assert table.loc["total", "objects_pq"] == pytest.approx(quality, rel=1e-6)
    assert compare("x", MAPPED, reference, subregions(), 0.5, DRAWS)["objects_ap"].isna().all()


def test_cutting_a_subregion_in_two_leaves_the_total_as_it_is() -> None:
    west, east, basin = subregions().geometry
    cut = [
        part.intersection(west) for part in (shapely.box(79, 35, 79.0355, 35.1), shapely.box(79.0355, 35, 79.1, 35.1))
    ]
    names = ["West a", "West b", "East", "Basin"]
    slugs = ["west_a", "west_b", "east", "basin"]
    pieces = gpd.GeoDataFrame({"NAME": names, "slug": slugs}, geometry=[*cut, east, basin], crs=4326)
    reference, probability = Reference("truth", scattered(1), None), np.linspace(0, 1, 60)
    whole, tiled = (
        compare("x", scattered(2, 0.0004), reference, regions, 0.5, DRAWS, probability).set_index("subregion")
        for regions in (subregions(), pieces)
    )
    points = [name for name in COLUMNS[2:] if not name.endswith(("_low", "_high", "_blocks"))]
    np.testing.assert_allclose(
        whole.loc["total", points].to_numpy(float), tiled.loc["total", points].to_numpy(float), rtol=1e-6, atol=1e-9
    )
    sums = tiled.loc[["West a", "West b"], ["area_tp_km2", "area_fp_km2", "objects_fn"]].sum()
    np.testing.assert_allclose(sums, whole.loc["West", sums.index].to_numpy(float), rtol=1e-6)
