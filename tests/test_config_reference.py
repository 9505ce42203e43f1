"""CONFIG.md says what the schema and the config say."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow_scripts.rogi import config_reference
from workflow_scripts.rogi.config_reference import ROOT, TARGET, reference

SCHEMA = yaml.safe_load((ROOT / "rules" / "config.schema.yaml").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of every table row by key."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert all(len(row) == 4 for row in cells)
    found = {row[0].strip("`"): row[1:] for row in cells}
    assert len(found) == len(cells)
    return found


def test_config_md_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == reference(SCHEMA, CONFIG), "run `make docs`"


def keys_of(config: Any, place: str = "") -> set[str]:
    if isinstance(config, dict):
        below = [{f"{place}.{key}".lstrip(".")} | keys_of(part, f"{place}.{key}") for key, part in config.items()]
        return set().union(*below)
    if isinstance(config, list):
        return set().union(*(keys_of(part, f"{place}[]") for part in config if isinstance(part, dict)))
    return set()


def test_every_key_of_the_config_has_a_row() -> None:
    """A section has the description of its key, so no row, and a mapping of free keys has one row for all of them."""
    headed = set(re.findall(r"^## `(\w+)`$", reference(SCHEMA, CONFIG), re.MULTILINE))
    told = set(rows(reference(SCHEMA, CONFIG)))
    untold = {key for key in keys_of(CONFIG) - headed - told if key.rpartition(".")[0] not in told}
    assert not untold
    assert headed == {key for key, value in CONFIG.items() if not isinstance(value, (str, int))}


SMALL: dict[str, Any] = {
    "properties": {
        "seed": {"type": "integer", "minimum": 0, "description": "A | B."},
        "part": {
            "type": "object",
            "description": "A part.",
            "properties": {
                "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "description": "Share."},
                "kind": {"enum": ["a", 4], "description": "Kind."},
                "file": {"type": ["string", "null"], "description": "File."},
                "names": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Names."},
                "years": {
                    "type": "array",
                    "items": {"type": "integer"},
                    "minItems": 2,
                    "maxItems": 2,
                    "description": "Years.",
                },
                "how": {"type": "array", "items": {"enum": ["x", "y"]}, "description": "How."},
                "inner": {
                    "type": "object",
                    "description": "Inner.",
                    "properties": {"on": {"type": "boolean", "description": "On."}},
                },
            },
        },
        "many": {
            "type": "array",
            "description": "Many.",
            "items": {"type": "object", "properties": {"path": {"type": "string", "description": "Path."}}},
        },
    }
}
VALUES: dict[str, Any] = {
    "seed": 7,
    "part": {
        "share": 0.5,
        "kind": "a",
        "file": None,
        "names": ["Ö", "b: c"],
        "years": [1, 2],
        "how": [],
        "inner": {"on": True},
    },
    "many": [{"path": "a/*.tif"}, {"path": "b"}],
}


@pytest.mark.parametrize(
    ("key", "cells"),
    [
        ("seed", ["whole number, ≥ 0", "`7`", r"A \| B."]),
        ("part.share", ["number, > 0, ≤ 1", "`0.5`", "Share."]),
        ("part.kind", ["one of `a`, `4`", "`a`", "Kind."]),
        ("part.file", ["text or null", "`null`", "File."]),
        ("part.names", ["list of 1 or more texts", "`[Ö, 'b: c']`", "Names."]),
        ("part.years", ["list of 2 whole numbers", "`[1, 2]`", "Years."]),
        ("part.how", ["list of texts from `x`, `y`", "`[]`", "How."]),
        ("part.inner", ["mapping", "", "Inner."]),
        ("part.inner.on", ["true or false", "`true`", "On."]),
        ("many[].path", ["text", "`a/*.tif`<br>`b`", "Path."]),
    ],
)
def test_a_row_says_key_type_demo_value_and_meaning(key: str, cells: list[str]) -> None:
    assert rows(reference(SMALL, VALUES))[key] == cells


def test_sections_follow_the_schema() -> None:
    text = reference(SMALL, VALUES)
    assert re.findall(r"^## .*", text, re.MULTILINE) == ["## General", "## `part`", "## `many`"]
    assert "\n## `part`\n\nA part.\n\n| key |" in text


def test_it_is_written_where_it_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_reference, "TARGET", tmp_path / "CONFIG.md")
    config_reference.main()
    assert (tmp_path / "CONFIG.md").read_text(encoding="utf-8") == reference(SCHEMA, CONFIG)
    assert TARGET == ROOT / "CONFIG.md"
