"""What holds whatever people hand in: the order does not matter, twice is once, and nothing disappears."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.review.scene import SIDE, Review, box, candidates, edit, returned, reviewed
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.review.edits import ReviewError
from workflow_scripts.rogi.review.report import UNDECIDED

COUNT = 5
SHARES = st.sampled_from([0.3, 0.6, 0.8, 0.9, 1.0, 1.4])


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of one decision of one mapper on the candidates of `scene.candidates`, or on none."""
    number, share = draw(st.integers(0, COUNT - 2)), draw(SHARES)
    name, drawn = f"CAN{number}", box(number, 0, SIDE, SIDE * share)
    who = {"mapper": draw(st.sampled_from(["Ann", "Bo"])), "date": draw(st.sampled_from(["2024-07-31", "2024-08-02"]))}
    operation = draw(
        st.sampled_from(["remain", "remove", "refine", "split", "merge", "retrieve", "undecided", "change"])
    )
    if operation == "split":
        halves = [box(number, 0, SIDE / 2, SIDE * share), box(number + 50 * SIDE, 0, SIDE / 2)]
        return [edit("split", name, half, **who) for half in halves]
    if operation == "merge":
        return [edit("merge", f"CAN{number + 1}", box(number + 1), merge_into=name, **who)]
    if operation == "retrieve":
        return [edit("retrieve", None, box(number + 0.4, 0, SIDE, SIDE * share), **who)]
    shape = {"remain": box(number), "undecided": box(number)}.get(operation, drawn)
    return [edit(operation if operation in ("remain", "remove", "refine") else None, name, shape, **who)]


reviews = st.lists(rows(), min_size=1, max_size=6)
models = st.lists(st.tuples(st.floats(-0.1, 0.1), st.sampled_from([0.0, 0.4, 0.8, 1.0, 1.6])), max_size=COUNT)


def present(model: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    """Candidates of another model, some of them gone, under ids that say nothing."""
    drawn = [box(number + shift, 0, SIDE, SIDE * share) for number, (shift, share) in enumerate(model) if share]
    return candidates(len(drawn), dict(enumerate(drawn))) if model else candidates(COUNT)


def applied(files: list[list[dict[str, Any]]], now: gpd.GeoDataFrame) -> Review | None:
    """Return the review, None where two decisions of one mapper differ or a row is refused."""
    try:
        return reviewed(returned(*files, handed=candidates(COUNT)), now, preferred="Ann")
    except ReviewError:
        return None


def content(done: Review) -> list[pd.DataFrame]:
    """What a review publishes, without the places of the rows."""
    objects = done.objects.drop(columns="decision")
    places = [name for name in done.conflicts if name.startswith("place")]
    log = done.log.drop(columns=["file", "layer", "row"])
    return [
        *(_spelled(frame) for frame in (objects, done.second_look)),
        _sorted(done.conflicts.drop(columns=places)),
        _sorted(log),
    ]


def _spelled(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns="geometry")).assign(shape=shapely.to_wkt(frame.normalize().array, 9))


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    text = frame.round(6).astype(str)
    return text.sort_values(list(text.columns), ignore_index=True)


@settings(max_examples=10)
@given(parts=reviews, model=models, seed=st.integers(0, 999), files=st.integers(1, 3))
def test_the_order_of_files_rows_and_candidates_does_not_matter(
    parts: list[list[dict[str, Any]]], model: list[tuple[float, float]], seed: int, files: int
) -> None:
    rng = np.random.default_rng(seed)
    owner = rng.integers(files, size=len(parts))
    whole = [
        [row for part, one in zip(parts, owner, strict=True) if one == file for row in part] for file in range(files)
    ]
    shuffled = [[file[n] for n in rng.permutation(len(file))] for file in (whole[n] for n in rng.permutation(files))]
    now = present(model)
    one, other = applied(whole, now), applied(shuffled, now.iloc[rng.permutation(len(now))])
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        for left, right in zip(content(one), content(other), strict=True):
            pd.testing.assert_frame_equal(left, right)


@settings(max_examples=6)
@given(parts=reviews, model=models)
def test_applying_again_or_handing_in_twice_changes_nothing(
    parts: list[list[dict[str, Any]]], model: list[tuple[float, float]]
) -> None:
    file, now = [row for part in parts for row in part], present(model)
    once, again, twice = applied([file], now), applied([file], now), applied([file, file], now)
    assert (once is None) == (again is None) == (twice is None)
    if once is not None and again is not None and twice is not None:
        for left, right in zip(content(once), content(again), strict=True):
            pd.testing.assert_frame_equal(left, right)
        pd.testing.assert_frame_equal(content(once)[0], content(twice)[0])
        assert len(twice.log) == len(once.log) + len(file)


@settings(max_examples=10)
@given(parts=reviews, model=models)
def test_no_edit_and_no_candidate_disappears_without_an_entry(
    parts: list[list[dict[str, Any]]], model: list[tuple[float, float]]
) -> None:
    file, now = [row for part in parts for row in part], present(model)
    done = applied([file], now)
    if done is None:
        return
    told = done.log[done.log["file"].notna()]
    assert told["row"].tolist() == list(range(len(file)))
    assert (told["outcome"].str.len() > 0).all()
    kept = done.objects[done.objects["reason"].isna()]
    ground = shapely.buffer(shapely.union_all(kept.geometry.array), 1e-9)
    for row, outcome in zip(file, told["outcome"], strict=True):
        is_published = row["geometry"] is not None and ground.covers(row["geometry"])
        explained = ("excluded", "set aside", "decided alike", UNDECIDED, "gave", "removed", "no candidate")
        assert is_published or any(word in outcome for word in explained), (row, outcome)
    named = {name for ids in done.objects["candidate_ids"].dropna() for name in ids.split("; ")}
    named |= {name for ids in done.log["candidate_ids"].dropna() for name in ids.split("; ")}
    assert set(now["candidate_id"]) <= named


@settings(max_examples=6)
@given(parts=reviews, model=models)
def test_what_is_published_overlaps_nowhere_and_is_large_enough(
    parts: list[list[dict[str, Any]]], model: list[tuple[float, float]]
) -> None:
    done = applied([[row for part in parts for row in part]], present(model))
    if done is None:
        return
    kept = done.objects[done.objects["reason"].isna()]
    shapes = kept.geometry.to_crs(8857).array
    assert shapely.area(shapes).sum() - shapely.area(shapely.union_all(shapes)) < 1.0
    assert (kept["area_m2"] >= 1e4).all()
    assert kept.crs == WGS84
