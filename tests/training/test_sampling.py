"""Which patches are drawn: all of them in turn, or classes, inventories and outlines alike."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.sampling import Sampler, shares


def world(table: pd.DataFrame, training: Any = None) -> Samples:
    numbers = np.arange(len(table)) if training is None else np.array(training)
    return cast(Samples, SimpleNamespace(table=table, training=numbers))


def patches(
    uid: str, count: int, kind: str = "rock_glacier", inventory: str = "big", look: str = "composite"
) -> list[dict[str, Any]]:
    share = 0.1 if kind == "rock_glacier" else 0.0
    return [{"uid": uid, "kind": kind, "inventory": inventory, "look": look, "rock_glacier_share": share}] * count


TABLE = pd.DataFrame(
    [
        *patches("a", 6),
        *patches("b", 1),
        *patches("c", 1),
        *patches("lone", 2, inventory="small"),
        *patches("lake", 5, "water"),
        *patches("tongue 1", 1, "glacier"),
        *patches("tongue 2", 3, "glacier", "small"),
    ]
)


def test_classes_inventories_and_polygons_have_equal_chances() -> None:
    chance = shares(TABLE)
    assert chance.sum() == pytest.approx(1)
    of = pd.Series(chance).groupby(TABLE["uid"]).agg(["sum", "nunique"])
    assert of["sum"].to_dict() == pytest.approx(
        {"a": 1 / 12, "b": 1 / 12, "c": 1 / 12, "lone": 1 / 4, "lake": 1 / 4, "tongue 1": 1 / 8, "tongue 2": 1 / 8}
    )
    assert (of["nunique"] == 1).all(), "patches of a polygon have equal chances"


def test_where_there_are_no_negatives_rock_glaciers_have_it_all() -> None:
    assert shares(pd.DataFrame(patches("a", 2) + patches("b", 2))) == pytest.approx([1 / 4] * 4)


def test_other_looks_count_as_much_as_the_composite() -> None:
    table = pd.DataFrame(
        patches("a", 2) + patches("a", 3, look="2018") + patches("a", 1, look="2019") + patches("b", 1)
    )
    assert shares(table) == pytest.approx([1 / 8] * 2 + [1 / 16] * 4 + [1 / 2])


def test_balanced_draws_have_their_shares_in_every_step() -> None:
    sampler = Sampler(world(TABLE), "balanced", 7)
    positive = (TABLE["kind"] == "rock_glacier").to_numpy()
    drawn = [sampler.numbers(step, 8) for step in range(500)]
    assert {int(positive[numbers].sum()) for numbers in drawn} == {4}
    places = np.mean([positive[numbers] for numbers in drawn], axis=0)
    assert places == pytest.approx(np.full(8, 0.5), abs=0.1), "the class does not depend on the place in the batch"
    found = np.bincount(np.concatenate(drawn), minlength=len(TABLE)) / 4000
    assert found == pytest.approx(shares(TABLE), abs=0.02)


def test_uniform_shows_every_patch_once_before_any_again() -> None:
    training = [1, 4, 5, 8, 11]
    sampler = Sampler(world(TABLE, training), "uniform", 7)
    drawn = np.concatenate([sampler.numbers(step, 4) for step in range(10)])
    for start in range(0, 40, 5):
        assert sorted(drawn[start : start + 5]) == training
    assert len({tuple(drawn[start : start + 5]) for start in range(0, 40, 5)}) > 4, "in another order"


@pytest.mark.parametrize("sampling", ["uniform", "balanced"])
def test_a_step_depends_on_seed_and_number_alone(sampling: str) -> None:
    one, other, strange = (Sampler(world(TABLE), sampling, seed) for seed in (7, 7, 8))
    later = [other.numbers(step, 6).tolist() for step in (9, 3)]
    assert [one.numbers(step, 6).tolist() for step in (3, 9)] == later[::-1]
    assert strange.numbers(3, 6).tolist() != later[1]
    assert Counter(map(tuple, later)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("training", [[], [10, 11, 15]])
def test_no_rock_glacier_to_train_on_says_where_to_look(training: list[int]) -> None:
    message = rf"of {len(training)} training patches none shows a rock glacier; see the QC table.*audit"
    with pytest.raises(ValueError, match=message):
        Sampler(world(TABLE, np.array(training, int)), "uniform", 7)
