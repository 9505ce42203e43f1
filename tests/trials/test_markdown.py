"""The page of an ablation says what the table says."""

import pandas as pd

from tests.trials.cases import trial
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.trials.markdown import HEADINGS, markdown
from workflow_scripts.rogi.trials.table import COSTS, MEASURES, comparison, costs

UNKNOWN = dict.fromkeys(COSTS, float("nan"))
OURS = {"training_min": 3, "training_cpu_min": 5.8, "parameters": 1_500_000}


def test_the_page_holds_every_variant_with_its_gain() -> None:
    good = [trial([9, 8], [1, 0], [0, 2]), trial([10, 30], [0, 5], [90, 10])]
    poor = [trial([4, 4], [1, 0], [5, 6]), trial([10, 20], [0, 5], [90, 20])]
    table = comparison({"Ours": good, "Plain": poor}, ["north", "south"], Bootstrap(500, 0, 0.9, 5))
    table = pd.concat([table, costs({"Ours": OURS, "Plain": OURS})])
    page = markdown(
        table, {}, {}, ["north", "south"], 0.9, 500, {"south": "optimistic: near", "main": "optimistic: nearer"}
    )
    lines = page.splitlines()
    assert "90 % intervals from 500 draws of rock glaciers" in page
    assert "**south** is optimistic: near." in lines
    assert "nearer" not in page
    assert lines.count("## Mean over 2 folds") == 1
    pooled = lines[lines.index("## All ground pooled") : lines.index("## IoU of every fold")]
    rows = {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[1:] for line in pooled if line.startswith("| ")}
    assert rows["Ours"][0].startswith(f"{57 / 165:.3f} (")
    assert rows["Plain"][1].startswith(f"{38 / 165 - 57 / 165:+.3f} (-")
    assert "| north | south |" in page
    assert "| Ours | 3.0 | 5.8 | 1.50 |" in page


def test_baselines_stand_after_the_variants_and_are_explained() -> None:
    of_all = {"Ours": [trial([9, 8], [1, 0], [0, 2])], "Everything": [trial([9, 10], [20, 30], [0, 0])]}
    table = comparison(of_all, ["north"], Bootstrap(500, 0, 0.9, 5))
    table = pd.concat([table, costs({"Ours": OURS, "Everything": UNKNOWN})])
    page = markdown(table, {}, {"Everything": "calls all rock glacier"}, ["north"], 0.9, 500, {})
    lines = page.splitlines()
    assert "**Everything** is a baseline without a network: it calls all rock glacier." in lines
    assert lines[-2:] == ["| Ours | 3.0 | 5.8 | 1.50 |", "| Everything | – | – | – |"]
    cells = next(line for line in lines if line.startswith("| Everything |")).split(" | ")
    assert cells[1].startswith(f"{19 / 69:.3f} (")
    assert cells[2].startswith(f"{19 / 69 - 17 / 20:+.3f} (")


def test_an_ensemble_is_explained_and_costs_what_its_variants_cost() -> None:
    of_all = {name: [trial([9, 8], [1, 0], [0, 2])] for name in ("One", "Two", "Both")}
    table = comparison(of_all, ["north"], Bootstrap(500, 0, 0.9, 5))
    table = pd.concat([table, costs({"One": OURS, "Two": OURS, "Both": {key: 2 * cost for key, cost in OURS.items()}})])
    lines = markdown(table, {"Both": ["One", "Two"]}, {}, ["north"], 0.9, 500, {}).splitlines()
    told = "**Both** is an ensemble: its map averages the networks of One; Two. Its cost is theirs together."
    assert told in lines
    assert lines[-1] == "| Both | 6.0 | 11.6 | 3.00 |"


def test_every_measure_has_a_heading() -> None:
    assert set(HEADINGS) == set(MEASURES)
