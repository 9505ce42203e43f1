"""CONFIG.md, written from the schema and the demo's config: `python -m workflow_scripts.rogi.config_reference`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from workflow_scripts.rogi.files import write_text

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "CONFIG.md"
INTRODUCTION = """# Configuration

Every key of the config, with its value in the embedded demo study. Written by `make docs` from
[rules/config.schema.yaml](rules/config.schema.yaml) and [config.yaml](config.yaml); edit those and not this page.

A study of your own overrides what differs: `snakemake --cores 8 --configfile resources/studies/<study>.yaml`.
Mappings are merged key by key, lists are replaced whole, unknown keys are refused. `key[]` stands for each item of a
list.
"""
HEADER = "| key | value | demo | meaning |\n|---|---|---|---|\n"
TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null",
         "array": "list"}  # fmt: skip
PLURALS = {"string": "texts", "integer": "whole numbers", "number": "numbers", "object": "mappings"}


def reference(schema: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return the text of CONFIG.md.

    Args:
        schema: JSON Schema in which every key has a description.
        config: The complete config whose values are shown.
    """
    simple = {key: part for key, part in schema["properties"].items() if not _has_keys(part)}
    sections = [_section("General", "", _rows(simple, config, ""))]
    for key, part in schema["properties"].items():
        if key not in simple:
            sections.append(_section(f"`{key}`", part["description"], _inside(part, [config[key]], key)))
    return INTRODUCTION + "".join(sections)


def _section(title: str, description: str, rows: Iterator[str]) -> str:
    return f"\n## {title}\n\n" + (f"{description}\n\n" if description else "") + HEADER + "".join(rows)


def _has_keys(part: Mapping[str, Any]) -> bool:
    return "properties" in part or "properties" in part.get("items", {})


def _rows(parts: Mapping[str, Any], config: Mapping[str, Any], prefix: str) -> Iterator[str]:
    return (row for key, part in parts.items() for row in _row(part, [config[key]], f"{prefix}{key}"))


def _inside(part: Mapping[str, Any], values: list[Any], place: str) -> Iterator[str]:
    """Give the rows of the keys below a mapping or a list of mappings that occurs with several values."""
    if "items" in part:
        part, values, place = part["items"], [item for value in values for item in value], f"{place}[]"
    for key, inner in part["properties"].items():
        yield from _row(inner, [value[key] for value in values], f"{place}.{key}")


def _row(part: Mapping[str, Any], values: list[Any], place: str) -> Iterator[str]:
    deeper = _has_keys(part)
    shown = "" if deeper else "<br>".join(f"`{_written(value)}`" for value in values)
    yield f"| `{place}` | {_kind(part)} | {_cell(shown)} | {_cell(part['description'])} |\n"
    if deeper:
        yield from _inside(part, values, place)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _written(value: Any) -> str:
    """Return a value as it stands in YAML, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _kind(part: Mapping[str, Any]) -> str:
    """Return what a key takes: its type and its limits, or its choices."""
    if "enum" in part:
        return "one of " + ", ".join(f"`{_written(value)}`" for value in part["enum"])
    kind = part["type"]
    if kind == "array":
        items = part["items"]
        choices = f" from {', '.join(f'`{value}`' for value in items['enum'])}" if "enum" in items else ""
        return "list of " + _count(part) + PLURALS.get(items.get("type", "string"), "values") + choices
    if kind == "object":
        return "mapping"
    return " or ".join(TYPES[name] for name in ([kind] if isinstance(kind, str) else kind)) + _limits(part)


def _count(part: Mapping[str, Any]) -> str:
    least, most = part.get("minItems"), part.get("maxItems")
    if least == most:
        return "" if least is None else f"{least} "
    return f"{f'{least} or more ' if most is None else f'{least or 0} to {most} '}"


def _limits(part: Mapping[str, Any]) -> str:
    signs = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
        "multipleOf": "multiple of",
    }
    limits = [f"{sign} {part[name]}" for name, sign in signs.items() if name in part]
    return f", {', '.join(limits)}" if limits else ""


def main() -> None:
    """Write CONFIG.md."""
    schema, config = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("rules/config.schema.yaml", "config.yaml")
    )
    write_text(TARGET, reference(schema, config))


if __name__ == "__main__":
    main()
