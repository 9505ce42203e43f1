"""Tables as Markdown: one line per row, whatever stands in the cells."""

from workflow_scripts.rogi.markdown import table


def test_a_table() -> None:
    text = table(["name", "n"], [["a|b", 1], ["two\nlines", None]])
    assert text.splitlines() == ["| name | n |", "| --- | --- |", "| a\\|b | 1 |", "| two lines |  |"]
