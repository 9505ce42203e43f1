"""What a check finds: where, what was found, what was expected, and the way out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

ERROR, WARNING = "error", "warning"


class Finding(NamedTuple):
    """One thing that is wrong; feature and field are empty where it concerns a whole layer or file."""

    severity: str
    check: str
    layer: str
    feature: str
    field: str
    found: str
    expected: str
    way_out: str

    def __str__(self) -> str:
        """Return it as one line."""
        place = [
            f"layer {self.layer}" if self.layer else "",
            f"feature {self.feature}" if self.feature else "",
            self.field,
        ]
        where = ", ".join(part for part in place if part)
        return f"{self.severity}: {where}: {self.check}: found {self.found}; expected {self.expected}; {self.way_out}"


@dataclass(frozen=True)
class Check:
    """What is expected, and what to do where it does not hold.

    Attributes:
        name: Name of the check.
        expected: What holds in a sound file.
        way_out: What to do.
        field: The field that it concerns, if it is one.
        severity: `ERROR` or `WARNING`.
    """

    name: str
    expected: str
    way_out: str
    field: str = ""
    severity: str = ERROR

    def at(self, places: Iterable[tuple[str, Any]], found: Iterable[object] | str) -> list[Finding]:
        """Return a finding for each feature.

        Args:
            places: Layer and number of each, the index of a part of a file.
            found: What was found, for each or for all.
        """
        places = list(places)
        values = [found] * len(places) if isinstance(found, str) else list(found)
        return [
            self._finding(layer, str(feature), value) for (layer, feature), value in zip(places, values, strict=True)
        ]

    def of(self, layer: str, found: object) -> Finding:
        """Return a finding that concerns a whole layer, or the whole file where that is empty."""
        return self._finding(layer, "", found)

    def _finding(self, layer: str, feature: str, found: object) -> Finding:
        return Finding(self.severity, self.name, layer, feature, self.field, str(found), self.expected, self.way_out)


def text(value: Any) -> str:
    """Return a cell as text without blanks around it: nothing for no value, no decimals for whole numbers."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def texts(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a field as texts; empty texts where the layer lacks it."""
    if name not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return pd.Series([text(value) for value in frame[name]], index=frame.index, dtype=object)
