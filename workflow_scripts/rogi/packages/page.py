"""The summary of a review as a page to read in a browser."""

import jinja2
import pandas as pd

from workflow_scripts.rogi.packages.summary import ALL
from workflow_scripts.rogi.review.edits import OPERATIONS

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Review of {{ study }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0 2em; }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums; }
th { font-weight: 600; vertical-align: bottom; }
td:nth-child(-n+2), th:nth-child(-n+2) { text-align: left; white-space: nowrap; }
tr.all td { font-weight: 600; border-bottom-color: #888; }
</style>
</head>
<body>
<h1>Review of {{ study }}</h1>
{% macro show(table) %}
<table>
<tr>{% for name in table.columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in table.itertuples(index=False) %}
<tr{% if row[1] == all %} class="all"{% endif %}>{% for cell in row %}<td>{{ cell | text }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% endmacro %}
<h2>What the mappers decided</h2>
{{ show(decided) }}
<h2>Ground, in km², and how well the model had drawn it</h2>
<p>Of the candidates decided on. Precision and recall by area take what the mapper left as right.</p>
{{ show(ground) }}
<h2>Agreement</h2>
<p>On candidates that two mappers decided on without knowing of each other. κ is Cohen's; it is empty where all answers
are the same.</p>
{{ show(agreed) }}
<h2>What the review changed</h2>
{% if changed | length %}<p>Against independent references, before and after.</p>
{{ show(changed) }}{% else %}<p>The study has no independent reference.</p>{% endif %}
</body>
</html>
"""
_PLACE = ["subregion", "mapper"]
_DECIDED = [*_PLACE, "decisions", *OPERATIONS, "changed", "undecided", "minutes"]
_GROUND = ["area_before_km2", "area_removed_km2", "area_added_km2", "area_after_km2"]
_AGREED = ["shared", "shared_equal", "kappa", "conflicts", "second_look"]


def page(study: str, summary: pd.DataFrame, change: pd.DataFrame) -> str:
    """Return the page as HTML.

    Args:
        study: Name of the study.
        summary: As `summary.summary` returns it, of all subregions.
        change: As `summary.change` returns it.
    """
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters["text"] = _text
    tables = {
        "decided": summary[_DECIDED],
        "ground": summary[[*_PLACE, *_GROUND, "candidates_precision", "candidates_recall"]],
        "agreed": summary[[*_PLACE, *_AGREED]],
        "changed": change,
    }
    shown = {name: table.rename(columns=_title) for name, table in tables.items()}
    return environment.from_string(TEMPLATE).render(study=study, all=ALL, **shown)


def _title(column: str) -> str:
    return column.removesuffix("_km2").replace("_", " ")


def _text(value: object) -> str:
    """Return a cell as people read it: whole numbers whole, others with two decimals, nothing as a dash."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
