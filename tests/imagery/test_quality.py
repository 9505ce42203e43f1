"""The quality index against painted patches, and against the snow that somebody else found in real imagery."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from workflow_scripts.rogi.imagery.quality import quality_of
from workflow_scripts.rogi.imagery.screening import Screening

SCREENING = Screening(block_px=64, cloud_min_dn=215, cloud_max_chroma_dn=25, shadow_max_dn=28, max_poor_share=0.25)
SNOW = 170
BANDS = ["red", "green", "blue"]
REAL = Path(__file__).parents[3] / "shared/realdata/andes_huasco"

COLOURS = {
    "cloud": (240, 238, 230),
    "shadow": (12, 14, 28),
    "neutral snow": (200, 195, 190),
    "bluish snow": (171, 190, 230),
    "bright warm rock": (230, 200, 175),
    "dull snow": (169, 175, 180),
    "ground": (110, 95, 80),
}


def painted(*colours: str) -> np.ndarray:
    """Return an image with a row of 4 px per colour."""
    return np.repeat(np.array([COLOURS[name] for name in colours], np.uint8).T[:, :, np.newaxis], 4, axis=2)


def test_every_colour_counts_once() -> None:
    image = painted(*COLOURS)
    found = quality_of(image, np.ones(image.shape[1:], bool), BANDS, SCREENING, SNOW)
    assert found == pytest.approx((1 / 7, 1 / 7, 2 / 7, 3 / 7))
    assert found.poor_share == pytest.approx(4 / 7)


def test_missing_pixels_are_neither_good_nor_poor() -> None:
    image = painted("ground", "shadow")
    valid = np.array([[True, True, True, False], [True, False, False, False]])
    found = quality_of(image * valid, valid, BANDS, SCREENING, SNOW)
    assert found == pytest.approx((0, 1 / 8, 0, 3 / 8))
    assert found.poor_share == pytest.approx(1 / 4)
    assert quality_of(image * 0, valid & False, BANDS, SCREENING, SNOW).poor_share == 0


def test_without_a_blue_band_snow_is_neutral() -> None:
    image = painted("neutral snow", "bluish snow")
    valid = np.ones(image.shape[1:], bool)
    assert quality_of(image, valid, ["nir", "red", "green"], SCREENING, SNOW).snow_share == 0.5


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 256))
def test_shares_add_up(seed: int, bands: int, snow_min_dn: int) -> None:
    rng = np.random.default_rng(seed)
    valid = rng.random((8, 8)) < 0.7
    image = rng.choice(np.array([0, 20, 100, 180, 220, 255], np.uint8), (bands, 8, 8)) * valid
    found = quality_of(image, valid, ["blue", "green", "red", "nir"][:bands], SCREENING, snow_min_dn)
    assert sum(found) == pytest.approx(valid.mean())
    assert min(found) >= 0


@pytest.mark.skipif(not REAL.exists(), reason="the real imagery is not here (../shared/realdata)")
def test_snowy_scenes_are_those_that_others_call_snowy() -> None:
    """patches.csv holds the bright share of every scene, found by its authors by a rule of their own."""
    listed = pd.read_csv(REAL / "patches/patches.csv").groupby("comp")["snow_scene"].first()
    found = {}
    for path in sorted((REAL / "scenes").glob("*.tif")):
        with rasterio.open(path) as dataset:
            image, valid = dataset.read(), dataset.dataset_mask() > 0
        found[float(path.name[6:8])] = quality_of(image, valid, BANDS, SCREENING, SNOW).poor_share
    both = pd.DataFrame({"listed": listed, "found": found}).dropna()
    assert len(both) > 20
    assert both["listed"].corr(both["found"]) > 0.95
    assert (both.loc[both["listed"] < 0.01, "found"] < 0.02).all()
