"""Digests of code: a rule reruns when what its script does changes, and not when a comment or a date does.

Standard library only, because every Snakemake process computes it while it reads the Snakefile.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "workflow_scripts"


def code_digest(script: Path, root: Path) -> str:
    """Return a digest of a script and of every project module it reaches by imports.

    It is taken over the syntax tree without docstrings, so comments, formatting and documentation do not count.

    Args:
        script: A Python file below `root`.
        root: The folder that holds the package `workflow_scripts`.
    """
    digest = hashlib.sha256()
    for path in sorted(reached(script, root)):
        digest.update(str(path.relative_to(root)).encode())
        _, syntax = _syntax(path)
        digest.update(syntax)
    return digest.hexdigest()[:16]


def reached(script: Path, root: Path) -> set[Path]:
    """Return a script and the project modules that it imports, directly or through others."""
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imports(path, root))
    return found


def _imports(path: Path, root: Path) -> list[Path]:
    names, _ = _syntax(path)
    ours = [root.joinpath(*name.split(".")) for name in names if name.split(".")[0] == PACKAGE]
    return [file for base in ours for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()]


@cache
def _syntax(path: Path) -> tuple[frozenset[str], bytes]:
    """Return the names that a file imports, and a digest of its syntax tree without docstrings."""
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            node.body = body[1:]  # type: ignore[attr-defined]
    return frozenset(names), hashlib.sha256(ast.dump(tree).encode()).digest()
