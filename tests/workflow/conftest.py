"""A checkout of the workflow in a temporary folder, and one finished small demo that several tests look at."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "config.yaml", "rules", "envs", "profiles", "slurm", "resources", "workflow_scripts")
SMALL = REPOSITORY / "tests" / "small.yaml"


@dataclass(frozen=True)
class Run:
    """What a call of snakemake gave."""

    code: int
    text: str

    def jobs(self) -> dict[str, int]:
        """Count the planned jobs per rule."""
        table = re.search(r"Job stats:\njob\s+count\n[-\s]+\n(.*?)\ntotal", self.text, re.DOTALL)
        if table is None:
            assert "Nothing to be done" in self.text, self.text
            return {}
        return {name: int(count) for name, count in (line.split() for line in table[1].splitlines())}


@dataclass(frozen=True)
class Checkout:
    """A copy of the tracked tree."""

    folder: Path

    def snakemake(self, *arguments: str, timeout: float = 1500) -> Run:
        """Run snakemake in the checkout as a user would."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment(),
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [str(Path(sys.executable).with_name("snakemake")), *arguments]

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that must be there in a file."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new))


def environment() -> dict[str, str]:
    """Return the environment of a user's shell, without what pytest adds."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "SNAKEMAKE"))}


def make_checkout(folder: Path) -> Checkout:
    """Copy the workflow, without anybody's results or inputs."""
    folder.mkdir(parents=True)
    caches = shutil.ignore_patterns("__pycache__")
    somebodys = shutil.ignore_patterns("inputs", "review", "validation")
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=somebodys if part == "resources" else caches)
        else:
            shutil.copy(source, folder / part)
    shutil.copy(SMALL, folder / "small.yaml")
    return Checkout(folder)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A clean checkout."""
    return make_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which the small demo has run to its end. Tests leave it as they found it.

    Workers of pytest-xdist have a copy each of one that the first of them makes.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = shared / "finished"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _run_small_demo(shared / "unfinished").rename(made)
    return Checkout(Path(shutil.copytree(made, own / "demo" / "checkout")))


def _run_small_demo(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    checkout = make_checkout(folder)
    run = checkout.snakemake("--cores", "2", "--configfile", "small.yaml", "--", "results/TPRoGI.gpkg", "all")
    assert run.code == 0, run.text[-6000:]
    return folder
