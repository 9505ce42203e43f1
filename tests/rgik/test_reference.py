"""docs/rgik.md is what the schema says."""

from workflow_scripts.rogi.rgik.reference import KNOWN, TARGET, reference
from workflow_scripts.rogi.rgik.schema import LAYERS, Source


def test_the_page_is_up_to_date() -> None:
    page = TARGET.read_text(encoding="utf-8")
    assert page == reference(page), "run `make docs`"
    assert page.startswith("# RGIK: export and validator")


def test_every_field_is_there_with_how_its_name_is_known() -> None:
    rows = [line for line in reference("").splitlines() if line.startswith("| `")]
    words = {Source.PRODUCT: "verified", Source.PYROGI: "verified", Source.OWN: "own"}
    for layer in LAYERS:
        for field in layer.fields:
            mark = f"| {words.get(field.source, 'inferred')} [{KNOWN[field.source]}] |"
            assert any(row.startswith(f"| `{field.name}` | {field.meaning} {mark}") for row in rows)


def test_every_list_is_there_once() -> None:
    lists = {id(field.values): field.values for layer in LAYERS for field in layer.fields if field.values}
    for allowed in lists.values():
        assert allowed
        assert reference("").count(", ".join(f"`{value}`" for value in allowed.values) + " |") == 1
