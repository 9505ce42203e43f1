"""Negatives: their kinds, what rock glaciers cover of them, what is cut, and the draw."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.affinity import translate

from tests.training.inventories.entries import BOX, TAKE_ALL, compiled, moved, said, used, written
from workflow_scripts.rogi.training.inventories.negatives import draw_some

EAST = [translate(BOX, 0.02 * (1 + number % 6), 0.02 * (number // 6)) for number in range(18)]  # none touch


def drawn(rows: gpd.GeoDataFrame, per_rock_glacier: float | None, allocation: str, seed: int = 1) -> gpd.GeoDataFrame:
    rows = rows.copy()
    draw_some(rows, 10, {"per_rock_glacier": per_rock_glacier, "allocation": allocation}, seed)
    return used(rows)


@pytest.fixture
def rows() -> gpd.GeoDataFrame:
    """Twelve lakes, four avalanches and two others."""
    kinds = ["water"] * 12 + ["rock avalanche"] * 4 + ["other"] * 2
    columns = {"uid": [f"n-{number}" for number in range(18)], "inventory": "N", "kind": kinds}
    columns |= {"outcome": "kept", "reason": ""}
    return gpd.GeoDataFrame(columns, geometry=EAST, crs=4326)


def test_the_kind_is_the_configs_or_the_fields(tmp_path: Path) -> None:
    lakes = written(tmp_path, "Lakes", EAST[:2], negative=True, kind="water")
    mixed = written(tmp_path, "Mixed", EAST[2:5], {"K": ["moraine", None, "lake"]}, negative=True, fields={"kind": "K"})
    found = compiled(written(tmp_path, "A", [BOX]), negatives=[lakes, mixed]).negatives
    assert found["kind"].tolist() == ["water", "water", "moraine", "other", "lake"]
    assert found["uid"].tolist() == ["lakes-0", "lakes-1", "mixed-0", "mixed-1", "mixed-2"]


@pytest.mark.parametrize(
    ("share", "outcome", "reason"),
    [
        (0.05, "kept", ""),
        (0.2, "dropped", "20% of it is rock glacier (A A0)"),
        (1.0, "dropped", "100% of it is rock glacier (A A0)"),
    ],
)
def test_a_negative_on_a_rock_glacier_is_dropped(tmp_path: Path, share: float, outcome: str, reason: str) -> None:
    ours = written(tmp_path, "A", [BOX, translate(BOX, 0, 0.02)])
    theirs = written(tmp_path, "N", [moved(1 - share)], negative=True)
    assert said(compiled(ours, negatives=[theirs]).negatives) == [(outcome, reason)]


def test_ground_that_two_rock_glaciers_share_counts_once_and_the_larger_is_named(tmp_path: Path) -> None:
    """One covers 0.3 of the negative, another 0.2 of the same; 0.3 is allowed."""
    ours = written(tmp_path, "A", [moved(-0.8), moved(-0.7)])
    theirs = written(tmp_path, "N", [BOX], negative=True)
    for limit, outcome in ((0.31, "kept"), (0.29, "dropped")):
        draw: dict[str, Any] = TAKE_ALL | {"max_rock_glacier_share": limit}
        (found,) = said(compiled(ours, negatives=[theirs], draw=draw, duplicate_iou=1.0).negatives)
        assert found == (outcome, "" if outcome == "kept" else "30% of it is rock glacier (A A1)")


def test_only_rock_glaciers_that_are_used_count(tmp_path: Path) -> None:
    ours = written(tmp_path, "A", [BOX, EAST[0]], leave_out={"RG_ID": ["A0"]})
    theirs = written(tmp_path, "N", [BOX, EAST[0]], negative=True)
    assert compiled(ours, negatives=[theirs]).negatives["outcome"].tolist() == ["kept", "dropped"]


def test_debris_is_cut_to_glaciers(tmp_path: Path) -> None:
    glacier = translate(BOX, 0.05)
    written(tmp_path, "rgi", [glacier, translate(glacier, 0.005), translate(BOX, 0, 0.05)])
    path = str(tmp_path / "rgi.gpkg")
    bow_tie = shapely.Polygon([(79.105, 35.052), (79.109, 35.058), (79.109, 35.052), (79.105, 35.058)])
    debris = [translate(glacier, -0.0025), bow_tie, EAST[10], glacier.buffer(-0.001)]
    theirs = written(tmp_path, "Debris", debris, negative=True, inside=path, kind="debris-covered glacier")
    found = compiled(written(tmp_path, "A", [EAST[17]]), negatives=[theirs], duplicate_iou=1.0).negatives
    assert said(found)[0] == ("repaired", f"cut to {path}, 75% of it left")
    assert found.geometry.iloc[0].symmetric_difference(shapely.box(79.1, 35.05, 79.1075, 35.06)).area < 1e-15
    assert said(found)[1][0] == "repaired"
    assert "cut" not in said(found)[1][1]
    assert said(found)[2:] == [("dropped", f"outside of {path}"), ("kept", "")]


def test_glaciers_may_lie_in_several_files_of_any_crs(tmp_path: Path) -> None:
    """One polygon reaches over the glaciers of two files, one lies in each, and one in none."""
    written(tmp_path, "rgi_13", [BOX])
    written(tmp_path, "rgi_14", [translate(BOX, 0.01)], crs=32644)
    shapes = [translate(BOX, 0.005), BOX.buffer(-0.002), translate(BOX, 0.01).buffer(-0.002), EAST[10]]
    theirs = written(tmp_path, "N", shapes, negative=True, inside=str(tmp_path / "rgi_*.gpkg"))
    found = compiled(written(tmp_path, "A", [EAST[17]]), negatives=[theirs], duplicate_iou=1.0).negatives
    assert found["outcome"].tolist()[1:] == ["kept", "kept", "dropped"]
    assert found.geometry.iloc[0].symmetric_difference(shapes[0]).area < 1e-4 * shapes[0].area


def test_glaciers_that_are_nowhere_stop_with_the_pattern(tmp_path: Path) -> None:
    theirs = written(tmp_path, "N", [BOX], negative=True, inside=str(tmp_path / "rgi_*.gpkg"))
    with pytest.raises(ValueError, match=r"there is no file .*rgi_\*\.gpkg, to which negatives are to be cut"):
        compiled(written(tmp_path, "A", [BOX]), negatives=[theirs])


@pytest.mark.parametrize(
    ("ratio", "allocation", "counts"),
    [
        (None, "proportional", [12, 4, 2]),
        (0.9, "proportional", [6, 2, 1]),
        (0.9, "equal", [4, 3, 2]),
        (0.3, "equal", [1, 1, 1]),
        (0, "equal", [0, 0, 0]),
        (50, "equal", [12, 4, 2]),
    ],
)
def test_how_many_are_drawn_of_each_kind(
    rows: gpd.GeoDataFrame, ratio: float | None, allocation: str, counts: list[int]
) -> None:
    found = drawn(rows, ratio, allocation)["kind"].value_counts()
    kinds = [int(found.get(kind, 0)) for kind in ("water", "rock avalanche", "other")]
    assert sum(kinds) == sum(counts)
    assert np.abs(np.array(kinds) - counts).max() <= (1 if counts == [4, 3, 2] else 0)
    assert kinds[2] == counts[2]


def test_what_is_not_drawn_is_listed(rows: gpd.GeoDataFrame) -> None:
    draw_some(rows, 4, {"per_rock_glacier": 1.0, "allocation": "equal"}, 1)
    assert rows["outcome"].value_counts().to_dict() == {"dropped": 14, "kept": 4}
    assert set(rows["reason"]) == {"", "not drawn: 4 of 18 negatives are"}


def test_the_draw_depends_on_the_seed_and_not_on_the_order(rows: gpd.GeoDataFrame) -> None:
    first = set(drawn(rows, 0.9, "equal")["uid"])
    shuffled = rows.sample(frac=1, random_state=3).reset_index(drop=True)
    assert set(drawn(shuffled, 0.9, "equal")["uid"]) == first
    assert set(drawn(rows, 0.9, "equal", seed=2)["uid"]) != first


def test_a_draw_stays_when_more_are_drawn(rows: gpd.GeoDataFrame) -> None:
    assert set(drawn(rows, 0.6, "equal")["uid"]) < set(drawn(rows, 0.9, "equal")["uid"])


def test_what_reviewers_removed_is_taken_on_top_of_the_draw(rows: gpd.GeoDataFrame) -> None:
    rows.loc[2:6, "inventory"] = "removed by review"
    found = drawn(rows, 0.3, "proportional")
    assert found["inventory"].value_counts().to_dict() == {"removed by review": 5, "N": 3}
    assert len(drawn(rows, 0, "equal")) == 5


def test_what_was_dropped_is_not_drawn(rows: gpd.GeoDataFrame) -> None:
    rows.loc[:11, ["outcome", "reason"]] = "dropped", "outside the imagery"
    assert set(drawn(rows, 50, "equal")["kind"]) == {"rock avalanche", "other"}
    assert set(rows["reason"][:12]) == {"outside the imagery"}
