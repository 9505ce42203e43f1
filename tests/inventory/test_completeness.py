"""Lists laid over one another, and the table of capture and recapture made from them."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.inventory.study import subregions
from workflow_scripts import recapture_inventories as script
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory.completeness import COLUMNS, Settings, recapture_table
from workflow_scripts.rogi.inventory.lists import RockGlacierList, Sightings, sightings
from workflow_scripts.rogi.inventory.stages import CANDIDATES, REVIEWED

SETTINGS = Settings(confidence=0.95, criterion="bic", least_shared=7)


def lists_of(*names: str) -> list[RockGlacierList]:
    """Return lists whose outlines do not matter."""
    return [RockGlacierList(name, gpd.GeoSeries([], crs=4326)) for name in names]


STAGES = lists_of(CANDIDATES, REVIEWED, "Others")


def squares(*eastings: float, size: float = 0.002) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(x, 35.01, x + size, 35.01 + size) for x in eastings], crs=4326)


def test_outlines_are_joined_across_lists() -> None:
    model = RockGlacierList("model", squares(79.01, 79.02, 79.03))
    people = RockGlacierList("people", squares(79.0102, 79.0201, 79.05).to_crs(3857))
    others = RockGlacierList("others", squares(79.0104, 79.0302, 79.06))
    found = sightings([model, people, others], subregions(), 0.5)
    rows = sorted(found.seen.astype(int).tolist())
    assert rows == [[0, 0, 1], [0, 1, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert found.region.tolist() == [0] * 5
    assert found.searched.all()


def test_the_order_of_lists_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    lists = [
        RockGlacierList(name, squares(*(79.01 + 0.005 * rng.choice(30, 18, replace=False) + 0.0004 * k)))
        for k, name in enumerate("abc")
    ]
    there = sightings(lists, subregions(), 0.3).seen
    back = sightings(lists[::-1], subregions(), 0.3).seen[:, ::-1]
    assert sorted(there.tolist()) == sorted(back.tolist())


def test_two_outlines_never_stand_for_one_of_the_same_list() -> None:
    whole = RockGlacierList("whole", gpd.GeoSeries([shapely.box(79.01, 35.01, 79.014, 35.012)], crs=4326))
    halves = RockGlacierList("halves", squares(79.01, 79.012))
    found = sightings([whole, halves], subregions(), 0.3)
    assert sorted(found.seen.tolist()) == [[False, True], [True, True]]


def test_a_list_has_not_seen_where_it_did_not_look() -> None:
    model = RockGlacierList("model", squares(79.01, 79.15, 95.0))
    others = RockGlacierList("others", squares(79.01, 79.15), ground=shapely.box(79, 35, 79.05, 35.1))
    people = RockGlacierList("people", squares(79.15), slugs=frozenset({"east"}))
    found = sightings([model, others, people], subregions(), 0.5)
    assert found.region.tolist() == [0, 1, -1]
    assert found.seen.tolist() == [[True, True, False], [True, False, True], [True, False, False]]
    assert found.searched.tolist() == [[True, True, False], [True, False, True], [True, False, False]]


def test_no_list_holds_anything() -> None:
    empty = gpd.GeoSeries([], crs=4326)
    found = sightings([RockGlacierList("a", empty), RockGlacierList("b", empty)], subregions(), 0.5)
    assert found.seen.shape == (0, 2)
    assert recapture_table(found, lists_of("a", "b"), ["West"], [True], SETTINGS).empty


def population(size: int, chances: list[float], seed: int) -> np.ndarray:
    """Return what independent lists see of a population, boolean of shape (size, lists)."""
    return np.random.default_rng(seed).random((size, len(chances))) < chances


def everywhere(seen: np.ndarray, region: np.ndarray | None = None) -> Sightings:
    places = np.zeros(len(seen), int) if region is None else region
    kept = seen.any(axis=1)
    return Sightings(seen[kept], np.ones_like(seen[kept]), places[kept])


def test_three_independent_lists_find_the_number() -> None:
    found = everywhere(population(500, [0.6, 0.5, 0.4], 1))
    table = recapture_table(found, lists_of("a", "b", "c"), ["West"], [True], SETTINGS)
    assert list(table.columns) == list(COLUMNS)
    chosen = table[table["chosen"] == True]  # noqa: E712
    assert chosen["method"].tolist() == ["Chapman"] * 3 + ["log-linear"] + ["Chapman"] * 3 + ["log-linear"]
    assert (chosen["low"] <= 500).all()
    assert (chosen["high"] >= 500).all()
    assert chosen["dependence"].iloc[3] == "independent"
    models = table[(table["method"] == "log-linear") & (table["subregion"] == "West")]
    assert len(models) == 8
    assert models["bic"].idxmin() == models.index[models["chosen"] == True][0]  # noqa: E712
    assert models.loc[models["chosen"] == False, "low"].isna().all()  # noqa: E712


def test_a_candidate_that_nobody_confirms_is_no_rock_glacier() -> None:
    """Two hundred false candidates leave the estimate as it is, and the mappers' own finds make it."""
    true = population(400, [0.7, 0.0, 0.5], 2)
    true[:, 1] = true[:, 0] | population(400, [0.4], 3)[:, 0]
    false = np.tile([True, False, False], (200, 1))
    with_false, without = (
        recapture_table(everywhere(seen), STAGES, ["West"], [True], SETTINGS)
        for seen in (np.concatenate([true, false]), true)
    )
    pd.testing.assert_frame_equal(with_false, without)
    total = with_false[with_false["subregion"] == "total"].set_index("lists")
    pair = total.loc[f"{REVIEWED}; Others"]
    assert pair["low"] <= 400 <= pair["high"]
    assert pair["inventory_share_low"] <= 0.82 <= pair["inventory_share_high"]
    same_eyes = total.loc[f"{CANDIDATES}; {REVIEWED}"]
    assert "a lower bound" in same_eyes["caveat"]
    assert same_eyes["high"] < 400


