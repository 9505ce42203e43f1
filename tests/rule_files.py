"""The rules as their files state them, read as text: what no dry run would show."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "workflow_scripts"
LIBRARY = SCRIPTS / "rogi"
_RULE = re.compile(r"^( *)rule (\w+):\n", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One rule: its name, its file, and the text of each directive by name."""

    name: str
    file: Path
    docstring: str
    directives: dict[str, str]

    def path(self, directive: str) -> Path:
        """Return the file that a directive such as conda or script names, relative to the rule's file."""
        found = re.search(r'"([^"]+)"', self.directives[directive])
        assert found, f"{directive} of rule {self.name} names no file"
        return (self.file.parent / found[1]).resolve()

    def names(self, directive: str) -> set[str]:
        """Return the keywords of a directive, such as the names of the inputs."""
        return set(re.findall(r"^(\w+)=", self.directives.get(directive, ""), re.MULTILINE))


def all_rules() -> list[Rule]:
    """Return the rules of rules/*.smk, in the order of the files."""
    return [rule for file in sorted((ROOT / "rules").glob("*.smk")) for rule in _rules_of(file)]


def script_files() -> list[Path]:
    """Return the scripts of the rules."""
    return [path for path in sorted(SCRIPTS.glob("*.py")) if path.name != "__init__.py"]


def library_files() -> list[Path]:
    """Return the modules of the library."""
    return sorted(LIBRARY.rglob("*.py"))


def _rules_of(file: Path) -> list[Rule]:
    text = file.read_text(encoding="utf-8")
    return [_rule(file, match[2], _block(text[match.end() :], len(match[1]) + 4)) for match in _RULE.finditer(text)]


def _block(text: str, indent: int) -> list[str]:
    """Return the lines up to the first that is indented less, without their common indentation."""
    lines = []
    for line in text.splitlines():
        if line.strip() and not line.startswith(" " * indent):
            break
        lines.append(line[indent:])
    return lines


def _rule(file: Path, name: str, lines: list[str]) -> Rule:
    docstring = re.match(r'"""(.+?)"""', "\n".join(lines), re.DOTALL)
    directives: dict[str, list[str]] = {}
    for line in lines:
        start = re.match(r"(\w+): *(.*)", line)
        if start:
            directives[start[1]] = [start[2]]
        elif line.startswith("    ") and directives:
            list(directives.values())[-1].append(line[4:])
    texts = {key: "\n".join(filter(None, value)) for key, value in directives.items()}
    return Rule(name, file, docstring[1] if docstring else "", texts)
