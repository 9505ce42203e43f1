"""The table of inventories, as the paper's Table 1."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from shapely.affinity import translate

from tests.training.inventories.entries import BOW_TIE, BOX, compiled, moved, written
from workflow_scripts.rogi.training.inventories.summary import COLUMNS, summarize


def test_every_inventory_has_a_row_and_the_counts_add_up(tmp_path: Path) -> None:
    said = {"BY": ["Ann", "Bob", "Ann", "Ann"], "YEAR": [2016, 2014, 2018, 2016]}
    stated: dict[str, Any] = {"fields": {"mapper": "BY", "year": "YEAR"}, "footprint": "extended", "region": "Pamir"}
    shapes = [BOX, BOW_TIE, translate(BOX, 5), moved(0.1)]
    first = written(tmp_path, "First", shapes, said, **stated, licence="CC BY 4.0", citation="Ann 2019")
    second = written(tmp_path, "Second", [moved(0.2), translate(BOX, 0.05)], year=2020)
    nothing = written(tmp_path, "Nothing", [])
    entries = [first, second, nothing]
    rows = compiled(*entries).rock_glaciers
    table = summarize(rows, entries).set_index("inventory")
    assert list(table.columns) == list(COLUMNS[1:])
    assert table[["read", "used", "repaired", "merged", "dropped"]].T.to_dict("list") == {
        "First": [4, 2, 1, 0, 2],
        "Second": [2, 1, 0, 0, 1],
        "Nothing": [0, 0, 0, 0, 0],
    }
    kept = rows[rows["outcome"] != "dropped"].groupby("inventory")["area_m2"].sum()
    assert table.loc[["First", "Second"], "used_area_km2"].tolist() == pytest.approx(kept.to_numpy() / 1e6, abs=1e-6)
    assert table.loc["First", ["region", "source", "year", "mapper", "footprint", "licence", "citation"]].tolist() == [
        *("Pamir", "by hand", "2014 to 2018", "Ann; Bob", "extended", "CC BY 4.0", "Ann 2019")
    ]
    assert table.loc["Second", "year"] == "2020"
    assert table.loc["Second", ["mapper", "region", "licence"]].isna().all()
    assert table["kind"].isna().all()


def test_what_is_united_counts_once_and_its_area_whole(tmp_path: Path) -> None:
    entries = [written(tmp_path, "A", [BOX]), written(tmp_path, "B", [moved(0.2)])]
    rows = compiled(*entries, duplicates="union").rock_glaciers
    table = summarize(rows, entries)
    assert table[["used", "merged"]].to_numpy().tolist() == [[1, 1], [0, 1]]
    assert table["used_area_km2"].tolist() == pytest.approx([1.2 * rows["area_m2"].iloc[1] / 1e6, 0], rel=1e-4)


def test_negatives_have_their_kinds(tmp_path: Path) -> None:
    ours, theirs = written(tmp_path, "A", [BOX]), written(
        *(tmp_path, "N", [translate(BOX, 0.05), translate(BOX, 0.1)], {"K": ["lake", "fan"]}),
        negative=True, fields={"kind": "K"},
    )  # fmt: skip
    (row,) = summarize(compiled(ours, negatives=[theirs]).negatives, [theirs]).itertuples()
    assert (row.kind, row.read, row.used) == ("fan; lake", 2, 2)
    assert pd.isna(row.footprint)
