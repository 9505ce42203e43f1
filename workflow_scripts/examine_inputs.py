"""The inputs doctor: every input of the study looked at before anything expensive runs."""

import logging
import time
from pathlib import Path
from typing import Any

from workflow_scripts.rogi.doctor.examination import examine
from workflow_scripts.rogi.doctor.machine import this_machine
from workflow_scripts.rogi.doctor.report import write_reports
from workflow_scripts.rogi.doctor.verdicts import FAILED, count
from workflow_scripts.rogi.entrypoint import job


def main(
    html: str,
    json: str,
    study: dict[str, Any],
    sources: dict[str, str],
    rates: dict[str, Any],
    asked: float,
    threads: int,
) -> None:
    """Write the reports, also when checks fail: the Snakefile's `onsuccess` then ends the run with an error.

    `asked`, the time of the call in seconds since 1970, makes Snakemake examine anew each time.
    """
    results = Path(html).parent
    found = examine(study, sources, rates, results, this_machine(results), threads)
    write_reports(html, json, found, study, time.strftime("%Y-%m-%d %H:%M", time.localtime(asked)))
    counts = count(found.verdicts)
    logger = logging.getLogger("rogi")
    for verdict in (verdict for verdict in found.verdicts if verdict.verdict == FAILED):
        logger.error("%s, %s: %s; expected %s", verdict.check, verdict.input, verdict.found, verdict.expected)
    logger.info("%d checks: %s", len(found.verdicts), ", ".join(f"{number} {kind}" for kind, number in counts.items()))


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
