"""The script that splits samples: roles, audit and held-out ground agree with each other and with the patches."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from tests.training.layout import SIZE, Spot, footprints, ground_of_windows, write
from tests.worlds import series, square, write_subregions
from workflow_scripts import split_samples
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.subregions import read_subregion
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import read_roles

RULES: dict[str, Any] = {
    "method": "blocks",
    "validation_share": 0.3,
    "block_m": 90.0,
    "guard_m": 0.0,
    "cross_validation": "blocks",
    "folds": 3,
}
# Twelve rock glaciers and four lakes, two looks each; each patch shares ground with those of its neighbours.
SPOTS = [
    Spot(f"p{number}", 14 * (number // 4), 14 * (number % 4), look, "lake" if number > 11 else "rock_glacier")
    for number in range(16)
    for look in ("composite", "q3")
]


def run(
    folder: Path,
    spots: list[Spot] = SPOTS,
    seed: int = 1,
    shuffle: int | None = None,
    without: tuple[str, ...] = (),
    **rules: Any,
) -> None:
    """Write the inputs, rows in any order and some polygons without a patch that is used, and run the script."""
    write(folder / "patches.h5", [spot for spot in spots if spot.uid not in without]).close()
    places = {spot.uid: spot for spot in spots}
    shapes = series([square(spot.column + 4, spot.row + 4, 8) for spot in places.values()])
    columns = {"uid": list(places), "kind": [spot.kind for spot in places.values()], "inventory": "one"}
    polygons = gpd.GeoDataFrame(columns, geometry=shapes).to_crs(WGS84)
    windows = footprints(spots).assign(used=lambda frame: ~frame["uid"].isin(without))
    if shuffle is not None:
        polygons, windows = (frame.sample(frac=1, random_state=shuffle) for frame in (polygons, windows))
    write_layers(folder / "patches.gpkg", {"patches": windows, "polygons": polygons})
    subregions = write_subregions(
        folder / "subregions.gpkg", {"west": square(0, 0, 29, 200), "east": square(29, 0, 99, 200)}
    )
    outputs = {name: str(folder / f"{name}.csv") for name in ("splits", "audit")}
    outputs["validation_ground"] = str(folder / "ground.gpkg")
    inputs = {"patches": str(folder / "patches.h5"), "footprints": str(folder / "patches.gpkg")}
    split_samples.main(subregions=subregions, rules=RULES | rules, seed=seed, threads=1, **inputs, **outputs)


def test_roles_audit_and_ground_agree(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        run(tmp_path, guard_m=20.0)
    splits = pd.read_csv(tmp_path / "splits.csv")
    assert splits.columns.tolist() == ["split", "uid", "role"]
    names = ["main", "fold_2", "fold_3"]  # beside those of fold_1, everybody stands guard
    assert splits["split"].unique().tolist() == names
    audit = pd.read_csv(tmp_path / "audit.csv", keep_default_na=False).set_index(["split", "role"])
    assert (audit["shared_px"] == 0).all()
    for name in names:
        roles = read_roles(tmp_path / "splits.csv", name)
        for role in ("training", "validation", "guard"):
            uids = set(roles.index[roles == role])
            row = audit.loc[(name, role)]
            assert row["rock_glaciers"] + row["other_polygons"] == len(uids)
            looks = ("composite",) if role == "validation" else ("composite", "q3")
            patches = [spot for spot in SPOTS if spot.uid in uids and spot.look in looks]
            assert row["patches"] + row["left_out"] == len(patches)
        windows = [spot for spot in SPOTS if roles[spot.uid] == "validation"]
        covered = series([square(spot.column, spot.row, SIZE) for spot in windows]).union_all()
        held = read_subregion(str(tmp_path / "ground.gpkg"), name).to_crs(3857).item()
        assert held.symmetric_difference(covered).area < 1e-6 * covered.area
    assert caplog.messages[-1] == "16 polygons in 3 splits, 1 folds left out; 0 px of validation ground are trained on"
    assert "who trains and who validates:\n" in caplog.text


def test_no_sample_of_any_split_shows_validation_ground(tmp_path: Path) -> None:
    run(tmp_path)
    splits = pd.read_csv(tmp_path / "splits.csv")
    with PatchFile(tmp_path / "patches.h5") as store:
        for name in splits["split"].unique():
            roles = read_roles(tmp_path / "splits.csv", name)
            forbidden = ground_of_windows([spot for spot in SPOTS if roles[spot.uid] == "validation"])
            samples = Samples(store, roles)
            assert len(samples.training)
            for number in samples.training:
                valid = samples.read([number]).valid[0].numpy()
                assert not (valid & forbidden[SPOTS[number].part]).any()


def test_a_polygon_without_patches_does_not_validate(tmp_path: Path) -> None:
    """Its role would say that nobody trains on it, and the patches of its neighbours show it."""
    run(tmp_path, cross_validation="none")
    before = read_roles(tmp_path / "splits.csv", "main")
    lost = before.index[before == "validation"][0]
    run(tmp_path, cross_validation="none", without=(lost,))
    after = read_roles(tmp_path / "splits.csv", "main")
    assert after[lost] == "guard"
    assert (after == "validation").sum() == (before == "validation").sum() - 1


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    contents = []
    for shuffle in (None, 1):
        run(tmp_path, shuffle=shuffle)
        contents.append([(tmp_path / name).read_bytes() for name in ("splits.csv", "audit.csv")])
    assert contents[0] == contents[1]


def test_the_random_split_is_labelled(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        run(tmp_path, method="rock_glacier", cross_validation="none")
    audit = pd.read_csv(tmp_path / "audit.csv")
    assert audit["remark"].str.startswith("optimistic").all()
    assert "optimistic" in caplog.text
    splits = pd.read_csv(tmp_path / "splits.csv")
    assert splits["role"].value_counts().to_dict() == {"training": 11, "validation": 5}


def test_folds_by_subregion_hold_out_the_subregion(tmp_path: Path) -> None:
    run(tmp_path, cross_validation="subregions")
    splits = pd.read_csv(tmp_path / "splits.csv")
    assert splits["split"].unique().tolist() == ["main", "east", "west"]
    west, east = (read_subregion(str(tmp_path / "ground.gpkg"), name).to_crs(3857).item() for name in ("west", "east"))
    assert square(0, 0, 29, 200).buffer(1e-3).contains(west)
    assert square(29, 0, 99, 200).buffer(1e-3).contains(east)
    roles = read_roles(tmp_path / "splits.csv", "west")
    for spot in SPOTS:
        centre = square(spot.column, spot.row, SIZE).centroid
        assert (roles[spot.uid] == "validation") == (centre.x < square(29, 0, 1).bounds[0])
        assert roles[spot.uid] != "validation" or west.contains(centre)


def test_a_fold_without_a_class_is_listed_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The east holds a lake without any labelled pixel, and in the west everybody else validates."""
    spots = [spot for spot in SPOTS if spot.column < 28] + [Spot("bare", 0, 104, kind="lake")]
    with caplog.at_level(logging.INFO, "rogi"):
        run(tmp_path, spots, cross_validation="subregions")
    audit = pd.read_csv(tmp_path / "audit.csv")
    left_out = "left out: no rock glacier pixel in validation"
    assert set(audit.loc[audit["split"] == "east", "remark"]) == {left_out}
    assert "east" not in set(pd.read_csv(tmp_path / "splits.csv")["split"])
    with pytest.raises(ValueError, match="holds no subregion 'east'; it holds main"):
        read_subregion(str(tmp_path / "ground.gpkg"), "east")
    assert left_out in caplog.text
    assert "9 polygons in 1 splits, 2 folds left out" in caplog.messages[-1]


def test_without_validation_there_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(tmp_path, validation_share=0.0, cross_validation="none")
    assert [record.levelname for record in caplog.records if "no polygon is for validation" in record.message] == [
        "WARNING"
    ]
    with pytest.raises(ValueError, match="holds no subregion 'main'"):
        read_subregion(str(tmp_path / "ground.gpkg"), "main")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"block_m": 1e6}, r"'main' has no rock glacier pixel in validation, .* or lower split\.block_m"),
        ({"guard_m": 1e5}, r"'main' has no rock glacier pixel in training, .*lower split\.validation_share, split\.gu"),
    ],
)
def test_a_class_absent_from_main_stops(tmp_path: Path, rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **rules)
    assert not (tmp_path / "splits.csv").exists()


def test_a_leak_stops_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Samples, "hidden", lambda self, number: np.zeros((SIZE, SIZE), bool))
    with pytest.raises(ValueError, match=r"training patches of .* show validation ground"):
        run(tmp_path)
    assert not (tmp_path / "splits.csv").exists()
