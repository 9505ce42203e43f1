"""Splits: whose ground trains, validates or is kept between; drawn alike whatever the order of the rows."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.layout import Spot, footprints
from tests.worlds import series, square
from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.training.guard import ground_of
from workflow_scripts.rogi.training.split import (
    GUARD,
    MAIN,
    TRAINING,
    VALIDATION,
    Rules,
    blocks,
    divide,
    drawn,
    fold_names,
    held_out,
    in_order,
    read_roles,
    roles,
)

RULES = Rules("rock_glacier", 0.3, 2000.0, 0.0, "none", 4)
BLOCKS = replace(RULES, method="blocks")
NOWHERE = gpd.GeoSeries([], crs=3857)
NO_SUBREGIONS = gpd.GeoDataFrame({"slug": []}, geometry=[], crs=WGS84)


def layer(shapes: list[shapely.Geometry], kinds: list[str] | None = None, inventory: str = "One") -> gpd.GeoDataFrame:
    uids = [f"rg-{number}" for number in range(len(shapes))]
    columns = {"uid": uids, "kind": kinds or "rock_glacier", "inventory": inventory}
    return gpd.GeoDataFrame(columns, geometry=series(shapes)).to_crs(WGS84)


def scattered(count: int, spread: int = 3000, others: int = 0) -> gpd.GeoDataFrame:
    """Return small squares strewn over a square of `spread` px, the last of them water."""
    places = np.random.default_rng(1).integers(0, spread, (count + others, 2))
    kinds = ["rock_glacier"] * count + ["water"] * others
    return in_order(layer([square(x, y, 8) for x, y in places.tolist()], kinds))


def draw(polygons: gpd.GeoDataFrame, rules: Rules, seed: int = 7) -> np.ndarray:
    return drawn(polygons, rules, np.random.default_rng(seed))


# ---- the main split


@pytest.mark.parametrize(("count", "expected"), [(10, 3), (90, 27), (1000, 300), (1, 0), (3, 1), (0, 0)])
def test_single_rock_glaciers_are_split_70_to_30(count: int, expected: int) -> None:
    chosen = draw(scattered(count), RULES)
    assert chosen.dtype == bool
    assert chosen.shape == (count,)
    assert chosen.sum() == expected


def test_rock_glaciers_and_other_ground_both_reach_the_share() -> None:
    polygons = scattered(50, others=20)
    chosen = draw(polygons, RULES)
    is_rock_glacier = (polygons["kind"] == "rock_glacier").to_numpy()
    assert (chosen[is_rock_glacier].sum(), chosen[~is_rock_glacier].sum()) == (15, 6)


def cells(polygons: gpd.GeoDataFrame, block_m: float) -> list[tuple[int, int]]:
    points = primary_markers(polygons.geometry).to_crs(EQUAL_AREA)
    return [(int(x // block_m), int(y // block_m)) for x, y in zip(points.x, points.y, strict=True)]


@settings(max_examples=20)
@given(st.integers(0, 40), st.sampled_from([0.1, 0.3, 0.5, 0.9]), st.sampled_from([500.0, 2000.0, 9000.0]))
def test_a_block_is_never_split_and_the_share_is_near(seed: int, share: float, block_m: float) -> None:
    polygons = scattered(60, others=25)
    chosen = draw(polygons, replace(BLOCKS, validation_share=share, block_m=block_m), seed)
    names = cells(polygons, block_m)
    sides = {name: {bool(c) for n, c in zip(names, chosen, strict=True) if n == name} for name in names}
    assert all(len(side) == 1 for side in sides.values())
    of_rock_glaciers = [name for name, kind in zip(names, polygons["kind"], strict=True) if kind == "rock_glacier"]
    is_rock_glacier = (polygons["kind"] == "rock_glacier").to_numpy()
    largest = max(of_rock_glaciers.count(name) for name in sides)
    assert abs(chosen[is_rock_glacier].sum() - share * 60) <= largest / 2
    bare = np.array([name not in of_rock_glaciers for name in names])
    most = max((names.count(name) for name in sides if name not in of_rock_glaciers), default=0)
    assert abs(chosen[bare].sum() - share * bare.sum()) <= most / 2


def test_a_system_goes_with_its_largest_unit() -> None:
    """A row of touching units over three kilometres, the largest at its east end; the last stands by itself."""
    units = [square(100 * step, 0, 100, 20) for step in range(6)] + [square(600, 0, 100, 60), square(0, 200, 100, 60)]
    polygons = layer(units)
    assert len(set(cells(polygons, 400.0))) > 4
    block = blocks(polygons, 400.0)
    own = pd.Series(cells(polygons, 400.0))
    assert set(block[:7]) == {block[6]}
    assert block[7] != block[6]
    apart = layer([shapely.box(*shape.buffer(-5).bounds) for shape in units])
    assert len(set(blocks(apart, 400.0)[:7])) == own[:7].nunique()


def test_windows_of_random_terrain_join_no_systems() -> None:
    shapes = [square(0, 0, 20), square(300, 0, 20), square(0, 0, 300)]
    linked = blocks(layer(shapes, ["rock_glacier", "rock_glacier", "water"]), 400.0)
    assert len(set(linked)) == 1
    assert len(set(blocks(layer(shapes, ["rock_glacier", "rock_glacier", "random terrain"]), 400.0))) > 1


@pytest.mark.parametrize("rules", [RULES, BLOCKS])
def test_nothing_at_all(rules: Rules) -> None:
    assert draw(scattered(0), rules).shape == (0,)


@pytest.mark.parametrize("rules", [RULES, BLOCKS])
def test_the_seed_decides(rules: Rules) -> None:
    polygons = scattered(60)
    assert np.array_equal(draw(polygons, rules, seed=1), draw(polygons, rules, seed=1))
    assert len({draw(polygons, rules, seed=seed).tobytes() for seed in range(5)}) > 1


@pytest.mark.parametrize("rules", [RULES, BLOCKS])
def test_no_share_keeps_everything_for_training(rules: Rules) -> None:
    assert not draw(scattered(20, others=5), replace(rules, validation_share=0.0)).any()


# ---- all splits of a study


def study() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return polygons of two inventories and the two subregions that they lie in."""
    polygons = scattered(30, others=12)
    polygons["inventory"] = np.where(np.arange(42) % 3, "First Hand", "Zweite Hand")
    west, east = square(-50, -50, 1550, 3200), square(1500, -50, 1600, 3200)
    columns = {"NAME": ["West", "East"], "slug": ["west", "east"]}
    return polygons, gpd.GeoDataFrame(columns, geometry=series([west, east])).to_crs(WGS84)


