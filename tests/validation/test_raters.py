import math

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.rogi.validation.answers import ANSWERS
from workflow_scripts.rogi.validation.raters import COLUMNS, ac1, agreement, alpha, counts, kappa, observed

LEVEL = 0.95
ABSTRACTORS = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])  # Gwet (2014): 100 pregnancies, two abstractors


def pairs(table: np.ndarray) -> tuple[pd.Series, pd.Series]:
    """Return the answers of two reviewers from their contingency table."""
    rows, columns = np.indices(table.shape)
    names = np.array(ANSWERS, dtype=object)
    return tuple(pd.Series(names[np.repeat(part.ravel(), table.ravel())]) for part in (rows, columns))


def votes(table: np.ndarray) -> np.ndarray:
    one, other = pairs(table)
    return counts(pd.DataFrame({"one": one, "other": other}))


def four_raters() -> np.ndarray:
    """Return Krippendorff's example of 12 units and four raters with gaps (Gwet 2014, p. 120), 5 categories."""
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    return np.stack([(np.array(table) == answer).sum(axis=0) for answer in range(1, 6)], axis=1)


def test_ac1_of_published_examples() -> None:
    """Values of the R package irrCAC, which is by Gwet; its table formula divides by n where this one has n - 1."""
    two = ac1(votes(ABSTRACTORS)[:, :3], LEVEL)
    assert two.value == pytest.approx(0.8493305, abs=1e-7)
    assert two.error * math.sqrt(99 / 100) == pytest.approx(0.04321747, abs=1e-8)
    four = ac1(four_raters(), LEVEL)
    assert (four.value, four.error) == pytest.approx((0.77544, 0.14295), abs=5e-6)
    assert (four.low, four.high) == pytest.approx((0.461, 1), abs=5e-4)


def test_kappa_and_alpha_of_published_examples() -> None:
    one = kappa(*pairs(ABSTRACTORS), LEVEL)
    assert (one.value, one.error) == pytest.approx((0.7964094, 0.05891072), abs=1e-7)
    rng = np.random.default_rng(1)
    assert alpha(votes(ABSTRACTORS), LEVEL, 20, rng).value == pytest.approx(0.7972585, abs=1e-7)
    assert alpha(four_raters(), LEVEL, 20, rng).value == pytest.approx(0.743, abs=5e-4)


def test_an_answer_that_never_occurs_lowers_chance_agreement() -> None:
    assert ac1(votes(ABSTRACTORS), LEVEL).value > ac1(votes(ABSTRACTORS)[:, :3], LEVEL).value


def test_the_paradox_of_kappa() -> None:
    """Nearly all say yes: agreement is high, and kappa finds none beyond chance (Feinstein and Cicchetti 1990)."""
    table = np.array([[118, 5], [2, 0]])
    assert observed(votes(table), LEVEL).value == pytest.approx(0.944)
    assert kappa(*pairs(table), LEVEL).value == pytest.approx(-0.0234, abs=1e-4)
    assert ac1(votes(table)[:, :2], LEVEL).value == pytest.approx(0.9408, abs=1e-4)


def test_one_answer_throughout_says_nothing_of_kappa_and_alpha() -> None:
    same = np.array([[30]])
    assert math.isnan(kappa(*pairs(same), LEVEL).value)
    assert math.isnan(kappa(*pairs(np.array([[30, 4], [0, 0]])), LEVEL).value)
    assert math.isnan(alpha(votes(same), LEVEL, 10, np.random.default_rng(1)).value)
    assert ac1(votes(same), LEVEL).value == 1
    assert observed(votes(same), LEVEL).low < 1


def test_without_two_answers_there_is_no_agreement() -> None:
    single = counts(pd.DataFrame({"one": ["yes", None], "other": [None, "no"]}))
    assert math.isnan(ac1(single, LEVEL).value)
    assert math.isnan(observed(single, LEVEL).value)
    assert agreement("x", pd.DataFrame({"one": ["yes"], "other": [None]}), LEVEL, 10, 1).empty


def test_the_table_has_every_pair_and_all() -> None:
    one, other = pairs(ABSTRACTORS)
    told = pd.DataFrame({"Ann": one, "Bo": other, "Cy": other.where(other.index > 5)})
    table = agreement("rock glaciers", told, LEVEL, 50, 1)
    assert table.columns.tolist() == list(COLUMNS)
    assert table["reviewers"].value_counts().to_dict() == {"Ann and Bo": 4, "Ann and Cy": 4, "Bo and Cy": 4, "all": 3}
    pair = table[table["reviewers"] == "Ann and Bo"].set_index("measure")
    assert pair.loc["observed agreement", "value"] == pytest.approx(0.89)
    assert (table["low"] <= table["value"] + 1e-12).all()
    assert (table["value"] <= table["high"] + 1e-12).all()
    assert table.loc[table["reviewers"] == "Ann and Cy", "items"].unique().tolist() == [94]
    assert agreement("rock glaciers", told, LEVEL, 50, 1).equals(table)


def test_simulated_agreement_is_found_again(rng: np.random.Generator) -> None:
    """Two reviewers who err independently, on 90 % true: the intervals hold what their error rates give."""
    truth_share, error, items, runs = 0.9, 0.1, 120, 120
    agreed = (1 - error) ** 2 + error**2
    yes = truth_share * (1 - error) + (1 - truth_share) * error
    by_kappa = (agreed - yes**2 - (1 - yes) ** 2) / (1 - yes**2 - (1 - yes) ** 2)
    chance = 2 * yes * (1 - yes) / 3
    expected = {"observed": agreed, "kappa": by_kappa, "ac1": (agreed - chance) / (1 - chance)}
    hits = dict.fromkeys(expected, 0)
    for _ in range(runs):
        right = rng.random(items) < truth_share
        said = [pd.Series(np.where(right ^ (rng.random(items) < error), "yes", "no")) for _ in range(2)]
        count = counts(pd.DataFrame(dict(enumerate(said))))
        for name, one in (
            ("observed", observed(count, LEVEL)),
            ("kappa", kappa(said[0], said[1], LEVEL)),
            ("ac1", ac1(count, LEVEL)),
        ):
            hits[name] += one.low <= expected[name] <= one.high
    assert all(0.90 <= hit / runs <= 0.99 for hit in hits.values()), hits
