import random
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.review.scene import (
    SIDE,
    as_frame,
    box,
    candidates,
    edit,
    published,
    returned,
    reviewed,
    same_ground,
    square,
    subregions,
    write,
    write_package,
)
from workflow_scripts import apply_review
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.review.apply import EXCLUDED, REVIEWED, apply_decisions, nearest_sources, split
from workflow_scripts.rogi.review.edits import ReviewError
from workflow_scripts.rogi.review.fingerprints import candidates_fingerprint
from workflow_scripts.rogi.review.placing import Placed
from workflow_scripts.rogi.review.report import LOG

EDITS = [
    edit("remain", "CAN0", square(0)),
    edit("remove", "CAN1", square(1), comment="debris cone"),
    edit("refine", "CAN2", square(2, side=0.003), mapper="Bo"),
    edit("retrieve", None, square(3.3)),
    edit("retrieve", None, square(20, side=0.001)),  # about 10 100 m²
    edit("retrieve", None, square(21, side=0.0009)),  # about 8200 m²
]


def run(folder: Path, files: list[str], count: int = 5) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    world, cut, out = folder / "subregions.gpkg", folder / "candidates.gpkg", folder / "reviewed.gpkg"
    if not world.exists():
        write_layers(world, {"subregions": subregions()})
        write_layers(cut, {"candidates": candidates(count)})
    log = folder / "review.csv"
    queue, conflicts = folder / "second_look.gpkg", folder / "conflicts.csv"
    apply_review.main(
        str(cut), files, [], str(world), str(out), str(log), str(conflicts), str(queue),
        "west", 1e4, ["First", "Second"], "stop", 0.5, 0.75, 0.1,
    )  # fmt: skip
    layers = [pyogrio.read_dataframe(out, layer=name) for name in ("rock_glaciers", "excluded")]
    return layers[0], layers[1], pd.read_csv(log)


