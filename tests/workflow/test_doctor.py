"""The inputs doctor as a user runs it: the report is there, and the exit code tells what it says."""

import json
from typing import Any

from tests.workflow.conftest import Checkout

REPORTS = ("results/doctor.html", "results/doctor.json")


def verdicts(checkout: Checkout) -> dict[str, Any]:
    """Return the report for machines."""
    content: dict[str, Any] = json.loads((checkout.folder / REPORTS[1]).read_text())
    return content


def test_a_study_without_inputs_is_reported_and_fails_each_time(checkout: Checkout) -> None:
    """Nothing stops it, both files stay, and the next call would look again."""
    arguments = ("--cores", "1", "--configfile", "resources/studies/tprogi.yaml", "--", "results/doctor.html")
    run = checkout.snakemake(*arguments)
    assert run.code != 0
    assert "checks of the inputs failed; see results/doctor.html or results/doctor.json" in run.text
    assert all((checkout.folder / report).is_file() for report in REPORTS)
    absent = [verdict for verdict in verdicts(checkout)["verdicts"] if verdict["check"] == "presence"]
    assert {verdict["verdict"] for verdict in absent} == {"failed"}
    assert {"elevation.tiles", "imagery.mosaics", "climate.precipitation", "inventories"} <= {
        verdict["input"] for verdict in absent
    }
    assert checkout.snakemake("-n", *arguments).jobs() == {"examine_inputs": 1}


def test_the_demo_passes_with_the_rates_of_its_own_run(finished: Checkout) -> None:
    """Warnings are allowed: the demo's range ends with its imagery."""
    try:
        run = finished.snakemake("--cores", "2", "--configfile", "small.yaml", "--", "results/doctor.json")
        report = verdicts(finished)
    finally:
        for path in REPORTS:
            (finished.folder / path).unlink(missing_ok=True)
    assert run.code == 0, run.text[-3000:]
    assert report["counts"]["failed"] == 0
    assert "subregions of this study" in report["rates"]["window_mpx_per_s"]
    assert [row["subregion"] for row in report["estimate"]][:2] == ["Demo Range West", "Demo Range East"]
