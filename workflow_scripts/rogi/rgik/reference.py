"""The tables of docs/rgik.md, written from the schema: `python -m workflow_scripts.rogi.rgik.reference`."""

from collections.abc import Iterator
from pathlib import Path

from workflow_scripts.rogi.files import write_text
from workflow_scripts.rogi.rgik.schema import LAYERS, Field, Layer, Source, ValueList

TARGET = Path(__file__).parents[3] / "docs" / "rgik.md"
HEADING = "## Layers and fields\n"
KNOWN = {source: number for number, source in enumerate(Source, 1)}


def reference(page: str) -> str:
    """Return the page with its tables written anew; what stands before them stays."""
    before = page.partition(HEADING)[0]
    return before + HEADING + "".join(_section(layer) for layer in LAYERS) + _value_lists() + _sources()


def _section(layer: Layer) -> str:
    needed = "" if layer.required else " May be absent."
    head = f"\n### {layer.code} ({layer.geometry.lower()}s)\n\n{layer.meaning}.{needed}\n\n"
    head += "| field | what it holds | name | written by the export | must be |\n|---|---|---|---|---|\n"
    return head + "".join(_row(field) for field in layer.fields)


def _row(field: Field) -> str:
    need = ", ".join(["there"] * field.required + ["filled"] * field.filled)
    return f"| `{field.name}` | {field.meaning} | {_mark(field.source)} | {field.export} | {need} |\n"


def _mark(source: Source) -> str:
    word = "verified" if source.verified else "own" if source is Source.OWN else "inferred"
    return f"{word} [{KNOWN[source]}]"


def _value_lists() -> str:
    head = "\n## Values\n\n| field | values | list | also understood |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {fields} | {', '.join(f'`{value}`' for value in allowed.values)} | {_mark(allowed.source)} | "
        f"{', '.join(f'`{other}`' for other in allowed.others)} |\n"
        for fields, allowed in _listed()
    )


def _listed() -> Iterator[tuple[str, ValueList]]:
    """Give every value list once, with the fields that it belongs to."""
    fields = [field for layer in LAYERS for field in layer.fields if field.values]
    for allowed in {id(field.values): field.values for field in fields}.values():
        names = dict.fromkeys(f"`{field.name}`" for field in fields if field.values is allowed)
        if allowed:
            yield ", ".join(names), allowed


def _sources() -> str:
    lines = "".join(f"{number}. {source.value}.\n" for source, number in KNOWN.items())
    return (
        "\nOnly the capitals of `ActiCl` and `OutType` are known; of the other lists the words alone.\n"
        f"\n## How far names and lists are known\n\n{lines}"
    )


def main() -> None:
    """Write the tables of docs/rgik.md."""
    write_text(TARGET, reference(TARGET.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
