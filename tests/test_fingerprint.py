"""A digest of code changes with what the code does, and with nothing else."""

from pathlib import Path

import pytest

from workflow_scripts.rogi.fingerprint import code_digest, reached

SCRIPT = '''"""Script."""

import json

from workflow_scripts.rogi.area import area
from workflow_scripts.rogi.shapes import outline as shape


def main(path: str) -> None:
    """Write it."""
    print(area(shape(path)), json)
'''
AREA = '"""Areas."""\n\n\ndef area(value: float) -> float:\n    """Twice."""\n    return 2 * value\n'
OUTLINE = "import workflow_scripts.rogi.deep\n\n\ndef points(path):\n    return len(path)\n"
FILES = {
    "workflow_scripts/__init__.py": "",
    "workflow_scripts/run.py": SCRIPT,
    "workflow_scripts/other.py": "from workflow_scripts.rogi.area import area\n",
    "workflow_scripts/rogi/__init__.py": "",
    "workflow_scripts/rogi/area.py": AREA,
    "workflow_scripts/rogi/shapes/__init__.py": "",
    "workflow_scripts/rogi/shapes/outline.py": OUTLINE,
    "workflow_scripts/rogi/deep.py": "from workflow_scripts.rogi.area import area\n\nDEPTH = 1\n",
    "workflow_scripts/rogi/unused.py": "X = 1\n",
}


def project(root: Path, **changes: str) -> Path:
    """A small project; `changes` replaces files, by stem."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changes.get(path.stem, text))
    return root


def digest(root: Path, **changes: str) -> str:
    return code_digest(project(root, **changes) / "workflow_scripts/run.py", root)


@pytest.fixture
def original(tmp_path: Path) -> str:
    return digest(tmp_path / "original")


def test_reached_are_the_modules_imported_directly_and_through_others(tmp_path: Path) -> None:
    root = project(tmp_path)
    found = {
        path.relative_to(root / "workflow_scripts").as_posix()
        for path in reached(root / "workflow_scripts/run.py", root)
    }
    assert found >= {"run.py", "rogi/area.py", "rogi/shapes/outline.py", "rogi/deep.py"}
    assert not found & {"other.py", "rogi/unused.py"}


def test_circular_imports_come_to_an_end(tmp_path: Path) -> None:
    root = project(tmp_path, area="from workflow_scripts.rogi.deep import DEPTH\n")
    assert root / "workflow_scripts/rogi/deep.py" in reached(root / "workflow_scripts/rogi/area.py", root)


def test_the_place_of_the_project_does_not_count(tmp_path: Path, original: str) -> None:
    assert digest(tmp_path / "elsewhere") == original


@pytest.mark.parametrize(
    "changes",
    [
        {"run": SCRIPT.replace('"""Write it."""', '"""Write it, described better."""')},
        {"run": SCRIPT.replace('"""Script."""', '"""Another title."""')},
        {"run": SCRIPT + "\n# a comment\n"},
        {"area": AREA.replace("2 * value", "(2 *\n            value)")},
        {"area": AREA.replace('    """Twice."""\n', "")},
        {"unused": "X = 2\n"},
        {"other": "X = 2\n"},
    ],
    ids=[
        "docstring",
        "module_docstring",
        "comment",
        "formatting",
        "docstring_removed",
        "unused_module",
        "other_script",
    ],
)
def test_what_does_nothing_does_not_count(tmp_path: Path, original: str, changes: dict[str, str]) -> None:
    assert digest(tmp_path / "changed", **changes) == original


@pytest.mark.parametrize(
    "changes",
    [
        {"run": SCRIPT.replace("area(shape(path))", "shape(path)")},
        {"area": AREA.replace("2 * value", "3 * value")},
        {"outline": OUTLINE.replace("len(path)", "len(path) + 1")},
        {"deep": "from workflow_scripts.rogi.area import area\n\nDEPTH = 2\n"},
        {"area": AREA.replace("def area(value: float)", "def area(value: float = 1)")},
    ],
    ids=["script", "module", "subpackage", "module_of_a_module", "default"],
)
def test_what_changes_a_result_counts(tmp_path: Path, original: str, changes: dict[str, str]) -> None:
    assert digest(tmp_path / "changed", **changes) != original


def test_moving_code_to_another_module_counts(tmp_path: Path, original: str) -> None:
    """Equal syntax trees under other names are other code."""
    root = project(tmp_path / "moved", run=SCRIPT.replace("rogi.area", "rogi.areas"))
    (root / "workflow_scripts/rogi/area.py").rename(root / "workflow_scripts/rogi/areas.py")
    assert code_digest(root / "workflow_scripts/run.py", root) != original
