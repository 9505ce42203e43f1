"""Cloud, shadow and missing pixels, counted per block."""

import numpy as np
import pytest

from workflow_scripts.rogi.imagery.screening import Screening, poor_pixels, poor_share

RULES = Screening(block_px=4, cloud_min_dn=215, cloud_max_chroma_dn=25, shadow_max_dn=28, max_poor_share=0.25)


@pytest.mark.parametrize(
    ("colour", "poor"),
    [
        ((215, 230, 240), True),
        ((215, 230, 241), False),  # too colourful for a cloud
        ((214, 230, 235), False),
        ((28, 10, 0), True),
        ((29, 0, 0), False),
        ((120, 120, 120), False),
    ],
)
def test_poor_by_colour(colour: tuple[int, int, int], poor: bool) -> None:
    image = np.array(colour, np.uint8).reshape(3, 1, 1)
    assert poor_pixels(image, np.ones((1, 1), bool), RULES).item() is poor


def test_chroma_does_not_overflow_eight_bits() -> None:
    image = np.array([255, 0, 255], np.uint8).reshape(3, 1, 1)
    assert not poor_pixels(image, np.ones((1, 1), bool), RULES).any()


def test_missing_is_poor_whatever_its_colour() -> None:
    image = np.full((3, 1, 1), 120, np.uint8)
    assert poor_pixels(image, np.zeros((1, 1), bool), RULES).all()


def test_both_rules_can_be_switched_off() -> None:
    image = np.stack([np.full((1, 256), 1, np.uint8) * np.arange(256, dtype=np.uint8)] * 3)
    off = Screening(4, 256, 0, -1, 1.0)
    assert not poor_pixels(image, np.ones((1, 256), bool), off).any()


def test_share_is_the_mean_per_block(rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (3, 12, 8), np.uint8)
    valid = rng.random((12, 8)) < 0.8
    poor = poor_pixels(image, valid, RULES)
    expected = [[poor[row : row + 4, column : column + 4].mean() for column in (0, 4)] for row in (0, 4, 8)]
    assert poor_share(image, valid, RULES) == pytest.approx(np.array(expected))
