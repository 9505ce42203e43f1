"""What reviewers say together: alike, settled by the adjudicator, or open."""

import pandas as pd

OPEN = "open"
CONSENSUS = "consensus"


def consensus(answers: pd.DataFrame, adjudicator: str) -> pd.Series:
    """Return the common answer on every item.

    Args:
        answers: A row per item, a column per reviewer and one for the adjudicator, who counts where reviewers disagree;
            null where there is no answer.
        adjudicator: Name of that column.

    Returns:
        The answer that all reviewers give who answered, else the adjudicator's, else `OPEN`; null where there is none.
    """
    told = answers.drop(columns=adjudicator)
    alike = told.nunique(axis=1) == 1
    common = told.bfill(axis=1).iloc[:, 0].where(alike, answers[adjudicator])
    return common.mask(common.isna() & (told.nunique(axis=1) > 1), OPEN).astype(object)


def opinions(answers: pd.DataFrame, adjudicator: str) -> dict[str, pd.Series]:
    """Return the answers of every reviewer, and those of all together."""
    own = {name: answers[name] for name in answers.columns if name != adjudicator}
    return own | {CONSENSUS: consensus(answers, adjudicator)}