def test_without_review_the_false_candidates_are_named_a_caveat() -> None:
    seen = population(300, [0.6, 0.0, 0.5], 4)
    found = everywhere(seen)
    unjudged = found._replace(searched=found.searched & [True, False, True])
    lists = [*STAGES[:2], STAGES[2]._replace(is_guessed=True)]
    table = recapture_table(unjudged, lists, ["West"], [False], SETTINGS)
    assert set(table["lists"]) == {f"{CANDIDATES}; Others"}
    row = table.iloc[-1]
    assert row["caveat"].startswith("nobody has taken the false candidates out")
    assert "hull" in row["caveat"]
    assert row["inventory"] == seen[:, 0].sum()


def test_an_inventory_that_the_model_learned_from_is_named_a_caveat() -> None:
    seen = population(300, [0.6, 0.7, 0.5], 7)
    lists = [*STAGES[:2], STAGES[2]._replace(is_trained_on=True)]
    table = recapture_table(everywhere(seen), lists, ["West"], [True], SETTINGS).set_index("lists")
    learned = table["caveat"].str.contains("the model has learned")
    assert learned[f"{REVIEWED}; Others"].all()
    assert not learned[f"{CANDIDATES}; {REVIEWED}"].any()


def test_the_total_is_that_of_the_reviewed_subregions() -> None:
    seen = population(600, [0.6, 0.5], 5)
    region = np.repeat([0, 1, -1], 200)
    found = everywhere(seen, region)
    table = recapture_table(found, lists_of("a", "b"), ["West", "East"], [True, False], SETTINGS)
    west, total = (table[table["subregion"] == name]["seen"].item() for name in ("West", "total"))
    assert west == total == seen[:200].any(axis=1).sum()
    whole = recapture_table(found, lists_of("a", "b"), ["West", "East"], [False, False], SETTINGS)
    assert whole[whole["subregion"] == "total"]["seen"].item() == seen[:400].any(axis=1).sum()


def test_too_few_shared_give_no_number_but_the_reason() -> None:
    seen = np.array([[True, True]] * 6 + [[True, False]] * 20 + [[False, True]] * 20)
    row = recapture_table(everywhere(seen), lists_of("a", "b"), ["West"], [True], SETTINGS).iloc[0]
    assert row["shared"] == 6
    assert pd.isna(row["population"])
    assert row["caveat"].startswith("too few are on two lists")
    enough = recapture_table(everywhere(np.vstack([seen, seen[:1]])), lists_of("a", "b"), ["W"], [True], SETTINGS)
    assert enough.iloc[0]["population"] == pytest.approx(28 * 28 / 8 - 1)


def test_the_script_counts_the_rock_glaciers_of_a_study(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_layers(tmp_path / "subregions.gpkg", {"subregions": subregions()}, "MultiPolygon")
    eastings = 79.005 + 0.0045 * np.arange(20)
    folder = tmp_path / "west"
    found = gpd.GeoDataFrame({"probability": 0.9}, index=range(15), geometry=squares(*eastings[:14], 79.0005))
    write_layers(folder / "candidates.gpkg", {"candidates": found})
    final = gpd.GeoDataFrame({"operation": "remain"}, index=range(16), geometry=squares(*eastings[:16]))
    gone = gpd.GeoDataFrame({"operation": ["remove"]}, geometry=squares(79.0005))
    write_layers(folder / "reviewed.gpkg", {"rock_glaciers": final, "excluded": gone})
    squares(*eastings[5:19]).to_file(tmp_path / "truth.gpkg")
    entries = [{"name": "Others", "path": str(tmp_path / "truth.gpkg"), "layer": None, "footprint": None}]
    stages = [str(folder / "candidates.gpkg")], [str(folder / "reviewed.gpkg")]
    hull = {"ratio": 1.0, "margin_m": 5000}
    with caplog.at_level("INFO", logger="rogi"):
        script.main(
            *stages, [], str(tmp_path / "subregions.gpkg"), str(tmp_path / "recapture.csv"), entries, 0.95, hull, 0.3,
            "aic", 7, [],
        )  # fmt: skip
    table = pd.read_csv(tmp_path / "recapture.csv").set_index(["subregion", "lists"])
    pair = table.loc[("West", f"{REVIEWED}; Others")]
    assert pair[["seen", "shared", "inventory"]].tolist() == [19, 11, 16]
    assert pair["population"] == pytest.approx(17 * 15 / 12 - 1)
    assert pair["lincoln_petersen"] == pytest.approx(16 * 14 / 11)
    assert table.loc[("West", f"{CANDIDATES}; Others"), "seen"] == 19
    assert "the inventory holds" in caplog.text
