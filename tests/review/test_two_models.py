"""A whole review carried over to another model's candidates: every human edit survives, few need a second look."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.review.scene import LIMITS, SIDE, Review, box, candidates, edit, published, returned, same_ground, scene
from workflow_scripts.rogi.review.conflicts import STOP
from workflow_scripts.rogi.review.edits import Returned
from workflow_scripts.rogi.review.pipeline import Rules, review

COUNT = 24
THRESHOLDS = (0.5, 0.35)


TRUTH = [(number % 8, number // 8, 1.0 + 0.05 * (number % 5)) for number in range(COUNT)]  # column, row, width


def model(threshold: float, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Outline bell-shaped scores at a threshold, as a model that errs a little in place and size would.

    Its faintest objects are not found at the higher threshold, and two neighbours become one at the lower.
    """
    radius = SIDE * np.sqrt(-np.log(threshold))  # of exp(-(r / SIDE)²)
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    shapes = []
    for column, row, width in TRUTH:
        x, y = 79 + 0.01 * column + rng.normal(0, SIDE / 20), 35 + 0.01 * row + rng.normal(0, SIDE / 20)
        wobble = radius * width * (1 + 0.1 * np.cos(3 * angle + rng.uniform(0, 6)))
        shapes.append(shapely.Polygon(np.column_stack([x + wobble * np.cos(angle), y + wobble * np.sin(angle)])))
    if threshold < 0.5:
        shapes[0:2] = [shapely.union_all([shapes[0], shapes[1], box(0.05, -0.02, 0.009, SIDE / 2)])]
    else:
        del shapes[-1]
    return candidates(len(shapes), dict(enumerate(shapes)))


def human(old: gpd.GeoDataFrame) -> Returned:
    """One of every operation, and more."""
    shapes = dict(zip(old["candidate_id"], old.geometry, strict=True))
    west, south, east, north = shapes["CAN5"].bounds
    middle = (west + east) / 2
    halves = [
        shapely.clip_by_rect(shapes["CAN5"], *sides)
        for sides in ((west, south, middle, north), (middle, south, east, north))
    ]
    rows = [
        *(edit("remain", f"CAN{n}", shapes[f"CAN{n}"]) for n in (0, 1, 2, 3)),
        edit("refine", "CAN4", shapely.buffer(shapes["CAN4"], SIDE / 8)),
        *(edit("split", "CAN5", half) for half in halves),
        edit("merge", "CAN8", shapes["CAN8"], merge_into="CAN9"),
        *(edit("remove", f"CAN{n}", shapes[f"CAN{n}"]) for n in (10, 11, 12)),
        edit("retrieve", None, shapely.Point(79.07, 35.02).buffer(SIDE)),  # the faintest, which the old model misses
        edit(None, "CAN13", shapely.buffer(shapes["CAN13"], SIDE / 10)),
    ]
    return returned(rows, handed=old)


def applied(told: Returned, now: gpd.GeoDataFrame) -> Review:
    return review(now, told, scene(now), Rules(LIMITS, STOP, 1e4, ("Q3",)))


@pytest.fixture
def both(rng: np.random.Generator) -> tuple[Review, Review, gpd.GeoDataFrame]:
    old, new = (model(threshold, rng) for threshold in THRESHOLDS)
    told = human(old)
    return applied(told, old), applied(told, new), new


def test_every_outline_that_people_drew_or_confirmed_survives(both: tuple[Review, Review, gpd.GeoDataFrame]) -> None:
    before, after = (published(done).query("operation != 'unreviewed'") for done in both[:2])
    assert before["operation"].value_counts().to_dict() == after["operation"].value_counts().to_dict()
    wanted, found = (set(frame.geometry.normalize().to_wkb()) for frame in (before, after))
    assert found == wanted
    assert len(wanted) == 4 + 2 + 2 + 1 + 1


def test_removed_places_stay_removed(both: tuple[Review, Review, gpd.GeoDataFrame]) -> None:
    before, after, _ = both
    removed = before.objects[before.objects["operation"] == "remove"].geometry
    assert len(removed) == 3
    assert not published(after).geometry.intersects(shapely.union_all(removed.representative_point().array)).any()


def test_every_edit_is_told_and_few_need_a_second_look(both: tuple[Review, Review, gpd.GeoDataFrame]) -> None:
    _, after, new = both
    assert after.log["outcome"].notna().all()
    decided = after.log[after.log["matched_by"].notna()]
    assert set(decided["matched_by"]) == {"overlap"}
    # CAN0 and CAN1 are one object now, which matches neither of them well enough: three entries, of 13 edits.
    assert after.second_look["decided_ids"].tolist() == ["CAN1", "CAN0", "CAN1"]
    assert after.second_look["candidate_id"].fillna("").tolist() == ["CAN0", "", ""]
    assert len(new) == COUNT - 1


def test_the_same_review_of_the_new_candidates_gives_the_same_again(
    both: tuple[Review, Review, gpd.GeoDataFrame], rng: np.random.Generator
) -> None:
    _, after, new = both
    old = model(THRESHOLDS[0], np.random.default_rng(20240))
    again = applied(human(old), new)
    assert set(published(again).geometry.normalize().to_wkb()) == set(published(after).geometry.normalize().to_wkb())
    assert same_ground(again.second_look.union_all(), after.second_look.union_all())
