"""Which threshold candidates are cut at: the config's, or the one that the probability raster states."""

import logging

import pytest

from tests.mapping.tongues import PLAIN
from workflow_scripts.rogi.mapping.rules import CandidateRules, rules_for

OF_MODEL = PLAIN | {"threshold": "model"}


@pytest.mark.parametrize("tags", [{}, {"threshold": "0.7"}])
def test_a_number_is_taken_whatever_the_raster_says(tags: dict[str, str]) -> None:
    assert rules_for(PLAIN, "probability.tif", tags) == CandidateRules(**PLAIN)


def test_the_rasters_own_threshold(caplog: pytest.LogCaptureFixture) -> None:
    found = rules_for(OF_MODEL | {"seed_threshold": 0.8}, "probability.tif", {"threshold": "0.3125", "units": "x"})
    assert found == CandidateRules(**PLAIN | {"threshold": 0.3125, "seed_threshold": 0.8})
    assert not caplog.records


@pytest.mark.parametrize(("tags", "found"), [({}, "missing"), ({"threshold": "0"}, "0"), ({"threshold": "nan"}, "nan")])
def test_a_raster_that_states_none_is_named(tags: dict[str, str], found: str) -> None:
    with pytest.raises(ValueError, match=rf"the tag 'threshold' of here/probability\.tif is {found}; .* Map it again"):
        rules_for(OF_MODEL, "here/probability.tif", tags)


def test_a_seed_below_the_rasters_own_threshold_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "rogi"):
        rules_for(OF_MODEL | {"seed_threshold": 0.6}, "probability.tif", {"threshold": "0.7"})
    assert "seed_threshold is 0.6, below the model's own threshold of 0.700" in caplog.text
