from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity

from workflow_scripts.rogi.demo.review import COLUMNS, COMMENT, WRONG, Habits, simulate
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.packages.sharing import NOBODY, Shares
from workflow_scripts.rogi.review.edits import CONFIDENCES, OPERATIONS, REASONS
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


def halves(count: int, both: int = 0) -> Shares:
    """Share candidates out by turns; the first `both` of them go to both mappers."""
    first = np.arange(count) % 2
    second = np.where(np.arange(count) < both, 1 - first, NOBODY)
    return Shares(first, second)


def review(
    ours: gpd.GeoDataFrame, known: gpd.GeoDataFrame, error_rate: float = 0.0, seed: int = 1, both: int = 0,
    agreement: float = 1.0,
) -> gpd.GeoDataFrame:  # fmt: skip
    shares, habits = halves(len(ours), both), Habits(MAPPERS, error_rate, agreement)
    parts = simulate(ours, known, SUBREGION, shares, habits, 10_000, np.random.default_rng(seed))
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


def test_a_candidate_over_two_rock_glaciers_is_split() -> None:
    both = square(4, width=2.0)
    left, right = square(4), shapely.transform(square(4, width=0.9), lambda xy: xy + np.array([STEP, 0]))
    edits = review(candidates(both), truth(left, right))
    assert edits["operation"].tolist() == ["split", "split"]
    assert set(edits["candidate_id"]) == {"CAN0"}
    assert {shape.wkb for shape in edits.geometry} == {left.wkb, right.wkb}


def test_a_good_candidate_that_swallows_another_is_redrawn() -> None:
    large, small = square(4), shapely.transform(square(4, width=0.2), lambda xy: xy + np.array([STEP, 0]))
    edits = review(candidates(square(4, width=1.2)), truth(large, small))
    assert operations(edits) == {"CAN0": "refine"}


def test_two_candidates_of_one_rock_glacier_are_merged_into_its_outline() -> None:
    upper = shapely.transform(square(4, height=0.3), lambda xy: xy + np.array([0, 0.7 * STEP]))
    edits = review(candidates(upper, square(4, height=0.6)), truth(square(4)))
    assert edits["operation"].tolist() == ["merge", "merge"]
    assert set(edits["merge_into"]) == {"CAN1"}
    assert set(edits["mapper"]) == {MAPPERS[1]}  # to whom the larger one was given
    assert edits.geometry.union_all().symmetric_difference(square(4)).area < 1e-15


def test_rock_glaciers_of_the_neighbour_are_left_to_it() -> None:
    beyond = shapely.box(79.1999, 35.02, 79.1999 + STEP, 35.02 + STEP)  # the marker lies in the east
    edits = review(candidates(beyond), truth(beyond))
    assert operations(edits) == {"CAN0": "remove"}
    assert len(edits) == 1


def test_a_good_candidate_with_its_marker_beyond_the_border_is_redrawn() -> None:
    ours = shapely.box(79.2 - 0.6 * STEP, 35.02, 79.2 + 0.4 * STEP, 35.02 + STEP)
    shifted = shapely.transform(ours, lambda xy: xy + np.array([0.13 * STEP, 0]))  # IoU 0.77
    assert operations(review(candidates(shifted), truth(ours))) == {"CAN0": "refine"}


def test_each_mapper_decides_on_what_that_mapper_got() -> None:
    shapes = [square(column) for column in range(6)]
    habits = Habits(MAPPERS, 0, 1)
    parts = simulate(
        candidates(*shapes), truth(*shapes, square(8)), SUBREGION, halves(6), habits, 10_000, np.random.default_rng(1)
    )
    assert [set(part["mapper"]) for part in parts] == [{name} for name in MAPPERS]
    assert [part["candidate_id"].dropna().tolist() for part in parts] == [
        ["CAN0", "CAN2", "CAN4"],
        ["CAN1", "CAN3", "CAN5"],
    ]
    assert parts[1]["operation"].tolist()[-1] == "retrieve"  # nearest to CAN5
    assert set(parts[0]["date"]) == {"2024-01-01"}
    assert list(parts[0].columns) == [*COLUMNS, "geometry"]


def test_answers_are_from_the_lists_and_reasons_for_removals_alone() -> None:
    edits = review(candidates(square(1), square(2), square(3, width=0.5)), truth(square(2), square(3), square(5)))
    assert set(edits["operation"]) <= set(OPERATIONS)
    assert set(edits["confidence"]) <= set(CONFIDENCES)
    removed = edits["operation"] == "remove"
    assert set(edits["reason"][removed]) <= set(REASONS)
    assert edits["reason"][~removed].isna().all()
    assert (edits["minutes"] > 0).all()


