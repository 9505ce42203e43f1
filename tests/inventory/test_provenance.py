import hashlib
import json
import subprocess
from pathlib import Path

import numpy
import pytest
import shapely

from tests.inventory.study import inventory
from workflow_scripts import record_run
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory import provenance
from workflow_scripts.rogi.inventory.provenance import (
    checksum,
    describe_files,
    git_state,
    inventory_counts,
    versions,
)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_checksum_is_that_of_the_standard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "CHUNK_BYTES", 7)
    file = tmp_path / "a.bin"
    file.write_bytes(b"abc")
    assert checksum(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    file.write_bytes(bytes(range(256)))
    assert checksum(file) == hashlib.sha256(bytes(range(256))).hexdigest()


def test_files_are_described_once_and_sorted(tmp_path: Path) -> None:
    for name, content in (("b", b"xy"), ("a", b""), ("quad", b"123")):
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in ("b", "a", "b")]
    found = describe_files(paths, [str(tmp_path / "quad")], 2)
    assert [Path(path).name for path in found] == ["a", "b", "quad"]
    assert found[str(tmp_path / "b")] == {"bytes": 2, "sha256": hashlib.sha256(b"xy").hexdigest()}
    assert found[str(tmp_path / "quad")] == {"bytes": 3, "sha256": None}


def test_git_state_of_a_checkout(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "a").write_text("a")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "a")
    assert git_state(tmp_path) == {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "a").write_text("b")
    assert git_state(tmp_path)["dirty"] is True


def test_git_state_outside_a_checkout_and_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_state(tmp_path) == {"commit": None, "dirty": None}
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) == {"commit": None, "dirty": None}


def test_versions_name_packages_and_libraries() -> None:
    found = versions()
    assert found["numpy"] == numpy.__version__
    assert found["GEOS"] == shapely.geos_version_string
    assert found["python"].startswith("3.")
    assert {"PROJ", "GDAL (rasterio)", "GDAL (pyogrio)", "snakemake"} <= found.keys()


def test_counts_of_an_inventory() -> None:
    frame = inventory()
    frame.loc[0, "OPERATION"] = "refine"
    counts = inventory_counts(frame)
    assert counts["rock_glaciers"] == 3
    assert counts["by_subregion"] == {"East": 1, "West": 2}
    assert counts["by_operation"] == {"refine": 1, "unreviewed": 2}
    assert counts["area_km2"] == pytest.approx(frame["AREA"].sum() / 1e6, abs=1e-6)


@pytest.mark.parametrize("summed", [True, False])
def test_the_record_is_json_with_everything(tmp_path: Path, summed: bool) -> None:
    path, file, quad = tmp_path / "TPRoGI.gpkg", tmp_path / "in.csv", tmp_path / "quad.tif"
    write_layers(path, {"rock_glaciers": inventory()})
    file.write_text("a,b\n")
    quad.write_bytes(b"II")
    out = tmp_path / "record.json"
    record_run.main(str(path), [str(file)], [str(quad)], str(out), {"study": "demo", "seed": 1}, summed, 2)
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["config"] == {"study": "demo", "seed": 1}
    assert record["inventory"]["sha256"] == checksum(path)
    assert record["inventory"]["rock_glaciers"] == 3
    assert record["inputs"][str(file)] == {"bytes": 4, "sha256": checksum(file)}
    assert record["inputs"][str(quad)] == {"bytes": 2, "sha256": checksum(quad) if summed else None}
    assert set(record) == {"date", "host", "platform", "code", "inventory", "config", "inputs", "versions"}
