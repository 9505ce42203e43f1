from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity

from workflow_scripts.rogi.demo.review import COMMENT, WRONG, Overlaps, match_one_to_one, share_out, simulate
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.simulate_review import main

STEP = 0.002  # degrees; a square of this side is about 220 m by 180 m
MAPPERS = ["Mapper A (simulated)", "Mapper B (simulated)"]
SUBREGION = shapely.box(79, 35, 79.2, 35.1)


def square(column: float, row: float = 0.0, width: float = 1.0, height: float = 1.0) -> shapely.Polygon:
    """Squares of side STEP on a grid whose lines are 0.01° apart."""
    x, y = 79.01 + 0.01 * column, 35.02 + 0.01 * row
    return shapely.box(x, y, x + width * STEP, y + height * STEP)


def candidates(*shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    names = [f"CAN{k}" for k in range(len(shapes))]
    return gpd.GeoDataFrame({"candidate_id": pd.array(names, dtype="str")}, geometry=list(shapes), crs=4326)


def truth(*shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"truth_id": [f"T{k}" for k in range(len(shapes))]}, geometry=list(shapes), crs=4326)


def review(ours: gpd.GeoDataFrame, known: gpd.GeoDataFrame, error_rate: float = 0.0, seed: int = 1) -> gpd.GeoDataFrame:
    parts = simulate(ours, known, SUBREGION, MAPPERS, 10_000, error_rate, np.random.default_rng(seed))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=4326)


def operations(edits: gpd.GeoDataFrame) -> dict[str, str]:
    known = edits.dropna(subset="candidate_id")
    return dict(zip(known["candidate_id"], known["operation"], strict=True))


@pytest.mark.parametrize(
    ("width", "operation"), [(1.0, "remain"), (0.8, "remain"), (0.7, "refine"), (0.35, "refine"), (0.25, "remove")]
)
def test_the_overlap_decides(width: float, operation: str) -> None:
    edits = review(candidates(square(3, width=width)), truth(square(3)))
    assert operations(edits) == {"CAN0": operation}
    drawn = edits.set_index("operation").geometry
    if operation == "refine":
        assert drawn["refine"].equals(square(3))
    else:
        assert drawn[operation].equals(square(3, width=width))
    retrieved = edits[edits["operation"] == "retrieve"]
    assert len(retrieved) == (operation == "remove")
    assert retrieved["candidate_id"].isna().all()


def test_false_candidates_are_removed_and_missed_rock_glaciers_retrieved() -> None:
    edits = review(candidates(square(1)), truth(square(5)))
    assert operations(edits) == {"CAN0": "remove"}
    assert edits.geometry[edits["operation"] == "retrieve"].iloc[0].equals(square(5))


def test_small_ones_are_not_retrieved() -> None:
    assert review(candidates(), truth(square(5, width=0.2))).empty


def test_a_candidate_over_two_rock_glaciers_is_redrawn_as_one_and_the_other_retrieved() -> None:
    both = square(4, width=2.0)
    left, right = square(4), shapely.transform(square(4, width=0.9), lambda xy: xy + np.array([STEP, 0]))
    edits = review(candidates(both), truth(left, right))
    assert operations(edits) == {"CAN0": "refine"}
    published = edits.geometry[edits["operation"] != "remove"]
    assert {shape.wkb for shape in published} == {left.wkb, right.wkb}


def test_a_good_candidate_that_swallows_another_is_redrawn() -> None:
    large, small = square(4), shapely.transform(square(4, width=0.2), lambda xy: xy + np.array([STEP, 0]))
    edits = review(candidates(square(4, width=1.2)), truth(large, small))
    assert operations(edits) == {"CAN0": "refine"}


def test_the_second_candidate_of_a_rock_glacier_is_removed() -> None:
    edits = review(candidates(square(4, width=0.4), square(4, width=0.9)), truth(square(4)))
    assert operations(edits) == {"CAN0": "remove", "CAN1": "remain"}
    assert "retrieve" not in set(edits["operation"])


def test_rock_glaciers_of_the_neighbour_are_left_to_it() -> None:
    beyond = shapely.box(79.1999, 35.02, 79.1999 + STEP, 35.02 + STEP)  # the marker lies in the east
    edits = review(candidates(beyond), truth(beyond))
    assert operations(edits) == {"CAN0": "remove"}
    assert len(edits) == 1


def test_a_good_candidate_with_its_marker_beyond_the_border_is_redrawn() -> None:
    ours = shapely.box(79.2 - 0.6 * STEP, 35.02, 79.2 + 0.4 * STEP, 35.02 + STEP)
    shifted = shapely.transform(ours, lambda xy: xy + np.array([0.13 * STEP, 0]))  # IoU 0.77
    assert operations(review(candidates(shifted), truth(ours))) == {"CAN0": "refine"}


def test_mappers_share_the_subregion_from_west_to_east() -> None:
    shapes = [square(column) for column in (7, 1, 5, 3, 9, 2)]
    parts = simulate(candidates(*shapes), truth(*shapes), SUBREGION, MAPPERS, 10_000, 0, np.random.default_rng(1))
    assert [set(part["mapper"]) for part in parts] == [{name} for name in MAPPERS]
    assert [sorted(part["candidate_id"]) for part in parts] == [["CAN1", "CAN3", "CAN5"], ["CAN0", "CAN2", "CAN4"]]
    assert set(parts[0]["date"]) == {"2024-01-01"}
    assert list(parts[0].columns) == ["candidate_id", "operation", "mapper", "date", "comment", "geometry"]


