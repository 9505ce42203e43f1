import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from tests.validation.scene import inventory
from workflow_scripts.rogi.validation.precision import ALIKE, PRECISION, TABLE4, TOTAL, precision, right_ones, table4
from workflow_scripts.rogi.validation.sample import SampleDesign, draw_sample

ALL = inventory(40)
SAMPLE = draw_sample(ALL, SampleDesign("random", 0.5, "proportional", 2, [], []), 1).set_index("ID")


def said(*groups: tuple[int, str]) -> pd.Series:
    given = [answer for count, answer in groups for _ in range(count)]
    return pd.Series([*given, *[None] * (len(SAMPLE) - len(given))], index=SAMPLE.index, dtype=object)


ANN, BO = said((15, "yes"), (3, "no"), (2, "uncertain")), said((17, "yes"), (2, "no"), (1, "undefined"))
BOTH = {"Ann": ANN, "Bo": BO, "consensus": said((15, "yes"), (2, "open"), (3, "no"))}


def test_table4_counts_and_wilson_intervals() -> None:
    table = table4(BOTH, SAMPLE, 0.95)
    assert table.columns.tolist() == list(TABLE4)
    ann = table[table["reviewer"] == "Ann"].set_index("answer")
    assert ann["count"].to_dict() == {"yes": 15, "no": 3, "uncertain": 2, "undefined": 0}
    assert ann["share"].sum() == pytest.approx(1)
    low, high = proportion_confint(3, 20, method="wilson")
    assert (ann.loc["no", "low"], ann.loc["no", "high"]) == pytest.approx((low, high))
    assert ann["weighted_share"].to_numpy() == pytest.approx(ann["share"].to_numpy())
    assert ann.loc["no", "weighted_low"] > low  # half the inventory was looked at
    alike = table[table["reviewer"] == ALIKE].set_index("answer")
    assert alike["count"].to_dict() == {"yes": 15, "no": 1, "uncertain": 0, "undefined": 0}
    assert table[table["reviewer"] == "consensus"]["answer"].tolist()[-1] == "open"


def test_precision_on_its_bases() -> None:
    table = precision(BOTH, SAMPLE, ALL, 0.95)
    assert table.columns.tolist() == list(PRECISION)
    whole = table[(table["subregion"] == TOTAL) & (table["measure"] == "number")]
    ann = whole[whole["reviewer"] == "Ann"].set_index("basis")
    assert ann["precision"].to_dict() == pytest.approx({"yes": 0.75, "yes of yes and no": 15 / 18, "all but no": 0.85})
    assert ann["answered"].to_dict() == {"yes": 20, "yes of yes and no": 18, "all but no": 20}
    assert ann.loc["yes", "population"] == 40
    areas = table[(table["measure"] == "area_km2") & (table["subregion"] == TOTAL)]
    assert areas["population"].to_numpy() == pytest.approx(ALL["AREA"].sum() / 1e6)
    assert areas["precision"].to_numpy() == pytest.approx(whole["precision"].to_numpy(), abs=2e-3)


def test_subregions_add_up() -> None:
    table = precision({"Ann": ANN}, SAMPLE, ALL, 0.95)
    number = table[(table["basis"] == "yes") & (table["measure"] == "number")].set_index("subregion")
    answered = SAMPLE["SUBREGION"].value_counts()
    parts = number["precision"] * answered.reindex(number.index)
    assert parts[["West", "East"]].sum() == pytest.approx(15)
    assert right_ones(table, "Ann", TOTAL, "yes", "number").value == pytest.approx(30)
    assert np.isnan(right_ones(table, "Nobody", TOTAL, "yes", "number").value)


def test_nobody_has_answered() -> None:
    nothing = {"Ann": said(), "Bo": said(), "consensus": said()}
    assert table4(nothing, SAMPLE, 0.95).empty
    assert precision(nothing, SAMPLE, ALL, 0.95).empty
