"""External inputs: all are known, and a missing one says where it comes from."""

import sqlite3
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import yaml

from workflow_scripts.rogi.config import ConfigError
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inputs import (
    asks_only,
    channel_patterns,
    edited_package,
    filled_in,
    inputs,
    inputs_of_the_demo,
    missing_inputs,
    removal_files,
    review_files,
    shapefile_parts,
    stray_folders,
    takes_terrain,
)
from workflow_scripts.rogi.review.edits import OPTIONAL

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SOURCES = yaml.safe_load((ROOT / "resources" / "sources.yaml").read_text(encoding="utf-8"))
CHANNELS = [
    {"name": "slope", "source": "terrain", "relative": False},
    {"name": "coherence", "source": "resources/sentinel_1/*.tif", "relative": False},
]
# Folders and files that hold no input of a study; presets are the workflow's own.
NO_INPUTS = {"inputs", "folder", "preset"}


def everything(config: dict[str, Any]) -> dict[str, Any]:
    """Return the config with every input that may be left out."""
    config = deepcopy(config)
    config["imagery"] |= {"channels": CHANNELS}
    config["model"] |= {"files": [], "encoder_weights": "resources/encoder.pt"}
    config["climate"]["air_temperature"]["orography"] |= {"path": "resources/orography.nc"}
    config["patches"] |= {"further_looks": "resources/scenes/*.tif"}
    config["prediction"] |= {"further_looks": "resources/dates/*.tif"}
    config["publication"] |= {"previous": "resources/TPRoGI_v1.gpkg"}
    config["negatives"][0] |= {"inside": "resources/glaciers.gpkg"}
    config["rgik"] |= {"moving_areas": "resources/moving_areas.gpkg", "restricted": "resources/restricted.gpkg"}
    return config


def texts(part: Any, key: str = "") -> set[str]:
    """Return every text of the config that looks like a path."""
    if isinstance(part, dict):
        return set().union(*(texts(value, name) for name, value in part.items()))
    if isinstance(part, list):
        return set().union(*(texts(value, key) for value in part))
    return {part} if isinstance(part, str) and "/" in part and key not in NO_INPUTS else set()


def test_every_path_of_the_config_is_an_input() -> None:
    config = everything(CONFIG)
    assert {pattern for _, pattern in inputs(config)} == texts(config)


def test_every_input_has_a_source() -> None:
    keys = {key for key, _ in inputs(everything(CONFIG))} | {"model.files"}
    assert keys == set(SOURCES)


def test_a_finished_model_needs_no_training_data() -> None:
    config = everything(CONFIG)
    config["model"] |= {"files": ["model.pt"], "encoder_weights": None}
    keys = {key for key, _ in inputs(config)}
    assert "model.files" in keys
    assert not keys & {"inventories", "negatives", "patches.further_looks", "model.encoder_weights"}


def test_channels_come_from_the_elevation_or_from_files() -> None:
    config = everything(CONFIG)
    assert takes_terrain(config)
    assert channel_patterns(config) == ["resources/sentinel_1/*.tif"]
    config["imagery"]["channels"] = CHANNELS[1:]
    assert not takes_terrain(config)


def test_what_is_null_is_not_needed() -> None:
    config = everything(CONFIG)
    config["elevation"]["tiles"] = config["climate"]["precipitation"]["files"] = None
    assert not {key for key, _ in inputs(config)} & {"elevation.tiles", "climate.precipitation"}


def test_missing_inputs_are_listed_with_where_they_come_from() -> None:
    there = {pattern for key, pattern in inputs(CONFIG) if key not in ("elevation.tiles", "negatives")}
    message = missing_inputs(CONFIG, SOURCES, lambda pattern: [pattern] if pattern in there else [])
    assert message is not None
    lines = message.splitlines()
    assert lines[0] == f"study '{CONFIG['study']}' lacks 2 of its inputs:"
    assert lines[1].startswith("  elevation.tiles: NASADEM, 1 arc second")
    assert lines[2] == f"    - {CONFIG['elevation']['tiles']}"
    assert lines[4] == f"    - {CONFIG['negatives'][0]['path']}"
    assert "--configfile" in lines[-1]


def test_nothing_is_said_when_all_are_there() -> None:
    assert missing_inputs(CONFIG, SOURCES, lambda pattern: [pattern]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{inputs}/a.gpkg", "/data/a.gpkg"),
        ("a.gpkg", "a.gpkg"),
        (["{inputs}", {"path": "{inputs}/b"}], ["/data", {"path": "/data/b"}]),
        ({"years": [2019, 2020], "layer": None, "on": True}, {"years": [2019, 2020], "layer": None, "on": True}),
    ],
)
def test_the_folder_of_inputs_is_filled_in(value: Any, expected: Any) -> None:
    assert filled_in(value, "/data") == expected


