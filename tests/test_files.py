"""Files are whole or absent, and an older one stays when a new one cannot be written."""

import errno
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from tests.disk import files_up_to
from workflow_scripts.rogi.files import HOST, read_vector, replacing, write_layers, write_table, write_text
from workflow_scripts.rogi.inventory.shapefiles import write_shapefile


def circles(count: int) -> gpd.GeoDataFrame:
    points = gpd.points_from_xy(np.linspace(79, 80, count), np.full(count, 35.0))
    return gpd.GeoDataFrame({"row": range(count)}, geometry=shapely.buffer(points, 1e-3), crs=4326)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---- replacing


def test_the_target_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.tif"
    with replacing(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".tif"
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert listed(target.parent) == ["a.tif"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.gpkg"
    target.write_text("old")

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            temporary.with_name(f"{temporary.name}-journal").write_text("sqlite")
            raise error("stop")

    with pytest.raises(error, match="stop"):
        fail()
    assert target.read_text() == "old"
    assert listed(tmp_path) == ["a.gpkg"]


def test_a_full_disk_names_the_file_and_the_way_out(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=r"could not write .*a\.txt: No space left on device; make room") as raised,
        replacing(tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert raised.value.errno == errno.ENOSPC


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), replacing(tmp_path / "a.txt"):
        Path("/nowhere/elsewhere").read_text()


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.txt"):
        pass
    assert listed(tmp_path) == []


# ---- full disk

WRITERS: dict[str, Callable[[Path, int], None]] = {
    "a.gpkg": lambda path, rows: write_layers(path, {"one": circles(rows), "two": circles(rows // 2)}),
    "a.csv": lambda path, rows: write_table(path, pd.DataFrame({"row": range(100 * rows)})),
    "a.txt": lambda path, rows: write_text(path, "word " * 100 * rows),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_full_disk_leaves_the_older_file(tmp_path: Path, name: str, share: float) -> None:
    target, write = tmp_path / name, WRITERS[name]
    write(target, 300)
    size = target.stat().st_size
    write(target, 3)
    before = target.read_bytes()
    with files_up_to(int(share * size)), pytest.raises(OSError, match=rf"could not write .*{name}"):
        write(target, 300)
    assert target.read_bytes() == before
    assert listed(tmp_path) == [name]


def test_a_geopackage_is_the_whole_one_or_the_older_one_at_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGR_CURRENT_DATE", "2024-01-01T00:00:00.000Z")
    target, write = tmp_path / "a.gpkg", WRITERS["a.gpkg"]
    write(target, 60)
    whole = target.read_bytes()
    outcomes = set()
    for missing in range(0, 60_000, 4096):  # near the end GDAL builds the spatial indexes
        target.write_text("old")
        with files_up_to(len(whole) - missing), suppress(OSError):
            write(target, 60)
        outcomes.add({whole: "whole", b"old": "old"}.get(target.read_bytes(), "neither"))
    assert outcomes == {"whole", "old"}


# ---- layers


def test_layers_come_back_as_written(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"name": ["a", None]}, geometry=gpd.points_from_xy([1, 2], [3, 4]), crs=4326)
    table = pd.DataFrame({"key": ["x"], "value": [1.5]})
    write_layers(tmp_path / "a.gpkg", {"polygons": circles(4), "points": points, "table": table})
    kinds = dict(pyogrio.list_layers(tmp_path / "a.gpkg"))
    assert kinds == {"polygons": "MultiPolygon", "points": "Point", "table": None}
    found = read_vector(tmp_path / "a.gpkg", "polygons")
    assert found["row"].tolist() == [0, 1, 2, 3]
    assert shapely.equals(found.geometry.array, circles(4).geometry.array).all()
    assert pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="table")["value"].tolist() == [1.5]


def test_layers_without_rows_keep_columns_and_crs(tmp_path: Path) -> None:
    write_layers(tmp_path / "a.gpkg", {"none": circles(3).iloc[:0].to_crs(3857)})
    found = read_vector(tmp_path / "a.gpkg", "none")
    assert (len(found), found.columns.tolist(), found.crs) == (0, ["row", "geometry"], 3857)


def test_the_same_layers_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGR_CURRENT_DATE", "2024-01-01T00:00:00.000Z")
    for name in ("a.gpkg", "b.gpkg"):
        write_layers(tmp_path / name, {"one": circles(20)})
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


# ---- read_vector


def test_the_only_layer_is_taken_and_styles_do_not_count(tmp_path: Path) -> None:
    write_layers(tmp_path / "a.gpkg", {"one": circles(2), "layer_styles": pd.DataFrame({"sld": ["<x/>"]})})
    assert len(read_vector(tmp_path / "a.gpkg")) == 2


def test_several_layers_must_be_told_apart(tmp_path: Path) -> None:
    write_layers(tmp_path / "a.gpkg", {"one": circles(2), "two": circles(3)})
    with pytest.raises(ValueError, match="holds the layers one, two; name the one to read"):
        read_vector(tmp_path / "a.gpkg")
    assert len(read_vector(tmp_path / "a.gpkg", "two")) == 3


def test_a_missing_layer_is_told_with_those_that_exist(tmp_path: Path) -> None:
    write_layers(tmp_path / "a.gpkg", {"one": circles(2)})
    with pytest.raises(ValueError, match=r"has no layer 'two'; it holds one"):
        read_vector(tmp_path / "a.gpkg", "two")


def test_a_layer_without_crs_is_refused(tmp_path: Path) -> None:
    circles(2).to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(ValueError, match="states no coordinate reference system, so its polygons could lie anywhere"):
        read_vector(tmp_path / "a.shp")


def test_tables_leave_missing_values_empty(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", pd.DataFrame({"a": [1.5, None], "b": ["x", None]}))
    assert (tmp_path / "a.csv").read_bytes() == b"a,b\n1.5,x\n,\n"


def test_text_is_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "Nyainqêntanglha")
    assert (tmp_path / "a.txt").read_bytes() == "Nyainqêntanglha".encode()


def test_what_a_killed_process_left_is_cleared_and_a_running_one_keeps_its_own(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    target = tmp_path / "a.csv"
    left, kept = (tmp_path / f".a.partial-{HOST}-{pid}.csv" for pid in (dead.pid, os.getppid()))
    elsewhere = tmp_path / ".a.partial-othernode-1.csv"
    for path in (left, kept, elsewhere):
        path.touch()
    for suffix in (".gpkg-journal", ".gpkg-wal"):
        left.with_suffix(suffix).touch()
    (left.with_suffix("") / "part").mkdir(parents=True)
    write_text(target, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([kept.name, elsewhere.name, target.name])


def test_a_shapefile_clears_dead_folders_and_its_own_older_one(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    for pid in (dead.pid, os.getpid(), os.getppid()):
        folder = tmp_path / f".a.partial-{HOST}-{pid}"
        folder.mkdir()
        (folder / "a.qix").write_text("old")
    write_shapefile(tmp_path / "a.shp", circles(3))
    assert len(read_vector(tmp_path / "a.shp")) == 3
    assert listed(tmp_path) == [f".a.partial-{HOST}-{os.getppid()}", "a.cpg", "a.dbf", "a.prj", "a.shp", "a.shx"]