KINDS = ["none", "blocks", "subregions", "inventories"]


@pytest.mark.parametrize("cross_validation", KINDS)
@pytest.mark.parametrize("method", ["rock_glacier", "blocks"])
def test_the_order_of_the_rows_does_not_matter(method: str, cross_validation: str) -> None:
    polygons, subregions = study()
    rules = replace(RULES, method=method, cross_validation=cross_validation)
    expected = divide(polygons, NOWHERE, subregions, rules, 3)
    for seed in (1, 2):
        shuffled = polygons.sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(divide(shuffled, NOWHERE, subregions, rules, 3), expected)
        # What polygons are called does not matter either.
        renamed = shuffled.assign(uid=[f"x{number}" for number in range(len(shuffled))])
        same = divide(renamed, NOWHERE, subregions, rules, 3)
        back = dict(zip(renamed["uid"], shuffled["uid"], strict=True))
        pd.testing.assert_frame_equal(same.assign(uid=same["uid"].map(back)), expected)


@pytest.mark.parametrize("cross_validation", KINDS)
def test_the_main_split_is_the_same_with_any_cross_validation(cross_validation: str) -> None:
    polygons, subregions = study()
    found = divide(polygons, NOWHERE, subregions, replace(BLOCKS, cross_validation=cross_validation), 3)
    alone = divide(polygons, NOWHERE, subregions, BLOCKS, 3)
    pd.testing.assert_frame_equal(found[found["split"] == MAIN], alone)
    assert set(alone["role"]) == {TRAINING, VALIDATION}


