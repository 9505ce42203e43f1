"""Shifts between outlines and images: known ones come back, and where there is none to find, that is said."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from tests.training.painted import noise, painted, tongue
from workflow_scripts.rogi.training.label_shift import (
    FEWEST_PIECES,
    MARGIN_PX,
    PIECE_PX,
    Shift,
    best_shift,
    correlations,
    edge_directions,
    pieces_of,
)

SIZE, REACH = 200, 10
OUTLINE = tongue(100, 100)
ALL = np.ones((SIZE, SIZE), bool)


def shift_of(
    outline: shapely.Geometry, image: np.ndarray, valid: np.ndarray = ALL, reach: int = REACH, seed: int = 0
) -> Shift:
    steps = pieces_of(outline)
    surfaces = correlations(edge_directions(image, valid), steps, np.unique(steps.piece), reach)
    return best_shift(surfaces, np.random.default_rng(seed))


@pytest.mark.parametrize(("right", "down"), [(0.0, 0.0), (3.4, -2.6), (-7.0, 5.3), (0.5, 8.8)])
@pytest.mark.parametrize("contrast", [30.0, -25.0])
def test_a_known_shift_comes_back_within_half_a_pixel(right: float, down: float, contrast: float) -> None:
    """The outline lies off by so much; it should move back."""
    found = shift_of(translate(OUTLINE, right, down), painted(OUTLINE, SIZE, contrast))
    assert (found.right_px, found.down_px) == (pytest.approx(-right, abs=0.5), pytest.approx(-down, abs=0.5))
    assert found.significance > 6
    assert found.uncertainty_px < 1.5
    assert not found.at_limit


def test_on_average_there_is_no_bias() -> None:
    found = [shift_of(OUTLINE, painted(OUTLINE, SIZE, seed=seed)) for seed in range(8)]
    mean = np.mean([(one.right_px, one.down_px) for one in found], axis=0)
    assert np.abs(mean).max() < 0.15


def test_either_side_may_be_the_brighter_one() -> None:
    """Lit from the left: the left margin is bright, the right one dark, as on real landforms."""
    across = np.linspace(60, -60, SIZE)[np.newaxis]
    found = shift_of(translate(OUTLINE, 4, 3), painted(OUTLINE, SIZE, across))
    assert (found.right_px, found.down_px) == (pytest.approx(-4, abs=0.5), pytest.approx(-3, abs=0.5))


def test_bright_snow_nearby_does_not_attract() -> None:
    image = painted(OUTLINE, SIZE, 25.0)
    image[:, 60:140, 146:160] = 255
    found = shift_of(translate(OUTLINE, 2, -3), image)
    assert (found.right_px, found.down_px) == (pytest.approx(-2, abs=0.6), pytest.approx(3, abs=0.6))


def test_contrast_does_not_matter() -> None:
    """Only the angle of the gradient counts: half the contrast, the same correlations."""
    image = 4 * (painted(OUTLINE, SIZE) // 8)
    steps = pieces_of(OUTLINE)
    one, other = (
        correlations(edge_directions(pixels, ALL), steps, np.arange(3), REACH) for pixels in (image, image // 4)
    )
    assert one == pytest.approx(other, abs=1e-3)


def test_images_that_know_nothing_of_the_outline_give_no_significant_shift() -> None:
    found = [
        shift_of(OUTLINE, (110 + 12 * noise(SIZE, seed)).astype(np.uint8)).significance for seed in range(100, 120)
    ]
    assert np.mean(np.array(found) >= 4) <= 0.1
    assert np.median(found) < 3.5


def test_a_turned_image_turns_the_shift() -> None:
    image, outline = painted(OUTLINE, SIZE), translate(OUTLINE, 3, 1)
    turned = shapely.transform(outline, lambda xy: np.stack([xy[:, 1], SIZE - xy[:, 0]], axis=1))
    there, back = shift_of(outline, image), shift_of(turned, np.rot90(image, axes=(1, 2)))
    assert (back.right_px, back.down_px) == (
        pytest.approx(there.down_px, abs=0.1),
        pytest.approx(-there.right_px, abs=0.1),
    )


def test_a_shift_beyond_the_search_is_not_believed() -> None:
    found = shift_of(translate(OUTLINE, 14, 0), painted(OUTLINE, SIZE, 60.0), reach=6)
    assert found.at_limit or found.significance < 4


def test_missing_imagery_says_nothing() -> None:
    image, outline = painted(OUTLINE, SIZE), translate(OUTLINE, 2, -2)
    right_half = np.arange(SIZE)[np.newaxis] >= 85
    seen = shift_of(outline, image * right_half, ALL & right_half)
    assert (seen.right_px, seen.down_px) == (pytest.approx(-2, abs=0.7), pytest.approx(2, abs=0.7))
    hardly = np.arange(SIZE)[np.newaxis] >= 145
    unseen = shift_of(outline, image * hardly, ALL & hardly)
    assert np.isnan(unseen[:4]).all()
    assert not unseen.at_limit


def test_the_edge_of_the_imagery_is_no_edge() -> None:
    """A straight border of the data, and nothing else: no direction anywhere, and nothing known near missing pixels."""
    image = np.full((3, SIZE, SIZE), 120, np.uint8)
    valid = ALL & (np.arange(SIZE)[np.newaxis] >= 80)
    found = edge_directions(image * valid, valid)
    assert np.isnan(found[..., :84]).all()
    assert not found[..., 84:].any()


def test_directions_of_plain_ramps() -> None:
    """Twice the angle: (1, 0) for gradients along rows, (-1, 0) along columns, (0, 1) towards the lower right."""
    down, right = np.mgrid[:64, :64].astype(np.uint8)
    for ramp, wanted in ((right, (1, 0)), (down, (-1, 0)), (down + right, (0, 1))):
        found = edge_directions(np.stack([ramp] * 3), np.ones((64, 64), bool))[:, 32, 32]
        assert found == pytest.approx(wanted, abs=1e-5)


@settings(max_examples=10)
@given(st.floats(0.3, 300), st.floats(0.3, 300))
def test_pieces_of_a_rectangle(width: float, height: float) -> None:
    steps = pieces_of(shapely.box(0, 0, width, height))
    length = 2 * (width + height)
    assert np.hypot(*steps.normal).sum() == pytest.approx(length)
    assert steps.normal.sum(axis=1) == pytest.approx((2 * (height - width), 0), abs=1e-6)
    numbers, counts = np.unique(steps.piece, return_counts=True)
    assert numbers.tolist() == list(range(len(numbers)))
    assert (np.diff(steps.piece) >= 0).all()
    assert len(numbers) == max(FEWEST_PIECES, round(length / PIECE_PX))
    assert np.bincount(steps.piece, np.hypot(*steps.normal)).max() <= 1.5 * PIECE_PX
    assert counts.min() >= 1


def test_holes_and_parts_have_pieces_of_their_own() -> None:
    ring = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 60, 60))
    steps = pieces_of(shapely.union(ring, shapely.box(200, 0, 230, 30)))
    assert np.hypot(*steps.normal).sum() == pytest.approx(4 * (90 + 30 + 30))
    assert len(np.unique(steps.piece)) == 24 + 8 + 8
    reach = [np.ptp(steps.column[steps.piece == number]) for number in np.unique(steps.piece)]
    assert max(reach) <= 1.5 * PIECE_PX < MARGIN_PX


def test_snow_without_any_structure_has_no_direction() -> None:
    assert not edge_directions(np.full((3, SIZE, SIZE), 251, np.uint8), ALL).any()