@pytest.mark.parametrize(("agreement", "least", "most"), [(1.0, 0, 0), (0.8, 14, 37), (0.0, 126, 126)])
def test_mappers_disagree_about_as_often_as_stated_and_the_first_is_right(
    agreement: float, least: int, most: int
) -> None:
    shapes = [square(column, row, 0.9) for column in range(18) for row in range(7)]
    true = truth(*(square(column, row) for column in range(9) for row in range(7)))
    right = operations(review(candidates(*shapes), true))
    edits = review(candidates(*shapes), true, both=126, agreement=agreement)
    told = [operations(edits[edits["mapper"] == name]) for name in MAPPERS]
    assert {name: told[0][name] for name in right} == right
    different = sum(told[0][name] != told[1][name] for name in right)
    assert least <= different <= most


def test_a_disagreement_stays_clear_of_rock_glaciers() -> None:
    false = square(4, width=2.0)
    known = square(4, width=0.3)
    edits = review(candidates(false), truth(known), both=1, agreement=0.0)
    assert edits["operation"].tolist() == ["remove", "retrieve", "refine"]
    assert edits.geometry.iloc[2].intersection(known).area == 0


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


def test_no_edits_are_shared_out_too() -> None:
    assert review(candidates(), truth()).empty


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    paths = {
        name: str(tmp_path / f"{name}.gpkg") for name in ("candidates", "truth", "subregions", "review_a", "review_b")
    }
    regions = gpd.GeoDataFrame(
        {"NAME": ["Far", "Near"], "slug": ["far", "near"]}, geometry=[shapely.box(0, 0, 1, 1), SUBREGION], crs=4326
    )
    found = candidates(square(1), square(2, width=0.5), square(9)).assign(system_id=["S0", "S1", "S2"])
    write_layers(paths["candidates"], {"candidates": found})
    write_layers(paths["truth"], {"rock_glaciers": truth(square(1), square(2), square(6))})
    write_layers(paths["subregions"], {"subregions": regions})
    return paths


def run(files: dict[str, str], subregion: str) -> list[gpd.GeoDataFrame]:
    main(
        **files, subregion=subregion, seed=1, mappers=MAPPERS, min_area_m2=10_000, error_rate=0, agreement=1,
        block_m=2000, overlap_share=0,
    )  # fmt: skip
    return [read_vector(files[name]) for name in ("review_a", "review_b")]


def test_the_script_writes_a_file_per_mapper(files: dict[str, str]) -> None:
    parts = run(files, "near")
    assert sorted(operation for part in parts for operation in part["operation"]) == [
        "refine",
        "remain",
        "remove",
        "retrieve",
    ]
    assert [part["mapper"].iloc[0] for part in parts] == MAPPERS


def test_the_script_writes_empty_files_where_there_is_nothing(files: dict[str, str]) -> None:
    assert [part["operation"].tolist() for part in run(files, "far")] in (
        [["remove"] * 2, ["remove"]],
        [["remove"], ["remove"] * 2],
    )
    write_layers(files["candidates"], {"candidates": candidates().assign(system_id=pd.Series([], dtype="str"))})
    parts = run(files, "far")
    assert [len(part) for part in parts] == [0, 0]
    assert set(COLUMNS) <= set(parts[0].columns)


def test_an_unknown_subregion_is_named(files: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"subregions.gpkg has no subregion 'nowhere'; it holds far, near"):
        run(files, "nowhere")


@pytest.mark.parametrize("seed", range(6))
def test_no_rock_glacier_is_published_twice_whatever_the_candidates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = [square(column, row, *rng.uniform(0.6, 1.4, 2)) for column in range(10) for row in range(3)]
    drawn = [shapely.affinity.translate(shape, *(STEP * rng.normal(0, 0.25, 2))) for shape in known * 2]
    picked = [shape for shape in drawn if rng.random() < 0.7]
    edits = review(candidates(*picked), truth(*known), error_rate=0.1, seed=seed)
    published = _published(edits)
    overlaps = overlaps_between(published, truth(*known).geometry)
    assert np.bincount(overlaps["other"][overlaps["iou"] > 0.5], minlength=30).max() == 1
    lost = edits[(edits["comment"] == WRONG) & (edits["operation"] == "remove")]
    assert len(published) == 30 - len(lost)
    assert set(edits["candidate_id"].dropna()) == {f"CAN{number}" for number in range(len(picked))}


def _published(edits: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Outlines that remain; the rows of a merge are one."""
    merged = edits[edits["operation"] == "merge"].dissolve("merge_into").geometry
    single = edits[~edits["operation"].isin(["remove", "merge"])].geometry
    return gpd.GeoSeries([*single, *merged], crs=4326)