def by_id(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return frame.set_index("candidate_id")


def test_each_operation_does_what_it_says(tmp_path: Path) -> None:
    kept, excluded, _ = run(tmp_path, [write(tmp_path / "edits.gpkg", EDITS)])
    assert list(kept.columns) == [*REVIEWED, "geometry"]
    assert list(excluded.columns) == [*EXCLUDED, "geometry"]
    assert kept["candidate_id"].fillna("").tolist() == ["CAN0", "CAN2", "CAN3", "CAN4", "", ""]
    assert kept["operation"].tolist() == ["remain", "refine", "unreviewed", "unreviewed", "retrieve", "retrieve"]
    assert kept["mapper"].fillna("").tolist() == ["Ann", "Bo", "", "", "Ann", "Ann"]
    assert kept["date"].fillna("").tolist() == ["2024-07-31"] * 2 + ["", ""] + ["2024-07-31"] * 2
    np.testing.assert_allclose(kept["probability"], [0.5, 0.7, 0.8, 0.9, np.nan, np.nan])
    np.testing.assert_allclose(kept["spread"], [0, 0.02, 0.03, 0.04, np.nan, np.nan])
    assert kept["system_id"].fillna("").tolist() == ["SYS0", "SYS1", "SYS1", "SYS2", "", ""]
    assert by_id(kept).geometry["CAN0"].equals(square(0))
    assert by_id(kept).geometry["CAN2"].equals(square(2, side=0.003))
    np.testing.assert_allclose(kept["area_m2"], area_m2(kept.geometry))
    assert excluded["reason"].tolist() == ["removed by a mapper", "smaller than 10000 m²"]
    assert excluded["comment"].iloc[0] == "debris cone"


def test_sources_come_from_the_candidate_its_neighbour_or_the_first_mosaic(tmp_path: Path) -> None:
    kept, _, _ = run(tmp_path, [write(tmp_path / "edits.gpkg", EDITS)])
    # the outline at column 3.3 is 91 m east of CAN3, that at column 20 is kilometres from any
    assert kept["source"].tolist() == ["Mosaic 0", "Mosaic 2", "Mosaic 3", "Mosaic 4", "Mosaic 3", "First"]


def test_without_candidates_and_mosaics_the_source_is_empty() -> None:
    shapes = gpd.GeoSeries([square(0)], crs=4326)
    assert nearest_sources(shapes, candidates(0), "") == [""]


def test_equally_near_candidates_give_the_source_of_the_first_id() -> None:
    shapes = gpd.GeoSeries([square(0.5)], crs=4326)
    same = candidates(2).set_geometry(gpd.GeoSeries([square(0.5), square(0.5)], crs=4326))
    assert nearest_sources(shapes, same.iloc[::-1], "") == ["Mosaic 0"]


def test_the_log_has_a_row_for_every_edit_and_every_excluded_object(tmp_path: Path) -> None:
    cut = candidates(5)
    cut.loc[4, "geometry"] = square(4, side=0.0005)
    write_layers(tmp_path / "subregions.gpkg", {"subregions": subregions()})
    write_layers(tmp_path / "candidates.gpkg", {"candidates": cut})
    files = [write(tmp_path / "edits.gpkg", EDITS), write(tmp_path / "more.gpkg", EDITS[:1])]
    _, excluded, log = run(tmp_path, files)
    assert list(log.columns) == list(LOG)
    assert len(log) == len(EDITS) + 1 + 1
    told = log.set_index("candidate_id")["outcome"]
    assert told["CAN0"].tolist() == ["kept", "kept, decided alike by several edits"]
    assert told["CAN1"] == "excluded: removed by a mapper"
    assert told["CAN2"] == "refined"
    assert told["CAN4"] == "excluded: smaller than 10000 m²"
    assert pd.isna(log.set_index("candidate_id").loc["CAN4", "file"])
    row = log[log["candidate_id"] == "CAN2"].iloc[0]
    assert (row["file"], row["layer"], row["row"]) == (files[0], "edits", 3)
    np.testing.assert_allclose(
        [row["area_before_m2"], row["area_after_m2"]],
        area_m2(gpd.GeoSeries([square(2), square(2, side=0.003)], crs=4326)),
    )
    assert len(excluded) == 3


def test_without_review_files_everything_passes_unreviewed(tmp_path: Path) -> None:
    kept, excluded, log = run(tmp_path, [])
    assert kept["candidate_id"].tolist() == [f"CAN{number}" for number in range(5)]
    assert set(kept["operation"]) == {"unreviewed"}
    assert kept["mapper"].isna().all()
    assert (len(excluded), len(log)) == (0, 0)


def test_a_subregion_without_candidates_gives_empty_layers(tmp_path: Path) -> None:
    kept, excluded, log = run(tmp_path, [], count=0)
    assert (len(kept), len(excluded), len(log)) == (0, 0, 0)
    assert list(kept.columns) == [*REVIEWED, "geometry"]


def test_rock_glaciers_can_be_retrieved_where_there_are_no_candidates(tmp_path: Path) -> None:
    kept, _, _ = run(tmp_path, [write(tmp_path / "edits.gpkg", EDITS[3:5])], count=0)
    assert kept["operation"].tolist() == ["retrieve", "retrieve"]


def test_one_fault_leaves_the_earlier_product_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, [])
    before = (tmp_path / "reviewed.gpkg").read_bytes()
    with pytest.raises(ReviewError, match="candidate_id 'CAN77' does not exist"):
        run(tmp_path, [write(tmp_path / "edits.gpkg", [*EDITS, edit("remove", "CAN77")])])
    assert (tmp_path / "reviewed.gpkg").read_bytes() == before


def test_minimum_area_is_ground_area(tmp_path: Path) -> None:
    # 0.0009° squares at 35° N: 100 m by 82 m on the ground, but 100 m by 100 m in EPSG:3857 pixels of that latitude
    kept, excluded = split(apply_decisions(_squares(0.0009), [], Placed(), 1e4, []))
    assert (len(kept), len(excluded)) == (0, 1)
    kept, excluded = split(apply_decisions(_squares(0.0010), [], Placed(), 1e4, []))
    assert (len(kept), len(excluded)) == (1, 0)


