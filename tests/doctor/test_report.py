"""The report in HTML and JSON."""

import json
import re
from pathlib import Path

from tests.doctor.conftest import Config, load
from tests.doctor.test_examination import looked_at, without_climate, without_imagery
from workflow_scripts.examine_inputs import main
from workflow_scripts.rogi.doctor.report import as_html, as_json, write_reports


def test_reports_of_a_study_with_a_gap(study: Config, tmp_path: Path) -> None:
    without_climate(study)
    without_imagery(study)
    found = looked_at(study)
    found.covers = found.covers[:1]  # drawing takes its time
    write_reports("doctor.html", "doctor.json", found, study, "2026-11-21 20:00")
    content = json.loads(Path("doctor.json").read_text())
    assert (content["study"], content["examined"]) == ("Tiny", "2026-11-21 20:00")
    assert content["counts"]["failed"] == 1
    assert len(content["verdicts"]) == sum(content["counts"].values())
    assert set(content["verdicts"][0]) == {"check", "input", "verdict", "found", "expected", "to_do"}
    assert content["estimate"][0]["subregion"] == "Here"
    page = Path("doctor.html").read_text()
    assert "1 failed" in page
    assert not re.search(r"https?://|src=\"(?!data:)", page), "nothing comes from a network"
    assert page.index('<tr class="failed"') < page.index('<tr class="ok"')


def test_markup_in_names_is_escaped(study: Config) -> None:
    study["inventories"][0]["name"] = "<script>alert(1)</script>"
    without_climate(study)
    found = looked_at(study)
    found.covers = []
    page = as_html(found, {"study": "", "examined": "", **as_json(found)})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_script_writes_reports_of_an_empty_study(study: Config, tmp_path: Path) -> None:
    """Nothing to draw, nothing to reckon: the reports are there all the same."""
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    sources, rates = load("resources/sources.yaml"), load("resources/rates.yaml")
    main("results/doctor.html", "results/doctor.json", study, sources, rates, 1.7e9, 1)
    content = json.loads(Path("results/doctor.json").read_text())
    assert content["counts"]["failed"] >= 8
    assert content["estimate"] == []
    assert "No map" in Path("results/doctor.html").read_text()
