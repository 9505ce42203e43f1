"""Channels with a direction turn with the ground: closed forms, and slopes computed after turning a surface."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workflow_scripts.rogi.training.orientation import rotate, turn

NAMES = ("slope", "aspect_cosine", "elevation", "aspect_sine")
VIEWS = [(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


def downslope(heights: np.ndarray) -> torch.Tensor:
    """Return slope, its northern part, height and its eastern part of a surface, by differences along pixels."""
    southwards, eastwards = np.gradient(heights)
    length = np.hypot(southwards, eastwards)
    return torch.from_numpy(np.stack([length, southwards / length, heights, -eastwards / length]))


@pytest.mark.parametrize(("quarters", "mirrored"), VIEWS)
def test_aspect_is_that_of_the_turned_surface(quarters: int, mirrored: bool, rng: np.random.Generator) -> None:
    heights = rng.random((6, 9))
    turned = np.rot90(np.fliplr(heights) if mirrored else heights, quarters)
    found = turn(downslope(heights), NAMES, quarters, mirrored)
    assert found.numpy() == pytest.approx(downslope(turned).numpy(), abs=1e-12)


@pytest.mark.parametrize(
    ("view", "east", "north"),
    [((0, False), 1, 0), ((1, False), 0, 1), ((2, False), -1, 0), ((3, False), 0, -1), ((0, True), -1, 0)],
)
def test_what_looks_east_looks_elsewhere_after_a_turn(view: tuple[int, bool], east: int, north: int) -> None:
    eastwards = torch.tensor([1.0, 0.0]).view(2, 1, 1)
    assert turn(eastwards, ("aspect_sine", "aspect_cosine"), *view).flatten().tolist() == [east, north]


@given(
    steps=st.lists(st.sampled_from(VIEWS), max_size=6),
    values=st.lists(st.floats(-1, 1, width=32), min_size=16, max_size=16),
)
def test_any_way_there_leads_back_to_the_last_bit(steps: list[tuple[int, bool]], values: list[float]) -> None:
    channels = torch.tensor(values).view(1, 4, 2, 2)
    seen = channels
    for step in steps:
        seen = turn(seen, NAMES, *step)
    for quarters, mirrored in reversed(steps):
        # A mirrored view is its own way back after the turn the other way; a turned one needs that turn alone.
        seen = turn(turn(seen, NAMES, -quarters, False), NAMES, 0, mirrored)
    assert torch.equal(seen, channels)


def test_images_and_masks_turn_without_names() -> None:
    image = torch.arange(12, dtype=torch.uint8).view(1, 1, 3, 4)
    assert torch.equal(turn(image, (), 1, True), torch.rot90(image.flip(-1), 1, (-2, -1)))
    assert torch.equal(turn(image[0, 0] > 4, (), 3, False), torch.rot90(image[0, 0] > 4, 3))
    assert turn(torch.empty(2, 0, 3, 4), (), 1, False).shape == (2, 0, 4, 3)


def test_missing_aspect_stays_missing() -> None:
    channels = torch.full((4, 2, 2), math.nan)
    assert turn(channels, NAMES, 1, True).isnan().all()


@pytest.mark.parametrize("quarters", range(4))
def test_a_rotation_by_quarters_turns_vectors_as_a_turn_does(quarters: int) -> None:
    channels = torch.rand(4, 1, 1)
    by_angle = rotate(channels, NAMES, quarters * math.pi / 2)
    assert torch.allclose(by_angle, turn(channels, NAMES, quarters, False), atol=1e-6)


def test_every_patch_of_a_batch_may_have_its_own_angle() -> None:
    channels, angles = torch.rand(3, 4, 5, 5), torch.tensor([0.0, 0.3, -2.0])
    together = rotate(channels, NAMES, angles)
    for patch, angle, found in zip(channels, angles, together, strict=True):
        assert torch.allclose(found, rotate(patch, NAMES, float(angle)), atol=1e-6)
    vectors = together[:, [1, 3]]
    assert torch.allclose(vectors.square().sum(1), channels[:, [1, 3]].square().sum(1), atol=1e-5)
    assert torch.equal(together[:, [0, 2]], channels[:, [0, 2]])
