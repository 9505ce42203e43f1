"""The report in two forms: HTML without anything from a network, for people, and JSON, for machines."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from workflow_scripts.rogi.doctor.drawing import draw_covers
from workflow_scripts.rogi.doctor.examination import PATCHES, TILE_INDEX, Examination
from workflow_scripts.rogi.doctor.verdicts import FAILED, OK, WARNING, count
from workflow_scripts.rogi.files import write_text

TEMPLATE = Path(__file__).with_name("report.html.j2")
_WORST_FIRST = (FAILED, WARNING, OK)


def write_reports(
    html: str, json_path: str, examination: Examination, config: Mapping[str, Any], examined: str
) -> None:
    """Write what was found as HTML and as JSON (study, when it was examined, counts, verdicts, estimate, rates)."""
    content = {"study": config["study"], "examined": examined, **as_json(examination)}
    write_text(json_path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    write_text(html, as_html(examination, content))


def as_json(examination: Examination) -> dict[str, Any]:
    """Return the report as plain numbers and texts; null for what is not known."""
    needs = [] if examination.needs is None else examination.needs.round(3).to_dict("records")
    rows = [{key: None if pd.isna(value) else value for key, value in row.items()} for row in needs]
    return {
        "counts": count(examination.verdicts),
        "verdicts": [verdict.as_dict() for verdict in examination.verdicts],
        "estimate": rows,
        "rates": examination.rates.sources() if examination.rates else {},
    }


def as_html(examination: Examination, content: Mapping[str, Any]) -> str:
    """Return the report as one page, what failed first, the map inside it."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    verdicts = sorted(content["verdicts"], key=lambda verdict: _WORST_FIRST.index(verdict["verdict"]))
    area, covers = examination.area, examination.covers
    picture = draw_covers(area, covers) if area is not None and covers else None
    return template.render(**{**content, "verdicts": verdicts}, picture=picture, totals=_totals(examination.needs))


def _totals(needs: pd.DataFrame | None) -> dict[str, float]:
    """Return sums over the study; unknown where that of any subregion is unknown."""
    if needs is None:
        return {}
    numbers = needs.set_index("subregion")
    whole = numbers.drop([TILE_INDEX, PATCHES]).isna().any()
    return {name: np.nan if whole[name] else float(numbers[name].sum()) for name in numbers}
