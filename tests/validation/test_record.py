import pandas as pd

from tests.validation.scene import inventory
from workflow_scripts.rogi.validation.record import recorded

ALL = inventory(4)


def test_reviewers_and_doubts_are_written_down() -> None:
    told = pd.DataFrame(
        {"Ann": ["yes", "no", None], "Bo": ["yes", "uncertain", None], "Chris": [None, "yes", None]},
        index=ALL["ID"][:3], dtype=object,
    )  # fmt: skip
    before = ALL.assign(ADDI_INF=pd.Series([None, "glacier above", "shadow", None], dtype="str"))
    after = recorded(before, told)
    assert after["REVIEWER"].fillna("").tolist() == ["Ann; Bo", "Ann; Bo; Chris", "", ""]
    assert after["ADDI_INF"].fillna("").tolist() == [
        "", "glacier above; validation: no by Ann, uncertain by Bo, yes by Chris", "shadow", ""
    ]  # fmt: skip
    assert after.drop(columns=["REVIEWER", "ADDI_INF"]).equals(before.drop(columns=["REVIEWER", "ADDI_INF"]))
