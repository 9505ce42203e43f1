"""docs/attributes.md says what the columns say."""

from workflow_scripts.rogi.column_reference import HEADER, TARGET, reference
from workflow_scripts.rogi.columns import COLUMNS, NAMES


def test_the_page_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == reference(), "run `make docs`"


def test_every_column_has_a_row_with_all_that_is_said_of_it() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(NAMES)
    for row, column in zip(rows, COLUMNS, strict=True):
        assert row.replace(r"\|", "").count("|") == HEADER.splitlines()[0].count("|")
        for text in (column.description, column.unit, column.formula, column.source, column.empty, column.caveat):
            assert text.replace("|", r"\|") in row
