"""The finished small demo: is what came out an inventory?"""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
import torch

from tests.workflow.conftest import Checkout, environment
from workflow_scripts.rogi.columns import NAMES
from workflow_scripts.rogi.demo.validation import is_true
from workflow_scripts.rogi.geodesy import area_m2


@pytest.fixture
def inventory(finished: Checkout) -> gpd.GeoDataFrame:
    """The published rock glaciers."""
    return gpd.read_file(finished.folder / "results/TPRoGI.gpkg", layer="rock_glaciers")


def test_the_inventory_is_complete(finished: Checkout, inventory: gpd.GeoDataFrame) -> None:
    """Layers, columns, ids, and areas that agree with the outlines."""
    layers = {name for name, _ in pyogrio.list_layers(finished.folder / "results/TPRoGI.gpkg")}
    assert {"rock_glaciers", "primary_markers", "subregions"} <= layers
    assert list(inventory.columns) == [*NAMES, "geometry"]
    assert len(inventory) >= 5
    assert inventory["ID"].is_unique
    assert inventory["AREA"].to_numpy() == pytest.approx(area_m2(inventory.geometry), rel=1e-6)
    assert inventory["SUBREGION"].nunique() == 2  # none in the basin


def test_attributes_are_there_and_plausible(inventory: gpd.GeoDataFrame, finished: Checkout) -> None:
    """Every terrain and climate attribute has a value, in an order that makes sense."""
    for name in ("ELE_MEAN", "SLO_MEAN", "ASPECT", "PISR", "MAAT", "MAGT", "AP"):
        assert inventory[name].notna().all(), name
    assert (inventory["ELE_MIN"] < inventory["ELE_MAX"]).all()
    truth = gpd.read_file(finished.folder / "results/demo_world/truth.gpkg", layer="rock_glaciers")
    true = inventory.intersects(truth.to_crs(inventory.crs).union_all())
    assert true.any()
    assert inventory["PISR"][true].between(1500, 4000).all()
    # What is no rock glacier may be a steep wall: 39° facing north get 1450 even without shadow.
    assert inventory["PISR"].between(1000, 4000).all()


def test_checks_passed_and_accuracy_is_reported(finished: Checkout) -> None:
    """The tables lie beside the inventory."""
    checks = pd.read_csv(finished.folder / "results/TPRoGI.checks.csv")
    assert checks.loc[checks["severity"] == "error", "passed"].all()
    accuracy = pd.read_csv(finished.folder / "results/TPRoGI.accuracy.csv")
    assert {"candidates vs reviewed inventory", "candidates vs Demo truth"} <= set(accuracy["comparison"])


def test_the_validation_holds_the_truth(finished: Checkout, inventory: gpd.GeoDataFrame) -> None:
    """Reviewers are named, every table is there, and the share of true rock glaciers lies in the stated interval."""
    folder = finished.folder / "results/validation"
    names = ("table4", "agreement", "precision", "completeness")
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in names}
    assert not any(table.empty for table in tables.values())
    sample = gpd.read_file(folder / "sample.gpkg")
    assert set(inventory.loc[inventory["REVIEWER"].notna(), "ID"]) == set(sample["ID"])
    share = is_true(inventory, gpd.read_file(finished.folder / "results/demo_world/truth.gpkg")).mean()
    said = tables["precision"].query("reviewer == 'consensus' and subregion == 'total' and measure == 'number'")
    bounds = said.set_index("basis")
    assert bounds.loc["yes", "low"] <= share <= bounds.loc["all but no", "high"]


def test_shapefiles_hold_the_same_rock_glaciers(finished: Checkout, inventory: gpd.GeoDataFrame) -> None:
    """The paper's pair of files, EPSG:4326."""
    for name in ("TPRoGI_Extended_Footprint", "TPRoGI_Primary_Marker"):
        frame = gpd.read_file(finished.folder / f"results/{name}.shp")
        assert frame.crs.to_epsg() == 4326
        assert sorted(frame["ID"]) == sorted(inventory["ID"])


def test_the_model_file_needs_nothing_else(finished: Checkout) -> None:
    """Architecture, bands and normalisation travel with the weights."""
    model = torch.load(finished.folder / "results/model/model.pt", weights_only=True)
    assert model["architecture"]["bands"] == ("red", "green", "blue")
    assert len(model["mean"]) == len(model["std"]) == 3
    assert not list((finished.folder / "results/training").glob(".network.resume-*"))


def test_the_run_is_recorded(finished: Checkout) -> None:
    """Config, versions and checksums."""
    record = json.loads((finished.folder / "results/run_record.json").read_text())
    assert record["config"]["demo"]["rock_glaciers"] == 14
    assert "torch" in json.dumps(record)


def test_no_partial_file_is_left(finished: Checkout) -> None:
    """Temporary names are gone."""
    assert not list((finished.folder / "results").rglob("*.partial-*"))


def test_a_killed_job_is_run_again(finished: Checkout, tmp_path: Path) -> None:
    """SIGKILL while a product is being made: it is not taken as finished, and the rerun gives the same bytes."""
    target = "results/subregions/demo_range_west/probability.tif"
    copy = Checkout(shutil.copytree(finished.folder, tmp_path / "copy"))
    product = copy.folder / target
    before = product.read_bytes()
    product.unlink()
    arguments = ("--cores", "2", "--configfile", "small.yaml", "--nolock", "--", target)
    process = subprocess.Popen(
        copy.command(*arguments), cwd=copy.folder, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(product.parent.glob(".probability.partial-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not product.exists()
    run = copy.snakemake(*arguments)
    assert run.code == 0, run.text
    assert product.read_bytes() == before


def test_a_failed_check_keeps_the_published_inventory(finished: Checkout, tmp_path: Path) -> None:
    """A rock glacier of more than 100 km² is not published, and the older inventory is still there."""
    copy = Checkout(shutil.copytree(finished.folder, tmp_path / "copy"))
    before = (copy.folder / "results/TPRoGI.gpkg").read_bytes()
    regions = gpd.read_file(copy.folder / "results/inputs/subregions.gpkg").set_index("slug")
    middle = regions.loc["demo_range_west", "geometry"].representative_point()
    square = shapely.box(middle.x - 0.08, middle.y - 0.08, middle.x + 0.08, middle.y + 0.08)
    row = {"candidate_id": [None], "operation": ["retrieve"], "mapper": ["Ann"], "date": ["2024-05-31"]}
    huge = gpd.GeoDataFrame(row, geometry=[square], crs=regions.crs)
    edits = copy.folder / "resources/review/demo_range_west/ann.gpkg"
    edits.parent.mkdir(parents=True)
    huge.to_file(edits)
    run = copy.snakemake("--cores", "2", "--configfile", "small.yaml", "--", "results/TPRoGI.gpkg")
    assert run.code != 0
    assert "AREA" in run.text
    assert (copy.folder / "results/TPRoGI.gpkg").read_bytes() == before
    planned = copy.snakemake("-n", "--configfile", "small.yaml", "--", "results/TPRoGI.gpkg").jobs()
    assert planned["package_inventory"] == planned["publish_inventory"] == 1
