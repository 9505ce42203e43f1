"""docs/attributes.md, written from the columns: `python -m workflow_scripts.rogi.column_reference`."""

from pathlib import Path

from workflow_scripts.rogi.columns import GROUPS, Column
from workflow_scripts.rogi.files import write_text

TARGET = Path(__file__).parents[2] / "docs" / "attributes.md"
INTRODUCTION = """# Attributes

Every column of the published inventory. Written by `make docs` from
[workflow_scripts/rogi/columns.py](../workflow_scripts/rogi/columns.py); edit that and not this page.

Nothing is resampled: terrain is derived on the DEM's own grid, with the true size and direction of its cells on the
WGS84 ellipsoid, and each outline is brought into the CRS of the raster. The columns on shape (LENGTH, WIDTH,
ELONGATION, FLOW_DIR, FRONT_ALT, HEADWALL) are our own definitions.
"""
HEADER = "| column | what it is | unit | how it is derived | from | empty where | mind |\n" + "|---" * 7 + "|\n"


def reference() -> str:
    """Return the text of docs/attributes.md."""
    return INTRODUCTION + "".join(
        f"\n## {title}\n\n{HEADER}" + "".join(map(_row, columns)) for title, columns in GROUPS.items()
    )


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        column.description,
        column.unit,
        column.formula,
        column.source,
        column.empty or "never",
        column.caveat,
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def main() -> None:
    """Write docs/attributes.md."""
    write_text(TARGET, reference())


if __name__ == "__main__":
    main()