def _squares(side: float) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries([square(0, side=side)], crs=4326)
    return candidates(1).set_geometry(shapes).assign(area_m2=area_m2(shapes))


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), files=st.integers(1, 3))
def test_the_order_of_files_rows_and_candidates_does_not_matter(tmp_path: Path, seed: int, files: int) -> None:
    expected = _applied(tmp_path / "a", [EDITS], list(range(5)))  # in one file, as drawn
    draw = random.Random(seed)
    edits: list[dict[str, Any]] = draw.sample(EDITS, len(EDITS))
    parts = [part for number in range(files) if (part := edits[number::files])]
    found = _applied(tmp_path / "b", parts, draw.sample(range(5), 5))
    pd.testing.assert_frame_equal(found, expected)


def _applied(folder: Path, parts: list[list[dict[str, Any]]], order: list[int]) -> pd.DataFrame:
    folder.mkdir(exist_ok=True)
    write_layers(folder / "subregions.gpkg", {"subregions": subregions()})
    write_layers(folder / "candidates.gpkg", {"candidates": candidates(5).iloc[order]})
    files = [write(folder / f"edits{number}.gpkg", part) for number, part in enumerate(parts)]
    kept, excluded, _ = run(folder, files[::-1])
    return pd.concat([kept.to_wkb(), excluded.to_wkb()])


def test_a_file_without_comments_is_applied(tmp_path: Path) -> None:
    edits = as_frame([edit("remove", "CAN0"), edit("remain", "CAN1")]).drop(columns="comment")
    write_layers(tmp_path / "edits.gpkg", {"edits": edits})
    kept, excluded, _ = run(tmp_path, [str(tmp_path / "edits.gpkg")])
    assert "CAN0" in set(excluded["candidate_id"])
    assert by_id(kept).loc["CAN1", "operation"] == "remain"


def test_lineage_says_what_every_outline_comes_from() -> None:
    halves = [box(0, 0, SIDE / 2), box(50 * SIDE, 0, SIDE / 2)]
    edits = [
        *(edit("split", "CAN0", half, confidence="low") for half in halves),
        edit("merge", "CAN2", box(1, 0, 0.01 + SIDE), merge_into="CAN1", confidence="high"),
        edit("merge", "CAN1", merge_into="CAN1"),
        edit("refine", "CAN3", box(3, 0, SIDE, SIDE / 2)),
        edit("retrieve", None, square(9)),
    ]
    kept = published(reviewed(returned(edits), candidates(5)))
    assert kept["operation"].tolist() == ["split", "split", "merge", "refine", "unreviewed", "retrieve"]
    assert kept["candidate_ids"].fillna("").tolist() == ["CAN0", "CAN0", "CAN1; CAN2", "CAN3", "CAN4", ""]
    assert kept["confidence"].fillna("").tolist() == ["low", "low", "high", "", "", ""]
    area = area_m2(gpd.GeoSeries([square(0)], crs=4326))[0]
    np.testing.assert_allclose(kept["area_before_m2"], [area, area, 2 * area, area, area, np.nan], rtol=1e-6)
    np.testing.assert_allclose(kept["iou_candidate"], [0.5, 0.5, 2 / 6, 0.5, 1, np.nan], rtol=1e-3)
    np.testing.assert_allclose(kept["probability"], [0.5, 0.5, 0.65, 0.8, 0.9, np.nan])  # weighted by area