def test_a_study_of_ones_own_must_not_borrow_from_the_demo() -> None:
    config = deepcopy(CONFIG)
    assert inputs_of_the_demo(config) is None
    config["demo"]["enabled"] = False
    message = inputs_of_the_demo(config)
    assert message is not None
    assert "elevation.tiles: results/demo_world/nasadem/*.zip" in message


def test_review_files_are_found_whatever_the_case_of_their_ending(tmp_path: Path) -> None:
    folder = tmp_path / "west"
    folder.mkdir()
    for name in ("ANN.GPKG", "bo.shp", "bo.dbf", "cy.geojson", ".hidden", "bo.gpkg-wal", "ANN.qgz~", "mosaic.vrt"):
        (folder / name).touch()
    assert [Path(path).name for path in review_files(str(tmp_path), "west")] == ["ANN.GPKG", "bo.shp", "cy.geojson"]
    assert [part.name for part in shapefile_parts(str(folder / "bo.shp"))] == ["bo.dbf"]
    assert shapefile_parts(str(folder / "ANN.GPKG")) == []
    assert review_files(str(tmp_path), "east") == []


def test_removals_are_looked_for_in_every_folder(tmp_path: Path) -> None:
    """Also in those of subregions that the study has not: another one's review may be trained on."""
    for name in ("west/ann.gpkg", "east/bo.shp", "east/bo.dbf", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert removal_files(str(tmp_path)) == [f"{tmp_path}/east/bo.shp", f"{tmp_path}/west/ann.gpkg"]
    assert removal_files(str(tmp_path / "none")) == removal_files(None) == []
    (tmp_path / "west" / "bo.fgb").touch()
    with pytest.raises(ConfigError, match=r"bo\.fgb would be passed over"):
        removal_files(str(tmp_path))


def test_a_review_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "west").mkdir()
    (tmp_path / "west" / "ann.fgb").touch()
    with pytest.raises(ConfigError, match=r"ann\.fgb would be passed over: .*\.gpkg, \.shp, \.geojson"):
        review_files(str(tmp_path), "west")


def test_a_folder_of_edits_that_no_subregion_has_is_named(tmp_path: Path) -> None:
    for name in ("demo_basin", "demo_basn"):
        (tmp_path / name).mkdir()
    (warning,) = stray_folders(str(tmp_path), ["demo_basin", "demo_range_west"])
    assert "demo_basn is not looked at" in warning
    assert "Did you mean 'demo_basin'?" in warning


@pytest.fixture
def package(tmp_path: Path) -> Path:
    empty = dict.fromkeys(("operation", *OPTIONAL), pd.Series([None, None], dtype="str"))
    frame = gpd.GeoDataFrame(
        {"candidate_id": ["CAN1", "CAN2"], **empty},
        geometry=[shapely.box(79, 35, 79.1, 35.1), shapely.box(79.2, 35, 79.3, 35.1)],
        crs=4326,
    )
    write_layers(tmp_path / "Ann #1.gpkg", {"candidates": frame, "handed_out": frame[["candidate_id", "geometry"]]})
    return tmp_path / "Ann #1.gpkg"


def test_an_untouched_package_may_be_made_anew(package: Path, tmp_path: Path) -> None:
    assert edited_package(str(package)) is None
    assert edited_package(str(tmp_path / "not there.gpkg")) is None
    write_layers(tmp_path / "other.gpkg", {"table": pd.DataFrame({"key": ["a"]})})
    assert edited_package(str(tmp_path / "other.gpkg")) is None


@pytest.mark.parametrize(
    "edit", ["operation = 'remain'", "comment = 'not sure'", "geom = (SELECT geom FROM candidates WHERE fid = 2)"]
)
def test_work_in_a_package_under_results_is_not_deleted(package: Path, edit: str) -> None:
    with closing(sqlite3.connect(package)) as database:
        for trigger in [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            database.execute(f'DROP TRIGGER "{trigger}"')  # of the spatial index, which plain SQLite cannot run
        database.execute(f"UPDATE candidates SET {edit} WHERE fid = 1")
        database.commit()
    message = edited_package(str(package))
    assert message is not None
    assert "Ann #1.gpkg holds 1 edits of a mapper that would be lost" in message


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["snakemake", "--cores", "1", "results/doctor.html"], True),
        (["snakemake", "--configfile", "resources/studies/tprogi.yaml", "--", "results/doctor.json"], True),
        (["snakemake", "results/doctor.html", "results/TPRoGI.gpkg"], False),
        (["snakemake", "results/TPRoGI.gpkg"], False),
        (["snakemake", "--cores", "1"], False),
    ],
)
def test_the_doctor_alone_may_run_without_inputs(command: list[str], expected: bool) -> None:
    assert asks_only(command, ["results/doctor.html", "results/doctor.json"]) == expected