@settings(max_examples=20)
@given(st.sampled_from(KINDS[1:]), st.integers(2, 6), st.integers(0, 9))
def test_folds_partition_the_polygons(cross_validation: str, count: int, seed: int) -> None:
    polygons, subregions = study()
    rules = replace(BLOCKS, cross_validation=cross_validation, folds=count, block_m=600.0)
    found = divide(polygons, NOWHERE, subregions, rules, seed)
    folds = found[found["split"] != MAIN]
    assert folds["split"].nunique() == (count if cross_validation == "blocks" else 2)
    assert (folds.groupby("split").size() == len(polygons)).all()
    held = folds[folds["role"] == VALIDATION]
    assert sorted(held["uid"]) == sorted(polygons["uid"])


def test_folds_of_blocks_hold_equal_numbers_of_rock_glaciers() -> None:
    polygons = scattered(60, others=30)
    rules = replace(RULES, cross_validation="blocks", folds=4, block_m=800.0)
    fold = fold_names(polygons, rules, NO_SUBREGIONS, np.random.default_rng(1))
    counts = pd.Series(fold)[(polygons["kind"] == "rock_glacier").to_numpy()].value_counts()
    assert sorted(counts.index) == ["fold_1", "fold_2", "fold_3", "fold_4"]
    assert counts.max() - counts.min() <= 1
    names = cells(polygons, 800.0)
    assert len(set(zip(names, fold, strict=True))) == len(set(names))


def test_folds_by_subregion_follow_the_markers() -> None:
    polygons, subregions = study()
    rules = replace(RULES, cross_validation="subregions")
    fold = fold_names(polygons, rules, subregions, np.random.default_rng(1))
    east = primary_markers(polygons.geometry).to_crs(3857).x > square(1500, 0, 1).bounds[0]
    assert fold.tolist() == np.where(east, "east", "west").tolist()


def test_folds_by_inventory_take_other_ground_along() -> None:
    shapes = [square(0, 0, 20), square(1000, 0, 20), square(900, 0, 20), square(100, 0, 20)]
    polygons = layer(shapes, ["rock_glacier", "rock_glacier", "water", "random terrain"])
    polygons["inventory"] = ["First Hand", "Zweite Hand", "Lakes", ""]
    fold = fold_names(polygons, replace(RULES, cross_validation="inventories"), NO_SUBREGIONS, np.random.default_rng(1))
    assert fold.tolist() == ["first_hand", "zweite_hand", "zweite_hand", "first_hand"]


def test_the_same_ground_by_another_hand_is_not_trained_on() -> None:
    """Without any guard distance: an outline that touches one of the inventory held out is kept from training."""
    shapes = [square(0, 0, 20), square(10, 10, 20), square(40, 0, 20), square(500, 0, 20)]
    polygons = layer(shapes)
    polygons["inventory"] = ["First", "Second", "Second", "Second"]
    found = divide(polygons, NOWHERE, NO_SUBREGIONS, replace(RULES, cross_validation="inventories"), 1)
    role = found.set_index(["split", "uid"])["role"]
    assert role["first"].to_dict() == {"rg-0": VALIDATION, "rg-1": GUARD, "rg-2": TRAINING, "rg-3": TRAINING}
    assert role["second"].to_dict() == {"rg-0": GUARD, "rg-1": VALIDATION, "rg-2": VALIDATION, "rg-3": VALIDATION}


