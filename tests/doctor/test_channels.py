"""Channels: their rasters are opened, and what they leave uncovered is told."""

import re
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from tests.doctor.conftest import SUBREGION, Config
from tests.worlds import WEB_MERCATOR, write_quad
from workflow_scripts.rogi.doctor.channels import examine_channels
from workflow_scripts.rogi.doctor.places import examine_places
from workflow_scripts.rogi.doctor.verdicts import FAILED, OK, WARNING
from workflow_scripts.rogi.raster import write_raster


def write(path: Path, share: float) -> str:
    """Write a raster that covers a share of the subregion's box and of 300 m round it, from the west."""
    west, south, east, north = SUBREGION.buffer(300).bounds
    pixel = Affine(share * (east - west) / 10, 0, west, 0, -(north - south) / 10, north)
    write_raster(path, np.ones((10, 10), np.float32), WEB_MERCATOR, pixel)
    return str(path)


def channel(source: str) -> dict[str, object]:
    return {"name": "coherence", "source": source, "relative": False}


@pytest.mark.parametrize(
    ("share", "verdict", "found"), [(1, OK, "all subregions"), (0.6, WARNING, r"Here: \d\d\.\d\d % missing")]
)
def test_what_is_missing_is_told(study: Config, tmp_path: Path, share: float, verdict: str, found: str) -> None:
    study["imagery"]["channels"] = [channel(write(tmp_path / "s1.tif", share))]
    verdicts, covers = examine_channels(study, examine_places(study)[1])
    assert [each.verdict for each in verdicts] == [OK, verdict]
    assert [(each.check, each.input) for each in verdicts] == [
        ("format", "imagery.channels: coherence"),
        ("extent", "imagery.channels: coherence"),
    ]
    assert re.search(found, verdicts[1].found)
    assert [cover.name for cover in covers] == ["coherence"]


def test_files_that_cannot_be_read_are_named(study: Config, tmp_path: Path) -> None:
    write(tmp_path / "s1_good.tif", 1)
    write_quad(tmp_path / "s1_bare.tif", np.ones((1, 5, 5), np.uint8), crs=None, alpha=False)
    (tmp_path / "s1_page.tif").write_text("<html>")
    study["imagery"]["channels"] = [channel(f"{tmp_path}/s1_*.tif")]
    verdicts, covers = examine_channels(study, None)
    assert [each.verdict for each in verdicts] == [FAILED]
    assert "2 of 3 files cannot be used: " in verdicts[0].found
    assert "s1_bare.tif states no coordinate reference system" in verdicts[0].found
    assert not covers


def test_terrain_and_absent_files_are_left_to_other_checks(study: Config) -> None:
    study["imagery"]["channels"] = [channel("terrain") | {"name": "slope"}, channel("nowhere/*.tif")]
    assert examine_channels(study, None) == ([], [])
