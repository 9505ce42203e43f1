"""Run the demo through a real Slurm, kill a job on the way, and show that the finished inventory comes all the same.

The run happens in a scratch copy of this checkout, on a one-node cluster that is brought up for it and taken down after
it. One job is killed with SIGKILL while its script works, batch shell included, so that nothing can clean up behind it;
the profile's retries have to finish the run. A second run must find nothing to be done. Needs root on Debian or Ubuntu.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyogrio

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = "results/TPRoGI.gpkg"
LAYER = "rock_glaciers"
VICTIMS = ("train_model", "predict_subregion")
SUBMITTED = re.compile(r"submitted with SLURM jobid (\d+)", re.IGNORECASE)


@dataclass
class Run:
    """A running snakemake: its output so far, and when it has to be over."""

    process: subprocess.Popen[str]
    folder: Path
    deadline: float
    lines: list[str] = field(default_factory=list)

    def follow(self) -> None:
        """Print the output as it comes, and keep it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            print(f"| {line}", end="", flush=True)

    @property
    def submissions(self) -> int:
        """Count the jobs handed to Slurm."""
        return len(SUBMITTED.findall("".join(self.lines)))


@dataclass(frozen=True)
class Victim:
    """The Slurm job that was killed."""

    job: str
    rule: str
    state: str


def main() -> int:
    """Run the test and return its exit code."""
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    with scratch_copy() as folder, cluster():
        message = check_run(folder, options)
    print(f"slurm test passed: {message}")
    return 0


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", default="tests/small.yaml", help="overrides config.yaml ('': nothing does)")
    parser.add_argument("--limit-s", type=float, default=1500, help="give up after so many seconds")
    return parser.parse_args()


@contextmanager
def scratch_copy() -> Iterator[Path]:
    """Give a copy of the checkout's files, without products and ignored files; it is removed after a success only."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    folder = Path(tempfile.mkdtemp(prefix="tprogi-slurm-"))
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    print(f"scratch copy: {folder}", flush=True)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def cluster() -> Iterator[None]:
    """Bring the test cluster up, and down again whatever happens."""
    try:
        subprocess.run([HERE / "cluster_up.sh"], check=True)
        yield
    finally:
        subprocess.run([HERE / "cluster_down.sh"], check=True)


def check_run(folder: Path, options: argparse.Namespace) -> str:
    """Run the workflow with a killed job, then again, and say what happened; stop where it is not as it should be."""
    started = time.monotonic()
    with snakemake(folder, options.configfile, options.limit_s) as run:
        victim = kill_one(run)
        finish(run)
    took = time.monotonic() - started
    demand(run.process.returncode == 0, f"snakemake ended with {run.process.returncode} after {victim.rule} was killed")
    demand("Trying to restart job" in "".join(run.lines), f"job {victim.job} was killed and was not retried")
    count = pyogrio.read_info(folder / TARGET, layer=LAYER)["features"]
    with snakemake(folder, options.configfile, limit_s=120) as again:
        finish(again)
    demand(again.process.returncode == 0, f"the second run ended with {again.process.returncode}")
    demand("Nothing to be done" in "".join(again.lines), "the second run found something to do")
    return (
        f"{run.submissions} jobs went through Slurm in {took:.0f} s; job {victim.job} ({victim.rule}) was killed "
        f"while running (Slurm: {victim.state}), was retried and the run recovered; {TARGET} holds {count} rock "
        "glaciers; a second run found nothing to be done"
    )


@contextmanager
def snakemake(folder: Path, configfile: str, limit_s: float) -> Iterator[Run]:
    """Start `snakemake --profile slurm` on the inventory; it does not outlive the block."""
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", TARGET]
    command += ["--configfile", configfile] if configfile else []
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    run = Run(process, folder, time.monotonic() + limit_s)
    reader = threading.Thread(target=run.follow, daemon=True)
    reader.start()
    try:
        yield run
    finally:
        process.kill()
        reader.join(timeout=10)


def kill_one(run: Run) -> Victim:
    """Wait until the script of a rule in VICTIMS works, and kill its Slurm job with everything in it."""
    tried: set[str] = set()
    while run.process.poll() is None and time.monotonic() < run.deadline:
        for job, rule in running_jobs():
            if job not in tried and script_started(run.folder, rule):
                tried.add(job)
                kill(job)
                state = final_state(job, run.deadline)
                print(f"killed Slurm job {job} ({rule}), now {state}", flush=True)
                if state != "COMPLETED":  # it was over before; wait for another one
                    return Victim(job, rule, state)
        time.sleep(0.2)
    finish(run)
    sys.exit(
        f"no job of {' or '.join(VICTIMS)} was killed while running; snakemake ended with {run.process.returncode}"
    )


def kill(job: str) -> None:
    """Kill a job's processes on this node: batch shell, srun, snakemake and the script."""
    listed = subprocess.run(["scontrol", "listpids", job], check=False, capture_output=True, text=True).stdout
    for row in listed.splitlines()[1:]:
        process = int(row.split()[0])
        if process > 1:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def running_jobs() -> list[tuple[str, str]]:
    """Return id and rule of each running Slurm job; the executor writes rule_<name>_<wildcards> into the comment."""
    rows = [line.split("|", 1) for line in slurm("squeue", "-h", "-t", "RUNNING", "-o", "%A|%k").splitlines()]
    return [(job, rule) for job, comment in rows for rule in VICTIMS if rule in comment]


def script_started(folder: Path, rule: str) -> bool:
    """Tell whether a rule's script has opened its log, the first thing that it does."""
    return any(
        rule in path.as_posix() for path in (folder / "results/logs").rglob("*.log") if "slurm" not in path.parts
    )


def final_state(job: str, deadline: float) -> str:
    """Wait until Slurm has noticed the end of a job, and return its state."""
    while time.monotonic() < deadline:
        found = re.search(r"JobState=(\w+)", slurm("scontrol", "show", "job", job))
        state = found[1] if found else "UNKNOWN"
        if state not in {"RUNNING", "COMPLETING"}:
            return state
        time.sleep(0.2)
    sys.exit(f"Slurm did not notice in time that job {job} was killed")


def finish(run: Run) -> None:
    """Wait for a run; past its deadline, show what is queued and fail."""
    try:
        run.process.wait(timeout=max(run.deadline - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        print(slurm("squeue", "-l"), flush=True)
        sys.exit("the run took longer than --limit-s allows")


def slurm(*command: str) -> str:
    """Return what a Slurm command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def demand(holds: bool, otherwise: str) -> None:
    """Stop with a message unless something holds."""
    if not holds:
        sys.exit(f"slurm test failed: {otherwise}")


if __name__ == "__main__":
    sys.exit(main())
