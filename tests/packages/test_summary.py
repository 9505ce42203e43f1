"""What a review came to: counts, areas, time and agreement, against numbers made by hand."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from workflow_scripts import summarize_review
from workflow_scripts.rogi.files import write_layers, write_table
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.packages.agreement import agreement, decided_twice
from workflow_scripts.rogi.packages.page import page
from workflow_scripts.rogi.packages.summary import ALL, COLUMNS, Reviewed, change, summary, together


def square(column: float, side: float = 0.002) -> shapely.Polygon:
    return shapely.box(79 + 0.01 * column, 35, 79 + 0.01 * column + side, 35.002)


CANDIDATES = gpd.GeoDataFrame(
    {"candidate_id": [f"CAN{n}" for n in range(6)]}, geometry=[square(n) for n in range(6)], crs=4326
)
# mapper, candidate_id, operation, outcome, candidate_ids, minutes
ROWS = [
    ("Ann", "CAN0", "remain", "kept", "CAN0", 1.0),
    ("Bo", "CAN0", "remove", "set aside: it differs", None, 2.0),
    ("Ann", "CAN1", "remove", "excluded: removed by a mapper", "CAN1", None),
    ("Ann", "CAN2", "split", "split", "CAN2", 3.0),
    ("Ann", "CAN2", "split", "split", "CAN2", 3.0),
    ("Bo", "CAN3", "merge", "merged", "CAN3; CAN4", 1.0),
    ("Bo", "CAN4", "merge", "merged", "CAN3; CAN4", 1.5),
    ("Bo", None, "retrieve", "retrieved", None, 4.0),
    ("Bo", "CAN5", None, "undecided", None, None),
    (None, "CAN5", "unreviewed", "excluded: smaller than 10000 m²", "CAN5", None),
]


@pytest.fixture
def log() -> pd.DataFrame:
    columns = ["mapper", "candidate_id", "operation", "outcome", "candidate_ids", "minutes"]
    return pd.DataFrame(ROWS, columns=columns).assign(file="ann.gpkg", row=range(len(ROWS)))


@pytest.fixture
def review(log: pd.DataFrame) -> Reviewed:
    """CAN2 was cut in two and lost its eastern half; CAN3 and CAN4 were joined by a bridge; one is new."""
    bridge = shapely.union_all([square(3), square(4), square(3, 0.012)])
    outlines = gpd.GeoDataFrame(
        {"mapper": ["Ann", "Ann", "Bo", "Bo"], "operation": ["remain", "split", "merge", "retrieve"]},
        geometry=[square(0), square(2, 0.001), bridge, square(9)],
        crs=4326,
    )
    conflicts = pd.DataFrame({"mapper_1": ["Ann"], "mapper_2": ["Bo"]})
    return Reviewed("West", CANDIDATES, outlines, log, conflicts, pd.DataFrame({"mapper": ["Ann; Bo", "Bo"]}))


def test_decisions_are_counted_once_whatever_rows_they_take(review: Reviewed) -> None:
    table = summary(review).set_index("mapper")
    assert list(table.reset_index().columns) == ["mapper", *[name for name in COLUMNS if name != "mapper"]]
    assert list(table.index) == ["Ann", "Bo", ALL]
    assert list(table["decisions"]) == [3, 3, 6]
    assert list(table.loc[ALL, ["remain", "remove", "refine", "split", "merge", "retrieve"]]) == [1, 2, 0, 1, 1, 1]
    assert list(table["changed"]) == [2, 3, 5]
    assert list(table["undecided"]) == [0, 1, 1]
    assert list(table["conflicts"]) == [1, 1, 1]
    assert list(table["second_look"]) == [1, 2, 2]


def test_minutes_of_a_split_count_once_and_those_of_what_is_merged_add_up(review: Reviewed) -> None:
    assert list(summary(review)["minutes"]) == [4.0, 8.5, 12.5]


def test_minutes_that_nobody_stated_are_not_zero(review: Reviewed) -> None:
    silent = review._replace(log=review.log.assign(minutes=None))
    assert summary(silent)["minutes"].isna().all()


def test_areas_are_those_of_the_ground(review: Reviewed) -> None:
    one = area_m2(gpd.GeoSeries([square(0)], crs=4326))[0] / 1e6
    table = summary(review).set_index("mapper")
    np.testing.assert_allclose(table.loc["Ann", "area_before_km2"], 3 * one, rtol=1e-5)
    np.testing.assert_allclose(table.loc["Ann", "area_removed_km2"], 1.5 * one, rtol=1e-5)
    assert table.loc["Ann", "area_added_km2"] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(table.loc["Bo", "area_added_km2"], (4 + 1) * one, rtol=1e-5)
    assert table.loc["Ann", "candidates_precision"] == pytest.approx(0.5, rel=1e-5)
    assert table.loc["Ann", "candidates_recall"] == pytest.approx(1)
    assert table.loc["Bo", "candidates_recall"] == pytest.approx(2 / 7, rel=1e-5)
    sums = table[["area_before_km2", "area_removed_km2", "area_added_km2"]]
    np.testing.assert_allclose(sums.loc["Ann"] + sums.loc["Bo"], sums.loc[ALL], rtol=1e-9)
    after = table["area_before_km2"] - table["area_removed_km2"] + table["area_added_km2"]
    np.testing.assert_allclose(table["area_after_km2"], after)


def test_subregions_add_up(review: Reviewed) -> None:
    empty = Reviewed("East", *(part.iloc[:0] for part in review[1:]))
    pd.testing.assert_frame_equal(
        summary(together([empty, review])).drop(columns="subregion"), summary(review).drop(columns="subregion")
    )
    (row,) = summary(empty).itertuples()
    assert (row.mapper, row.decisions, row.shared, row.kappa) == (ALL, 0, 0, None)


def test_agreement_is_cohens_kappa() -> None:
    """20 remain by both, 15 removed by both, 5 and 10 apart: κ = (0.7 - 0.5) / (1 - 0.5) = 0.4."""
    counts = {("remain", "remain"): 20, ("remain", "remove"): 5, ("remove", "remain"): 10, ("remove", "remove"): 15}
    answers = [pair for pair, count in counts.items() for _ in range(count)]
    rows = [
        (f"CAN{n}", mapper, answer) for n, pair in enumerate(answers) for mapper, answer in zip("AB", pair, strict=True)
    ]
    log = pd.DataFrame(rows, columns=["candidate_id", "mapper", "operation"]).assign(outcome="kept")
    pairs = decided_twice(log.sample(frac=1, random_state=1))
    for mapper in (None, "A", "B"):
        found = agreement(pairs, mapper)
        assert found.shared == 50
        assert found.equal_share == pytest.approx(0.7)
        assert found.kappa == pytest.approx(0.4)


def test_agreement_counts_only_what_both_decided(log: pd.DataFrame) -> None:
    pairs = decided_twice(log)
    (pair,) = pairs.itertuples(index=False)
    assert tuple(pair) == ("CAN0", "Ann", "Bo", "remain", "remove")
    assert agreement(pairs, "Cy") == (0, None, None)


def test_kappa_is_empty_where_all_answers_are_the_same() -> None:
    rows = [("CAN0", "A", "remain"), ("CAN0", "B", "remain")]
    log = pd.DataFrame(rows, columns=["candidate_id", "mapper", "operation"]).assign(outcome="kept")
    assert agreement(decided_twice(log)) == (1, 1.0, None)


def accuracy() -> pd.DataFrame:
    scores = ("area_precision", "area_recall", "area_f1", "objects_precision", "objects_recall", "objects_f1")
    rows = [("candidates vs reviewed inventory", "West", 0.9), ("candidates vs A vs B", "West", 0.5),
            ("reviewed inventory vs A vs B", "West", 0.7)]  # fmt: skip
    return pd.DataFrame([(*row[:2], *[row[2]] * 6) for row in rows], columns=["comparison", "subregion", *scores])


def test_change_sets_the_candidates_beside_the_reviewed_inventory() -> None:
    (row,) = change(accuracy()).itertuples()
    assert (row.reference, row.subregion) == ("A vs B", "West")
    assert (row.area_precision_before, row.area_precision_after) == (0.5, 0.7)
    assert len(change(accuracy().iloc[:1])) == len(change(accuracy().iloc[:0])) == 0


def test_the_page_shows_every_number_and_escapes_names(review: Reviewed) -> None:
    review.log["mapper"] = review.log["mapper"].replace("Ann", "<Ann>")
    text = page("Pamir & Alay", summary(review), change(accuracy()))
    assert "&lt;Ann&gt;" in text
    assert "Pamir &amp; Alay" in text
    assert len(re.findall(r'<tr class="all">', text)) == 3
    assert "<td>12.50</td>" in text
    assert "no independent reference" in page("x", summary(review), change(accuracy().iloc[:0]))


def test_the_script_reads_what_the_review_wrote(review: Reviewed, tmp_path: Path) -> None:
    """Two subregions, one of them with a log of nothing but new outlines, whose candidate ids are all empty."""
    regions = gpd.GeoDataFrame(
        {"NAME": ["West", "East"], "slug": ["west", "east"]}, geometry=[square(0), square(50)], crs=4326
    )
    write_layers(tmp_path / "subregions.gpkg", {"subregions": regions})
    write_table(tmp_path / "accuracy.csv", accuracy())
    new = review.log[review.log["operation"] == "retrieve"]
    east = review._replace(
        candidates=CANDIDATES.iloc[:0], outlines=review.outlines[3:], log=new, conflicts=review.conflicts[:0]
    )
    paths: dict[str, list[str]] = {name: [] for name in ("candidates", "reviewed", "logs", "conflicts", "second_look")}
    for slug, one in (("west", review), ("east", east)):
        queue = gpd.GeoDataFrame(one.second_look, geometry=[square(0)] * len(one.second_look), crs=4326)
        for name, layer, frame in (
            ("candidates", "candidates", one.candidates),
            ("reviewed", "rock_glaciers", one.outlines),
            ("second_look", "second_look", queue),
        ):
            paths[name].append(str(tmp_path / slug / f"{name}.gpkg"))
            write_layers(paths[name][-1], {layer: frame}, "Polygon" if name == "second_look" else None)
        for name, table in (("logs", one.log), ("conflicts", one.conflicts)):
            paths[name].append(str(tmp_path / slug / f"{name}.csv"))
            write_table(paths[name][-1], table)
    made = [str(tmp_path / name) for name in ("summary.csv", "change.csv", "summary.html")]
    summarize_review.main(
        **paths, subregions=str(tmp_path / "subregions.gpkg"), accuracy=str(tmp_path / "accuracy.csv"),
        table=made[0], change_table=made[1], summary_page=made[2], study="Demo",
    )  # fmt: skip
    told = pd.read_csv(made[0])
    assert list(told["subregion"]) == ["West"] * 3 + ["East"] * 2 + ["total"] * 3
    assert list(told["decisions"]) == [3, 3, 6, 1, 1, 3, 4, 7]
    assert list(told["retrieve"]) == [0, 1, 1, 1, 1, 0, 2, 2]
    assert len(pd.read_csv(made[1])) == 1
    assert "Review of Demo" in Path(made[2]).read_text(encoding="utf-8")
