"""Tables as Markdown."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a table, without a line break at its end; what would end a cell is escaped, None is an empty cell."""
    rows = [[*heads], ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows)


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", r"\|")
