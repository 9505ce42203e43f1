"""The conda environments: well-formed, complete for the rules that name them, and of the versions in the lock."""

import ast
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest
import snakemake
import yaml
from packaging.requirements import Requirement
from rattler import BuildString, MatchSpec, PackageRecord

from tests.rule_files import ROOT, Rule, all_rules
from workflow_scripts.rogi.fingerprint import reached

ENVS = sorted((ROOT / "envs").glob("*.yaml"))
# Name of the conda package, where it is not that of the import (or of the PyPI package).
OF_IMPORT = {
    "PIL": "pillow",
    "matplotlib": "matplotlib-base",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "torch": "pytorch",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
}
OF_PYPI = {
    "matplotlib": "matplotlib-base",
    "richdem2": "richdem",
    "snakemake": "snakemake-minimal",
    "torch": "pytorch",
}
TO_PYPI = {conda: pypi for pypi, conda in OF_PYPI.items()}
# Imported at run time, where no import statement of ours shows it: xarray's engine for netCDF, PyTorch's for logs.
ENGINES = {"xarray": "h5netcdf", "torch.utils.tensorboard": "tensorboard"}


def content(env: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(env.read_text(encoding="utf-8"))
    return loaded


def specs(env: Path) -> dict[str, MatchSpec]:
    found = [MatchSpec(text) for text in content(env)["dependencies"]]
    return {spec.name.normalized: spec for spec in found}


def imported(path: Path) -> set[str]:
    """Third-party top-level names in the import statements of a file, those inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module.split(".")[0], ENGINES.get(node.module, "")} - {""}
    return names - sys.stdlib_module_names - {"workflow_scripts"}


def needed(rule: Rule) -> set[str]:
    imports = {name for path in reached(rule.path("script"), ROOT) for name in imported(path)}
    imports |= {engine for name, engine in ENGINES.items() if name in imports}
    return {OF_IMPORT.get(name, name) for name in imports}


def locked(python: str) -> dict[str, str]:
    """Versions of the lock for one Python, by PyPI name."""
    lines = re.findall(r"^(\S+==\S+(?: ; .*?)?)(?: \\)?$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    versions = {}
    for requirement in map(Requirement, lines):
        place = {"python_full_version": f"{python}.0", "python_version": python, "sys_platform": "linux"}
        if requirement.marker is None or requirement.marker.evaluate(place):
            versions[requirement.name] = str(requirement.specifier).removeprefix("==")
    return versions


def record(name: str, version: str) -> PackageRecord:
    return PackageRecord(name, version, build=BuildString("0"), build_number=0, subdir="noarch")


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_every_dependency_is_a_strict_match_specification_with_a_version(env: Path) -> None:
    for text in content(env)["dependencies"]:
        spec = MatchSpec(text, strict=True)
        assert spec.version is not None, f"{env.name}: {text} names no version"
    assert len(specs(env)) == len(content(env)["dependencies"]), f"{env.name} names a package twice"
    assert content(env)["channels"][0] == "conda-forge"
    assert content(env)["channels"][-1] == "nodefaults"


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_versions_are_those_of_the_lock(env: Path) -> None:
    found = specs(env)
    python = re.fullmatch(r"(\d+\.\d+)\.\*", str(found.pop("python").version))
    assert python, f"{env.name} does not pin the minor version of Python"
    versions = locked(python[1])
    for name, spec in found.items():
        version = versions[TO_PYPI.get(name, name)]
        assert spec.matches(record(name, version)), f"{env.name} asks for {spec}, requirements.lock has {version}"


def test_a_version_beside_the_lock_would_be_noticed() -> None:
    assert MatchSpec("numpy =2.4").matches(record("numpy", "2.4.6"))
    assert not MatchSpec("numpy =2.4").matches(record("numpy", "2.5.5"))
    assert (locked("3.11")["numpy"], locked("3.13")["numpy"]) == ("2.4.6", "2.5.5")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rules_environment_covers_every_import_that_its_script_reaches(rule: Rule) -> None:
    missing = needed(rule) - set(specs(rule.path("conda")))
    assert not missing, f"rule {rule.name}: {rule.path('conda').name} lacks {sorted(missing)}"


@pytest.mark.parametrize("env", [env for env in ENVS if env.stem != "workflow"], ids=lambda env: env.stem)
def test_an_environment_holds_nothing_that_no_rule_needs(env: Path) -> None:
    used = {name for rule in all_rules() if rule.path("conda") == env for name in needed(rule)}
    assert set(specs(env)) - used == {"python"}


def test_the_environment_of_everything_covers_the_others_and_pyproject() -> None:
    everything = set(specs(ROOT / "envs/workflow.yaml"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {Requirement(text).name for text in project["dependencies"]}
    assert {OF_PYPI.get(name, name) for name in declared} <= everything
    for env in ENVS:
        assert set(specs(env)) <= everything, f"workflow.yaml lacks what {env.name} names"


def test_all_environments_share_one_python() -> None:
    """Scripts take objects that the Snakemake process pickled."""
    assert {str(specs(env)["python"].version) for env in ENVS} == {"3.11.*"}


def test_what_snakemake_puts_before_a_script_needs_no_package_of_the_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    packages = Path(snakemake.__file__).parents[1]
    program = f"""if True:
        import sys
        sys.path.extend([{str(packages)!r}])
        from snakemake.logging import logger
        from snakemake.iocontainers import Snakemake
        files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
        print([file for file in files if file.startswith({str(packages)!r}) and not file.endswith(".py")])
    """
    ran = subprocess.run([tmp_path / "bare/bin/python", "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
