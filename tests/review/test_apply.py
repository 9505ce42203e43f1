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

from tests.review.scene import as_frame, candidates, edit, square, subregions, write
from workflow_scripts import apply_review
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.review.apply import EXCLUDED, LOG, REVIEWED, apply_decisions, nearest_sources, split
from workflow_scripts.rogi.review.edits import ReviewError

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
    apply_review.main(str(cut), files, [], str(world), str(out), str(log), "west", 1e4, ["First", "Second"])
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
    kept, excluded = split(apply_decisions(_squares(0.0009), [], 1e4, []))
    assert (len(kept), len(excluded)) == (0, 1)
    kept, excluded = split(apply_decisions(_squares(0.0010), [], 1e4, []))
    assert (len(kept), len(excluded)) == (1, 0)


def _squares(side: float) -> gpd.GeoDataFrame:
    return candidates(1).set_geometry(gpd.GeoSeries([square(0, side=side)], crs=4326))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
