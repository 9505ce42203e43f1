"""Verdicts: what was asked of which input, what was found, what was expected, and what to do about it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

OK, WARNING, FAILED = "ok", "warning", "failed"
LISTED = 5  # faults that a verdict spells out


@dataclass(frozen=True)
class Verdict:
    """The answer to one check of one input, as it stands in the JSON report."""

    check: str
    input: str
    verdict: str
    found: str
    expected: str
    to_do: str

    def as_dict(self) -> dict[str, str]:
        """Return the verdict for JSON; what to do only where there is something to do."""
        return asdict(self) | ({"to_do": ""} if self.verdict == OK else {})


@dataclass(frozen=True)
class Check:
    """A question to one input, with the answer that is expected and the way out if it is another one."""

    name: str
    input: str
    expected: str
    to_do: str

    def ok(self, found: str) -> Verdict:
        """Return that it is as expected."""
        return self._verdict(OK, found)

    def warning(self, found: str) -> Verdict:
        """Return that the workflow can run, and that somebody should look first."""
        return self._verdict(WARNING, found)

    def failed(self, found: str) -> Verdict:
        """Return that the workflow would stop, or go wrong."""
        return self._verdict(FAILED, found)

    def either(self, is_good: bool, found: str) -> Verdict:
        """Return that it is as expected, or has failed."""
        return self.ok(found) if is_good else self.failed(found)

    def _verdict(self, verdict: str, found: str) -> Verdict:
        return Verdict(self.name, self.input, verdict, found, self.expected, self.to_do)


def answered(check: Check, look: Callable[[], Verdict]) -> Verdict:
    """Return the verdict of a look at an input; an input that cannot be read has failed, with the reader's message."""
    try:
        return look()
    except (ValueError, OSError, RuntimeError) as error:  # pyogrio's and h5py's errors are RuntimeErrors and OSErrors
        return check.failed(str(error))


def listed(faults: Iterable[str], most: int = LISTED) -> str:
    """Return the first of some faults, and how many more there are."""
    every = list(faults)
    more = [f"and {len(every) - most} more"] if len(every) > most else []
    return "; ".join([*every[:most], *more])


def count(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many verdicts there are of each kind."""
    kinds = [verdict.verdict for verdict in verdicts]
    return {kind: kinds.count(kind) for kind in (OK, WARNING, FAILED)}