def test_the_log_tells_of_every_row_what_was_said_and_done(tmp_path: Path) -> None:
    rows = [
        edit("remove", "CAN0", square(0), reason="water", minutes="0.5", confidence="high", date="2024-07-31T09:30:00"),
        edit(None, "CAN1", square(1, side=0.0021), mapper=None),
        edit(None, "CAN2", square(2), date=None),
    ]
    path = write_package(tmp_path / "ann.gpkg", rows, mapper="Ann", subregion="west")
    kept, _, log = run(tmp_path, [path])
    assert list(log.columns) == list(LOG)
    assert log["candidate_id"].tolist() == ["CAN0", "CAN1", "CAN2", "CAN3"]
    assert log["outcome"].tolist() == [
        "excluded: removed by a mapper: water",
        "refined; taken as refine: its outline was changed without an operation",
        "undecided",
        "undecided: its row was deleted from the file; give it the operation remove if that was meant",
    ]
    assert log["mapper"].tolist() == ["Ann"] * 4
    said = log.iloc[0][["date", "minutes", "reason", "confidence", "matched_by", "match_iou"]].tolist()
    assert said == ["2024-07-31T09:30:00", 0.5, "water", "high", "id", 1.0]
    assert kept["operation"].tolist() == ["refine", "unreviewed", "unreviewed", "unreviewed"]


def test_neighbours_that_overlap_share_no_ground_and_are_told() -> None:
    left, right = box(1, 0, SIDE), box(1 + 75 * SIDE, 0, 2 * SIDE)
    done = reviewed(returned([edit("refine", "CAN1", left), edit("retrieve", None, right)]))
    kept = published(done).set_index("operation")
    assert same_ground(kept.loc["retrieve"].geometry, right)  # both were drawn by people, and it is larger
    assert same_ground(kept.loc["refine"].geometry, left.difference(right))
    shared = area_m2(gpd.GeoSeries([left.intersection(right)], crs=4326))[0]
    assert done.log["outcome"].iloc[0] == f"refined; gave {shared:.0f} m² to an outline without candidate (retrieve)"
    np.testing.assert_allclose(kept.loc["refine", "iou_candidate"], 0.75, rtol=1e-3)


def test_what_neighbours_leave_too_little_of_is_excluded_with_its_outline() -> None:
    drawn = box(1 + 60 * SIDE, 0, SIDE, SIDE)  # four tenths of it lie beside CAN1, 16 000 m² of 40 000
    edits = [edit("refine", "CAN1", square(1)), edit("retrieve", None, drawn)]
    done = reviewed(returned(edits), min_area_m2=2.5e4)
    excluded = done.objects[done.objects["reason"].notna()]
    assert excluded["reason"].tolist() == ["smaller than 25000 m² without the ground that it shared with neighbours"]
    assert excluded.geometry.iloc[0].equals(drawn)


def test_an_open_conflict_stops_and_names_both(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.gpkg", EDITS[:1]), write(tmp_path / "b.gpkg", [edit("remove", "CAN0", mapper="Bo")])]
    with pytest.raises(ReviewError) as raised:
        run(tmp_path, files)
    message = str(raised.value)
    assert message.startswith("the review of west has 1 conflicts; nothing was changed:")
    assert "different decisions on CAN0: remain by Ann on 2024-07-31" in message
    assert "remove by Bo" in message
    assert message.endswith("keep one of the two, or name in review.conflicts the mapper whose decisions count")
    assert not (tmp_path / "reviewed.gpkg").exists()


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    once, _, _ = run(tmp_path, [write(tmp_path / "a.gpkg", EDITS)])
    twice, _, log = run(tmp_path, [write(tmp_path / "a.gpkg", EDITS), write(tmp_path / "copy.gpkg", EDITS)])
    pd.testing.assert_frame_equal(pd.DataFrame(twice.to_wkb()), pd.DataFrame(once.to_wkb()))
    assert log["outcome"].str.contains("decided alike by several edits").sum() == len(EDITS)


def test_a_package_of_other_candidates_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [edit("remain", f"CAN{number}", square(number)) for number in range(4)]
    now = candidates_fingerprint(candidates(5))
    for name, fingerprint in (("old", "0123456789abcdef"), ("new", now)):
        write_package(tmp_path / f"{name}.gpkg", rows, mapper="Ann", fingerprint=fingerprint)
    run(tmp_path, [str(tmp_path / "old.gpkg"), str(tmp_path / "new.gpkg")])
    told = [record.getMessage() for record in caplog.records if "other candidates" in record.getMessage()]
    assert len(told) == 1
    assert f"old.gpkg was made from other candidates (fingerprint 0123456789abcdef, now {now})" in told[0]
