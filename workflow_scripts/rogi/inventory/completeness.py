"""The table of capture and recapture: how many rock glaciers there are, and which share of them the inventory holds."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from workflow_scripts.rogi.inventory.accuracy import TOTAL
from workflow_scripts.rogi.inventory.lists import RockGlacierList, Sightings
from workflow_scripts.rogi.inventory.recapture import Pair, chapman, loglinear_models, profile_interval, tabulate
from workflow_scripts.rogi.inventory.stages import CANDIDATES, REVIEWED

CHAPMAN, LOGLINEAR = "Chapman", "log-linear"
COLUMNS = (
    *("subregion", "method", "lists", "dependence", "chosen", "seen", "shared", "lincoln_petersen"),
    *("population", "std_error", "low", "high"),
    *("inventory", "inventory_share", "inventory_share_low", "inventory_share_high"),
    *("deviance", "df", "aic", "bic", "caveat"),
)
HETEROGENEOUS = "large and clear ones are on every list, which makes the number too low"
SAME_EYES = "mappers judged these very candidates, so both miss the same: a lower bound"
FALSE_ONES = "nobody has taken the false candidates out, which makes the number too high"
GUESSED = "the hull of an inventory's outlines stands for the ground that it searched"
TRAINED = "the model has learned from one of the lists, so it finds the same: the number is too low"
TOO_FEW = "too few are on two lists: no estimate"
ENDLESS = "no model has a finite estimate"
SELECTED = "the interval takes the chosen dependence for certain"


class Settings(NamedTuple):
    """How to estimate.

    Attributes:
        confidence: Share of cases in which an interval shall hold the true number.
        criterion: "aic" or "bic", which chooses between log-linear models.
        least_shared: Fewest rock glaciers on two lists for which there is an estimate.
    """

    confidence: float
    criterion: str
    least_shared: int


class Scope(NamedTuple):
    """The rock glaciers of a subregion or of all, and the lists of those who looked there.

    Attributes:
        seen: Which lists hold them, boolean of shape (n, lists).
        searched: Which lists looked where they lie, boolean of shape (n, lists).
        lists: The lists.
    """

    seen: np.ndarray
    searched: np.ndarray
    lists: list[RockGlacierList]

    @property
    def names(self) -> list[str]:
        """Names of the lists."""
        return [each.name for each in self.lists]

    def column(self, name: str) -> int | None:
        """Return the position of a list, None where it did not look here."""
        return self.names.index(name) if name in self.names else None


def recapture_table(
    found: Sightings,
    lists: Sequence[RockGlacierList],
    places: Sequence[str],
    judged: Sequence[bool],
    settings: Settings,
) -> pd.DataFrame:
    """Estimate per subregion and in total.

    Where people have reviewed, a candidate that is on no other list is a false one, not a rock glacier that others
    missed: it is left out, and to be on the candidates' list alone is a history that cannot occur. The total is that of
    the reviewed subregions, where there are any.

    Args:
        found: Rock glaciers by list.
        lists: The lists; the names of the stages' are `CANDIDATES` and `REVIEWED`.
        places: Names of the subregions.
        judged: Whether people have reviewed them.
        settings: How to estimate.

    Returns:
        Columns `COLUMNS`: per subregion and in total a row for each pair of lists, and for three lists and more a row
        for each log-linear model; NaN where there is no estimate, with the reason in the caveat.
    """
    counted = np.array(judged, bool) if any(judged) else np.ones(len(places), bool)
    members = [(place, found.region == number) for number, place in enumerate(places)]
    members.append((TOTAL, (found.region >= 0) & counted[found.region]))
    rows = [
        {"subregion": place} | row for place, here in members for row in _rows(_scope(found, here, lists), settings)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _scope(found: Sightings, here: np.ndarray, lists: Sequence[RockGlacierList]) -> Scope:
    """Return some of the rock glaciers, without the lists that did not look there and without false candidates."""
    there = np.flatnonzero(found.searched[here].any(axis=0)).tolist()
    seen, searched = (of[here][:, there] for of in (found.seen, found.searched))
    scope = Scope(seen, searched, [lists[k] for k in there])
    candidates, reviewed = scope.column(CANDIDATES), scope.column(REVIEWED)
    if candidates is None or reviewed is None:
        return scope
    confirmed = np.delete(scope.seen, candidates, axis=1).any(axis=1)
    return scope._replace(seen=scope.seen[confirmed], searched=scope.searched[confirmed])


def _rows(scope: Scope, settings: Settings) -> Iterator[dict[str, object]]:
    """Yield the rows of one scope."""
    every = tuple(range(len(scope.names)))
    for chosen in [*combinations(every, 2), *([every] if len(every) > 2 else [])]:
        common = scope.searched[:, chosen].all(axis=1)
        seen = scope.seen[common][:, chosen]
        seen = seen[seen.any(axis=1)]
        inventory = scope.column(REVIEWED) if REVIEWED in scope.names else scope.column(CANDIDATES)
        shared = int((seen.sum(axis=1) > 1).sum())
        row = {
            "method": CHAPMAN if len(chosen) == 2 else LOGLINEAR,
            "lists": "; ".join(scope.names[k] for k in chosen),
            "seen": len(seen),
            "shared": shared,
            "inventory": None if inventory is None else int(scope.seen[common][:, inventory].sum()),
        }
        caveats = _caveats(scope, chosen)
        if shared < settings.least_shared:
            yield row | {"caveat": "; ".join([TOO_FEW, *caveats])}
        elif len(chosen) == 2:
            yield _with_shares(row | _of_two(seen, settings.confidence) | {"caveat": "; ".join(caveats)})
        else:
            yield from _of_more(seen, row, scope, caveats, settings)


def _caveats(scope: Scope, chosen: tuple[int, ...]) -> list[str]:
    """Return what has to be known about an estimate from some of the lists."""
    lists = [scope.lists[k] for k in chosen]
    stages = {CANDIDATES, REVIEWED} & {each.name for each in lists}
    stated = {
        SAME_EYES: len(stages) == 2,
        FALSE_ONES: CANDIDATES in stages and REVIEWED not in scope.names,
        TRAINED: bool(stages) and any(each.is_trained_on for each in lists),
        GUESSED: any(each.is_guessed for each in lists),
        HETEROGENEOUS: True,
    }
    return [caveat for caveat, holds in stated.items() if holds]


def _of_two(seen: np.ndarray, confidence: float) -> dict[str, object]:
    first, second, both = (int(hits.sum()) for hits in (*seen.T, seen.all(axis=1)))
    estimate = chapman(first, second, both, confidence)
    return {"chosen": True, "lincoln_petersen": first * second / both, **estimate._asdict()}


def _of_more(
    seen: np.ndarray, row: dict[str, object], scope: Scope, caveats: list[str], settings: Settings
) -> Iterator[dict[str, object]]:
    """Yield a row per log-linear model of all lists; the interval is that of the chosen one."""
    false_ones = tuple(name == CANDIDATES for name in scope.names)
    table = tabulate(seen, (false_ones,) if REVIEWED in scope.names and any(false_ones) else ())
    models = loglinear_models(table)
    if not models:
        yield row | {"caveat": "; ".join([ENDLESS, *caveats])}
        return
    best = min(models, key=lambda model: getattr(model, settings.criterion))
    low, high = profile_interval(table, best.dependences, settings.confidence)
    for model in models:
        values = {"dependence": _named(model.dependences, scope.names), "chosen": model is best}
        values |= {"population": len(seen) + model.unseen, "std_error": model.std_error}
        values |= {name: getattr(model, name) for name in ("deviance", "df", "aic", "bic")}
        values |= {"low": low, "high": high} if model is best else {}
        yield _with_shares(row | values | {"caveat": "; ".join([SELECTED, *caveats] if model is best else caveats)})


def _named(dependences: tuple[Pair, ...], names: list[str]) -> str:
    return "; ".join(f"{names[one]} with {names[other]}" for one, other in dependences) or "independent"


def _with_shares(row: dict[str, Any]) -> dict[str, object]:
    """Add the share of the population that the inventory holds; it may exceed 1, as both are counts."""
    if row["inventory"] is None:
        return row
    ends = {"": "population", "_low": "high", "_high": "low"}
    return row | {f"inventory_share{end}": row["inventory"] / row[of] for end, of in ends.items() if row.get(of)}
