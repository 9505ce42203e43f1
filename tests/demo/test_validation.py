"""Simulated reviewers, and what the estimators make of their answers: the stated rates come out again."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from tests.validation.scene import ADJUDICATOR, NAMES, REVIEWERS, cells, inventory, square
from workflow_scripts import simulate_validation
from workflow_scripts.rogi.demo.validation import (
    differing,
    is_true,
    overlooked,
    settled,
    simulated_answers,
    simulated_package,
)
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.validation.answers import read_answers
from workflow_scripts.rogi.validation.assessment import Drawn, assess
from workflow_scripts.rogi.validation.consensus import consensus
from workflow_scripts.rogi.validation.estimators import Design, share
from workflow_scripts.rogi.validation.raters import ac1, counts, observed
from workflow_scripts.rogi.validation.sample import SampleDesign, draw_sample

ALL, CELLS = inventory(), cells()
SAMPLE = draw_sample(ALL, SampleDesign("random", 0.5, "proportional", 2, [], []), 1)
MISSED = [square(79.025, 35.035), square(79.075, 35.036)]


def truth(*missing: int) -> gpd.GeoDataFrame:
    """Return the rock glaciers of the inventory without some, and two that it misses."""
    return gpd.GeoDataFrame(geometry=[*ALL.geometry.drop(list(missing)), *MISSED], crs=4326)


def test_who_is_true_and_who_is_missed() -> None:
    assert np.flatnonzero(~is_true(ALL, truth(3, 7))).tolist() == [3, 7]
    found = overlooked(ALL, truth(3))
    assert found.geometry.tolist() == MISSED
    assert overlooked(ALL, gpd.GeoDataFrame(geometry=[ALL.geometry[0].buffer(0.001)], crs=4326)).empty


def test_answers_err_as_often_as_stated() -> None:
    names = [str(number) for number in range(20_000)]
    right = np.where(np.arange(20_000) % 10 == 0, "no", "yes")
    told = simulated_answers(names, right, 0.04, 0.05, 1, "Ann")
    assert np.mean(told == "uncertain") == pytest.approx(0.05, abs=0.006)
    assert np.mean((told != right) & (told != "uncertain")) == pytest.approx(0.04, abs=0.006)
    assert (simulated_answers(names, right, 0, 0, 1, "Ann") == right).all()
    other = simulated_answers(names, right, 0.04, 0.05, 1, "Bo")
    assert np.mean((told != right) & (other != right)) == pytest.approx(0.09**2, abs=0.003)  # independent of each other


def test_a_reviewer_draws_what_is_missed_and_nothing_else() -> None:
    right = np.ones(len(SAMPLE), bool)
    missed = overlooked(ALL, truth())
    layers = simulated_package(SAMPLE, CELLS, right, missed, "Ann", 0, 0, 1)
    assert layers["cells"]["answer"].tolist() == ["yes", "yes", "no", "no"]
    assert layers["missed"].geometry.tolist() == MISSED
    blind = simulated_package(SAMPLE, CELLS, right, missed, "Ann", 1, 0, 1)
    assert set(blind["rock_glaciers"]["answer"]) == {"no"}
    assert set(blind["cells"]["answer"]) == {"no"}
    assert blind["missed"].empty


def test_disagreements_are_found_and_most_are_settled() -> None:
    one, other = ({"cells": pd.DataFrame({"answer": given})} for given in (["yes", "no"], ["yes", "uncertain"]))
    assert differing([one, other], "cells").tolist() == [False, True]
    assert settled([str(number) for number in range(4000)], 1).mean() == pytest.approx(0.75, abs=0.03)


def test_the_files_are_read_as_those_of_people(tmp_path: object) -> None:
    """From the script's files to answers, without a fault."""
    folder = str(tmp_path)
    frames = {"merged": ("rock_glaciers", ALL), "sample": ("sample", SAMPLE), "cells": ("cells", CELLS),
              "truth": ("rock_glaciers", truth(2))}  # fmt: skip
    for name, (layer, frame) in frames.items():
        write_layers(f"{folder}/{name}.gpkg", {layer: frame})
    paths = [f"{folder}/{name}.gpkg" for name in NAMES]
    merged, sample, searched, known = (f"{folder}/{name}.gpkg" for name in frames)
    simulate_validation.main(
        merged, sample, searched, known, paths, REVIEWERS, ADJUDICATOR, 0.2, 0.1, "resources/validation", 1
    )
    said = assess(read_answers(paths, NAMES), Drawn(ALL, SAMPLE, CELLS), NAMES, 10_000)
    assert said.answers[REVIEWERS].notna().all(axis=None)
    judged = said.answers[ADJUDICATOR].dropna()
    right = pd.Series(np.where(is_true(ALL, truth(2)), "yes", "no"), index=ALL["ID"])
    assert (judged == right[judged.index]).all()
    assert (said.answers.loc[judged.index, REVIEWERS].nunique(axis=1) == 2).all()


def test_recovered_precision_and_agreement_match_the_simulated_rates(rng: np.random.Generator) -> None:
    """Over many samples: intervals of what a reviewer, and both together, would say of all hold it as they should."""
    size, drawn, error, doubt, runs = 600, 90, 0.04, 0.05, 300
    names = [str(number) for number in range(size)]
    right = np.where(np.arange(size) < 0.92 * size, "yes", "no")
    told = {name: simulated_answers(names, right, error, doubt, 1, name) for name in REVIEWERS}
    every = pd.DataFrame(told | {ADJUDICATOR: right}, dtype=object)
    whole = counts(every[REVIEWERS])
    said = {name: (every[name] == "yes").to_numpy(float) for name in REVIEWERS}
    said["both"] = (consensus(every, ADJUDICATOR) == "yes").to_numpy(float)
    rates = {name: values.mean() for name, values in said.items()}
    assert rates["Ann"] == pytest.approx(0.92 * (1 - error - doubt) + 0.08 * error, abs=0.04)
    assert rates["both"] == pytest.approx(0.92, abs=0.005)  # the adjudicator is right
    agreed = {"observed": observed(whole, 0.95).value, "ac1": ac1(whole, 0.95).value}
    hits = dict.fromkeys([*rates, *agreed], 0)
    for _ in range(runs):
        chosen = rng.permutation(size)[:drawn]
        design = Design(np.zeros(drawn, int), np.array([size]))
        for name, rate in rates.items():
            one = share(said[name][chosen], np.ones(drawn), design, 0.95)
            hits[name] += one.low <= rate <= one.high
        for name, estimate in (("observed", observed(whole[chosen], 0.95)), ("ac1", ac1(whole[chosen], 0.95))):
            hits[name] += estimate.low <= agreed[name] <= estimate.high
    assert all(0.90 <= hit / runs <= 0.99 for hit in hits.values()), hits