def test_a_share_of_the_decisions_is_wrong_and_says_so() -> None:
    good = [square(column, row) for column in range(10) for row in range(4)]
    false = [square(column, row) for column in range(10, 18) for row in range(5)]
    right = review(candidates(*good, *false), truth(*good))
    edits = review(candidates(*good, *false), truth(*good), error_rate=0.1)
    assert set(right["comment"]) == {COMMENT}
    wrong = edits["comment"] == WRONG
    assert wrong.sum() == 8
    before = right.set_index("candidate_id")["operation"]
    turned = edits[wrong].set_index("candidate_id")["operation"]
    assert (before[turned.index].map({"remain": "remove", "remove": "remain"}) == turned).all()
    assert set(turned) == {"remain", "remove"}
    assert not (edits["operation"] == "retrieve").any()  # what was wrongly removed stays lost


def test_errors_never_publish_a_rock_glacier_twice() -> None:
    parts = [square(column, width=width) for column in range(8) for width in (0.9, 0.3)]
    edits = review(candidates(*parts), truth(*(square(column) for column in range(8))), error_rate=1.0)
    assert not (edits["operation"] == "remain").any()


def test_overlaps_are_measured_in_true_areas() -> None:
    overlaps = Overlaps.of(candidates(square(2)).geometry, truth(square(2, height=0.5), square(8)).geometry)
    np.testing.assert_array_equal(overlaps.candidate, [0])
    np.testing.assert_array_equal(overlaps.truth, [0])
    np.testing.assert_allclose(overlaps.iou, 0.5, rtol=1e-4)
    np.testing.assert_allclose(overlaps.truth_m2, [20_200, 40_500], rtol=0.01)


def test_matching_takes_the_best_overlaps_first() -> None:
    ones = np.ones(2)
    pairs = Overlaps(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([0.5, 0.8, 0.4]), ones, ones)
    np.testing.assert_array_equal(match_one_to_one(pairs, 2), [-1, 0])
    np.testing.assert_array_equal(match_one_to_one(Overlaps(*(np.array([], int),) * 2, *(np.array([]),) * 3), 1), [-1])


def test_no_edits_are_shared_out_too() -> None:
    parts = share_out(review(candidates(), truth()).drop(columns=["mapper", "date"]), MAPPERS)
    assert [len(part) for part in parts] == [0, 0]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    paths = {
        name: str(tmp_path / f"{name}.gpkg") for name in ("candidates", "truth", "subregions", "review_a", "review_b")
    }
    regions = gpd.GeoDataFrame(
        {"NAME": ["Far", "Near"], "slug": ["far", "near"]}, geometry=[shapely.box(0, 0, 1, 1), SUBREGION], crs=4326
    )
    write_layers(paths["candidates"], {"candidates": candidates(square(1), square(2, width=0.5), square(9))})
    write_layers(paths["truth"], {"rock_glaciers": truth(square(1), square(2), square(6))})
    write_layers(paths["subregions"], {"subregions": regions})
    return paths


def test_the_script_writes_a_file_per_mapper(files: dict[str, str]) -> None:
    main(**files, subregion="near", seed=1, mappers=MAPPERS, min_area_m2=10_000, error_rate=0)
    parts = [read_vector(files[name], "edits") for name in ("review_a", "review_b")]
    assert [list(part["operation"]) for part in parts] == [["remain", "refine"], ["remove", "retrieve"]]
    assert [part["mapper"].iloc[0] for part in parts] == MAPPERS


def test_the_script_writes_empty_files_where_there_is_nothing(files: dict[str, str]) -> None:
    main(**files, subregion="far", seed=1, mappers=MAPPERS, min_area_m2=10_000, error_rate=0)
    counts = [read_vector(files[name])["operation"].value_counts().to_dict() for name in ("review_a", "review_b")]
    assert counts == [{"remove": 2}, {"remove": 1}]
    write_layers(files["candidates"], {"candidates": candidates()})
    main(**files, subregion="far", seed=1, mappers=MAPPERS, min_area_m2=10_000, error_rate=0)
    assert [len(read_vector(files[name])) for name in ("review_a", "review_b")] == [0, 0]
    assert "operation" in read_vector(files["review_a"]).columns


def test_an_unknown_subregion_is_named(files: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"subregions.gpkg has no subregion 'nowhere'; it holds far, near"):
        main(**files, subregion="nowhere", seed=1, mappers=MAPPERS, min_area_m2=10_000, error_rate=0)


@pytest.mark.parametrize("seed", range(6))
def test_no_rock_glacier_is_published_twice_whatever_the_candidates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = [square(column, row, *rng.uniform(0.6, 1.4, 2)) for column in range(10) for row in range(3)]
    drawn = [shapely.affinity.translate(shape, *(STEP * rng.normal(0, 0.25, 2))) for shape in known * 2]
    picked = [shape for shape in drawn if rng.random() < 0.7]
    edits = review(candidates(*picked), truth(*known), error_rate=0.1, seed=seed)
    published = edits[edits["operation"] != "remove"].geometry
    overlaps = Overlaps.of(published, truth(*known).geometry)
    assert np.bincount(overlaps.truth[overlaps.iou > 0.5], minlength=30).max() == 1
    lost = edits[(edits["comment"] == WRONG) & (edits["operation"] == "remove")]
    assert len(published) == 30 - len(lost)
    assert edits["candidate_id"].dropna().is_unique
    assert len(edits["candidate_id"].dropna()) == len(picked)
