import pandas as pd

from workflow_scripts.rogi.validation.consensus import CONSENSUS, OPEN, consensus, opinions

TOLD = pd.DataFrame(
    [
        ("yes", "yes", None),
        ("yes", "no", "no"),
        ("yes", "no", None),
        (None, "uncertain", None),
        (None, None, None),
        ("no", "no", "yes"),
    ],
    columns=["Ann", "Bo", "Chris"],
    dtype=object,
)


def test_alike_settled_open_and_unanswered() -> None:
    said = consensus(TOLD, "Chris").astype(object)
    assert said.where(said.notna(), None).tolist() == ["yes", "no", OPEN, "uncertain", None, "no"]


def test_opinions_are_the_reviewers_and_their_consensus() -> None:
    found = opinions(TOLD, "Chris")
    assert list(found) == ["Ann", "Bo", CONSENSUS]
    assert found["Ann"].equals(TOLD["Ann"])
