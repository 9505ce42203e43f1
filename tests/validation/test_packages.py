import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from tests.validation.scene import cells, inventory
from workflow_scripts import package_validation
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.inputs import answered_package
from workflow_scripts.rogi.validation.answers import read_answers
from workflow_scripts.rogi.validation.matching import fingerprint
from workflow_scripts.rogi.validation.sample import SampleDesign, draw_sample

NAMES = ["Ann", "Bo O'Neill"]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Packages of two reviewers."""
    folder = tmp_path_factory.mktemp("packages")
    known = inventory().assign(MAPPER="Somebody")
    sample = draw_sample(known, SampleDesign("random", 0.5, "proportional", 2, [], []), 1)
    for name, layer, frame in (
        ("merged", "rock_glaciers", known),
        ("sample", "sample", sample),
        ("cells", "cells", cells()),
    ):
        write_layers(folder / f"{name}.gpkg", {layer: frame})
    paths = [str(folder / f"package_{number}.gpkg") for number in range(2)]
    for path, name in zip(paths, NAMES, strict=True):
        merged, drawn, searched = (str(folder / f"{part}.gpkg") for part in ("merged", "sample", "cells"))
        package_validation.main(merged, drawn, searched, path, name, "resources/validation", 1)
    return paths


def test_a_package_holds_what_a_reviewer_needs_and_nobodys_opinion(packages: list[str]) -> None:
    layers = [name for name, _ in pyogrio.list_layers(packages[0])]
    assert layers == ["rock_glaciers", "cells", "missed", "outlines", "package", "layer_styles"]
    columns = {name: list(pyogrio.read_info(packages[0], layer=name)["fields"]) for name in layers[:4]}
    assert columns["rock_glaciers"] == ["rank", "ID", "reviewer", "answer", "date", "comment"]
    assert columns["cells"] == ["rank", "cell_id", "reviewer", "answer", "date", "comment", "missed"]
    assert columns["missed"] == ["missed_in", "reviewer", "comment"]
    assert columns["outlines"] == ["ID"]  # no mapper, no probability, no operation
    assert b"Somebody" not in Path(packages[0]).read_bytes()


def test_everybody_has_an_order_of_their_own(packages: list[str]) -> None:
    ann, bo = (read_vector(path, "rock_glaciers") for path in packages)
    assert sorted(ann["ID"]) == sorted(bo["ID"])
    assert ann["ID"].tolist() != bo["ID"].tolist() != sorted(bo["ID"])
    assert ann["rank"].tolist() == list(range(1, 11))
    assert ann.geometry.iloc[0].equals(inventory().set_index("ID").geometry[ann["ID"][0]].representative_point())


def test_a_package_names_its_reviewer_and_its_inventory(packages: list[str]) -> None:
    told = pyogrio.read_dataframe(packages[1], layer="package").set_index("key")["value"]
    assert told["reviewer"] == NAMES[1]
    assert told["fingerprint"] == fingerprint(inventory())
    assert "resources/validation/" in told["notice"]


def test_a_filled_in_package_is_read_back(packages: list[str], tmp_path: Path) -> None:
    copy = tmp_path / "copy.gpkg"
    copy.write_bytes(Path(packages[1]).read_bytes())
    with closing(sqlite3.connect(copy)) as database, database:
        database.create_function("ST_IsEmpty", 1, lambda _: 0)  # of GDAL's triggers
        for axis in ("MinX", "MaxX", "MinY", "MaxY"):
            database.create_function(f"ST_{axis}", 1, lambda _: 0)
        database.execute("UPDATE rock_glaciers SET answer = 'yes' WHERE rank <= 3")
        database.execute("UPDATE cells SET comment = 'cloud, ask for another picture' WHERE rank = 1")
    rows = read_answers([str(copy)], NAMES).rock_glaciers
    assert rows["answer"].tolist() == ["yes"] * 3
    assert set(rows["reviewer"]) == {NAMES[1]}
    assert set(rows["version"]) == {fingerprint(inventory())}
    fault = answered_package(str(copy)) or ""
    assert f"{copy} holds 4 answers or outlines that would be lost" in fault
    assert "validation.folder" in fault


def test_an_untouched_package_may_be_made_anew(packages: list[str], tmp_path: Path) -> None:
    assert answered_package(packages[0]) is None
    assert answered_package(str(tmp_path / "nothing.gpkg")) is None
    write_layers(tmp_path / "other.gpkg", {"x": inventory(2)})
    assert answered_package(str(tmp_path / "other.gpkg")) is None


def test_every_layer_has_a_form(packages: list[str]) -> None:
    styles = pd.DataFrame(pyogrio.read_dataframe(packages[1], layer="layer_styles"))
    assert styles["f_table_name"].tolist() == ["rock_glaciers", "cells", "missed", "outlines"]
    form = styles["styleQML"][0]
    in_order = """lpad("rank", 5, '0')"""  # as a text 10 comes before 2
    for text in ("1 yes", "2 no", "3 uncertain", "4 undefined", "'Bo O''Neill'", in_order):
        assert text in form
    assert isinstance(read_vector(packages[1], "missed"), gpd.GeoDataFrame)
