"""The house rules of the code's layout: who may import whom, how long things are, what every rule and script has."""

import ast
import inspect
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.rule_files import LIBRARY, ROOT, SCRIPTS, Rule, all_rules, library_files, script_files
from workflow_scripts.rogi.entrypoint import RESERVED
from workflow_scripts.rogi.fingerprint import reached

RULES = all_rules()
RULE_FILES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
LIGHT = sys.stdlib_module_names | {"snakemake", "yaml", "jsonschema"}
TORCH = {"torch", "segmentation_models_pytorch", "timm", "torchvision"}
MODULE_LINES, MEDIAN_MODULE_LINES, MEDIAN_FUNCTION_LINES, SNAKEFILE_LINES = 300, 120, 15, 45


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(code: ast.AST) -> set[str]:
    """Full names of the modules that some code imports."""
    names: set[str] = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: write it out in full"
            names.add(node.module or "")
    return names


def tops(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def functions() -> Iterator[ast.FunctionDef]:
    for path in (*script_files(), *library_files()):
        yield from (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def identify(item: Path | Rule) -> str:
    return item.name if isinstance(item, Rule) else item.relative_to(ROOT).as_posix()


each_rule = pytest.mark.parametrize("rule", RULES, ids=identify)
each_script = pytest.mark.parametrize("script", script_files(), ids=identify)


# ---- who imports whom


@pytest.mark.parametrize("path", [*script_files(), *library_files()], ids=identify)
def test_nothing_imports_a_script(path: Path) -> None:
    ours = {name for name in imports(tree(path)) if tops({name}) == {"workflow_scripts"}}
    assert all(name.startswith("workflow_scripts.rogi.") for name in ours)
    assert not tops(imports(tree(path))) & {script.stem for script in script_files()}


@pytest.mark.parametrize("path", library_files(), ids=identify)
def test_only_the_entrypoint_knows_the_snakemake_object(path: Path) -> None:
    code = tree(path)
    names = {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(code) if isinstance(node, ast.arg)}
    knows = "snakemake" in names or "snakemake" in tops(imports(code))
    assert knows == (path == LIBRARY / "entrypoint.py")


@each_rule
def test_torch_is_reached_by_the_rules_of_its_environment_alone(rule: Rule) -> None:
    found = {path for path in reached(rule.path("script"), ROOT) if tops(imports(tree(path))) & TORCH}
    expected = rule.path("conda").stem == "torch"
    assert bool(found) == expected, f"{rule.name} reaches torch through {sorted(map(identify, found))}"


@pytest.mark.parametrize("path", library_files(), ids=identify)
def test_torch_is_imported_where_networks_are_trained_or_applied(path: Path) -> None:
    if tops(imports(tree(path))) & TORCH:
        assert path.parent.name in {"training", "mapping"}


@pytest.mark.parametrize("path", RULE_FILES, ids=identify)
def test_rule_files_import_nothing_heavy(path: Path) -> None:
    """Every job parses them anew."""
    stated = re.findall(r"^ *((?:from [\w.]+ )?import .+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    code = "\n".join(stated)
    assert tops(imports(ast.parse(code))) <= LIGHT | {"workflow_scripts"}
    for module in (name for name in imports(ast.parse(code)) if tops({name}) == {"workflow_scripts"}):
        for file in reached(ROOT.joinpath(*module.split(".")).with_suffix(".py"), ROOT):
            heavy = tops(imports(tree(file))) - LIGHT - {"workflow_scripts"}
            assert not heavy, f"{identify(path)} reaches {identify(file)}, which imports {sorted(heavy)}"


# ---- how long things are


@pytest.mark.parametrize("path", [*script_files(), *library_files()], ids=identify)
def test_no_module_is_too_long(path: Path) -> None:
    assert lines(path) <= MODULE_LINES


def test_most_modules_and_functions_are_short() -> None:
    modules = [lines(path) for path in library_files() if path.name != "__init__.py"]
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for node in functions()]
    assert statistics.median(modules) <= MEDIAN_MODULE_LINES
    assert statistics.median(lengths) <= MEDIAN_FUNCTION_LINES


def test_the_snakefile_is_a_table_of_contents() -> None:
    assert lines(ROOT / "Snakefile") <= SNAKEFILE_LINES
    assert "script:" not in (ROOT / "Snakefile").read_text(encoding="utf-8")


# ---- what every rule has


def test_rules_and_scripts_are_the_same() -> None:
    assert sorted(rule.name for rule in RULES) == [script.stem for script in script_files()]


@each_rule
def test_a_rule_is_complete(rule: Rule) -> None:
    needed = {"output", "log", "benchmark", "conda", "threads", "resources", "params", "script"}
    assert needed <= set(rule.directives), f"lacks {sorted(needed - set(rule.directives))}"
    assert rule.docstring.strip().endswith(".")
    assert "message" not in rule.directives, "it hides the rule in a dry run"
    assert "retries" not in rule.directives, "it repeats within the same Slurm allocation"


@each_rule
def test_a_rules_files_carry_its_name(rule: Rule) -> None:
    assert rule.path("script") == SCRIPTS / f"{rule.name}.py"
    assert rule.path("conda").is_file()
    assert re.match(rf'"results/logs/{rule.name}[/.]', rule.directives["log"])
    assert re.match(rf'"results/benchmarks/{rule.name}[/.]', rule.directives["benchmark"])
    assert f'code=code("{rule.name}")' in rule.directives["params"]


@each_rule
def test_resources_cover_memory_and_time(rule: Rule) -> None:
    assert {"mem_mb", "runtime"} <= rule.names("resources")


# ---- what every script has


@each_script
def test_a_script_has_its_form(script: Path) -> None:
    code = tree(script)
    assert ast.get_docstring(code)
    assert [node.name for node in code.body if isinstance(node, ast.FunctionDef)].count("main") == 1
    closing = script.read_text(encoding="utf-8").splitlines()[-2:]
    assert closing == ['if __name__ == "__main__":', "    job(main, snakemake)  # noqa: F821"]


@each_script
def test_a_script_takes_its_settings_as_arguments(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert len(re.findall(r"\bsnakemake\b(?! --)", text)) == 1, "only the closing line names the snakemake object"
    assert "__future__" not in text, "Snakemake puts lines before it, which makes it a syntax error"


@each_rule
def test_a_rule_and_its_script_name_the_same_things(rule: Rule) -> None:
    given = rule.names("input") | rule.names("output") | rule.names("params") | splatted(rule)
    assert given - RESERVED == set(inspect.signature(main_of(rule)).parameters) - {"threads"}


def main_of(rule: Rule) -> Callable[..., None]:
    main: Callable[..., None] = import_module(f"workflow_scripts.{rule.name}").main
    return main


def splatted(rule: Rule) -> set[str]:
    """Keys of the mappings in the files of helpers that a rule spreads into its params."""
    keys: set[str] = set()
    for name in re.findall(r"^\*\*(\w+),", rule.directives["params"], re.MULTILINE):
        helpers = "\n".join((ROOT / f"rules/{file}.smk").read_text(encoding="utf-8") for file in ("common", "people"))
        stated = re.search(rf"^{name} = {{\n(.*?)^}}", helpers, re.MULTILINE | re.DOTALL)
        assert stated, f"rules/common.smk and people.smk do not spell out {name}"
        keys |= set(re.findall(r'^    "(\w+)":', stated[1], re.MULTILINE))
    return keys