def test_single_polygons_are_drawn_without_a_guard() -> None:
    polygons = layer([square(30 * step, 0, 20) for step in range(10)])
    ground = ground_of(footprints([Spot("rg-0", 0, 0), Spot("rg-9", 0, 100)]))
    found = divide(polygons, ground, NO_SUBREGIONS, replace(RULES, guard_m=5000.0), 1)
    assert found["role"].value_counts().to_dict() == {TRAINING: 7, VALIDATION: 3}
    rules = replace(BLOCKS, guard_m=5000.0, block_m=50.0, validation_share=0.9)
    found = divide(polygons, ground, NO_SUBREGIONS, rules, 1)
    assert found["role"].value_counts().to_dict() == {VALIDATION: 9, GUARD: 1}


def test_a_fold_may_not_be_called_main() -> None:
    polygons = layer([square(0, 0, 20)], inventory="Main")
    with pytest.raises(ValueError, match=r"cross_validation: inventories gives a fold named 'main', as the main split"):
        divide(polygons, NOWHERE, NO_SUBREGIONS, replace(RULES, cross_validation="inventories"), 1)


def test_roles_of_whom_nobody_is_near() -> None:
    chosen = np.array([True, False, False, True])
    near = np.array([[0, 1, 3, 0], [1, 2, 0, 3]])
    assert roles(chosen, near).tolist() == [VALIDATION, GUARD, TRAINING, VALIDATION]


# ---- what is written and read


def test_roles_are_read_by_the_name_of_the_split(tmp_path: Path) -> None:
    path = tmp_path / "splits.csv"
    path.write_text("split,uid,role\nmain,NA,training\nmain,a-1,guard\nfold_1,NA,validation\n", encoding="utf-8")
    assert read_roles(path, "main").to_dict() == {"NA": TRAINING, "a-1": GUARD}
    with pytest.raises(
        ValueError, match=r"splits\.csv: unknown split 'fold_2'\. Did you mean 'fold_1'\? Known: main, f"
    ):
        read_roles(path, "fold_2")


def test_the_ground_of_a_split_is_what_validation_patches_cover() -> None:
    spots = [Spot("v0", 0, 0), Spot("v0", 0, 16), Spot("v0", 0, 16, "q3"), Spot("v1", 60, 60), Spot("t0", 8, 8)]
    rows = [("main", "v0", VALIDATION), ("main", "v1", VALIDATION), ("main", "t0", TRAINING), ("bare", "v0", TRAINING)]
    found = held_out(pd.DataFrame(rows, columns=["split", "uid", "role"]), ground_of(footprints(spots)))
    assert found["slug"].tolist() == found["NAME"].tolist() == ["main"]
    expected = series([square(0, 0, 32, 16).union(square(60, 60, 16))]).to_crs(WGS84).item()
    assert found.crs == WGS84
    assert found.geometry[0].symmetric_difference(expected).area < 1e-6 * expected.area


def test_a_subregion_is_held_out_but_for_what_training_sees_of_it() -> None:
    """Of the neighbour's patch, a half lies beyond the border and a corner of that in a validation window."""
    spots = [Spot("v0", 8, 30), Spot("t0", 0, 40), Spot("g0", 40, 40)]
    rows = [("west", "v0", VALIDATION), ("west", "t0", TRAINING), ("west", "g0", GUARD), ("main", "v0", VALIDATION)]
    west = series([square(0, 0, 48, 60)]).to_crs(WGS84)
    subregions = gpd.GeoDataFrame({"slug": ["west"]}, geometry=west)
    found = held_out(pd.DataFrame(rows, columns=["split", "uid", "role"]), ground_of(footprints(spots)), subregions)
    assert found["slug"].tolist() == ["west", "main"]
    seen = square(40, 0, 16).difference(square(30, 8, 16))
    expected = series([square(0, 0, 48, 60).difference(seen), square(30, 8, 16)]).to_crs(WGS84)
    for shape, wanted in zip(found.geometry, expected, strict=True):
        assert shape.symmetric_difference(wanted).area < 1e-5 * wanted.area
